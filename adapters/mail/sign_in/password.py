"""A password stays what it is."""

from __future__ import annotations

from adapters.mail.credentials import Expiry, PasswordSecret


class ConstantPassword:
    """Implements `adapters.mail.credentials.Credentials`."""

    def __init__(self, user: str, password: str) -> None:
        self._secret = PasswordSecret(user=user, password=password)

    @property
    def expiry(self) -> Expiry | None:
        return None

    async def sign_in(self) -> PasswordSecret:
        return self._secret

    async def renewed(self) -> PasswordSecret:
        return self._secret
