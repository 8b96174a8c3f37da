"""The calls that leave a run for its memory, and what comes back. Texts go as recipes, as prompts of models do."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from contracts.base import Contract
from contracts.conversation import Missing, Recipe
from contracts.memories import Identity, MemoryScope
from contracts.remembering import Extraction, MemoryContext, MemoryPolicy
from contracts.state import DEFAULT_TENANT, MAIN, Name


class MemoryCall(Contract):
    """What all calls say: whose memories they work with. `text` is a recipe of what is asked, said or remembered.

    `executions` are Temporal's run ids of the parts of the run before this one.
    """

    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN
    scope: MemoryScope = MemoryScope()
    executions: tuple[str, ...] = ()
    text: Recipe


class Warming(Contract):
    """Whose memories a run that begins is about to ask for. The names are as they were given, and not checked yet."""

    tenant: str = DEFAULT_TENANT
    branch: str = MAIN
    user: str | None = None
    session: str | None = None
    team: str | None = None


class RecallRequest(MemoryCall):
    """What is to be recalled for a run, or for one turn of an agent. The text is the task, or what was said last."""

    policy: MemoryPolicy
    agent: Identity | None = Field(default=None, description="Who asks in its turn; None asks for the whole run.")
    agents: tuple[Identity, ...] = Field(default=(), description="Those who are told, too, what only they remember.")
    already: tuple[str, ...] = Field(default=(), description="Ids that the agent has been told already.")


class RecallOutcome(Contract):
    """What was recalled, or what is missing to ask.

    The lines of `injected` are left empty: each is one line of `text`, in the same order, and stands in history once.
    """

    context: MemoryContext = MemoryContext()
    own: dict[str, MemoryContext] = Field(default={}, description="By agent: what only it remembers.")
    missing: Missing | None = None


class AdditionRequest(MemoryCall):
    """A memory that an agent writes in its turn; the text is the memory's. `into`: whose it becomes."""

    into: MemoryScope


class AdditionOutcome(Contract):
    """The id of what was written, why nothing was, or what is missing."""

    id: str | None = None
    note: str | None = None
    missing: Missing | None = None


class LearnRequest(MemoryCall):
    """What a run is to learn from. The text is one document: `Conversed`.

    Attributes:
        into: whose memories the lessons become.
        entry: index of the first utterance, which names the part.
    """

    into: MemoryScope
    entry: int = 0
    now: datetime


class Conversed(Contract):
    """The document that a run learns from.

    Attributes:
        said: index, turn, speaker, role and text of each utterance.
        told: texts of what was recalled; what repeats them is not learned again.
        ids: of the memories in them, one a line.
    """

    said: tuple[tuple[int, int, str, str, str], ...] = ()
    told: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


class LearnOutcome(Contract):
    """What was learned, or what is missing to learn from it."""

    extraction: Extraction = Extraction()
    missing: Missing | None = None
