"""Send an answer to the client: whole, in chunks, broken or cut."""

from __future__ import annotations

from itertools import islice

from tests.support.answers import Cut, Fault, Malformed, Text
from tests.support.chat import ChatRequest
from tests.support.completions import Reply, completion, error_body, events
from tests.support.http_server import Exchange

_JSON = {"content-type": "application/json"}
_EVENTS = {"content-type": "text/event-stream"}
_EVENTS_BEFORE_CUT = 3


def send(exchange: Exchange, request: ChatRequest, answer: Reply | Fault | Malformed | Cut) -> None:
    """Answer one request."""
    match answer:
        case Fault():
            wait = {} if answer.retry_after is None else {"retry-after": f"{answer.retry_after:g}"}
            exchange.send(answer.status, error_body(answer), headers={**_JSON, **wait})
        case Malformed() if request.streamed:
            exchange.begin(200, headers=_EVENTS)
            exchange.chunk(b"data: " + answer.body.encode() + b"\n\n")
            exchange.chunk(b"")
        case Malformed():
            exchange.send(200, answer.body.encode(), headers=_JSON)
        case Cut():
            _cut(exchange, request, answer)
        case _ if request.streamed:
            exchange.begin(200, headers=_EVENTS)
            for event in events(request, answer):
                exchange.chunk(event)
            exchange.chunk(b"")
        case _:
            exchange.send(200, completion(request, answer), headers=_JSON)


def _cut(exchange: Exchange, request: ChatRequest, answer: Cut) -> None:
    reply = Text(answer.text)
    if answer.begun and request.streamed:
        exchange.begin(200, headers=_EVENTS)
        for event in islice(events(request, reply), _EVENTS_BEFORE_CUT):
            exchange.chunk(event)
    elif answer.begun:
        exchange.send_part(200, completion(request, reply), headers=_JSON)
    exchange.cut()
