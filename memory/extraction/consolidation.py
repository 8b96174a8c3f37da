"""What becomes of a finding, given what is known: it is new, says what is known, says otherwise, or is in doubt.

Pure: it decides, and `memory.extraction.learner` writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from contracts.memories import Memory
from contracts.remembering import Candidate
from memory.extraction.guards import Checked
from memory.extraction.likeness import gist, holds, likeness
from memory.extraction.persons import THE_USER
from memory.extraction.subjects import Settled, settled

CORRECTION = "correction"
# So many of their words two statements share that say the same, one perhaps a little more of it.
_SAME = 0.6
# So many, and one says no where the other says yes.
_OPPOSITE = 0.85
_CORRECTED = 0.75
_MAYBE_CORRECTED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a finding.

    Attributes:
        checked: the finding.
        how: "added", "merged" into `target`, "superseded" (it supersedes `others`), or put to "review".
        target: what it is merged into.
        others: what it supersedes, or would.
        doubt: why it is in review.
    """

    checked: Checked
    how: Literal["added", "merged", "superseded", "review"]
    target: Memory | None = None
    others: tuple[Memory, ...] = ()
    doubt: str | None = None

    @property
    def candidate(self) -> Candidate:
        """What was found."""
        return self.checked.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Against:
    """A finding beside what is known."""

    one: Checked
    matter: Settled | None
    likes: Sequence[Memory]
    me: str


def distinct(found: Sequence[Checked], *, me: str = THE_USER) -> tuple[Checked, ...]:
    """Return the findings of one run without those that say the same, or that were corrected within the run.

    Values that contradict each other, without a word that one corrects the other, are both put in doubt.
    """
    kept: list[Checked] = []
    for one in found:
        place = next((place for place, other in enumerate(kept) if _alike(other, one, me)), None)
        if place is not None:
            kept[place] = _joined(kept[place], one, me)
            continue
        rival = next((place for place, other in enumerate(kept) if _contradict(other, one, me)), None)
        if rival is None:
            kept.append(one)
        else:
            kept.append(_settle(kept, rival, one, me))
    return tuple(one for one in kept if one.candidate.text)


def decided(one: Checked, likes: Sequence[Memory], *, me: str = THE_USER) -> Decision | None:
    """Return what becomes of a finding; None where it is in doubt and is known, or in doubt, already.

    Args:
        one: the finding.
        likes: current memories of its scope that may speak of the same, in review or not.
        me: how statements name the user.
    """
    case = _Against(one=one, matter=settled(one.candidate.text, me=me), likes=likes, me=me)
    same = [memory for memory in likes if _says(memory.text, one.candidate.text, me)]
    if one.doubt is not None:
        return None if same else Decision(checked=one, how="review", others=tuple(_rivals(case)), doubt=one.doubt)
    active = next((memory for memory in same if memory.status == "active"), None)
    if active is not None:
        return Decision(checked=one, how="merged", target=active)
    return _decided_as_new(case)


def _decided_as_new(case: _Against) -> Decision:
    """What becomes of what nothing known says."""
    one, rivals = case.one, tuple(_rivals(case))
    doubt = _doubt(case, rivals)
    if doubt is not None:
        return Decision(checked=one, how="review", others=rivals, doubt=doubt)
    poorer = (
        memory for memory in case.likes if memory not in rivals and _is_poorer(memory, one.candidate.text, case.me)
    )
    others = (*rivals, *poorer)
    return Decision(checked=one, how="superseded" if others else "added", others=others)


def _rivals(case: _Against) -> Iterator[Memory]:
    """What is known and cannot be true any more if the finding is."""
    for memory in case.likes:
        if memory.status == "active" and _against(case, memory):
            yield memory


def _against(case: _Against, memory: Memory) -> bool:
    other = settled(memory.text, me=case.me)
    if case.matter is not None and other is not None and case.matter.subject == other.subject:
        return case.matter.contradicts(other)
    text = case.one.candidate.text
    alike = likeness(memory.text, text)
    if _are_opposite(memory.text, text) and alike >= _OPPOSITE:
        return True
    return CORRECTION in case.one.candidate.tags and case.matter is None and alike >= _MAYBE_CORRECTED


