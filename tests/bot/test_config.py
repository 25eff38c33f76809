import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config import (
    Config,
    ConfigError,
    LogFormat,
    LogLevel,
    describe,
    llm_configuration,
    load,
    openid_configuration,
)
from bot.provider import connect

SECRET = "a-secret-of-thirty-two-characters-or-more"
HERE = Path("/srv/casewright")


def problems(environ: dict[str, str], cwd: Path = HERE) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as raised:
        load(environ, cwd)
    return raised.value.problems


def url(config: Config) -> str:
    return config.database_url.get_secret_value()


def test_without_any_variable_everything_has_a_value() -> None:
    config = load({}, HERE)

    assert (config.host, config.port, config.demo, config.loopback) == ("127.0.0.1", 3978, False, True)
    assert url(config) == "sqlite:////srv/casewright/var/casewright.db"
    assert config.database_file == HERE / "var" / "casewright.db"
    assert config.directory == HERE / "var"
    assert (config.webchat_secret, config.public_url, config.log_format) == (None, None, None)
    assert config.log_level is LogLevel.INFO
    assert (config.workers_concurrency, config.backlog_limit, config.attachment_limit) == (8, 10_000, 10_485_760)
    assert (config.lease_seconds, config.stop_seconds) == (30, 10)


def test_every_variable_can_be_set() -> None:
    config = load(
        {
            "CASEWRIGHT_HOST": "0.0.0.0",  # noqa: S104 -- an example
            "CASEWRIGHT_PORT": "80",
            "CASEWRIGHT_DATABASE_URL": "postgresql://casewright:pw@db/cases",
            "CASEWRIGHT_WEBCHAT_SECRET": SECRET,
            "CASEWRIGHT_PUBLIC_URL": "https://cases.example.org/",
            "CASEWRIGHT_LOG_LEVEL": "DEBUG",
            "CASEWRIGHT_LOG_FORMAT": "json",
            "CASEWRIGHT_DEMO": "no",
            "CASEWRIGHT_WORKERS_CONCURRENCY": "4",
            "CASEWRIGHT_BACKLOG_LIMIT": "100",
            "CASEWRIGHT_ATTACHMENT_LIMIT": "1MiB",
            "CASEWRIGHT_LEASE_SECONDS": "5.5",
            "CASEWRIGHT_STOP_SECONDS": "0",
        },
        HERE,
    )

    assert (config.port, url(config), config.database_file) == (80, "postgresql://casewright:pw@db/cases", None)
    assert config.webchat_secret is not None
    assert config.webchat_secret.get_secret_value() == SECRET
    assert config.public_url == "https://cases.example.org"
    assert (config.log_level, config.log_format, config.loopback) == (LogLevel.DEBUG, LogFormat.JSON, False)
    assert (config.attachment_limit, config.lease_seconds, config.stop_seconds) == (1_048_576, 5.5, 0)


def test_variables_of_others_do_not_matter() -> None:
    assert load({"PATH": "/bin", "PORT": "x", "CASEWRIGHT_DATA": "/data", "CASEWRIGHT_PORT": ""}, HERE).port == 3978


def test_the_process_environment_is_not_read_behind_the_callers_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("CASEWRIGHT_PORT", "2")

    assert load({}, HERE).port == 3978


