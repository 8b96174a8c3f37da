"""What can be set, where it comes from, and what holds when nothing is set.

The environment goes before `perdure.toml` (in the current folder, or the file named by PERDURE_CONFIG), which goes
before the defaults. How Temporal is reached is read by Temporal's own rules, its configuration file included.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from contracts.errors import ConfigurationError
from perdure import addresses
from perdure.memory_settings import MEMORY_VARIABLES, MemorySettings

if TYPE_CHECKING:
    from temporalio.envconfig import ClientConfigProfile, ClientConfigTLSDict

CONFIG_FILE = "perdure.toml"
DEFAULT_ADDRESS = "127.0.0.1:7233"

_VARIABLES = {
    "home": "PERDURE_HOME",
    "app": "PERDURE_APP",
    "model": "PERDURE_MODEL",
    "openai_api_key": "OPENAI_API_KEY",
    "openai_base_url": "OPENAI_BASE_URL",
    "database_url": "PERDURE_DATABASE_URL",
    "redis_url": "PERDURE_REDIS_URL",
    "state_stale_seconds": "PERDURE_STATE_STALE_SECONDS",
    "temporal_ui": "PERDURE_TEMPORAL_UI",
}
_TEMPORAL_KEYS = (
    "address",
    "namespace",
    "api_key",
    "profile",
    "config_file",
    "tls",
    "tls_server_name",
    "tls_server_ca_cert_path",
    "tls_server_ca_cert_data",
    "tls_client_cert_path",
    "tls_client_cert_data",
    "tls_client_key_path",
    "tls_client_key_data",
)


class _Value(BaseModel):
    # An error that is printed with its cause must not show the password that it is about.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


_Model = TypeVar("_Model", bound=BaseModel)


class Price(_Value):
    """What a model costs, in US dollars for a million tokens."""

    prompt: float = Field(ge=0, description="Price of a million prompt tokens, in US dollars.")
    completion: float = Field(ge=0, description="Price of a million completion tokens, in US dollars.")


class TemporalSettings(_Value):
    """How the Temporal server is reached, as Temporal's own tools read it."""

    address: str | None = Field(default=None, description="HOST:PORT; None means the local stack.")
    namespace: str = Field(default="default", description="Namespace that holds the runs.")
    api_key: SecretStr | None = Field(default=None, description="API key; with one, TLS is on.")
    tls: dict[str, Any] | None = Field(default=None, description="TLS part of the profile, by Temporal's names.")
    grpc_meta: dict[str, str] = Field(default={}, description="Headers that are sent with every call.")

    def profile(self) -> ClientConfigProfile:
        """Return the same as Temporal's own type, with the default address filled in."""
        from temporalio.envconfig import ClientConfigProfile, ClientConfigTLS

        tls = None if self.tls is None else ClientConfigTLS.from_dict(cast("ClientConfigTLSDict", self.tls))
        return ClientConfigProfile(
            address=self.address or DEFAULT_ADDRESS,
            namespace=self.namespace,
            api_key=self.api_key.get_secret_value() if self.api_key else None,
            tls=tls,
            grpc_meta=self.grpc_meta,
        )


