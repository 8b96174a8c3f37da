"""What people are asked now, and what they answered."""

from __future__ import annotations

from contracts.errors import AnswerRefused
from contracts.flows import Answer, Question
from expressions import paths
from workflows import schemas
from workflows.flow_state import MAX_OUTPUT_BYTES, size


class Questions:
    """What is asked now, and the answers that were given."""

    def __init__(self) -> None:
        self._open: dict[str, Question] = {}
        self._answers: dict[str, Answer] = {}

    @property
    def open(self) -> tuple[Question, ...]:
        """The questions that nobody has answered."""
        return tuple(self._open.values())

    def ask(self, question: Question) -> None:
        """Open a question, or change it."""
        self._open[question.step] = question

    def close(self, step: str) -> Answer | None:
        """Ask no more, and return the answer, if there is one."""
        self._open.pop(step, None)
        return self._answers.pop(step, None)

    def given(self, step: str) -> Answer | None:
        """The answer to a question, if there is one."""
        return self._answers.get(step)

    def is_answered(self, step: str) -> bool:
        """Whether somebody has answered."""
        return step in self._answers

    def check(self, answer: Answer) -> None:
        """Refuse what is no answer to what is asked.

        Raises:
            AnswerRefused: nothing is asked there, or the value does not fit; the message says what would.
        """
        question = self._open.get(answer.step)
        if question is None:
            asked = ", ".join(map(repr, self._open)) or "nothing"
            raise AnswerRefused(f"step {answer.step!r} asks nothing now; asked is {asked}")
        if (wrong := schemas.fault(answer.value, question.json_schema)) is not None:
            raise AnswerRefused(
                f"the answer to step {answer.step!r} does not fit: {wrong}; it must fit"
                f" {paths.as_text(question.json_schema)}"
            )
        if (found := size(answer.model_dump())) > MAX_OUTPUT_BYTES:
            raise AnswerRefused(f"the answer is {found:,} bytes, at most {MAX_OUTPUT_BYTES:,} are allowed: send less")

    def answer(self, answer: Answer) -> None:
        """Take an answer that was checked.

        Raises:
            AnswerRefused: somebody else was faster.
        """
        if answer.step not in self._open:
            raise AnswerRefused(f"step {answer.step!r} was answered by somebody else")
        del self._open[answer.step]
        self._answers[answer.step] = answer
