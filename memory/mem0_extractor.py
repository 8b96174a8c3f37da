"""Extraction by mem0: its prompt and its pipeline, asking our model. mem0 is imported with the first conversation.

Nothing is sent to anybody but the model: telemetry is off, and mem0's own files are in a folder of ours.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from contracts.errors import ConfigurationError, ModelUnavailable, PerdureError
from contracts.memories import Memory
from contracts.recall_ports import Embedder
from contracts.remembering import Candidate, ExtractionRequest
from memory.extraction.attribution import Answer, answer_of, candidates_of
from memory.extraction.learner import UnreadableAnswer
from memory.extraction.prompting import instructions, messages_of

_MOST_AT_ONCE = 8
_IMPORTING = threading.Lock()
_ADVICE = "install the extra: pip install 'perdure[mem0]', or set PERDURE_EXTRACTOR=rules"


class Completion(Protocol):
    """Asks a model."""

    async def __call__(self, messages: Sequence[Mapping[str, str]], *, json: bool) -> str:
        """Return the model's answer to messages of roles "system", "user" and "assistant".

        Args:
            messages: each with "role" and "content".
            json: the answer is to be a JSON object.

        Raises:
            ModelRefused, ModelUnavailable: as a model of a run does.
        """
        ...


class Mem0Extractor:
    """See `Extractor`.

    Args:
        complete: asks the model.
        embedder: makes vectors, as mem0 wants some.
        folder: for mem0's own files.
        model: name of the model, for the record.
    """

    def __init__(self, complete: Completion, embedder: Embedder, *, folder: Path, model: str) -> None:
        self._complete = complete
        self._embedder = embedder
        self._folder = folder
        self._model = model
        # Of our own: these threads wait for the loop, and the loop waits for its threads (names of hosts, embedding).
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="mem0")

    @property
    def name(self) -> str:
        """See `Extractor.name`."""
        return f"mem0 ({self._model})"

    async def extract(self, request: ExtractionRequest, *, known: Sequence[Memory]) -> tuple[Candidate, ...]:
        """See `Extractor.extract`. What cannot be read as memories is `UnreadableAnswer`, a `ModelRefused`."""
        messages = messages_of(request.utterances)
        if not messages:
            return ()
        loop = asyncio.get_running_loop()
        asking = _Asking(self._complete, loop)
        try:
            texts = await loop.run_in_executor(self._threads, self._texts, request, messages, known, asking)
        except asyncio.CancelledError:
            asking.stop()
            raise
        answer = asking.answer
        if answer is None or (not texts and not answer.is_readable):
            raise UnreadableAnswer(f"the answer of {self._model} could not be read as memories: {asking.beginning!r}")
        return candidates_of(texts, answer, request)

    def _texts(
        self, request: ExtractionRequest, messages: Sequence[dict[str, str]], known: Sequence[Memory], asking: _Asking
    ) -> list[str]:
        pipeline = _pipeline(self._folder).Pipeline(
            ask=asking.ask,
            embed=lambda texts: asking.wait(self._embedder.embed(texts)).tolist(),
            known=[(memory.id, memory.text) for memory in known],
            instructions=instructions(request),
        )
        try:
            found: list[str] = pipeline.found(messages, user="user")
        except Exception as error:  # mem0 puts every failure into errors of its own; the cause says which it is
            raise _told(error, self._model) from error
        return found


class _Asking:
    """Calls coroutines of the event loop from mem0's thread, and keeps the answer."""

    def __init__(self, complete: Completion, loop: asyncio.AbstractEventLoop) -> None:
        self._complete = complete
        self._loop = loop
        self.answer: Answer | None = None
        self.beginning = ""
        self._waiting: Future[Any] | None = None
        self._stopped = False

    def wait(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Return what a coroutine returns."""
        if self._stopped:
            call.close()
            raise ModelUnavailable("nobody waits for the answer any more")
        self._waiting = asyncio.run_coroutine_threadsafe(call, self._loop)
        return self._waiting.result()

    def stop(self) -> None:
        """Stop waiting: nobody wants the answer any more."""
        self._stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    def ask(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the model's answer, without what mem0 would stumble over."""
        said: str = self.wait(self._complete(messages, json=True))
        self.beginning = said[:200]
        self.answer = answer_of(said)
        return json.dumps({"memory": self.answer.items}) if self.answer.is_readable else said


def _pipeline(folder: Path) -> ModuleType:
    """Import mem0, told before where its files go and that nothing is to be sent: it reads both as it is imported."""
    with _IMPORTING:
        os.environ["MEM0_TELEMETRY"] = "False"
        os.environ["MEM0_DIR"] = str(folder)
        try:
            return importlib.import_module("memory.mem0_pipeline")
        except ImportError as error:
            raise ConfigurationError(f"mem0 cannot be imported ({error}): {_ADVICE}") from error


def _told(error: BaseException, model: str) -> PerdureError:
    """Return the error of ours that a failure of mem0 comes from."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PerdureError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, (AttributeError, KeyError, TypeError, ValueError)):
        return UnreadableAnswer(f"the answer of {model} could not be read as memories: {error}")
    return ModelUnavailable(f"mem0 failed with {type(error).__name__}: {error}")
