"""The rules of one run: which events become messages of its conversation, and which messages become events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autogen_agentchat.messages import BaseChatMessage, TextMessage
from temporalio import workflow

from agents.inbox import Inbox
from contracts.bridge import Inbound, Outbound
from contracts.errors import BadRequest, ExpressionFailed
from contracts.events import Event
from contracts.runs import RunRequest
from contracts.state import Emitted
from expressions import paths

_TASK_AUTHOR = "user"
_NOTHING = object()


class Bridge:
    """What crosses between a conversation and the events outside.

    Args:
        request: what the run was asked.
        inbox: the events that have come and will come.
    """

    def __init__(self, request: RunRequest, inbox: Inbox) -> None:
        self._request = request
        self._inbox = inbox
        self._inbound: list[Inbound] = []
        self._outbound: list[Outbound] = []

    def add(self, *, inbound: Iterable[Inbound], outbound: Iterable[Outbound]) -> None:
        """Add rules.

        Raises:
            BadRequest: a template holds more than paths, or names what is not there.
            InvalidExpression: a template cannot be read.
        """
        for rule_in in inbound:
            _check(rule_in.as_message, roots=("event",), rule=f"the inbound rule for {rule_in.type!r}")
            self._inbound.append(rule_in)
        for rule_out in outbound:
            _check([rule_out.subject, rule_out.data], roots=("message", "run"), rule=f"the outbound {rule_out.type!r}")
            self._outbound.append(rule_out)

    @property
    def authors(self) -> set[str]:
        """In whose names events are said."""
        return {rule.author for rule in self._inbound}

    @property
    def joins(self) -> bool:
        """Whether events become messages of a group chat."""
        return any(rule.topic is None for rule in self._inbound)

    @property
    def publishes(self) -> bool:
        """Whether events are published to topics."""
        return any(rule.topic is not None for rule in self._inbound)

    def joining(self) -> list[BaseChatMessage]:
        """Take the events that are to join a group chat, as messages."""
        return [
            TextMessage(content=told(rule, event), source=rule.author, metadata=origin(event))
            for rule, event in self._taken(published=False)
        ]

    def is_due(self) -> bool:
        """Whether an event waits to be published to a topic."""
        return self._inbox.has_any(lambda event: self._rule(event, published=True) is not None)

    def due(self) -> list[tuple[Inbound, Event]]:
        """Take the events that are to be published, each with its rule."""
        return list(self._taken(published=True))

    def emitted_by(self, said: BaseChatMessage, *, index: int, text: str) -> list[Emitted]:
        """What a message becomes outside.

        Args:
            said: the message; its metadata may name the topic that it was published to.
            index: its place in the transcript.
            text: its text as the transcript has it.

        Raises:
            ExpressionFailed: a template names a field that the message lacks.
        """
        if not self._outbound:
            return []
        value = _value(text)
        rules = [(n, rule) for n, rule in enumerate(self._outbound) if _applies(rule, said, text=text, value=value)]
        message = {"text": text, "source": said.source, "index": index, "value": value}
        return [self._event(rule, message, number=number) for number, rule in rules]

    def _taken(self, *, published: bool) -> Iterator[tuple[Inbound, Event]]:
        events = self._inbox.take(lambda event: self._rule(event, published=published) is not None)
        for event in events:
            if (rule := self._rule(event, published=published)) is not None:
                yield rule, event

    def _rule(self, event: Event, *, published: bool) -> Inbound | None:
        rules = (rule for rule in self._inbound if (rule.topic is not None) is published)
        return next((rule for rule in rules if rule.matches(event)), None)

    def _event(self, rule: Outbound, message: Mapping[str, Any], *, number: int) -> Emitted:
        request = self._request
        scope = {"user": request.scope.user, "session": request.scope.session}
        bindings = {"message": message, "run": {"id": request.run_id, "team": request.team, **scope}}
        data = {"text": "${message.text}", "source": "${message.source}"} if rule.data is None else rule.data
        return Emitted(
            # The Temporal run belongs to it: what is said again after a reset counts as new.
            id=f"{workflow.info().run_id}:{message['source'][:60]}:{message['index']}.{number}",
            source=f"/runs/{request.run_id}",
            type=rule.type,
            subject=None if rule.subject is None else paths.as_text(paths.fill(rule.subject, bindings)),
            data=paths.fill(data, bindings),
            time=workflow.now(),
        )


def told(rule: Inbound, event: Event) -> str:
    """What an event says in the conversation. Where its template does not fit, it says so, with all the data."""
    if rule.as_message is None:
        return as_json(event.data)
    try:
        return paths.as_text(paths.fill(rule.as_message, {"event": event.value}))
    except ExpressionFailed as error:
        return (
            f"An event {event.type!r} came that cannot be told as it should ({error}). Its data: {as_json(event.data)}"
        )


def as_json(value: Any) -> str:
    """A value as the text of a message."""
    return json.dumps(value, ensure_ascii=False)


def origin(event: Event) -> dict[str, str]:
    """What a message's metadata says of the event that it tells."""
    return {"event_id": event.id, "event_source": event.source, "event_type": event.type}


def _check(template: Any, *, roots: tuple[str, ...], rule: str) -> None:
    for expression in paths.expressions_in(template):
        path = paths.plain_path(expression)
        if path is None:
            raise BadRequest(f"{rule} holds ${{{expression}}}: only paths can be put in, such as ${{{roots[0]}.…}}")
        if path[0] not in roots:
            raise BadRequest(f"{rule} names {path[0]!r}: there are {', '.join(roots)}")


def _applies(rule: Outbound, said: BaseChatMessage, *, text: str, value: Any) -> bool:
    if rule.topic is not None and rule.topic != said.metadata.get("topic"):
        return False
    if rule.contains is not None and rule.contains not in text:
        return False
    return _is_meant(rule, said) and all(_field(value, path) == wanted for path, wanted in rule.where.items())


def _is_meant(rule: Outbound, said: BaseChatMessage) -> bool:
    if rule.source != "*":
        return rule.source == said.source
    # What came in would go out again, for ever.
    return "event_id" not in said.metadata and said.source != _TASK_AUTHOR


def _field(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name, _NOTHING) if isinstance(value, dict) else _NOTHING
    return value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
