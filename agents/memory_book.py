"""What one run remembers, inside the workflow: its policy, what was recalled, and which agent was told what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_core.models import SystemMessage
from pydantic import ValidationError

from contracts.memories import MemoryScope, checked_identity
from contracts.memory_calls import RecallOutcome
from contracts.recalled_text import items_of
from contracts.remembering import Extraction, Injected, Learned, MemoryContext, MemoryPolicy, MemoryUse
from contracts.runs import RunRequest
from contracts.texts import cut

# Of what a run's result shows: it is one event of its history, and memory may not fill it.
_SHOWN = 50
_SHOWN_CHARS = 300


class MemoryBook:
    """One run's memory.

    Args:
        request: what the run was asked.
        policy: the team's own policy, which goes before the run's; None where it has none.

    Attributes:
        policy: how memory is used; None: not at all, and no command of it is scheduled.
        note: why there is less than there could be.
    """

    def __init__(self, request: RunRequest, policy: MemoryPolicy | None = None) -> None:
        self.note: str | None = None
        self.policy = _chosen(request.memory, policy)
        self._request = request
        self._scope = MemoryScope()
        self._common = MemoryContext()
        self._own: dict[str, MemoryContext] = {}
        self._turns: list[tuple[str, MemoryContext]] = []
        self._learned: list[Learned] = []
        self._extraction: Extraction | None = None
        self._listeners: dict[str, AssistantAgent] = {}
        self._take_scope()

    @property
    def is_on(self) -> bool:
        """Whether agents may ask, whatever their team says."""
        asked = self._request.memory
        return self.policy is not None and asked is not None and asked.inject != "off"

    @property
    def contexts(self) -> list[MemoryContext]:
        """All that agents were given, in order."""
        return [*filter(_says_something, (self._common, *self._own.values())), *(context for _, context in self._turns)]

    @property
    def listeners(self) -> tuple[str, ...]:
        """Names of the agents whose system messages tell what is remembered, each once."""
        return tuple(dict.fromkeys(agent.name for agent in self._listeners.values()))

    def caller(self, agent: str | None = None) -> dict[str, Any]:
        """Who asks: the run, or one of its agents. The fields that all calls of memory have."""
        scope = self._scope.model_copy(update={"agent": agent and _identity(agent)})
        request = self._request
        executions = request.carried.executions if request.carried else ()
        return {"tenant": request.tenant, "branch": request.branch, "scope": scope, "executions": executions}

    def lessons(self, policy: MemoryPolicy, *, agent: str) -> MemoryScope | None:
        """Whose memories it becomes what is learned from an agent's words; None where the run is for nobody."""
        own = self._scope
        if policy.learn_into == "team":
            return MemoryScope(team=own.team) if own.team else None
        if policy.learn_into == "agent":
            return MemoryScope(agent=_identity(agent)) if _identity(agent) else None
        # Sessions of different users may have the same name.
        session = own.session if policy.learn_into == "session" or own.user is None else None
        return MemoryScope(user=own.user, session=session) if own.user or session else None

    def told(self, path: str) -> tuple[str, ...]:
        """Ids of the memories that an agent was given in its turns."""
        return tuple(one.id for teller, context in self._turns if teller == path for one in context.injected)

    def tell(self, path: str, context: MemoryContext) -> None:
        """Note what an agent was given in its turn."""
        if context.note:
            self.note = context.note
        if context.text:
            self._turns.append((path, context))

    def listen(self, path: str, agent: AssistantAgent) -> None:
        """Let an agent be told what is recalled for the run, now or as soon as it is known."""
        self._listeners[path] = agent
        self._inject(agent)

    def recall(self, outcome: RecallOutcome) -> None:
        """Take what was recalled for the run, and tell those who listen."""
        self._common, self._own = outcome.context, dict(outcome.own)
        self.note = outcome.context.note
        for agent in self._listeners.values():
            self._inject(agent)

    def learn(self, extraction: Extraction) -> None:
        """Take what was learned from a part of the run."""
        self._extraction = extraction
        self._learned += extraction.learned

    def use(self) -> MemoryUse | None:
        """Say what memory did for the run; None where it was not to be used."""
        if self._request.memory is None:
            return None
        injected = {one.id: one for one in self._injected()}
        before = MemoryContext(
            injected=tuple(injected.values())[:_SHOWN],
            tokens=sum(one.tokens for one in injected.values()),
            sequence=self._common.sequence,
            note=self.note,
        )
        learned = self._extraction and self._extraction.model_copy(update={"learned": tuple(self._learned[:_SHOWN])})
        return MemoryUse(before=before, learned=learned)

    def state(self) -> dict[str, Any]:
        """Everything that a new history needs. Its texts are those of the contexts, which are stored already."""
        return {
            "common": self._common.model_dump(mode="json"),
            "own": {name: context.model_dump(mode="json") for name, context in self._own.items()},
            "turns": [[path, context.model_dump(mode="json")] for path, context in self._turns],
            "learned": [one.model_dump(mode="json") for one in self._learned],
            "note": self.note,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with what an earlier history knew."""
        if not state:
            return
        own = {name: MemoryContext.model_validate(context) for name, context in state["own"].items()}
        self.recall(RecallOutcome(context=MemoryContext.model_validate(state["common"]), own=own))
        self._turns = [(path, MemoryContext.model_validate(context)) for path, context in state["turns"]]
        self._learned = [Learned.model_validate(one) for one in state["learned"]]
        self.note = state["note"]

    def _inject(self, agent: AssistantAgent) -> None:
        # A message of its own, so that its pieces are those that the activity has stored.
        texts = [context.text for context in (self._common, self._own.get(agent.name)) if context and context.text]
        agent._system_messages += [SystemMessage(content=text) for text in texts]

    def _injected(self) -> Iterator[Injected]:
        for context in self.contexts:
            for one, line in zip(context.injected, items_of(context.text), strict=False):
                yield one.model_copy(update={"line": cut(line, _SHOWN_CHARS)})

    def _take_scope(self) -> None:
        asked = self._request.scope
        if self.policy is None:
            return
        try:
            self._scope = MemoryScope(user=asked.user, session=asked.session, team=_identity(self._request.team))
        except ValidationError as error:
            # Whoever starts runs past the client is told in the result: memory never fails a run.
            self.note = f"memory is not used: {error.errors()[0]['msg'].removeprefix('Value error, ')}"
            self.policy = None


def _chosen(asked: MemoryPolicy | None, team: MemoryPolicy | None) -> MemoryPolicy | None:
    if asked is None or asked.inject == "off":
        return asked
    return team or asked


def _identity(name: str) -> str | None:
    try:
        return checked_identity(name)
    except ValueError:
        return None


def _says_something(context: MemoryContext) -> bool:
    return bool(context.text)
