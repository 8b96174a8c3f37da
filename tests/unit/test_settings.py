"""Settings: the environment goes before the file, the file before the defaults, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from perdure.settings import DEFAULT_ADDRESS, Price, Settings, TemporalSettings


def load(folder: Path, text: str | None = None, **environ: str) -> Settings:
    if text is not None:
        (folder / "perdure.toml").write_text(text)
    return Settings.load({"HOME": str(folder), **environ}, folder=folder)


def test_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings == Settings(home=tmp_path / ".perdure")
    assert settings.temporal.profile().address == DEFAULT_ADDRESS
    assert settings.temporal.profile().namespace == "default"


def test_the_file_is_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        home = "data"
        app = ["shop.agents", "shop.tools"]
        model = "gpt-4o-mini"
        openai_base_url = "http://127.0.0.1:11434/v1"
        temporal_ui = "http://ui.example"

        [prices]
        "llama3.2" = {prompt = 0, completion = 0.5}

        [temporal]
        address = "temporal.example:7233"
        namespace = "agents"
        """,
    )
    assert settings.home == tmp_path / "data"
    assert settings.app == ("shop.agents", "shop.tools")
    assert settings.model == "gpt-4o-mini"
    assert settings.openai_base_url == "http://127.0.0.1:11434/v1"
    assert settings.temporal_ui == "http://ui.example"
    assert settings.prices == {"llama3.2": Price(prompt=0, completion=0.5)}
    assert settings.temporal == TemporalSettings(address="temporal.example:7233", namespace="agents")


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        'home = "data"\napp = "a"\nmodel = "from-file"\n[temporal]\naddress = "file:1"\nnamespace = "file"',
        PERDURE_HOME="elsewhere",
        PERDURE_APP="b, c",
        PERDURE_MODEL="from-environment",
        TEMPORAL_ADDRESS="environment:1",
    )
    assert settings.home == tmp_path / "elsewhere"
    assert settings.app == ("b", "c")
    assert settings.model == "from-environment"
    assert (settings.temporal.address, settings.temporal.namespace) == ("environment:1", "file")


def test_an_empty_variable_is_one_that_is_not_set(tmp_path: Path) -> None:
    settings = load(tmp_path, 'model = "m"', PERDURE_MODEL="", OPENAI_API_KEY="", TEMPORAL_ADDRESS="")
    assert (settings.model, settings.openai_api_key, settings.temporal.address) == ("m", None, None)


def test_another_file_is_named_by_the_environment_and_its_paths_are_its_own(tmp_path: Path) -> None:
    other = tmp_path / "config" / "my.toml"
    other.parent.mkdir()
    other.write_text('home = "../data"')
    assert load(tmp_path, 'home = "ignored"', PERDURE_CONFIG="config/my.toml").home == tmp_path / "data"


def test_secrets_do_not_show(tmp_path: Path) -> None:
    urls = {"PERDURE_DATABASE_URL": "postgresql://ada:hush@db/p", "PERDURE_REDIS_URL": "redis://:hush@cache/0"}
    settings = load(tmp_path, OPENAI_API_KEY="sk-hush", TEMPORAL_API_KEY="temporal-hush", **urls)
    assert "hush" not in repr(settings)
    assert settings.environ()["OPENAI_API_KEY"] == "sk-hush"


def test_a_child_gets_the_same_settings(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        PERDURE_APP="a,b",
        PERDURE_MODEL="m",
        OPENAI_API_KEY="k",
        OPENAI_BASE_URL="http://u",
        PERDURE_DATABASE_URL="postgresql://ada:hush@db:5433/p",
        PERDURE_REDIS_URL="redis://cache",
        PERDURE_STATE_STALE_SECONDS="0.5",
    )
    assert settings.state_stale_seconds == 0.5
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert load(elsewhere, **settings.environ()) == settings


def test_temporal_is_read_as_its_own_tools_read_it(tmp_path: Path) -> None:
    (tmp_path / "temporal.toml").write_text('[profile.prod]\naddress = "prod:7233"\nnamespace = "file"')
    settings = load(
        tmp_path,
        TEMPORAL_CONFIG_FILE=str(tmp_path / "temporal.toml"),
        TEMPORAL_PROFILE="prod",
        TEMPORAL_NAMESPACE="environment",
        TEMPORAL_API_KEY="key",
        TEMPORAL_TLS_SERVER_NAME="prod.example",
        TEMPORAL_GRPC_META_TEAM="agents",
    )
    options = settings.temporal.profile().to_client_connect_config()
    assert options["target_host"] == "prod:7233"
    assert options["namespace"] == "environment"
    assert options["api_key"] == "key"
    assert options["rpc_metadata"] == {"team": "agents"}
    tls = options["tls"]
    assert not isinstance(tls, bool)
    assert tls.domain == "prod.example"


def test_tls_is_on_with_a_key_and_off_where_it_is_refused(tmp_path: Path) -> None:
    with_key = load(tmp_path, TEMPORAL_API_KEY="key").temporal.profile().to_client_connect_config()
    assert with_key["tls"] is not False
    without = load(tmp_path, TEMPORAL_TLS="false").temporal.profile().to_client_connect_config()
    assert not without.get("tls")


def test_a_local_stack_takes_the_place_of_whatever_was_set(tmp_path: Path) -> None:
    settings = load(tmp_path, TEMPORAL_NAMESPACE="mine", TEMPORAL_API_KEY="key").at("127.0.0.1:1")
    assert settings.temporal == TemporalSettings(address="127.0.0.1:1", namespace="mine")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('modle = "x"', "unknown key 'modle': did you mean 'model'?"),
        ('zzz = "x"', "unknown key 'zzz': there are home, app, model"),
        ('[temporal]\nadress = "x"', "[temporal]: unknown key 'adress': did you mean 'address'?"),
        ('temporal = "x"', "temporal must be a table"),
        ("[prices]\nm = {prompt = -1, completion = 1}", "prices.m.prompt: Input should be greater than or equal to 0"),
        ("[prices]\nm = {prompt = 1}", "prices.m.completion: Field required"),
        ("home = ", "is not TOML"),
        ("app = 3", "app: Input should be a valid tuple"),
        ('database_url = "sqlite:///x.db"', "database_url: SQLite needs no address"),
        ('database_url = "mysql://ada:hush@db/p"', "database_url: 'mysql://ada:…@db/p' must begin with postgresql://"),
        ('database_url = "postgresql://ada:hush@db"', "database_url: 'postgresql://ada:…@db' names no database"),
        ('database_url = "postgresql:///p"', "database_url: 'postgresql:///p' names no host"),
        ('database_url = "postgresql://ada:hush@db:many/p"', "database_url: 'postgresql://…' cannot be read"),
        ('redis_url = "http://cache"', "redis_url: 'http://cache' must begin with redis://, as in redis://HOST:6379/0"),
        ("state_stale_seconds = -1", "state_stale_seconds: Input should be greater than or equal to 0"),
        ('state_stale_seconds = "soon"', "state_stale_seconds: Input should be a valid number"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.toml cannot be read \(No such file or directory\)"):
        load(tmp_path, PERDURE_CONFIG="gone.toml")


def test_a_profile_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Profile 'nope' not found"):
        load(tmp_path, TEMPORAL_PROFILE="nope")


def test_every_field_is_documented() -> None:
    models = (Settings, TemporalSettings, Price)
    assert [name for model in models for name, field in model.model_fields.items() if not field.description] == []
