"""What a stand-in model is asked: one chat completion request, with what rules want to know of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic_core import to_json

_SPEAKER = re.compile(r"You are ([\w/]+(?: of [\w/]+)?)\.")


@dataclass(frozen=True)
class ChatRequest:
    """One request, as parsed.

    Attributes:
        body: the whole JSON body.
        number: how many requests the server had got, this one included; depends on the order of arrival.
        attempt: how many times this very request arrived, this one included; a retry has 2 or more.
        digest: names the whole body, in hex.
        key: the API key that came with it.
    """

    body: Mapping[str, Any]
    number: int
    attempt: int
    digest: str
    key: str | None = None

    @property
    def model(self) -> str:
        """The model asked for."""
        return str(self.body.get("model", ""))

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """The conversation, in OpenAI's form."""
        messages: Sequence[Mapping[str, Any]] = self.body.get("messages", ())
        return messages

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools offered."""
        return tuple(tool["function"]["name"] for tool in self.body.get("tools", ()))

    @property
    def response_format(self) -> Mapping[str, Any] | None:
        """The form asked of the answer, None for plain text."""
        return self.body.get("response_format")

    @property
    def streamed(self) -> bool:
        """Whether the answer is to come in chunks."""
        return bool(self.body.get("stream"))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The text of each message; of a tool call its name and arguments."""
        return tuple(_text(message) for message in self.messages)

    @cached_property
    def prompt(self) -> str:
        """Names the messages, whatever else the request says, in hex."""
        return short_digest(to_json(self.messages))

    @property
    def system(self) -> str:
        """The text of all system messages."""
        return "\n".join(self.texts_of("system"))

    @property
    def last_text(self) -> str:
        """The text of the last message; empty if there is none."""
        return self.texts[-1] if self.texts else ""

    @property
    def last_role(self) -> str:
        """The role of the last message; empty if there is none."""
        return str(self.messages[-1]["role"]) if self.messages else ""

    @property
    def speaker(self) -> str:
        """Whom the system message names with "You are NAME."; empty if nobody."""
        found = _SPEAKER.search(self.system)
        return found.group(1) if found else ""

    def texts_of(self, role: str) -> tuple[str, ...]:
        """The texts of the messages of one role: system, user, assistant or tool."""
        return tuple(text for text, message in zip(self.texts, self.messages, strict=True) if message["role"] == role)


def short_digest(data: bytes) -> str:
    """Name some bytes in 16 hex digits."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def words(text: str) -> int:
    """Estimate tokens: one a word."""
    return len(text.split())


def _text(message: Mapping[str, Any]) -> str:
    calls = [f"{call['function']['name']}({call['function']['arguments']})" for call in message.get("tool_calls") or ()]
    return " ".join(filter(None, [_content(message.get("content")), *calls]))


def _content(content: str | Sequence[Mapping[str, Any]] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return " ".join(str(part.get("text", part["type"])) for part in content)