def _doubt(case: _Against, rivals: Sequence[Memory]) -> str | None:
    """Why a contradiction is not simply believed."""
    if not rivals:
        return None
    names = ", ".join(memory.id for memory in rivals)
    if any(_stays(memory) for memory in rivals):
        return f"it says otherwise than what is pinned or held: {names}"
    if case.matter is not None:
        return _doubt_of_matter(case, case.matter, names)
    if min(likeness(memory.text, case.one.candidate.text) for memory in rivals) < _CORRECTED:
        return f"it may correct {names}"
    return None


def _doubt_of_matter(case: _Against, matter: Settled, names: str) -> str | None:
    if matter.is_weak and CORRECTION not in case.one.candidate.tags:
        return f"it says otherwise than {names}, and may speak of something else"
    if not case.one.by_user and matter.subject.startswith(f"{case.me.casefold()}/"):
        return f"it says otherwise than {names} of the user, and the user did not say it"
    return None


def _stays(memory: Memory) -> bool:
    """Whether only a person may put something else in its place."""
    return memory.pinned or memory.hold


def _says(known: str, text: str, me: str) -> bool:
    """Whether what is known says all that a text says."""
    one, other = settled(known, me=me), settled(text, me=me)
    if one is not None and other is not None and one.subject == other.subject:
        return one == other and (holds(known, text) or len(gist(text).stems) <= len(gist(known).stems))
    return holds(known, text) and likeness(known, text) >= _SAME


def _is_poorer(memory: Memory, text: str, me: str) -> bool:
    """Whether a text says all that is known, and more of it; or the same as what waits in review."""
    if _stays(memory):
        return False
    if memory.status == "review":
        return _says(memory.text, text, me)
    return _says(text, memory.text, me)


def _are_opposite(one: str, other: str) -> bool:
    first, second = gist(one), gist(other)
    return first.negated != second.negated and first.particulars == second.particulars


def _alike(one: Checked, other: Checked, me: str) -> bool:
    first, second = one.candidate.text, other.candidate.text
    return _says(first, second, me) or _says(second, first, me)


def _contradict(one: Checked, other: Checked, me: str) -> bool:
    first, second = settled(one.candidate.text, me=me), settled(other.candidate.text, me=me)
    if first is None or second is None or first.subject != second.subject:
        return False
    return first.contradicts(second) or first.ended != second.ended


def _joined(one: Checked, other: Checked, me: str) -> Checked:
    """One finding of two that say the same: the fuller text, the sources of both."""
    fuller, rest = (other, one) if _says(other.candidate.text, one.candidate.text, me) else (one, other)
    candidate = fuller.candidate.model_copy(
        update={
            "messages": tuple(sorted({*one.candidate.messages, *other.candidate.messages})),
            "importance": max(one.candidate.importance, other.candidate.importance),
            "confidence": max(one.candidate.confidence, other.candidate.confidence),
            "tags": tuple(dict.fromkeys((*fuller.candidate.tags, *rest.candidate.tags))),
        }
    )
    doubt = None if one.doubt is None or other.doubt is None else one.doubt
    return replace(fuller, candidate=candidate, by_user=one.by_user or other.by_user, doubt=doubt)


def _settle(kept: list[Checked], rival: int, one: Checked, me: str) -> Checked:
    """Let what was said later stand where it corrects; else doubt both. What is over gives way to what is."""
    before = kept[rival]
    old, new = settled(before.candidate.text, me=me), settled(one.candidate.text, me=me)
    if old is not None and new is not None and _ends_another(new, old):
        return _emptied(one)
    if CORRECTION in one.candidate.tags or (old is not None and old.ended):
        kept[rival] = _emptied(before)
        return _correcting(one, before)
    kept[rival] = _doubted(before, beside=one)
    return _doubted(one, beside=before)


def _ends_another(new: Settled, old: Settled) -> bool:
    return new.ended and not old.ended and old.value != new.value


def _correcting(one: Checked, before: Checked) -> Checked:
    messages = tuple(sorted({*before.candidate.messages, *one.candidate.messages}))
    tags = tuple(dict.fromkeys((*one.candidate.tags, CORRECTION)))
    return replace(one, candidate=one.candidate.model_copy(update={"messages": messages, "tags": tags}))


def _doubted(one: Checked, *, beside: Checked) -> Checked:
    return replace(one, doubt=one.doubt or f"in the same run it was said, too: {beside.candidate.text[:200]}")


def _emptied(one: Checked) -> Checked:
    return replace(one, candidate=one.candidate.model_copy(update={"text": ""}))
