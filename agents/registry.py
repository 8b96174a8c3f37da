"""Teams and models by name, and the modules that register them."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from contracts.errors import ConfigurationError, UnknownName
from contracts.remembering import MemoryPolicy

if TYPE_CHECKING:
    from autogen_agentchat.base import ChatAgent, Team
    from autogen_core.models import ChatCompletionClient

    from agents.context import TeamContext
    from agents.routed import RoutedTeam

ENTRY_POINT_GROUP = "perdure.app"
BUILT_IN = ("agents.survey",)

TeamFactory = Callable[["TeamContext"], "Team | ChatAgent | RoutedTeam"]
ModelFactory = Callable[[], "ChatCompletionClient"]
_Factory = TypeVar("_Factory", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class RegisteredTeam:
    """A team's factory with the name and version it is asked for by, and how it uses memory if it says so."""

    name: str
    version: str
    description: str
    factory: TeamFactory
    memory: MemoryPolicy | None = None


@dataclass(frozen=True, kw_only=True)
class RegisteredModel:
    """A model's factory. It is called once per worker, in an activity, never in a workflow."""

    name: str
    description: str
    factory: ModelFactory


class Registry:
    """Teams and models that an app has registered."""

    def __init__(self) -> None:
        self._teams: dict[str, RegisteredTeam] = {}
        self._models: dict[str, RegisteredModel] = {}

    def add_team(self, entry: RegisteredTeam) -> None:
        """Register a team.

        Raises:
            ConfigurationError: another factory holds that name.
        """
        _refuse_other(self._teams.get(entry.name), entry.factory, what=f"team {entry.name!r}")
        self._teams[entry.name] = entry

    def add_model(self, entry: RegisteredModel) -> None:
        """Register a model.

        Raises:
            ConfigurationError: another factory holds that name.
        """
        _refuse_other(self._models.get(entry.name), entry.factory, what=f"model {entry.name!r}")
        self._models[entry.name] = entry

    def team(self, name: str) -> RegisteredTeam:
        """Return the team of that name, or raise `UnknownName` with the nearest names."""
        if name not in self._teams:
            raise UnknownName("team", name, self._teams)
        return self._teams[name]

    def model(self, name: str) -> RegisteredModel:
        """Return the model of that name, or raise `UnknownName` with the nearest names."""
        if name not in self._models:
            raise UnknownName("model", name, self._models)
        return self._models[name]

    def team_names(self) -> list[str]:
        """The names of all teams, sorted."""
        return sorted(self._teams)

    def model_names(self) -> list[str]:
        """The names of all models, sorted."""
        return sorted(self._models)


REGISTRY = Registry()


def team(name: str, *, version: str = "1", memory: MemoryPolicy | None = None) -> Callable[[_Factory], _Factory]:
    """Register the decorated function as the factory of a team.

    The function takes a `TeamContext` and returns an AutoGen team or agent, or a `RoutedTeam` of core agents. It runs
    inside the workflow at each start and each replay, so it must do no I/O, read no clock and draw no random number.

    Args:
        name: what `start` and `perdure run` call the team.
        version: raised by you when a change would alter running conversations.
        memory: how its runs use memory, where they may; None leaves it to whoever starts them.

    Raises:
        ConfigurationError: another factory holds that name.
    """

    def register(factory: _Factory) -> _Factory:
        said = _first_line(factory)
        REGISTRY.add_team(RegisteredTeam(name=name, version=version, description=said, factory=factory, memory=memory))
        return factory

    return register


def model(name: str) -> Callable[[_Factory], _Factory]:
    """Register the decorated function as the factory of an AutoGen model client.

    Give the client `max_retries=0` where it has that setting: retries are the engine's, which honours `retry-after`.

    Args:
        name: what `ctx.model(name)` calls it.

    Raises:
        ConfigurationError: another factory holds that name.
    """

    def register(factory: _Factory) -> _Factory:
        REGISTRY.add_model(RegisteredModel(name=name, description=_first_line(factory), factory=factory))
        return factory

    return register


def load_app(names: Sequence[str] = ()) -> None:
    """Import the built-in teams, the modules named and those of the entry point group `perdure.app`.

    Modules are looked up in the current folder too, as Python itself does for a script.

    Raises:
        ConfigurationError: a module cannot be imported; the message holds its error.
    """
    if "" not in sys.path:
        # Last, so that a folder of the app's that is called like one of our packages does not stand in for it.
        sys.path.append("")
    for name in (*BUILT_IN, *names, *(point.value for point in entry_points(group=ENTRY_POINT_GROUP))):
        _import(name.partition(":")[0].strip())


def _import(name: str) -> None:
    with app_code(f"app module {name!r} cannot be imported", advice="check PERDURE_APP and the module"):
        importlib.import_module(name)


@contextmanager
def app_code(what: str, *, advice: str) -> Iterator[None]:
    """Within this context, whatever an app's own code raises leaves as `ConfigurationError` in one line."""
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:  # an app's code may raise anything
        raise ConfigurationError(f"{what}: {type(error).__name__}: {error}; {advice}") from error


def _refuse_other(held: RegisteredTeam | RegisteredModel | None, factory: Callable[..., Any], *, what: str) -> None:
    if held is None or (held.factory.__module__, held.factory.__qualname__) == (
        factory.__module__,
        factory.__qualname__,
    ):
        return
    raise ConfigurationError(
        f"{what} is registered twice, by {_place(held.factory)} and {_place(factory)}: rename one of them"
    )


def _place(factory: Callable[..., Any]) -> str:
    return f"{factory.__module__}.{factory.__qualname__}"


def _first_line(factory: Callable[..., Any]) -> str:
    return (inspect.getdoc(factory) or "").partition("\n")[0]
