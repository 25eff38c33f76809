"""The mailboxes to attend to, as the file that CASEWRIGHT_MAILBOXES names says. Secrets stay outside of it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>]+@[^@\s<>]+$", to_lower=True)]


def _encrypted(value: str) -> str:
    url = urlsplit(value)
    if url.scheme != "https" or not url.hostname or url.username or url.port == 0:
        raise ValueError("an address that begins with https:// is wanted: secrets are sent to it")
    return value


def _iso_date(value: object) -> object:
    """YAML reads a date by itself; pydantic would also take a number, as seconds since 1970."""
    if isinstance(value, str):
        return date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("a date such as 2027-01-31 is wanted")  # noqa: TRY004 - pydantic reports a ValueError alone
    return value


def folder_name(name: str) -> str:
    """As servers and we write it: INBOX alone is the same in capitals or not (RFC 9051, 5.1)."""
    return "INBOX" if name.upper() == "INBOX" else name


FolderName = Annotated[str, AfterValidator(folder_name)]
HttpsUrl = Annotated[str, AfterValidator(_encrypted)]
IsoDate = Annotated[date, BeforeValidator(_iso_date)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Security(StrEnum):
    TLS = "tls"  # from the first byte
    STARTTLS = "starttls"  # refused when the server does not offer it
    NONE = "none"  # on loopback only


class Server(_Part):
    """Where a server listens, and how it proves who it is."""

    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    security: Security = Security.TLS
    ca_file: Path | None = None  # PEM, beside the machine's own authorities

    @model_validator(mode="after")
    def _plain_text_stays_here(self) -> Self:
        if self.security is Security.NONE and not self.is_loopback:
            raise ValueError("security: none is for a server on this machine alone: write tls or starttls")
        return self

    @property
    def is_loopback(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Password(_Part):
    """A user name and a password, which CASEWRIGHT_MAILBOX_<NAME>_PASSWORD or ..._PASSWORD_FILE holds."""

    kind: Literal["password"] = "password"
    user: str | None = None  # the mailbox's address, when not given


class Microsoft(_Part):
    """Client credentials of a Microsoft 365 app; the secret is in CASEWRIGHT_MAILBOX_<NAME>_CLIENT_SECRET[_FILE]."""

    kind: Literal["microsoft"]
    tenant: str = Field(min_length=1)
    client_id: str = Field(min_length=1)
    user: str | None = None  # whose mailbox to open: a shared one has no password of its own
    authority: HttpsUrl = "https://login.microsoftonline.com"  # national clouds have others
    scope: str = "https://outlook.office365.com/.default"
    secret_expires: IsoDate | None = None  # so that the end is seen days ahead
    ca_file: Path | None = None  # PEM, whom to trust for the authority instead of the public ones


class RefreshToken(_Part):
    """A refresh token (Google and others), in CASEWRIGHT_MAILBOX_<NAME>_REFRESH_TOKEN[_FILE]."""

    kind: Literal["refresh_token"]
    client_id: str = Field(min_length=1)  # its secret: CASEWRIGHT_MAILBOX_<NAME>_CLIENT_SECRET[_FILE]
    token_url: HttpsUrl = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    mechanism: Literal["XOAUTH2", "OAUTHBEARER"] = "XOAUTH2"
    user: str | None = None
    ca_file: Path | None = None  # PEM, whom to trust for token_url instead of the public ones


SignIn = Annotated[Password | Microsoft | RefreshToken, Field(discriminator="kind")]


class AfterHandling(_Part):
    """What happens to a mail in the mailbox once it is kept here. It is never deleted."""

    action: Literal["leave", "mark_seen", "move"] = "leave"
    folder: FolderName | None = None  # where to move it

    @model_validator(mode="after")
    def _names_the_folder(self) -> Self:
        if (self.action == "move") != (self.folder is not None):
            raise ValueError("folder names where to move a mail: write it with action: move, and only then")
        return self


class Limits(_Part):
    """What keeps two machines from writing to each other for ever, and one mail from filling the disk."""

    automatic_per_hour: int = Field(default=10, ge=1)  # mails the agent sends to one address
    automatic_per_day: int = Field(default=2000, ge=1)  # mails the agent sends from this mailbox
    mail_bytes: int = Field(default=30 << 20, ge=1 << 16)  # of a larger one, headers and the first part are read
    attachment_bytes: int = Field(default=20 << 20, ge=1 << 10)
    attachments: int = Field(default=50, ge=0)


class Mailbox(_Part):
    """One mailbox: where it is, how to sign in, what it calls itself."""

    name: Name  # the channel's account, and part of the names of its secrets
    address: Address
    aliases: tuple[Address, ...] = ()  # other addresses whose mail ends here
    display_name: str = ""  # in From, beside the address
    folders: tuple[FolderName, ...] = ("INBOX",)
    imap: Server
    smtp: Server
    sign_in: SignIn = Password()
    sent_folder: str | None = None  # where a copy of what is sent is put, unless the server does it by itself
    authserv_id: str | None = None  # whose Authentication-Results are believed (RFC 8601); None: nobody's
    after_handling: AfterHandling = AfterHandling()
    limits: Limits = Limits()
    idle_seconds: float = Field(default=600, ge=1, le=1740)  # IDLE is renewed this often: servers drop it silently
    poll_seconds: float = Field(default=60, ge=1, le=3600)  # where there is no IDLE
    timeout_seconds: float = Field(default=60, ge=1, le=600)  # that the server may take for one answer
    quiet_hours: float = Field(default=24, gt=0)  # without any mail that are never called unusual

    @model_validator(mode="after")
    def _moves_out_of_sight(self) -> Self:
        if self.after_handling.folder in self.folders:
            raise ValueError("after_handling moves mails to a folder that is read: there each would come back as new")
        return self

    @property
    def user(self) -> str:
        return self.sign_in.user or self.address

    @cached_property
    def own_addresses(self) -> frozenset[str]:
        return frozenset({self.address, *self.aliases})


class Mailboxes(_Part):
    """The whole file."""

    mailboxes: tuple[Mailbox, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [mailbox.name for mailbox in self.mailboxes]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two mailboxes are called {twice}: give each its own name")
        return self


KEYS = sorted({name for part in _Part.__subclasses__() for name in part.model_fields})
"""Every key that can stand anywhere in the file."""
