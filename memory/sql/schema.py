"""Brings a database to the revision that this program knows."""

from __future__ import annotations

from importlib.resources import as_file, files

from sqlalchemy import Connection, inspect, text

from contracts.errors import ConfigurationError
from memory.sql.tables import REVISION


def migrate(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction that is open. The caller holds the store's lock.

    Raises:
        ConfigurationError: the database was migrated by a newer Perdure.
    """
    found = revision(connection)
    if found == REVISION:
        return
    if found is not None and found > REVISION:
        raise ConfigurationError(
            f"the database {connection.engine.url.render_as_string()} has revision {found}, and this Perdure knows"
            f" {REVISION} at most: it was used by a newer version; install that one, or name another database"
        )
    _upgrade(connection)


def revision(connection: Connection) -> str | None:
    """Return the revision of a database, None where it holds no state yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def _upgrade(connection: Connection) -> None:
    # Imported here: it takes a quarter of a second, and is seldom needed.
    from alembic import command
    from alembic.config import Config

    with as_file(files("memory.sql") / "migrations") as folder:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        command.upgrade(config, REVISION)
