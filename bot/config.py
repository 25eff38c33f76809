"""The environment: every CASEWRIGHT_ variable, checked all at once before anything starts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ByteSize,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from adapters.slack.configuration import SlackConfiguration
from adapters.teams.configuration import CLOUDS, Cloud, TeamsConfiguration, is_loopback
from agent.llm.configuration import Kind, ProviderConfiguration
from bot.access.claims import OpenIdConfiguration
from bot.text import nearest, one_line

PREFIX = "CASEWRIGHT_"
# Each can be read from a file that NAME_FILE names.
SECRETS = frozenset({
    "database_url", "webchat_secret",
    "slack_signing_secret", "slack_app_token", "slack_bot_token", "slack_client_secret", "teams_app_secret", "llm_key",
    "openid_client_secret",
})  # fmt: skip
ELSEWHERE = frozenset({"CASEWRIGHT_DATA"})  # data for tests and measurements, no part of the configuration
MAILBOX_SECRETS = f"{PREFIX}MAILBOX_"  # before the secrets of each mailbox, which the mailboxes' file gives its name
OLLAMA = "http://127.0.0.1:11434/v1"  # where Ollama listens by itself
_NEEDED = {
    Kind.OPENAI: ("llm_key",),
    Kind.AZURE: ("llm_key", "llm_url"),
    Kind.ANTHROPIC: ("llm_key",),
    Kind.BEDROCK: ("llm_region",),
    Kind.GOOGLE: ("llm_key",),
    Kind.OLLAMA: (),
    Kind.COMPATIBLE: ("llm_url",),
}
"""What each provider needs beside the model; without a key, Bedrock takes this machine's role in AWS."""
LEAST_SECRET = 32  # characters: as many as an HMAC-SHA256 key has bytes (RFC 7518, 3.2)
_VARIABLES_OF_FILES = {f"{PREFIX}{name.upper()}_FILE": name for name in SECRETS}
_FILES = ("mailboxes", "teams_app_certificate", "teams_ca_file")  # whose paths start at the working directory
_HIDDEN = "•••"
_GUID = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
_SQLITE = "sqlite:///"
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)
_PASSWORD = re.compile(r"^([a-z0-9+]+://[^:/@]*):.*@", re.DOTALL)


class ConfigError(Exception):
    """The environment can't be used; `problems` has one sentence for each variable that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class _Reason(ValueError):
    """A ValueError whose text is ours to show; those of libraries may quote a secret."""


def _database(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if url.startswith(_SQLITE):
        right = not _sqlite_path(url).startswith((":", "file:")) and _sqlite_path(url) not in {"", "/"}
    else:
        parts = _split(url)
        right = parts.scheme in {"postgresql", "postgresql+psycopg"} and len(parts.path) > 1
    if not right:
        raise ValueError
    return value


def _web_address(value: str) -> str:
    url = _split(value)
    if url.scheme not in {"http", "https"} or not url.hostname or url.username or url.query or url.fragment:
        raise ValueError
    return value.rstrip("/")


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    """Names alone, and ports: an address would be compared with them, and never be one."""
    found = tuple(each.lower() for each in value)
    if not all(_HOST.fullmatch(each) for each in found):
        raise ValueError
    return found


def _issuer(value: str) -> str:
    """As given: a slash at its end is part of an issuer's name. Without TLS for tests on this machine alone."""
    parts = _split(_web_address(value))
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise ValueError
    return value


