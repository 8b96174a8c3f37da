"""The interfaces of what a conversation needs: models, and stores of its texts and answers. See `contracts.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from contracts.calls import ModelReply, ModelRequest, Preparation


class SegmentStore(Protocol):
    """Content-addressed blobs of conversations. A cache, not a truth: whatever is missing is sent again."""

    async def read(self, conversation: str, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """Return those of the named blobs that are there; the others are simply absent.

        Raises:
            BackendUnavailable: the store does not answer.
        """
        ...

    async def write(self, conversation: str, blobs: Mapping[bytes, bytes]) -> None:
        """Keep blobs under their digests. Writing one that is there changes nothing.

        Raises:
            BackendUnavailable: the store does not answer, or is full or read-only.
        """
        ...

    async def drop(self, conversation: str, digests: Sequence[bytes]) -> None:
        """Forget the named blobs. Those that are not there are passed over."""
        ...


class ResultJournal(Protocol):
    """Answers of finished activities, so that a repeated attempt does not do the work again."""

    async def find(self, key: str, *, request: bytes) -> str | None:
        """Return the answer that was recorded under this key, None if there is none.

        Args:
            key: tenant, workflow id, Temporal run id and activity id.
            request: digest of the request.

        Raises:
            IdempotencyMismatch: the key was recorded with another request.
        """
        ...

    async def record(self, key: str, *, request: bytes, answer: str) -> None:
        """Record an answer (JSON text). Recording the same key again changes nothing."""
        ...


class CheckpointStore(Protocol):
    """Texts that must outlive a history: the state that continue-as-new hands on. A truth, not a cache."""

    async def save(self, conversation: str, checkpoint: str, text: str) -> None:
        """Keep a text under an id. Saving the same id again replaces it."""
        ...

    async def load(self, conversation: str, checkpoint: str) -> str:
        """Return the text.

        Raises:
            NotFound: there is no such checkpoint.
        """
        ...


class ChatModels(Protocol):
    """The models that a worker can call."""

    def prepare(self) -> Preparation:
        """Say which models there are and what each can do, without calling any of them."""
        ...

    async def complete(self, request: ModelRequest, prompt: Sequence[Any]) -> ModelReply:
        """Ask a model. Cancelling the awaiting task cuts the request to the provider.

        Args:
            request: which model, and how it is to answer.
            prompt: the tools offered (a list of JSON schemas), then the messages, as JSON values.

        Raises:
            UnknownName: no such model is registered.
            ModelUnavailable: the provider may answer later.
            ModelRefused: the provider will not answer this request.
        """
        ...