def test_nothing_can_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        load({}, HERE).port = 1


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("PORT", "eighty", "CASEWRIGHT_PORT=eighty should be a whole number up to 65535; 0 takes any free port."),
        ("PORT", "65536", "CASEWRIGHT_PORT=65536 should be"),
        ("PORT", "-1", "CASEWRIGHT_PORT=-1 should be"),
        ("HOST", "http://x", "CASEWRIGHT_HOST=http://x should be an address to listen on"),
        ("DATABASE_URL", "mysql://u:hunter2@db/x", "CASEWRIGHT_DATABASE_URL=mysql://… should be sqlite:///PATH"),
        ("DATABASE_URL", "sqlite:///:memory:", "CASEWRIGHT_DATABASE_URL=sqlite://… should be"),
        ("DATABASE_URL", "sqlite://", "CASEWRIGHT_DATABASE_URL=sqlite://… should be"),
        ("DATABASE_URL", "sqlite:////", "CASEWRIGHT_DATABASE_URL=sqlite://… should be"),
        ("DATABASE_URL", "u:hunter2@db/x", "CASEWRIGHT_DATABASE_URL (not shown) should be"),
        ("DATABASE_URL", "postgresql://u:hunter2@[db/x", "CASEWRIGHT_DATABASE_URL=postgresql://… should be"),
        ("DATABASE_URL", "postgresql://u:hunter2@db:99999/x", "CASEWRIGHT_DATABASE_URL=postgresql://… should be"),
        ("WEBCHAT_SECRET", "hunter2", "CASEWRIGHT_WEBCHAT_SECRET (not shown) should be at least 32 characters"),
        ("PUBLIC_URL", "cases.example.org", "CASEWRIGHT_PUBLIC_URL=cases.example.org should be the address"),
        ("PUBLIC_URL", "https://h?x=1", "CASEWRIGHT_PUBLIC_URL=https://h?x=1 should be the address"),
        ("LOG_LEVEL", "loud", "CASEWRIGHT_LOG_LEVEL=loud should be debug, info, warning or error."),
        ("LOG_FORMAT", "xml", "CASEWRIGHT_LOG_FORMAT=xml should be console or json"),
        ("DEMO", "perhaps", "CASEWRIGHT_DEMO=perhaps should be true or false."),
        ("WORKERS_CONCURRENCY", "0", "CASEWRIGHT_WORKERS_CONCURRENCY=0 should be a whole number from 1 to 256."),
        ("BACKLOG_LIMIT", "many", "CASEWRIGHT_BACKLOG_LIMIT=many should be a whole number"),
        ("ATTACHMENT_LIMIT", "10 apples", "CASEWRIGHT_ATTACHMENT_LIMIT=10 apples should be a size such as 10MiB"),
        ("LEASE_SECONDS", "1", "CASEWRIGHT_LEASE_SECONDS=1 should be seconds, from 3 to 3600."),
        ("STOP_SECONDS", "nan", "CASEWRIGHT_STOP_SECONDS=nan should be seconds, up to 3600."),
        ("TEAMS_SERVICE_HOSTS", "https://x/", "CASEWRIGHT_TEAMS_SERVICE_HOSTS=https://x/ should be names of hosts"),
        ("PROT", "80", "CASEWRIGHT_PROT is not a variable of ours. Did you mean CASEWRIGHT_PORT?"),
        ("PORT_FILE", "80", "CASEWRIGHT_PORT_FILE is not a variable of ours."),
        ("COLOUR", "red", "CASEWRIGHT_COLOUR is not a variable of ours. There are CASEWRIGHT_HOST, CASEWRIGHT_PORT"),
    ],
)
def test_a_wrong_variable_is_named_with_what_was_given_and_what_would_be_right(
    variable: str, value: str, problem: str
) -> None:
    (found,) = problems({f"CASEWRIGHT_{variable}": value})

    assert found.startswith(problem)
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "CASEWRIGHT_TEAMS_APP_ID needs CASEWRIGHT_TEAMS_APP_SECRET or"),
        ({"APP_SECRET": "s"}, "Whose people may write by Teams?"),
        ({"APP_SECRET": "s", "APP_CERTIFICATE": "c.pem", "TENANTS": "*"}, "CASEWRIGHT_TEAMS_APP_SECRET and"),
        ({"APP_SECRET": "s", "TENANTS": "*", "CLOUD": "21vianet"}, "CASEWRIGHT_TEAMS_SERVICE_HOSTS is needed"),
    ],
)
def test_what_a_bots_registration_lacks_is_named(given: dict[str, str], problem: str) -> None:
    app_id = {"CASEWRIGHT_TEAMS_APP_ID": "2d4d3d8e-2be3-4bef-9f87-7875a61c29de"}
    (found,) = problems(app_id | {f"CASEWRIGHT_TEAMS_{name}": value for name, value in given.items()})
    assert found.startswith(problem)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    found = problems(
        {
            "CASEWRIGHT_PORT": "x",
            "CASEWRIGHT_LOG_LEVEL": "x",
            "CASEWRIGHT_PROT": "80",
            "CASEWRIGHT_DATABASE_URL": "x",
            "CASEWRIGHT_WEBCHAT_SECRET_FILE": "missing",
        },
        tmp_path,
    )

    assert len(found) == 5


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_demo_runs_on_this_machine(host: str) -> None:
    assert load({"CASEWRIGHT_DEMO": "1", "CASEWRIGHT_HOST": host}, HERE).demo


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "cases.example.org"])  # noqa: S104 -- what is refused
def test_a_demo_that_others_could_reach_is_refused(host: str) -> None:
    assert problems({"CASEWRIGHT_DEMO": "true", "CASEWRIGHT_HOST": host}) == (
        f"CASEWRIGHT_DEMO=true should be false while CASEWRIGHT_HOST is {host}: a demo runs on 127.0.0.1 alone.",
    )