def _long(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < LEAST_SECRET:
        raise ValueError
    return value


def _begins(beginning: str, value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(beginning):
        raise ValueError
    return value


def _listed(value: object) -> object:
    return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Config(BaseSettings):
    """How this process runs. Made by `load`; each description says what is right, for errors and for the reader."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(
        "127.0.0.1",
        pattern=r"^[A-Za-z0-9.:_-]+$",
        description="an address to listen on: 127.0.0.1, or 0.0.0.0 for every interface",
    )
    port: int = Field(3978, ge=0, le=65535, description="a whole number up to 65535; 0 takes any free port")
    database_url: Annotated[SecretStr, AfterValidator(_database)] = Field(
        SecretStr(f"{_SQLITE}var/casewright.db"),
        description="sqlite:///PATH of a file, or postgresql://USER:PASSWORD@HOST/DATABASE",
    )
    webchat_secret: Annotated[SecretStr, AfterValidator(_long)] | None = Field(
        None,
        description=f"at least {LEAST_SECRET} characters that nobody can guess, e.g. from `openssl rand -hex 32`",
    )
    public_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None,
        description="the address that people reach us at, e.g. https://cases.example.org",
    )
    mailboxes: Path | None = Field(None, description="the path of a YAML file, as docs/email.md describes it")
    mailbox_secrets: dict[str, SecretStr] = Field(default_factory=dict[str, SecretStr])
    slack_signing_secret: SecretStr | None = Field(None, description="the signing secret of the Slack app")
    slack_app_token: Annotated[SecretStr, AfterValidator(partial(_begins, "xapp-"))] | None = Field(
        None,
        description="the Slack app's token for Socket Mode, which begins with xapp-",
    )
    slack_bot_token: Annotated[SecretStr, AfterValidator(partial(_begins, "xoxb-"))] | None = Field(
        None,
        description="the Slack app's token in the one workspace it serves, which begins with xoxb-",
    )
    slack_client_id: str | None = Field(None, description="the client id of a Slack app for several workspaces")
    slack_client_secret: SecretStr | None = Field(None, description="the client secret of that app")
    slack_api_url: Annotated[str, AfterValidator(_web_address)] = Field(
        "https://slack.com/api",
        description="the address of Slack's Web API; https://slack-gov.com/api for GovSlack",
    )
    teams_app_id: str | None = Field(
        None, pattern=_GUID, description="the Application (client) ID of the bot's app registration"
    )
    teams_app_secret: SecretStr | None = Field(None, description="the value of a client secret of that registration")
    teams_app_certificate: Path | None = Field(
        None, description="the path of a PEM file with the registration's private key and certificate"
    )
    teams_tenant_id: str | None = Field(
        None, pattern=_GUID, description="the Directory (tenant) ID of a single-tenant registration"
    )
    teams_tenants: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (), description="ids of the tenants whose people may write, with commas between them; * is everybody's"
    )
    teams_cloud: Annotated[Cloud, BeforeValidator(_lower)] = Field(
        Cloud.PUBLIC, description="public, gcc, gcch, dod or 21vianet"
    )
    teams_service_hosts: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_hosts)] = Field(
        (), description="names of hosts of Teams' connector in place of the cloud's own, with commas between them"
    )
    teams_login_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None, description="where tokens are had in place of the cloud's own, an https address"
    )
    teams_metadata_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None, description="where signing keys are told in place of the cloud's own, a web address"
    )
    teams_ca_file: Path | None = Field(None, description="the path of a PEM file with authorities to trust")
    teams_playground: bool = Field(default=False, description="true or false")
    llm_provider: Annotated[Kind, BeforeValidator(_lower)] | None = Field(
        None,
        description=f"one of {', '.join(Kind)}; docs/llm.md says what each needs",
    )
    llm_model: str | None = Field(
        None, description="a model's name as its provider spells it; on Azure, the deployment"
    )
    llm_key: SecretStr | None = Field(None, description="the key of the model's provider")
    llm_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None,
        description="the address of the model's provider, e.g. http://127.0.0.1:8000/v1",
    )
    llm_region: str | None = Field(
        None, pattern=r"^[a-z0-9-]+$", description="the region of Bedrock, e.g. eu-central-1"
    )
    llm_api_version: str | None = Field(None, description="the version of Azure OpenAI's API, e.g. 2024-10-21")
    openid_issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(
        None,
        description="the https address of an OpenID provider, as its discovery document gives it",
    )
    openid_client_id: str | None = Field(None, description="the client id that the provider gave Casewright")
    openid_client_secret: SecretStr | None = Field(None, description="the client secret that goes with it")
    openid_groups_claim: str = Field("groups", description="the claim that lists a person's groups, e.g. groups")
    openid_administrators: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (),
        description="groups, e-mail addresses or @domains of administrators, with commas between them",
    )
    openid_representatives: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (),
        description="groups, e-mail addresses or @domains of representatives, with commas between them",
    )
    webhooks_private: bool = Field(default=False, description="true or false")
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = Field(
        LogLevel.INFO,
        description="debug, info, warning or error",
    )
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] | None = Field(
        None,
        description="console or json; without it, console on a terminal and json elsewhere",
    )
    demo: bool = Field(default=False, description="true or false")
    workers_concurrency: int = Field(8, ge=1, le=256, description="a whole number from 1 to 256")
    backlog_limit: int = Field(10_000, ge=1, description="a whole number: the messages that may wait before 503")
    attachment_limit: ByteSize = Field(ByteSize(10 * 2**20), ge=0, description="a size such as 10MiB, or bytes")
    lease_seconds: float = Field(30, ge=3, le=3600, description="seconds, from 3 to 3600")
    stop_seconds: float = Field(10, ge=0, le=3600, description="seconds, up to 3600")

    @property
    def loopback(self) -> bool:
        """Only this machine can reach us."""
        return _is_loopback(self.host)

    @property
    def database_file(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        url = self.database_url.get_secret_value()
        return Path(_sqlite_path(url)) if url.startswith(_SQLITE) else None

    @property
    def directory(self) -> Path:
        """Where our files are: beside the SQLite file, or `var` in the working directory."""
        return self.database_file.parent if self.database_file else Path("var")

    @property
    def slack(self) -> bool:
        """Whether anything was said of Slack: `load` has seen to it that it is enough."""
        return any((self.slack_signing_secret, self.slack_app_token, self.slack_bot_token, self.slack_client_id))

    @property
    def teams(self) -> bool:
        """Whether Teams is on: `load` has seen to it that there is enough for it."""
        return self.teams_app_id is not None or self.teams_playground

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- this one and the next three: called by keyword
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # `load` is given the environment: nothing is read behind its back

    @field_validator("demo")
    @classmethod
    def _demo_stays_here(cls, demo: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- pydantic calls it so
        host = info.data.get("host")
        if demo and host is not None and not _is_loopback(host):
            # A demo lets everybody be a representative.
            raise _Reason(f"false while CASEWRIGHT_HOST is {host}: a demo runs on 127.0.0.1 alone")
        if demo and info.data.get("public_url") is not None:
            raise _Reason("false while CASEWRIGHT_PUBLIC_URL is set: a demo is for this machine alone")
        return demo


def slack_configuration(config: Config) -> SlackConfiguration:
    return SlackConfiguration(
        signing_secret=_revealed(config.slack_signing_secret),
        app_token=_revealed(config.slack_app_token),
        bot_token=_revealed(config.slack_bot_token),
        client_id=config.slack_client_id,
        client_secret=_revealed(config.slack_client_secret),
        public_url=config.public_url,
        api_url=f"{config.slack_api_url}/",
        attachment_limit=config.attachment_limit,
    )


def teams_configuration(config: Config) -> TeamsConfiguration:
    """Raises ConfigError where the certificate can't be read."""
    cloud = CLOUDS[config.teams_cloud]
    addresses = replace(
        cloud,
        login_url=config.teams_login_url or cloud.login_url,
        metadata_url=config.teams_metadata_url or cloud.metadata_url,
        service_hosts=frozenset(config.teams_service_hosts) or cloud.service_hosts,
    )
    return TeamsConfiguration(
        app_id=config.teams_app_id or "",
        secret=_revealed(config.teams_app_secret),
        certificate=_certificate(config.teams_app_certificate),
        tenant_id=config.teams_tenant_id,
        tenants=frozenset(config.teams_tenants),
        addresses=addresses,
        ca_file=config.teams_ca_file,
        playground=config.teams_playground,
        attachment_limit=config.attachment_limit,
    )


def _certificate(file: Path | None) -> str | None:
    try:
        return file.read_text(encoding="ascii") if file else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError((f"CASEWRIGHT_TEAMS_APP_CERTIFICATE names {file}, which can't be read as PEM.",)) from error


def llm_configuration(config: Config) -> ProviderConfiguration | None:
    """None: no model is asked."""
    if config.llm_provider is None or config.llm_model is None:
        return None
    return ProviderConfiguration(
        kind=config.llm_provider,
        model=config.llm_model,
        key=_revealed(config.llm_key),
        url=config.llm_url or (OLLAMA if config.llm_provider is Kind.OLLAMA else None),
        region=config.llm_region,
        api_version=config.llm_api_version,
    )


def openid_configuration(config: Config) -> OpenIdConfiguration | None:
    if config.openid_issuer is None or config.openid_client_id is None:
        return None
    return OpenIdConfiguration(
        issuer=config.openid_issuer,
        client_id=config.openid_client_id,
        client_secret=_revealed(config.openid_client_secret),
        groups_claim=config.openid_groups_claim,
        administrators=config.openid_administrators,
        representatives=config.openid_representatives,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


_SINGLE = [name for name in Config.model_fields if name != "mailbox_secrets"]
"""The fields that one variable each sets."""


def load(environ: Mapping[str, str], cwd: Path) -> Config:
    """The configuration from the environment and from `.env` in `cwd`, where the environment goes first.

    An empty variable counts as not set. A relative SQLite path starts at `cwd`. Raises ConfigError.
    """
    problems: list[str] = []
    given = _given(environ, cwd, problems)
    secrets = {name: value for name, value in _ours(environ, cwd, []).items() if name.startswith(MAILBOX_SECRETS)}
    values: dict[str, Any] = {name: value for name, (_, value) in given.items()}
    try:
        config = Config.model_validate({**values, "mailbox_secrets": secrets})
    except ValidationError as error:
        problems += [_wrong(given, str(each["loc"][0]), each.get("ctx")) for each in error.errors()]
        raise ConfigError(tuple(problems)) from None  # pydantic's own text may quote a secret
    checks = (_slack_problems, _teams_problems, _openid_problems, _llm_problems)
    problems += [problem for check in checks for problem in check(config)]
    if problems:
        raise ConfigError(tuple(problems))
    files = {name: cwd / file for name in _FILES if (file := getattr(config, name)) is not None}
    return config.model_copy(update={"database_url": _anchored(config.database_url, cwd), **files})


def _slack_problems(config: Config) -> Iterator[str]:
    """What belongs together in a Slack app's credentials."""
    if bool(config.slack_client_id) != bool(config.slack_client_secret):
        yield "CASEWRIGHT_SLACK_CLIENT_ID and CASEWRIGHT_SLACK_CLIENT_SECRET go together: set both or none."
    if not config.slack:
        return
    if not (config.slack_signing_secret or config.slack_app_token):
        yield (
            "Slack's events need a way in: set CASEWRIGHT_SLACK_SIGNING_SECRET for events by HTTP, or"
            " CASEWRIGHT_SLACK_APP_TOKEN for Socket Mode."
        )
    if bool(config.slack_bot_token) == bool(config.slack_client_id):
        yield (
            "Slack needs either CASEWRIGHT_SLACK_BOT_TOKEN, for one workspace, or CASEWRIGHT_SLACK_CLIENT_ID and"
            " CASEWRIGHT_SLACK_CLIENT_SECRET, for several."
        )


def _teams_problems(config: Config) -> Iterator[str]:
    """What belongs together in the registration of a Teams bot."""
    keys = [config.teams_app_secret is not None, config.teams_app_certificate is not None]
    has_key = any(keys)
    if all(keys):
        yield "CASEWRIGHT_TEAMS_APP_SECRET and CASEWRIGHT_TEAMS_APP_CERTIFICATE are one in place of the other: set one."
    if config.teams_playground and (config.teams_app_id or not config.demo):
        yield "CASEWRIGHT_TEAMS_PLAYGROUND is for a demo without an app: set CASEWRIGHT_DEMO, and no app id."
    elif config.teams_app_id is not None and not has_key:
        yield "CASEWRIGHT_TEAMS_APP_ID needs CASEWRIGHT_TEAMS_APP_SECRET or CASEWRIGHT_TEAMS_APP_CERTIFICATE."
    elif config.teams_app_id is not None and not (config.teams_tenant_id or config.teams_tenants):
        yield (
            "Whose people may write by Teams? Set CASEWRIGHT_TEAMS_TENANT_ID, or CASEWRIGHT_TEAMS_TENANTS to ids of"
            " tenants, or to * for everybody's."
        )
    elif config.teams_app_id is None and (has_key or config.teams_tenant_id or config.teams_tenants):
        yield "Teams needs CASEWRIGHT_TEAMS_APP_ID: without it nobody could tell who is writing."
    if not (config.teams_service_hosts or CLOUDS[config.teams_cloud].service_hosts):
        yield (
            f"CASEWRIGHT_TEAMS_SERVICE_HOSTS is needed with {config.teams_cloud}, for which Microsoft names none: the"
            " host of the serviceUrl in what Teams sends."
        )
    for name, url in (("LOGIN", config.teams_login_url), ("METADATA", config.teams_metadata_url)):
        if url is not None and not url.startswith("https://") and not is_loopback(urlsplit(url).hostname or ""):
            yield f"CASEWRIGHT_TEAMS_{name}_URL should begin with https://."


def _llm_problems(config: Config) -> Iterator[str]:
    kind = config.llm_provider
    if kind is None:
        if any((config.llm_model, config.llm_key, config.llm_url, config.llm_region, config.llm_api_version)):
            yield f"CASEWRIGHT_LLM_PROVIDER is not set: without it no model is asked. It is one of {', '.join(Kind)}."
        return
    for name in ("llm_model", *_NEEDED[kind]):
        if getattr(config, name) is None:
            yield f"{_variable(name)} is not set, and {kind} needs it: {Config.model_fields[name].description}."
    if kind is Kind.AZURE and config.llm_url and config.llm_url.endswith("/v1") == bool(config.llm_api_version):
        yield "CASEWRIGHT_LLM_API_VERSION goes with an Azure address that does not end in /v1, and with no other."


def _openid_problems(config: Config) -> Iterator[str]:
    if bool(config.openid_issuer) != bool(config.openid_client_id):
        yield "CASEWRIGHT_OPENID_ISSUER and CASEWRIGHT_OPENID_CLIENT_ID go together: set both or none."
    if config.openid_issuer and not config.openid_administrators:
        yield (
            "CASEWRIGHT_OPENID_ADMINISTRATORS is needed beside CASEWRIGHT_OPENID_ISSUER: groups, e-mail addresses or"
            " @domains, with commas between them."
        )
    if config.openid_issuer and config.public_url is None and not config.loopback:
        yield "CASEWRIGHT_PUBLIC_URL is needed beside CASEWRIGHT_OPENID_ISSUER: the provider sends people back there."


def describe(config: Config) -> dict[str, str]:
    """Every variable and what it stands at, fit to be shown: no secret, no password."""
    shown = {_variable(name): _described(name, getattr(config, name)) for name in _SINGLE}
    return {**shown, **dict.fromkeys(config.mailbox_secrets, _HIDDEN)}


_Given = dict[str, tuple[str, str]]  # field name: (variable it came from, value)


def _given(environ: Mapping[str, str], cwd: Path, problems: list[str]) -> _Given:
    given: _Given = {}
    for variable, value in _ours(environ, cwd, problems).items():
        if variable.startswith(MAILBOX_SECRETS):
            continue
        name = _VARIABLES_OF_FILES.get(variable) or variable.removeprefix(PREFIX).lower()
        if variable not in _known():
            problems.append(_unknown(variable))
        elif name in given:
            problems.append(f"{given[name][0]} and {variable} are both set: one of them is enough.")
        elif variable in _VARIABLES_OF_FILES:
            given[name] = (variable, _from_file(variable, cwd / value, problems))
        else:
            given[name] = (variable, value)
    return {name: (variable, value) for name, (variable, value) in given.items() if value}


def _ours(environ: Mapping[str, str], cwd: Path, problems: list[str]) -> dict[str, str]:
    return _layered(environ, _dotenv(cwd / ".env", problems))


def _dotenv(path: Path, problems: list[str]) -> dict[str, str]:
    try:
        # No interpolation: it would read the process's environment, and a secret may hold "${".
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path.name} can't be read: {error}.")
        return {}
    return {name: value or "" for name, value in values.items()}


def _layered(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> dict[str, str]:
    """Our own variables; one in the environment hides its twin in the file, also as NAME_FILE."""
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    hidden = {name.removesuffix("_FILE") for name in ours}
    below = {name: value for name, value in dotenv.items() if name.startswith(PREFIX) and value}
    layered = {name: value for name, value in below.items() if name.removesuffix("_FILE") not in hidden} | ours
    return {name: value for name, value in layered.items() if name not in ELSEWHERE}


def _from_file(variable: str, path: Path, problems: list[str]) -> str:
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        problems.append(f"{variable} names {path}, which can't be read: {reason}.")
        return ""
    if not secret:
        problems.append(f"{variable} names {path}, which is empty.")
    return secret


def _known() -> list[str]:
    return [*map(_variable, _SINGLE), *_VARIABLES_OF_FILES]


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _unknown(variable: str) -> str:
    likely = nearest(variable.removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in _known()])
    hint = f"Did you mean {PREFIX}{likely}?" if likely else f"There are {', '.join(_known())}."
    return f"{one_line(variable)} is not a variable of ours. {hint}"


def _wrong(given: _Given, name: str, context: Mapping[str, Any] | None) -> str:
    variable, value = given[name]
    reason = (context or {}).get("error")
    right = str(reason) if isinstance(reason, _Reason) else Config.model_fields[name].description
    return f"{variable}{_seen(name, value)} should be {right}."


def _seen(name: str, value: str) -> str:
    """What was given, as far as it may be shown."""
    if name == "database_url":
        scheme = re.match(r"[a-z0-9+]{1,30}://", value)
        return f"={scheme.group()}…" if scheme else " (not shown)"
    return " (not shown)" if name in SECRETS else f"={one_line(value, 60)}"


def _described(name: str, value: object) -> str:
    if name == "database_url" and isinstance(value, SecretStr):
        return _without_password(value.get_secret_value())
    if isinstance(value, SecretStr):
        return _HIDDEN
    if isinstance(value, tuple):
        return ", ".join(cast("tuple[str, ...]", value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _without_password(url: str) -> str:
    """Rather too much covered than too little: a password may hold any character, also unescaped."""
    return re.sub(r"(?is)([?&][^=&]*password=).*", rf"\1{_HIDDEN}", _PASSWORD.sub(rf"\1:{_HIDDEN}@", url))


def _split(url: str) -> SplitResult:
    """Raises ValueError also for a port out of range, which urlsplit would raise later."""
    parts = urlsplit(url)
    if parts.port == 0:
        raise ValueError
    return parts


def _sqlite_path(url: str) -> str:
    return url.removeprefix(_SQLITE).partition("?")[0]


def _anchored(url: SecretStr, cwd: Path) -> SecretStr:
    written = url.get_secret_value()
    if not written.startswith(_SQLITE):
        return url
    _, mark, query = written.partition("?")
    return SecretStr(f"{_SQLITE}{cwd / _sqlite_path(written)}{mark}{query}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