class Settings(_Value):
    """Everything that the client, the worker and the local stack must know."""

    home: Path = Field(default=Path(".perdure"), description="Folder of all data, absolute (PERDURE_HOME).")
    app: tuple[str, ...] = Field(default=(), description="Modules with teams, models and tools (PERDURE_APP).")
    model: str | None = Field(default=None, description="Name of the default model (PERDURE_MODEL).")
    openai_api_key: SecretStr | None = Field(default=None, description="Key of the model's server (OPENAI_API_KEY).")
    openai_base_url: str | None = Field(default=None, description="URL of the model's server (OPENAI_BASE_URL).")
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL that holds the state; None: home/state.db (PERDURE_DATABASE_URL)."
    )
    redis_url: SecretStr | None = Field(
        default=None, description="Redis for cache and wake-ups; None: in process (PERDURE_REDIS_URL)."
    )
    state_stale_seconds: float = Field(
        default=1.0,
        ge=0,
        le=3600,
        description="Seconds that a plain read may be behind; 0: no cache (PERDURE_STATE_STALE_SECONDS).",
    )
    prices: dict[str, Price] = Field(default={}, description="Prices by model, before those that are known anyway.")
    memory: MemorySettings = Field(default=MemorySettings(), description="What is remembered, and where.")
    temporal_ui: str | None = Field(default=None, description="URL of Temporal's UI, for links (PERDURE_TEMPORAL_UI).")
    temporal: TemporalSettings = Field(default=TemporalSettings(), description="How Temporal is reached (TEMPORAL_…).")

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(addresses.postgresql(value.get_secret_value()))

    @field_validator("redis_url")
    @classmethod
    def _names_a_redis(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(addresses.redis(value.get_secret_value()))

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, *, folder: Path | None = None) -> Settings:
        """Read the settings.

        Args:
            environ: the environment, by default that of this process.
            folder: where `perdure.toml` is looked for, by default the current folder.

        Raises:
            ConfigurationError: a key is unknown or a value is wrong; the message names it.
        """
        environ = os.environ if environ is None else environ
        folder = (folder or Path.cwd()).absolute()
        file = _config_file(environ, folder)
        values = _read(file) if file else {}
        _check_keys(values, cls.model_fields, place=f"{file}")
        temporal = _temporal(values.pop("temporal", {}), environ, place=f"{file}")
        memory = _memory(values.pop("memory", {}), environ, place=f"{file}")
        written = _own(values, folder=file.parent if file else folder)
        given = _own(_from_environment(environ), folder=folder)
        return _checked(cls, {"home": folder / ".perdure", **written, **given, "memory": memory, "temporal": temporal})

    def environ(self) -> dict[str, str]:
        """Return the variables that give these settings to a child process, but for prices and Temporal."""
        values = {
            "home": str(self.home),
            "app": ",".join(self.app),
            "model": self.model,
            "openai_api_key": self.openai_api_key and self.openai_api_key.get_secret_value(),
            "openai_base_url": self.openai_base_url,
            "database_url": self.database_url and self.database_url.get_secret_value(),
            "redis_url": self.redis_url and self.redis_url.get_secret_value(),
            "state_stale_seconds": f"{self.state_stale_seconds:g}",
        }
        return {**{_VARIABLES[field]: value for field, value in values.items() if value}, **self.memory.environ()}

    def at(self, address: str) -> Settings:
        """Return these settings for a plain local server at `HOST:PORT`, whatever else was set for Temporal."""
        local = TemporalSettings(address=address, namespace=self.temporal.namespace)
        return self.model_copy(update={"temporal": local})


def one_line(error: ValidationError) -> str:
    """Say what is wrong with a value in one line: the place and the reason of each fault."""
    return "; ".join(_fault(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors())


def _fault(place: str, reason: str) -> str:
    reason = reason.removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason


def _config_file(environ: Mapping[str, str], folder: Path) -> Path | None:
    if named := environ.get("PERDURE_CONFIG"):
        return folder / Path(named).expanduser()
    file = folder / CONFIG_FILE
    return file if file.is_file() else None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror}); PERDURE_CONFIG must name a file"
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"{file} is not TOML: {error}") from error


def _check_keys(values: Mapping[str, Any], known: Iterable[str], *, place: str) -> None:
    known = list(known)
    for key in values:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            advice = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(known)}"
            raise ConfigurationError(f"{place}: unknown key {key!r}: {advice}")


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    return {field: environ[variable] for field, variable in _VARIABLES.items() if environ.get(variable)}


def _own(values: dict[str, Any], *, folder: Path) -> dict[str, Any]:
    """Make paths absolute, by the folder they were written in, and cut lists that are written with commas."""
    if isinstance(home := values.get("home"), str):
        values = {**values, "home": Path(os.path.normpath(folder / Path(home).expanduser()))}
    if isinstance(app := values.get("app"), str):
        values = {**values, "app": tuple(name.strip() for name in app.split(",") if name.strip())}
    return values


def _temporal(values: object, environ: Mapping[str, str], *, place: str) -> TemporalSettings:
    from temporalio.envconfig import ClientConfigProfile

    if not isinstance(values, dict):
        raise ConfigurationError(f"{place}: temporal must be a table")
    _check_keys(values, _TEMPORAL_KEYS, place=f"{place} [temporal]")
    named = {f"TEMPORAL_{key.upper()}": _word(value) for key, value in values.items()}
    given = {name: value for name, value in environ.items() if value}
    try:
        profile = ClientConfigProfile.load(override_env_vars={**named, **given})
    except RuntimeError as error:
        raise ConfigurationError(f"the Temporal configuration cannot be used: {error}") from error
    found = {name: value for name, value in profile.to_dict().items() if value}
    return _checked(TemporalSettings, found)


def _memory(values: object, environ: Mapping[str, str], *, place: str) -> MemorySettings:
    if not isinstance(values, dict):
        raise ConfigurationError(f"{place}: memory must be a table")
    _check_keys(values, MemorySettings.model_fields, place=f"{place} [memory]")
    given = {field: environ[variable] for field, variable in MEMORY_VARIABLES.items() if environ.get(variable)}
    return _checked(MemorySettings, {**values, **given})


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _checked(model: type[_Model], values: Mapping[str, Any]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(f"a setting is wrong: {one_line(error)}") from error
