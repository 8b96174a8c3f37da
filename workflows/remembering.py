"""What a run's memory does before and after the conversation. It never fails the run: what goes wrong is a note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from temporalio import workflow

from agents import memory_calls
from agents.conversation import Conversation
from agents.memory_calls import MemoryCaller
from agents.run import Run
from contracts.conversation import Recipe, cut
from contracts.memory_calls import Conversed, LearnRequest, RecallRequest, Warming
from contracts.recall import MAX_QUERY_CHARS
from contracts.remembering import Extraction
from contracts.runs import RunRequest, TranscriptEntry

_TASK_AUTHOR = "user"
# A longer text is cut, and of a longer conversation the end is learned from: people and models say less.
_TEXT_CHARS = 16 * 1024
_CONVERSATION_CHARS = 512 * 1024
_Said = tuple[int, int, str, str, str]


def warming(request: RunRequest) -> Warming | None:
    """Say whose memories its worker may load while the team is built; None where nobody will ask for any."""
    if request.memory is None or request.memory.inject == "off":
        return None
    asked = request.scope
    return Warming(
        tenant=request.tenant, branch=request.branch, user=asked.user, session=asked.session, team=request.team
    )


async def recall(conversation: Conversation) -> None:
    """Recall what fits the task, and hand it to the agents whose system messages are to tell it."""
    run = conversation.run
    policy = run.memory.policy
    if policy is None or policy.inject != "system" or not (run.memory.listeners or conversation.grows):
        return
    request = RecallRequest(**run.memory.caller(), policy=policy, agents=run.memory.listeners, text=Recipe())
    caller = _caller(run, "recall", summary=f"at most {policy.limit} memories, {policy.tokens:,} tokens")
    task = run.prompts.text(_beginning(run.request.task, chars=MAX_QUERY_CHARS))
    run.memory.recall(await memory_calls.recall(caller, request, task))


async def remember(conversation: Conversation) -> None:
    """Learn from what was said in this part of the run."""
    run, entries = conversation.run, conversation.transcript.entries
    policy = run.memory.policy
    if policy is None or not policy.extract or not entries:
        return
    agent = _answerer(entries)
    into = run.memory.lessons(policy, agent=agent)
    if into is None:
        run.memory.learn(Extraction(note=f"nothing was learned: the run has no {policy.learn_into}"))
        return
    request = LearnRequest(
        **run.memory.caller(agent if policy.learn_into == "agent" else None),
        into=into,
        entry=entries[0].index,
        now=workflow.now(),
        text=Recipe(),
    )
    said = run.prompts.document(_conversed(run, entries).model_dump(mode="json"))
    caller = _caller(run, "remember", summary=f"learn from entries {entries[0].index} to {entries[-1].index}")
    run.memory.learn(await memory_calls.learn(caller, request, said))


def _caller(run: Run, name: str, *, summary: str) -> MemoryCaller:
    return MemoryCaller(book=run.prompts, path=name, activity_id=name, summary=summary, wait=lambda call: call)


def _conversed(run: Run, entries: Sequence[TranscriptEntry]) -> Conversed:
    contexts = run.memory.contexts
    return Conversed(
        said=tuple(_latest([_utterance(entry, user=run.request.scope.user) for entry in entries if _is_said(entry)])),
        told=tuple(context.text for context in contexts),
        ids=tuple(one.id for context in contexts for one in context.injected),
    )


def _is_said(entry: TranscriptEntry) -> bool:
    return entry.kind in ("message", "tool_result") and bool(entry.text.strip())


def _utterance(entry: TranscriptEntry, *, user: str | None) -> _Said:
    is_user = entry.source == _TASK_AUTHOR and entry.kind == "message"
    speaker = (user or _TASK_AUTHOR) if is_user else entry.source
    role = "tool" if entry.kind == "tool_result" else "user" if is_user else "agent"
    return entry.index, entry.turn, speaker, role, _beginning(entry.text, chars=_TEXT_CHARS)


def _latest(said: Sequence[_Said]) -> Iterator[_Said]:
    size = sum(len(one[-1]) for one in said)
    for one in said:
        if size <= _CONVERSATION_CHARS:
            yield one
        size -= len(one[-1])


def _answerer(entries: Sequence[TranscriptEntry]) -> str:
    said = [entry.source for entry in entries if entry.kind == "message" and entry.source != _TASK_AUTHOR]
    return said[-1] if said else ""


def _beginning(text: str, *, chars: int) -> str:
    """The first pieces of a text, so that nothing of it is sent that is stored already."""
    if len(text) <= chars:
        return text
    size, kept = 0, []
    for piece in cut(text):
        size += len(piece)
        if size > chars:
            break
        kept.append(piece)
    return "".join(kept)
