"""What proves to a mail server who we are. Secrets never show in a repr, so no log line can hold one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

ENDS_SOON_DAYS = 14


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordSecret:
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSecret:
    mechanism: Literal["XOAUTH2", "OAUTHBEARER"]
    user: str
    token: str = field(repr=False)  # the bearer token itself, not the SASL string


Secret = PasswordSecret | TokenSecret


class SignInFailed(Exception):
    """Who hands out the secret, or the mail server, said no: a person has to do something, soon trying again won't."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence  # for people: what is wrong and what to do


class TokensUnreachable(OSError):
    """Who hands out tokens does not answer, or can't for now: trying again later may help."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiry:
    """The last day of something that a person has to replace."""

    what: str  # "client secret of support"
    day: date
    remedy: str  # what to do about it

    def is_soon(self, today: date) -> bool:
        return (self.day - today).days <= ENDS_SOON_DAYS

    def sentence(self, today: date) -> str:
        days = (self.day - today).days
        when = "today" if days == 0 else f"in {days} day{'' if days == 1 else 's'}, on {self.day}"
        ends = f"The {self.what} " + (f"ended on {self.day}" if days < 0 else f"ends {when}")
        return f"{ends}: {self.remedy}." if self.is_soon(today) else f"{ends}."


class Credentials(Protocol):
    """Both raise SignInFailed when refused, and OSError when whoever hands out tokens can't be reached now."""

    @property
    def expiry(self) -> Expiry | None:
        """None while it is not known, or where nothing ends."""
        ...

    async def sign_in(self) -> Secret: ...

    async def renewed(self) -> Secret:
        """A secret fetched anew, past any cache: asked for once after the server refused the last one."""
        ...