def test_a_demo_at_a_public_address_is_refused() -> None:
    assert problems({"CASEWRIGHT_DEMO": "true", "CASEWRIGHT_PUBLIC_URL": "https://cases.example.org"}) == (
        "CASEWRIGHT_DEMO=true should be false while CASEWRIGHT_PUBLIC_URL is set: a demo is for this machine alone.",
    )


def test_the_env_file_is_read_and_the_environment_goes_first(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# ours\nCASEWRIGHT_PORT=1\nexport CASEWRIGHT_LOG_LEVEL='error'\nOTHER=x\n"
        f"CASEWRIGHT_WEBCHAT_SECRET={SECRET}${{HOME}}\n"
    )

    config = load({"CASEWRIGHT_PORT": "2"}, tmp_path)

    assert (config.port, config.log_level) == (2, LogLevel.ERROR)
    assert config.webchat_secret is not None
    assert config.webchat_secret.get_secret_value() == SECRET + "${HOME}"


def test_an_env_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"CASEWRIGHT_PORT=\xff")

    assert problems({}, tmp_path)[0].startswith(".env can't be read")


def test_secrets_can_be_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "url").write_text("postgresql://u:pw@db/cases\r\n")

    config = load(
        {"CASEWRIGHT_WEBCHAT_SECRET_FILE": "secret", "CASEWRIGHT_DATABASE_URL_FILE": str(tmp_path / "url")}, tmp_path
    )

    assert config.webchat_secret is not None
    assert config.webchat_secret.get_secret_value() == SECRET
    assert url(config) == "postgresql://u:pw@db/cases"


def test_a_secret_in_the_environment_hides_the_file_that_the_env_file_names(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CASEWRIGHT_WEBCHAT_SECRET_FILE=missing\n")

    assert load({"CASEWRIGHT_WEBCHAT_SECRET": SECRET}, tmp_path).webchat_secret is not None


def test_a_secret_and_its_file_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)

    assert problems({"CASEWRIGHT_WEBCHAT_SECRET": SECRET, "CASEWRIGHT_WEBCHAT_SECRET_FILE": "secret"}, tmp_path) == (
        "CASEWRIGHT_WEBCHAT_SECRET and CASEWRIGHT_WEBCHAT_SECRET_FILE are both set: one of them is enough.",
    )


def test_a_secret_file_that_is_missing_empty_or_weak_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "weak").write_text("hunter2")

    assert problems({"CASEWRIGHT_WEBCHAT_SECRET_FILE": "missing"}, tmp_path) == (
        f"CASEWRIGHT_WEBCHAT_SECRET_FILE names {tmp_path}/missing, which can't be read: No such file or directory.",
    )
    assert problems({"CASEWRIGHT_WEBCHAT_SECRET_FILE": "empty"}, tmp_path)[0].endswith("empty, which is empty.")
    (weak,) = problems({"CASEWRIGHT_WEBCHAT_SECRET_FILE": "weak"}, tmp_path)
    assert weak.startswith("CASEWRIGHT_WEBCHAT_SECRET_FILE (not shown) should be at least 32 characters")


@pytest.mark.parametrize(
    ("given", "anchored"),
    [
        ("sqlite:///x.db", "sqlite:////srv/casewright/x.db"),
        ("sqlite:////data/x.db", "sqlite:////data/x.db"),
        ("sqlite:///a/x.db?timeout=5", "sqlite:////srv/casewright/a/x.db?timeout=5"),
    ],
)
def test_a_relative_database_starts_at_the_working_directory(given: str, anchored: str) -> None:
    assert url(load({"CASEWRIGHT_DATABASE_URL": given}, HERE)) == anchored


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://cw:hunter2@db:5432/cases", "postgresql://cw:•••@db:5432/cases"),
        ("postgresql://cw:hunt@er2@db/cases", "postgresql://cw:•••@db/cases"),
        ("postgresql://cw:12/hunter2@db/cases", "postgresql://cw:•••@db/cases"),
        ("postgresql://cw@db/cases", "postgresql://cw@db/cases"),
        ("postgresql:///cases?host=/run&password=hunter2", "postgresql:///cases?host=/run&password=•••"),
        ("sqlite:////data/x.db", "sqlite:////data/x.db"),
    ],
)
def test_a_database_address_is_described_without_its_password(given: str, shown: str) -> None:
    assert describe(load({"CASEWRIGHT_DATABASE_URL": given}, HERE))["CASEWRIGHT_DATABASE_URL"] == shown


