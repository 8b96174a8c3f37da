"""From a conversation to memories, once: extract, guard, compare, and one commit under the request's key."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from weakref import WeakValueDictionary

from contracts.errors import ModelRefused, VersionConflict
from contracts.memories import Memory, MemoryCommitted
from contracts.memory_ports import MemoryLedger
from contracts.recall_ports import Extractor
from contracts.remembering import Candidate, Extraction, ExtractionRequest
from memory.extraction.consolidation import Decision, decided, distinct
from memory.extraction.echoes import without_echoes
from memory.extraction.guards import Checked, Reason, guarded
from memory.extraction.likes import LearningStore, Likes
from memory.extraction.persons import name_of
from memory.extraction.writing import commit_of, learned

# Who else changes the same memories at the same moment is met so often and no more.
_ATTEMPTS = 4


class UnreadableAnswer(ModelRefused):
    """The model answered, but not with memories: asking again would cost as much and say the same."""


class LedgeredLearner:
    """See `Learner`.

    Args:
        ledger: knows what was learned before.
        store: what is searched and written.
        extractor: finds statements.
    """

    def __init__(self, ledger: MemoryLedger, store: LearningStore, extractor: Extractor) -> None:
        self._ledger = ledger
        self._store = store
        self._extractor = extractor
        # Two runs of one user that end at the same moment would not see what the other learns.
        self._scopes: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def learn(self, request: ExtractionRequest) -> Extraction:
        """See `Learner.learn`."""
        caller = request.caller
        claimed = await self._ledger.claimed(request.key, tenant=caller.tenant)
        if claimed is not None:
            return Extraction(learned=learned(claimed.memories), repeated=True, extractor=self._extractor.name)
        abandoned = await self._abandon(request)
        likes = Likes(store=self._store, caller=caller, scope=request.scope)
        found, note = await self._found(request, known=await likes.of_conversation(request))
        result = guarded(found, request)
        async with self._alone(f"{caller.tenant} {caller.branch} {request.scope.key}"):
            made = await self._written(request, result.checked, likes)
        return Extraction(
            learned=learned(made.memories),
            abandoned=abandoned,
            repeated=made.repeated,
            extractor=self._extractor.name,
            note=_note(note, result.refused),
        )

    async def _abandon(self, request: ExtractionRequest) -> int:
        run = request.caller.run
        if run is None or not request.executions:
            return 0
        author = request.caller.author("its execution was reset")
        return await self._ledger.abandon(run, keep=request.executions, tenant=request.caller.tenant, author=author)

    async def _found(
        self, request: ExtractionRequest, *, known: Sequence[Memory]
    ) -> tuple[Sequence[Candidate], str | None]:
        try:
            return await self._extractor.extract(await asyncio.to_thread(without_echoes, request), known=known), None
        except UnreadableAnswer as error:
            return (), str(error)

    async def _written(self, request: ExtractionRequest, checked: Sequence[Checked], likes: Likes) -> MemoryCommitted:
        """Compare and write; once more where somebody changed in between what is merged into."""
        for attempt in range(1, _ATTEMPTS + 1):
            decisions = await self._decided(request, checked, likes)
            commit = commit_of(decisions, request, extractor=self._extractor.name)
            try:
                return await self._store.commit(request.caller, commit)
            except VersionConflict:
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _decided(
        self, request: ExtractionRequest, checked: Sequence[Checked], likes: Likes
    ) -> tuple[Decision, ...]:
        me = name_of(request.scope.user or request.caller.scope.user)
        in_review = await likes.in_review() if checked else ()
        decisions = [
            decided(one, await likes.of(one.candidate, in_review=in_review), me=me) for one in distinct(checked, me=me)
        ]
        return _apart(decision for decision in decisions if decision is not None)

    def _alone(self, scope: str) -> asyncio.Lock:
        lock = self._scopes.get(scope)
        if lock is None:
            lock = self._scopes[scope] = asyncio.Lock()
        return lock


def _apart(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Drop merges into what another finding of the same run supersedes: a commit cannot do both."""
    decisions = tuple(decisions)
    gone = {memory.id for one in decisions if one.how == "superseded" for memory in one.others}
    return tuple(one for one in decisions if one.target is None or one.target.id not in gone)


def _note(note: str | None, refused: Counter[Reason]) -> str | None:
    counts = [f"{count} {_REFUSALS[reason]}" for reason, count in sorted(refused.items())]
    return "; ".join([*([note] if note else ()), *counts]) or None


_REFUSALS: dict[Reason, str] = {
    "without a source": "came from no message",
    "secret": "held a secret and were not remembered",
    "told before": "repeated what the agents had been told",
    "no text": "were no text that can be kept",
    "too many": "were more than one run may leave",
}
