"""`perdure doctor`: what is found, what is missing and what to do."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from contracts.errors import PerdureError
from contracts.memories import Caller
from perdure import addresses, connection, stack_record, temporal_binary
from perdure.cli.output import Output
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stack_record import StackFolder
from perdure.stores import open_stores, redis_answers

_OPERATOR = 3
_PACKAGES = ("autogen-agentchat", "autogen-core", "autogen-ext", "temporalio", "pydantic", "openai")
_AUTOGEN = "0.7.5"
_SERVERS = {"graph": "the graph", "neo4j": "Neo4j", "qdrant": "Qdrant"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        ok: whether it is as it must be.
        found: what was found.
        remedy: what to do; empty where nothing needs to be done.
        needed: whether runs fail without it.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True


def doctor(*, as_json: bool) -> int:
    """Look at everything, print it, and return 0 unless something that is needed is broken."""
    settings, output = Settings.load(), Output(as_json=as_json)
    checks = [*_installed(), _home(settings), *asyncio.run(_servers(settings))]
    checks += _app(settings) if _agents().ok else []
    for check in checks:
        mark, style = ("ok", "green") if check.ok else ("missing", "red" if check.needed else "yellow")
        output.text(f"{mark:<8} {check.name}: {check.found}", style=style)
        if check.remedy:
            output.text(f"         {check.remedy}")
    output.json([asdict(check) for check in checks])
    return _OPERATOR if any(check.needed and not check.ok for check in checks) else 0


def _installed() -> Iterator[Check]:
    yield Check(name="Python", ok=True, found=platform.python_version())
    for name in _PACKAGES:
        yield _package(name)
    yield _agents()


def _package(name: str) -> Check:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name=name, ok=False, found="not installed", remedy=f"pip install {name}")
    if name.startswith("autogen") and version != _AUTOGEN:
        return Check(
            name=name, ok=False, found=version, remedy=f"pip install {name}=={_AUTOGEN}, the one version that is known"
        )
    return Check(name=name, ok=True, found=version)


def _agents() -> Check:
    """The package `openai-agents` is imported as `agents` too; only one of them can be there."""
    spec = find_spec("agents")
    ours = Path(__file__).parents[2] / "agents"
    alone = not any(metadata.distributions(name="openai-agents"))
    if alone and spec is not None and list(spec.submodule_search_locations or ()) == [str(ours)]:
        return Check(name="package agents", ok=True, found="Perdure's own")
    remedy = "uninstall openai-agents from this environment and install perdure again"
    return Check(name="package agents", ok=False, found="another package of that name", remedy=remedy)


def _home(settings: Settings) -> Check:
    try:
        StackFolder(settings.home).prepare()
    except PerdureError as error:
        return Check(
            name="data folder", ok=False, found=str(error), remedy="set PERDURE_HOME to a folder that can be written"
        )
    return Check(name="data folder", ok=True, found=str(settings.home))


async def _servers(settings: Settings) -> list[Check]:
    redis = [] if settings.redis_url is None else [await _redis(settings, settings.redis_url.get_secret_value())]
    return [await _database(settings), *redis, *await _memory(settings), *await _temporal(settings)]


async def _database(settings: Settings) -> Check:
    url = settings.database_url
    where = str(settings.home / "state.db") if url is None else addresses.without_password(url.get_secret_value())
    try:
        async with open_stores(settings) as stores:
            found = f"{where}, {await stores.state.sequence():,} changes and events"
    except PerdureError as error:
        remedy = "mend what it says, or set PERDURE_HOME or PERDURE_DATABASE_URL to another one"
        return Check(name="database", ok=False, found=str(error), remedy=remedy)
    return Check(name="database", ok=True, found=found)


async def _memory(settings: Settings) -> list[Check]:
    """Memory and what follows it. Nothing is needed: without any of it runs go on."""
    if not settings.memory.enabled:
        return [Check(name="memory", ok=True, found="off, by MEM0_ENABLED")]
    try:
        async with open_stores(settings) as stores, open_memory(settings, stores) as memory:
            told = await memory.store.stats(Caller(operator=True))
    except PerdureError as error:
        return [Check(name="memory", ok=False, found=str(error), remedy="mend what it says", needed=False)]
    kept = sum(told["memories"]["status"].values())
    own = Check(name="memory", ok=True, found=f"{kept:,} memories, embedder {settings.memory.embedder}")
    return [own, *(_follower(name, **how) for name, how in told["projections"].items())]


def _follower(name: str, *, state: str, behind: int | None, trouble: str | None) -> Check:
    name = f"memory in {_SERVERS.get(name, name)}"
    if state == "away":
        remedy = "start it, or unset its address: the database answers meanwhile, and it catches up by itself"
        return Check(name=name, ok=False, found=f"does not answer ({trouble})", remedy=remedy, needed=False)
    return Check(name=name, ok=True, found="up to date" if not behind else f"{behind:,} changes behind")


async def _redis(settings: Settings, url: str) -> Check:
    where = addresses.without_password(url)
    if await redis_answers(settings):
        return Check(name="Redis", ok=True, found=where)
    remedy = "start it, or unset PERDURE_REDIS_URL: without it the database is asked, and nothing is lost"
    return Check(name="Redis", ok=False, found=f"{where} does not answer", remedy=remedy, needed=False)


async def _temporal(settings: Settings) -> list[Check]:
    found = stack_record.found(settings)
    if found.temporal.address is None:
        return [_binary(), Check(name="local stack", ok=True, found="none runs; `perdure run` starts one for a run")]
    try:
        client = await connection.connect(found.temporal)
    except PerdureError as error:
        return [Check(name="Temporal server", ok=False, found=str(error), remedy="start it, or unset TEMPORAL_ADDRESS")]
    server = Check(name="Temporal server", ok=True, found=f"{found.temporal.address}, namespace {client.namespace}")
    workers = await connection.worker_identities(client)
    remedy = "" if workers else "start one with `perdure worker`; `perdure run` starts one for a run"
    worker = Check(name="worker", ok=bool(workers), found=", ".join(workers) or "none", remedy=remedy, needed=False)
    return [server, worker]


def _binary() -> Check:
    if binary := temporal_binary.installed(os.environ):
        return Check(name="Temporal dev server", ok=True, found=str(binary))
    ways = "it is downloaded at first use" + (", or built with Go" if shutil.which("go") else "")
    remedy = f"{ways}; or install the Temporal CLI"
    return Check(name="Temporal dev server", ok=False, found="not here yet", remedy=remedy, needed=False)


def _app(settings: Settings) -> Iterator[Check]:
    from agents.registry import REGISTRY, load_app

    named = ", ".join(settings.app) or "none named in PERDURE_APP"
    try:
        load_app(settings.app)
    except PerdureError as error:
        yield Check(name="app modules", ok=False, found=str(error), remedy="mend the module, or correct PERDURE_APP")
        return
    yield Check(name="app modules", ok=True, found=f"{named}; teams: {', '.join(REGISTRY.team_names()) or 'none'}")
    yield _model(settings)


def _model(settings: Settings) -> Check:
    from worker import chat_models

    try:
        found = chat_models(settings).prepare()
    except PerdureError as error:
        return Check(name="model", ok=False, found=str(error), remedy="correct PERDURE_MODEL")
    card = next(card for card in found.models if card.name == found.default_model)
    if card.problem:
        return Check(name="model", ok=False, found=f"{card.name}: {card.problem}", remedy="mend the model's factory")
    remedy = "" if card.real else "set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own, to use a real one"
    return Check(name="model", ok=card.real, found=f"{card.name} ({card.label})", remedy=remedy, needed=False)