def test_a_description_names_every_variable_and_no_secret() -> None:
    shown = describe(load({"CASEWRIGHT_WEBCHAT_SECRET": SECRET}, HERE))

    single = [name for name in Config.model_fields if name != "mailbox_secrets"]
    assert list(shown) == [f"CASEWRIGHT_{name.upper()}" for name in single]
    assert (shown["CASEWRIGHT_WEBCHAT_SECRET"], shown["CASEWRIGHT_DEMO"]) == ("•••", "false")
    assert SECRET not in repr(shown)


def test_the_secrets_of_mailboxes_are_kept_for_those_who_know_the_mailboxes() -> None:
    config = load({"CASEWRIGHT_MAILBOX_SUPPORT_PASSWORD": SECRET}, HERE)

    assert config.mailbox_secrets["CASEWRIGHT_MAILBOX_SUPPORT_PASSWORD"].get_secret_value() == SECRET
    assert describe(config)["CASEWRIGHT_MAILBOX_SUPPORT_PASSWORD"] == "•••"
    assert SECRET not in f"{config!r} {config.model_dump_json()}"


def test_a_configuration_can_be_logged_without_giving_a_secret_away() -> None:
    config = load({"CASEWRIGHT_WEBCHAT_SECRET": SECRET, "CASEWRIGHT_DATABASE_URL": "postgresql://u:hunter2@db/x"}, HERE)

    assert SECRET not in repr(config)
    assert "hunter2" not in f"{config!r} {config} {config.model_dump_json()}"


@given(st.text("abcXYZ019@:/?#[]%&=", min_size=12, max_size=31))
def test_no_secret_is_ever_in_an_error_or_a_description(secret: str) -> None:
    values = (f"mysql://u:{secret}@db/x", f"postgresql://u:{secret}@h/x", f"postgresql:///x?password={secret}", secret)
    for environ in [*({"CASEWRIGHT_DATABASE_URL": value} for value in values), {"CASEWRIGHT_WEBCHAT_SECRET": secret}]:
        assert secret not in seen(environ)


def seen(environ: dict[str, str]) -> str:
    """All that a person gets to see of an environment."""
    try:
        return str(describe(load(environ, HERE)))
    except ConfigError as error:
        return str(error)


SLACK = {"CASEWRIGHT_SLACK_BOT_TOKEN": "xoxb-1", "CASEWRIGHT_SLACK_SIGNING_SECRET": SECRET}


def test_slack_is_on_where_it_has_a_token_and_a_way_in() -> None:
    assert load(SLACK, HERE).slack
    assert not load({}, HERE).slack
    assert "xoxb-1" not in str(describe(load(SLACK, HERE)))


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        (
            {"CASEWRIGHT_SLACK_BOT_TOKEN": "xoxp-1"},
            "CASEWRIGHT_SLACK_BOT_TOKEN (not shown) should be the Slack app's token",
        ),
        ({"CASEWRIGHT_SLACK_BOT_TOKEN": "xoxb-1"}, "Slack's events need a way in"),
        ({"CASEWRIGHT_SLACK_APP_TOKEN": "xapp-1"}, "Slack needs either CASEWRIGHT_SLACK_BOT_TOKEN"),
        ({**SLACK, "CASEWRIGHT_SLACK_CLIENT_ID": "1.2"}, "CASEWRIGHT_SLACK_CLIENT_SECRET go together"),
        ({**SLACK, "CASEWRIGHT_SLACK_API_URL": "slack.com"}, "should be the address of Slack's Web API"),
    ],
)
def test_what_slack_lacks_is_named(environ: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)):
        load(environ, HERE)


MODEL = {"CASEWRIGHT_LLM_MODEL": "a-model", "CASEWRIGHT_LLM_KEY": "sk-1"}
AZURE = {**MODEL, "CASEWRIGHT_LLM_PROVIDER": "azure", "CASEWRIGHT_LLM_URL": "https://ours.example.org"}


