"""Whatever is said, and whatever the store loses: a prompt that is put together is the prompt that was meant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from activities.segments import Resolved, answer_blobs, list_blobs, resolve
from agents.prompts import KEPT_PROMPTS, Pieces, Plan, PromptBook
from contracts.conversation import MAX_COMMAND_BYTES, Missing, cut, piece_digests
from contracts.documents import put_together, take_apart
from tests.properties.conversations import JSON, TEXTS, Step, steps

# As prose is: where all lines are equally long, as in a table, two cuts that begin apart may stay apart.
_RANDOM = Random(7)
SHARED = " ".join("so" * _RANDOM.randint(1, 5) + "." * (_RANDOM.random() < 0.1) for _ in range(6_000))


class DictStore:
    """Blobs in memory, one conversation."""

    def __init__(self) -> None:
        self.held: dict[bytes, bytes] = {}

    async def read(self, conversation: str, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What is there."""
        return {digest: self.held[digest] for digest in digests if digest in self.held}

    async def write(self, conversation: str, blobs: Mapping[bytes, bytes]) -> None:
        """Keep."""
        self.held |= blobs

    async def drop(self, conversation: str, digests: Sequence[bytes]) -> None:
        """Forget."""
        for digest in digests:
            self.held.pop(digest, None)

    def lose(self, chosen: Sequence[int]) -> None:
        """Forget some, by number."""
        for number in chosen:
            if self.held:
                del self.held[list(self.held)[number % len(self.held)]]


class Talk:
    """A workflow's book and an activity's store, as they work together."""

    def __init__(self) -> None:
        self.book = PromptBook()
        self.store = DictStore()
        self.documents: dict[str, list[Any]] = {}
        self.answers: list[str] = []

    def step(self, step: Step) -> None:
        """Ask as one step says, and check what the activity makes of it."""
        documents = step.apply(self.documents.get(step.caller, []), self.answers)
        prompt = Pieces()
        for document in documents:
            prompt.extend(self.book.document(document))
        self.store.lose(step.lost)
        text = self._delivered(step.caller, prompt, lost=step.lost)
        assert text == "".join(prompt.texts)
        assert list(put_together(text)) == documents
        self.book.commit(step.caller, prompt)
        self.documents[step.caller] = documents
        self._answer(step.answer)

    def _delivered(self, caller: str, prompt: Pieces, *, lost: Sequence[int]) -> str:
        plan = self.book.plan(caller, prompt)
        for _ in range(5):
            self._put(plan)
            self.store.lose(lost[:2])
            lost = lost[2:]
            found = asyncio.run(resolve(self.store, "run", plan.recipe))
            if isinstance(found, Resolved):
                self._keep(plan, found)
                return found.text
            assert len(found.model_dump_json()) < MAX_COMMAND_BYTES
            plan = self.book.repair(prompt, plan, found)
        # Nothing more is lost from here on, so one more repair of sources and one of pieces must do.
        for _ in range(3):
            self._put(plan)
            found = asyncio.run(resolve(self.store, "run", plan.recipe))
            if isinstance(found, Resolved):
                self._keep(plan, found)
                return found.text
            plan = self.book.repair(prompt, plan, found)
        raise AssertionError("repairing does not come to an end")

    def _put(self, plan: Plan) -> None:
        assert len(plan.recipe.model_dump_json().encode()) < MAX_COMMAND_BYTES
        for batch in plan.batches:
            assert len(batch.model_dump_json().encode()) < MAX_COMMAND_BYTES
            self.store.held |= list_blobs(batch.pieces)

    def _keep(self, plan: Plan, found: Resolved) -> None:
        self.store.held |= found.blobs
        if plan.recipe.expired is not None:
            self.store.held.pop(bytes.fromhex(plan.recipe.expired), None)

    def _answer(self, answer: str) -> None:
        self.store.held |= answer_blobs(answer)
        self.book.learn(answer)
        self.answers.append(answer)


@given(steps(lossy=False))
@settings(max_examples=150, deadline=None)
def test_prompts_arrive_as_they_were_meant(conversation: list[Step]) -> None:
    talk = Talk()
    for step in conversation:
        talk.step(step)


@given(steps(lossy=True))
@settings(max_examples=300, deadline=None)
def test_prompts_arrive_whatever_the_store_loses(conversation: list[Step]) -> None:
    talk = Talk()
    for step in conversation:
        talk.step(step)


def test_a_prompt_of_many_megabytes_arrives() -> None:
    talk = Talk()
    long = [("said " * 200_000), "\n" * 1_000_000, "\x07" * 300_000, "ß" * 600_000]
    talk.step(Step("ann", "new", tuple(long), long[0]))
    talk.step(Step("ben", "answers", tuple(long), "yes"))
    talk.step(Step("ann", "append", (), "no", lost=tuple(range(0, 10_000, 7))))


def test_what_is_new_is_all_that_is_sent() -> None:
    talk = Talk()
    for number in range(2 * KEPT_PROMPTS):
        answer = f"{number} answers {'and so on, and so on. ' * 90}"
        prompt = Pieces()
        for document in [*talk.documents.get("ann", []), *talk.answers[-1:], "go on"]:
            prompt.extend(talk.book.document(document))
        sent = talk.book.plan("ann", prompt).recipe.model_dump_json()
        assert len(sent) < 1_000
        talk.step(Step("ann", "new", (*talk.documents.get("ann", []), *talk.answers[-1:], "go on"), answer))


@given(TEXTS)
@example("\n" * 10_000)
@example("")
def test_pieces_are_the_text_and_none_is_long(text: str) -> None:
    pieces = cut(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= 770 for piece in pieces)


@given(TEXTS, TEXTS, TEXTS)
def test_texts_that_share_an_end_share_its_pieces(left: str, right: str, end: str) -> None:
    shared = SHARED + end
    of_left, of_right = piece_digests(cut(left + shared)), piece_digests(cut(right + shared))
    assert set(of_left) & set(of_right)


@given(JSON)
def test_documents_are_put_together_as_they_were(document: Any) -> None:
    head, texts = take_apart(document)
    assert head.count("\n") == 1
    assert list(put_together(head + "".join(texts))) == [document]


@given(st.lists(JSON, max_size=5))
def test_documents_follow_each_other(documents: list[Any]) -> None:
    text = "".join(head + "".join(texts) for head, texts in map(take_apart, documents))
    assert list(put_together(text)) == documents


@given(steps(lossy=False))
@settings(max_examples=40, deadline=None)
def test_an_empty_store_is_named_and_mended(conversation: list[Step]) -> None:
    talk = Talk()
    for step in conversation:
        talk.store.held.clear()
        talk.step(step)


def test_missing_is_named_in_parts_that_fit_an_event() -> None:
    talk = Talk()
    documents = tuple(" ".join(f"{number}.{word}" for word in range(200)) for number in range(2_000))
    talk.step(Step("ann", "new", documents, "yes"))
    lists = [key for key, data in talk.store.held.items() if len(data) > 16 * 1_000]
    talk.store.held = {key: talk.store.held[key] for key in lists}
    prompt = Pieces()
    for document in documents:
        prompt.extend(talk.book.document(document))
    found = asyncio.run(resolve(talk.store, "run", talk.book.plan("ann", prompt).recipe))
    assert isinstance(found, Missing)
    assert len(found.model_dump_json()) < MAX_COMMAND_BYTES
