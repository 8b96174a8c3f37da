"""What can be set of memory: the table `[memory]` of `perdure.toml`, and variables of the environment."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from contracts.recall import RecallWeights

# Those that other tools know keep their names.
MEMORY_VARIABLES = {
    "enabled": "MEM0_ENABLED",
    "embedder": "PERDURE_EMBEDDER",
    "embedder_url": "PERDURE_EMBEDDER_URL",
    "embedder_key": "PERDURE_EMBEDDER_KEY",
    "extractor": "PERDURE_EXTRACTOR",
    "qdrant_url": "QDRANT_URL",
    "qdrant_host": "QDRANT_HOST",
    "qdrant_port": "QDRANT_PORT",
    "qdrant_api_key": "QDRANT_API_KEY",
    "neo4j_url": "NEO4J_URL",
    "neo4j_user": "NEO4J_USER",
    "neo4j_password": "NEO4J_PASSWORD",
    "learn_ranking": "PERDURE_LEARN_RANKING",
    "sources": "PERDURE_MEMORY_SOURCES",
    "index_mib": "PERDURE_MEMORY_INDEX_MIB",
}


class MemorySettings(BaseModel):
    """Everything that memory must know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    enabled: bool = Field(default=True, description="False: runs go on as if there were no memory (MEM0_ENABLED).")
    embedder: str = Field(
        default="wordllama",
        description='"wordllama", "minilm", "fastembed:MODEL", "sentence-transformers:MODEL" or "openai:MODEL"'
        " (PERDURE_EMBEDDER).",
    )
    embedder_url: str | None = Field(
        default=None, description="URL of an OpenAI-compatible embedder; None: OPENAI_BASE_URL (PERDURE_EMBEDDER_URL)."
    )
    embedder_key: SecretStr | None = Field(
        default=None, description="Its key; None: OPENAI_API_KEY (PERDURE_EMBEDDER_KEY)."
    )
    extractor: Literal["auto", "rules", "mem0"] = Field(
        default="auto", description='"auto": mem0 where it is installed and a model has a key (PERDURE_EXTRACTOR).'
    )
    qdrant_url: str | None = Field(default=None, description="URL of a Qdrant server or cluster (QDRANT_URL).")
    qdrant_host: str | None = Field(default=None, description="The same by host (QDRANT_HOST).")
    qdrant_port: int = Field(default=6333, ge=1, le=65535, description="And port (QDRANT_PORT).")
    qdrant_api_key: SecretStr | None = Field(default=None, description="Key of Qdrant (QDRANT_API_KEY).")
    neo4j_url: str | None = Field(default=None, description='"bolt://HOST:PORT" or "neo4j://…" (NEO4J_URL).')
    neo4j_user: str = Field(default="neo4j", description="User of Neo4j (NEO4J_USER).")
    neo4j_password: SecretStr | None = Field(default=None, description="Its password (NEO4J_PASSWORD).")
    weights: RecallWeights = Field(default=RecallWeights(), description="How much each part of the ranking counts.")
    team_weights: dict[str, RecallWeights] = Field(default={}, description="The same for teams, by name.")
    learn_ranking: bool = Field(
        default=False, description="Let what was of use count in the ranking (PERDURE_LEARN_RANKING)."
    )
    sources: tuple[str, ...] = Field(
        default=(), description="Folders and URLs that take part in recall, read only (PERDURE_MEMORY_SOURCES)."
    )
    index_mib: int = Field(
        default=512, ge=16, description="Indexes in this process may take so much memory (PERDURE_MEMORY_INDEX_MIB)."
    )

    @field_validator("sources", mode="before")
    @classmethod
    def _cut_at_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def qdrant(self) -> str | None:
        """Where Qdrant is; None where it is not used."""
        if self.qdrant_url is not None or self.qdrant_host is None:
            return self.qdrant_url
        return f"http://{self.qdrant_host}:{self.qdrant_port}"

    def environ(self) -> dict[str, str]:
        """Return the variables that give these settings to a child process, but for weights."""
        return {
            MEMORY_VARIABLES[name]: _word(value)
            for name, value in self
            if name in MEMORY_VARIABLES and name in self.model_fields_set and value is not None
        }


def _word(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, bool) else str(value)
