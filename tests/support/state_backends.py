"""What state can be kept in: SQLite or PostgreSQL, each with and without Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer

DATABASES = ("sqlite", "postgresql")
BACKENDS = (*DATABASES, "sqlite-redis", "postgresql-redis")
_TEMPLATE = "perdure_template"


@dataclass(frozen=True, kw_only=True)
class StateBackend:
    """Servers that run; None where it does without."""

    postgres: PostgresServer | None = None
    redis: RedisServer | None = None

    @property
    def redis_url(self) -> SecretStr | None:
        """Where Redis is."""
        return None if self.redis is None else SecretStr(self.redis.url)

    @asynccontextmanager
    async def settings(self, home: Path) -> AsyncIterator[Settings]:
        """Settings that lead to an empty database of today's schema, which is gone when the context ends."""
        settings = Settings(home=home, redis_url=self.redis_url)
        if self.postgres is None:
            yield settings
            return
        await self._make_template(self.postgres, home)
        async with self.postgres.database(template=_TEMPLATE) as name:
            yield settings.model_copy(update={"database_url": SecretStr(self.postgres.url(name))})

    async def _make_template(self, postgres: PostgresServer, home: Path) -> None:
        """Migrate once: to copy what was migrated takes a tenth of the time."""
        if _TEMPLATE in postgres.made:
            return
        await postgres.execute(f"CREATE DATABASE {_TEMPLATE}")
        async with open_stores(Settings(home=home, database_url=SecretStr(postgres.url(_TEMPLATE)))):
            postgres.made.add(_TEMPLATE)