@pytest.mark.parametrize(
    "environ",
    [
        {**MODEL, "CASEWRIGHT_LLM_PROVIDER": "OpenAI"},
        {**MODEL, "CASEWRIGHT_LLM_PROVIDER": "anthropic"},
        {**MODEL, "CASEWRIGHT_LLM_PROVIDER": "google"},
        {**AZURE, "CASEWRIGHT_LLM_API_VERSION": "2024-10-21"},
        {**AZURE, "CASEWRIGHT_LLM_URL": "https://ours.example.org/openai/v1"},
        {**MODEL, "CASEWRIGHT_LLM_PROVIDER": "bedrock", "CASEWRIGHT_LLM_REGION": "eu-central-1"},
        {"CASEWRIGHT_LLM_PROVIDER": "ollama", "CASEWRIGHT_LLM_MODEL": "qwen3"},
        {**MODEL, "CASEWRIGHT_LLM_PROVIDER": "compatible", "CASEWRIGHT_LLM_URL": "http://127.0.0.1:8000/v1"},
    ],
    ids=lambda environ: environ["CASEWRIGHT_LLM_PROVIDER"],
)
def test_every_provider_can_be_connected_and_its_key_is_shown_nowhere(environ: dict[str, str]) -> None:
    config = load(environ, HERE)
    configuration = llm_configuration(config)
    assert configuration is not None
    assert connect(configuration).name == configuration.name
    assert "sk-1" not in f"{describe(config)}{config!r}{configuration!r}"


def test_without_a_provider_no_model_is_asked() -> None:
    assert llm_configuration(load({}, HERE)) is None


def test_the_key_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-2\n")
    environ = {"CASEWRIGHT_LLM_PROVIDER": "openai", "CASEWRIGHT_LLM_MODEL": "m", "CASEWRIGHT_LLM_KEY_FILE": "key"}
    configuration = llm_configuration(load(environ, tmp_path))
    assert configuration is not None
    assert configuration.key == "sk-2"


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({**MODEL, "CASEWRIGHT_LLM_PROVIDER": "openia"}, "should be one of openai, azure"),
        (MODEL, "CASEWRIGHT_LLM_PROVIDER is not set"),
        ({"CASEWRIGHT_LLM_PROVIDER": "openai"}, "CASEWRIGHT_LLM_MODEL is not set, and openai needs it"),
        ({**MODEL, "CASEWRIGHT_LLM_PROVIDER": "compatible"}, "CASEWRIGHT_LLM_URL is not set"),
        ({**MODEL, "CASEWRIGHT_LLM_PROVIDER": "bedrock"}, "CASEWRIGHT_LLM_REGION is not set"),
        (AZURE, "CASEWRIGHT_LLM_API_VERSION goes with an Azure address"),
        ({**MODEL, "CASEWRIGHT_LLM_URL": "localhost"}, "should be the address of the model's provider"),
    ],
)
def test_what_a_provider_lacks_is_named(environ: dict[str, str], problem: str) -> None:
    assert any(problem in each for each in problems(environ))
    assert "sk-1" not in str(problems(environ))


OPENID = {
    "CASEWRIGHT_OPENID_ISSUER": "https://id.example/tenant/",
    "CASEWRIGHT_OPENID_CLIENT_ID": "casewright",
    "CASEWRIGHT_OPENID_CLIENT_SECRET": "not-to-be-seen",
    "CASEWRIGHT_OPENID_ADMINISTRATORS": "admins, boss@example.org,",
}


def test_an_openid_provider_is_taken_as_it_is_written() -> None:
    config = load(OPENID, HERE)
    provider = openid_configuration(config)
    assert provider is not None
    assert (provider.issuer, provider.client_id) == ("https://id.example/tenant/", "casewright")
    assert (provider.administrators, provider.representatives) == (("admins", "boss@example.org"), ())
    assert openid_configuration(load({}, HERE)) is None
    assert "not-to-be-seen" not in str(describe(config))
    assert describe(config)["CASEWRIGHT_OPENID_ADMINISTRATORS"] == "admins, boss@example.org"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"CASEWRIGHT_OPENID_CLIENT_ID": ""}, "CASEWRIGHT_OPENID_ISSUER and CASEWRIGHT_OPENID_CLIENT_ID go together"),
        ({"CASEWRIGHT_OPENID_ADMINISTRATORS": " , "}, "CASEWRIGHT_OPENID_ADMINISTRATORS is needed"),
        ({"CASEWRIGHT_OPENID_ISSUER": "http://id.example"}, "CASEWRIGHT_OPENID_ISSUER=http://id.example should be"),
        ({"CASEWRIGHT_HOST": "0.0.0.0"}, "CASEWRIGHT_PUBLIC_URL is needed beside CASEWRIGHT_OPENID_ISSUER"),  # noqa: S104
    ],
)
def test_a_provider_that_would_let_nobody_in_is_told_of_at_the_start(changes: dict[str, str], told: str) -> None:
    [problem] = problems({**OPENID, **changes})
    assert problem.startswith(told)
