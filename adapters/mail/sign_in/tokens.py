"""A token is asked for once, however many need it, and used until shortly before its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from adapters.mail.credentials import Expiry, TokenSecret

MARGIN = 300.0  # seconds before its end from which on a token is not used any more


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    text: str = field(repr=False)
    seconds: float  # that it is valid for, from now on


class Source(Protocol):
    @property
    def expiry(self) -> Expiry | None: ...

    async def fetch(self) -> Token:
        """A new one each time. Raises SignInFailed and TokensUnreachable."""
        ...


class TokenCredentials:
    """Implements `adapters.mail.credentials.Credentials`."""

    def __init__(
        self,
        source: Source,
        *,
        user: str,
        mechanism: Literal["XOAUTH2", "OAUTHBEARER"],
        clock: Callable[[], float],
    ) -> None:
        self._source = source
        self._user = user
        self._mechanism: Literal["XOAUTH2", "OAUTHBEARER"] = mechanism
        self._clock = clock
        self._asking = asyncio.Lock()
        self._secret: TokenSecret | None = None
        self._good_until = 0.0

    @property
    def expiry(self) -> Expiry | None:
        return self._source.expiry

    async def sign_in(self) -> TokenSecret:
        async with self._asking:
            if self._secret and self._clock() < self._good_until:
                return self._secret
            return await self._fetch()

    async def renewed(self) -> TokenSecret:
        before = self._secret
        async with self._asking:
            if self._secret and self._secret is not before:  # somebody else had the same wish meanwhile
                return self._secret
            return await self._fetch()

    async def _fetch(self) -> TokenSecret:
        token = await self._source.fetch()
        self._good_until = self._clock() + max(token.seconds - MARGIN, token.seconds / 2)
        self._secret = TokenSecret(mechanism=self._mechanism, user=self._user, token=token.text)
        return self._secret
