"""Who may do what in which conversation: signed tokens that bind the user's identity."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import jwt

from store.model import utcnow

CHAT = "chat"  # the audience of a token that reads and writes one conversation
STREAM = "stream"  # of one that opens its WebSocket
LIFETIME = timedelta(minutes=30)
_LIFETIMES = {CHAT: LIFETIME, STREAM: timedelta(minutes=1)}
_FILE_LIFETIME = timedelta(days=1)
_ALGORITHM = "HS256"
# PyJWT's signatures name types of cryptography, which HS256 does not need and we do not install.
_jwt = cast("Any", jwt)


class InvalidToken(Exception):
    """Not signed by us, or not for this use."""


class ExpiredToken(Exception):
    """It was right once: ask for a new one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person as the secret's holder vouches for them."""

    id: str
    name: str = ""
    email: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a token allows: to be this user in this conversation."""

    conversation: str
    user: User


class Tokens:
    """The claim `user` is what Direct Line clients look for, to know who they are."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("The web chat needs a secret.")
        self._secret = secret.encode()
        # A key of its own, so that a signature says nothing about the secret that opens every door.
        self._key = hashlib.sha256(b"casewright web chat tokens\0" + self._secret).digest()

    def is_secret(self, bearer: str) -> bool:
        return hmac.compare_digest(bearer.encode(errors="surrogateescape"), self._secret)

    def issue(self, grant: Grant, audience: str = CHAT, *, lifetime: timedelta | None = None) -> str:
        claims = {
            "conv": grant.conversation,
            "user": grant.user.id,
            "name": grant.user.name,
            "email": grant.user.email,
        }
        return self._sign(claims, audience, lifetime or _LIFETIMES[audience])

    def read(self, token: str, audience: str = CHAT) -> Grant:
        """Raises InvalidToken or ExpiredToken."""
        claims = self._claims(token, audience)
        try:
            user = User(id=claims["user"], name=claims["name"], email=claims["email"])
            return Grant(conversation=claims["conv"], user=user)
        except KeyError as error:
            raise InvalidToken from error

    def issue_for_file(self, file_id: str) -> str:
        """For an address that images and links load from, which send no header."""
        return self._sign({}, f"file {file_id}", _FILE_LIFETIME)

    def check_for_file(self, token: str, file_id: str) -> None:
        """Raises InvalidToken or ExpiredToken."""
        self._claims(token, f"file {file_id}")

    def _sign(self, claims: dict[str, str | None], audience: str, lifetime: timedelta) -> str:
        moment = utcnow()
        payload = {**claims, "aud": audience, "iat": moment, "exp": moment + lifetime}
        return _jwt.encode(payload, self._key, _ALGORITHM)

    def _claims(self, token: str, audience: str) -> dict[str, Any]:
        try:
            return _jwt.decode(token, self._key, [_ALGORITHM], audience=audience, options={"require": ["exp", "aud"]})
        except jwt.ExpiredSignatureError as error:
            raise ExpiredToken from error
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise InvalidToken from error
