"""A stand-in for a model's provider: real HTTP on 127.0.0.1, OpenAI's chat completions, steered by a rule.

In a test: ``with ModelServer(rule) as server: ...``. As a process of its own, so that its counts survive the death of a
worker: ``python -m tests.support.model_server --script teams``, which prints its base URL. Both serve, besides,
``GET /requests`` and ``POST /reset``.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self

from pydantic_core import from_json, to_json

from tests.support.answering import send
from tests.support.answers import Answer, Fault, Rule, Slow, unknown_model, wrong_key
from tests.support.chat import ChatRequest, short_digest
from tests.support.completions import Reply, error_body, usage
from tests.support.http_server import Exchange, HttpConnection, HttpRequest
from tests.support.scripts import SCRIPTS

_JSON = {"content-type": "application/json"}

Outcome = Literal["waiting", "finished", "disconnected"]


@dataclass
class Record:
    """One chat completion request that arrived.

    Attributes:
        request: as it came; without its messages if the server does not keep bodies.
        prompt: names the messages.
        speaker: whom the system message names.
        last_text: the beginning of the last message.
        started: when it arrived, in seconds of `time.monotonic()`.
        outcome: "disconnected" if the client went away before its answer.
        status: the HTTP status that was sent, None while waiting and after a disconnect.
        seconds: from arrival to the end.
        prompt_tokens: what the answer says of the prompt, 0 if there was no answer.
        completion_tokens: what the answer says of itself.
    """

    request: ChatRequest
    prompt: str
    speaker: str
    last_text: str
    started: float
    outcome: Outcome = "waiting"
    status: int | None = None
    seconds: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def close(self, outcome: Outcome, *, status: int | None = None) -> None:
        """Note how it ended."""
        self.outcome = outcome
        self.status = status
        self.seconds = time.monotonic() - self.started

    def summary(self) -> dict[str, Any]:
        """What `GET /requests` tells of it."""
        request = self.request
        return {
            "number": request.number,
            "attempt": request.attempt,
            "digest": request.digest,
            "model": request.model,
            "prompt": self.prompt,
            "speaker": self.speaker,
            "last_text": self.last_text,
            "started": self.started,
            "outcome": self.outcome,
            "status": self.status,
            "seconds": self.seconds,
        }


class ModelServer:
    """Serves chat completions in a thread of its own until it is closed."""

    def __init__(
        self,
        rule: Rule,
        *,
        port: int = 0,
        key: str | None = None,
        models: frozenset[str] | None = None,
        keep_bodies: bool = True,
    ) -> None:
        """Prepare a server.

        Args:
            rule: decides each answer; must be quick, as it runs on the server's loop.
            port: 0 for a free one.
            key: the only API key accepted; any if None.
            models: the only models known; any if None.
            keep_bodies: keep the messages of each request for `requests`.
        """
        self._rule = rule
        self._port = port
        self._key = key
        self._models = models
        self._keep_bodies = keep_bodies
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self._attempts: Counter[str] = Counter()
        self._connections: set[HttpConnection] = set()

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="model-server", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def port(self) -> int:
        """The port that is served."""
        return self._port

    @property
    def url(self) -> str:
        """What to give as base URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def requests(self) -> list[Record]:
        """All requests so far, in order of arrival."""
        with self._lock:
            return list(self._records)

    def count(self, wanted: Callable[[Record], bool] = lambda _: True) -> int:
        """How many requests satisfy a condition."""
        return sum(map(wanted, self.requests))

    def reset(self, rule: Rule | None = None) -> None:
        """Forget all requests, and follow another rule if one is given."""
        with self._lock:
            self._records.clear()
            self._attempts.clear()
            self._rule = rule or self._rule

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        server = await self._loop.create_server(
            lambda: HttpConnection(self._handle, connections=self._connections), sock=listener
        )
        await self._stop.wait()
        server.close()
        for connection in list(self._connections):
            connection.close()

    async def _handle(self, http: HttpRequest, exchange: Exchange) -> None:
        match (http.method, http.path):
            case ("POST", "/v1/chat/completions"):
                await self._complete(http, exchange)
            case ("GET", "/requests"):
                exchange.send(200, to_json([record.summary() for record in self.requests]), headers=_JSON)
            case ("POST", "/reset"):
                self.reset()
                exchange.send(200, b"{}", headers=_JSON)
            case ("GET", "/v1/models"):
                cards = [{"id": name, "object": "model"} for name in sorted(self._models or ())]
                exchange.send(200, to_json({"object": "list", "data": cards}), headers=_JSON)
            case _:
                fault = Fault(404, f"Unknown request URL: {http.method} {http.path}.")
                exchange.send(404, error_body(fault), headers=_JSON)

    async def _complete(self, http: HttpRequest, exchange: Exchange) -> None:
        request = self._parse(http)
        record = self._note(request)
        answer = self._answer(request)
        try:
            while isinstance(answer, Slow):
                await asyncio.sleep(answer.seconds)
                answer = answer.then
        except asyncio.CancelledError:
            record.close("disconnected")
            raise
        if isinstance(answer, Reply):
            tokens = usage(request, answer)
            record.prompt_tokens, record.completion_tokens = tokens["prompt_tokens"], tokens["completion_tokens"]
        record.close("finished", status=answer.status if isinstance(answer, Fault) else 200)
        send(exchange, request, answer)

    def _parse(self, http: HttpRequest) -> ChatRequest:
        digest = short_digest(http.body)
        with self._lock:
            self._attempts[digest] += 1
            attempt, number = self._attempts[digest], len(self._records) + 1
        key = http.headers.get("authorization", "").removeprefix("Bearer ")
        return ChatRequest(body=from_json(http.body), number=number, attempt=attempt, digest=digest, key=key)

    def _answer(self, request: ChatRequest) -> Answer:
        if self._key is not None and request.key != self._key:
            return wrong_key()
        if self._models is not None and request.model not in self._models:
            return unknown_model(request.model)
        return self._rule(request)

    def _note(self, request: ChatRequest) -> Record:
        kept = request if self._keep_bodies else replace(request, body={"model": request.model, "messages": []})
        record = Record(
            request=kept,
            prompt=request.prompt,
            speaker=request.speaker,
            last_text=request.last_text[:200],
            started=time.monotonic(),
        )
        with self._lock:
            self._records.append(record)
        return record


def main() -> None:
    """Serve a script until interrupted, or until the standard input ends with `--with-parent`."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.model_server", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for a free one")
    parser.add_argument("--script", choices=sorted(SCRIPTS), default="teams", help="what the model answers")
    parser.add_argument("--key", help="the only API key accepted")
    parser.add_argument("--with-parent", action="store_true", help="end when the standard input ends")
    chosen = parser.parse_args()
    stops = {signal.SIGINT, signal.SIGTERM}
    if not chosen.with_parent:
        signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with ModelServer(SCRIPTS[chosen.script], port=chosen.port, key=chosen.key, keep_bodies=False) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        sys.stdin.read() if chosen.with_parent else signal.sigwait(stops)


if __name__ == "__main__":
    main()
