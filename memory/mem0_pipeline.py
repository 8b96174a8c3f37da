"""mem0's extraction with our model, our embedder and our store in place of its own. Importing this imports mem0.

mem0 2.2.1 is made for parts of its own choosing: its factories refuse others, its constructor opens a Qdrant in the
system's temp folder. So the parts are assigned, as the attributes that they are, and the constructor is passed over.
What it would store stays in memory and is thrown away: memories are kept by the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from mem0.configs.base import MemoryConfig  # type: ignore[import-untyped]
from mem0.memory import main  # type: ignore[import-untyped]
from mem0.memory.storage import SQLiteManager  # type: ignore[import-untyped]

# Where spaCy is installed, mem0 would download a language model for these; our rules and our stems do that work.
main.extract_entities_batch = lambda texts: [[] for _ in texts]
main.lemmatize_for_bm25 = lambda text: text

Message = Mapping[str, str]


class _Model:
    """Asks our model. See mem0's `LLMBase`."""

    def __init__(self, ask: Callable[[Sequence[Message]], str]) -> None:
        self._ask = ask
        self.config = SimpleNamespace(enable_vision=False)

    def generate_response(self, messages: Sequence[Message], **_: Any) -> str:
        return self._ask(messages)


class _Embedder:
    """Embeds with ours. See mem0's `EmbeddingBase`."""

    def __init__(self, embed: Callable[[Sequence[str]], list[list[float]]]) -> None:
        self._embed = embed

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:  # noqa: ARG002 - mem0's signature
        return self._embed([text])[0]

    def embed_batch(self, texts: Sequence[str], memory_action: str = "add") -> list[list[float]]:  # noqa: ARG002
        return self._embed(texts)


class _Store:
    """Shows what is known, and takes what is found. See mem0's `VectorStoreBase`."""

    def __init__(self, known: Sequence[tuple[str, str]]) -> None:
        self._known = [SimpleNamespace(id=id_, payload={"data": text}, score=1.0) for id_, text in known]

    def search(self, query: str, vectors: Any, top_k: int = 5, filters: Any = None) -> list[SimpleNamespace]:  # noqa: ARG002
        return self._known[:top_k]

    def insert(self, vectors: Any, payloads: Any = None, ids: Any = None) -> None:
        pass


class Pipeline(main.Memory):  # type: ignore[misc]
    """One extraction.

    Args:
        ask: answers a prompt, with JSON.
        embed: makes vectors of texts.
        known: ids and texts of memories that are known, the most alike first.
        instructions: are put into the prompt.
    """

    def __init__(
        self,
        *,
        ask: Callable[[Sequence[Message]], str],
        embed: Callable[[Sequence[str]], list[list[float]]],
        known: Sequence[tuple[str, str]],
        instructions: str,
    ) -> None:
        # The constructor of mem0 is passed over on purpose: see the top of the file.
        self.config = MemoryConfig(history_db_path=":memory:", custom_instructions=instructions)
        self.llm = _Model(ask)
        self.embedding_model = _Embedder(embed)
        self.vector_store = _Store(known)
        self.db = SQLiteManager(":memory:")
        self.collection_name = "perdure"
        self.api_version = self.config.version
        self.custom_instructions = instructions
        self.reranker = None
        self._entity_store = None

    def found(self, messages: Sequence[Message], *, user: str) -> list[str]:
        """Return the texts that mem0 makes of messages."""
        try:
            return [one["memory"] for one in self.add([dict(message) for message in messages], user_id=user)["results"]]
        finally:
            self.db.close()
