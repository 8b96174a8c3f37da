"""Addresses of servers, as settings hold them: checked, and shown without their passwords."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

_POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")
_REDIS = ("redis", "rediss", "unix")


def postgresql(url: str) -> str:
    """Return the address of a PostgreSQL database.

    Raises:
        ValueError: it names no host or no database, or something else than PostgreSQL; no password is told.
    """
    if url.startswith("sqlite"):
        raise ValueError("SQLite needs no address: leave database_url out, and set home to the folder of its file")
    found = _parts(url, _POSTGRESQL, example="postgresql://USER:PASSWORD@HOST:5432/DATABASE")
    if not found.path.strip("/"):
        raise ValueError(f"{without_password(url)!r} names no database: write it after the host, such as /perdure")
    return url


def redis(url: str) -> str:
    """Return the address of a Redis server.

    Raises:
        ValueError: it names no host, or something else than Redis; no password is told.
    """
    _parts(url, _REDIS, example="redis://HOST:6379/0")
    return url


def without_password(url: str) -> str:
    """Return an address as it may be shown: the password as three dots, and nothing of what follows a "?"."""
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        return f"{url.partition(':')[0]}://…"
    user = f"{found.username or ''}{':…' if found.password else ''}"
    host = f"{found.hostname or ''}{'' if port is None else f':{port}'}"
    return f"{found.scheme}://{user}{'@' if user else ''}{host}{found.path}"


def place(url: str) -> str:
    """Return which PostgreSQL database an address leads to, whoever logs in there and how."""
    found = urlsplit(url)
    return f"{found.hostname}:{found.port or 5432}{found.path}"


def _parts(url: str, schemes: tuple[str, ...], *, example: str) -> SplitResult:
    try:
        found = urlsplit(url)
        found.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise ValueError(f"{without_password(url)!r} cannot be read: write it as {example}") from None
    if found.scheme not in schemes:
        raise ValueError(f"{without_password(url)!r} must begin with {schemes[0]}://, as in {example}")
    if not found.hostname and found.scheme != "unix":
        raise ValueError(f"{without_password(url)!r} names no host: write it as {example}")
    return found
