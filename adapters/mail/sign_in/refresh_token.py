"""Tokens that a refresh token is exchanged for (RFC 6749, 6), as Google and others do it."""

from __future__ import annotations

import ssl
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus

import aiohttp
import structlog

from adapters.mail.configuration import Mailbox, RefreshToken
from adapters.mail.credentials import Expiry, SignInFailed
from adapters.mail.sign_in.answers import (
    TEMPORARY,
    Answer,
    answer_from,
    error_in,
    quoted,
    seconds_in,
    token_in,
    unfit,
    unreachable,
)
from adapters.mail.sign_in.secrets import CLIENT_SECRET, REFRESH_TOKEN, variable
from adapters.mail.sign_in.tokens import Token

log = structlog.get_logger()

WAIT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_NEW_TOKEN = "sign in again by hand, put the new refresh token in {refresh_token}, then restart"  # noqa: S105
_WRONG = {
    "invalid_grant": "the refresh token was revoked or has expired: " + _NEW_TOKEN,
    "invalid_client": "the app {client_id} or its secret is wrong: correct client_id in the mailboxes' file, or "
    "{client_secret}, then restart",
    "deleted_client": "the app {client_id} was deleted: make another, and sign in again with it",
    "unauthorized_client": "the refresh token was not made for the app {client_id}: " + _NEW_TOKEN,
}
_OTHERWISE = "check token_url and client_id in the mailboxes' file, and the settings of the app"


class RefreshedTokens:
    """Implements `Source`."""

    def __init__(self, mailbox: Mailbox, settings: RefreshToken, *, client_secret: str, refresh_token: str) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._was_replaced = False
        self._last_day: date | None = None
        self._names = {
            "client_id": settings.client_id,
            "client_secret": variable(mailbox, CLIENT_SECRET),
            "refresh_token": variable(mailbox, REFRESH_TOKEN),
        }

    @property
    def expiry(self) -> Expiry | None:
        if self._last_day is None:
            return None
        return Expiry(
            what=f"refresh token of {self._mailbox.name}", day=self._last_day, remedy=_NEW_TOKEN.format(**self._names)
        )

    async def fetch(self) -> Token:
        url = self._settings.token_url
        try:
            status, answer = await self._ask()
        except (OSError, aiohttp.ClientError) as error:
            raise unreachable(url, error) from None
        if token := token_in(answer):
            self._remember(answer)
            return token
        is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        if not is_refusal or status in WAIT or error_in(answer) in TEMPORARY:
            raise unfit(url, f"{status}, which is no token")
        raise SignInFailed(self._refusal(status, answer))

    async def _ask(self) -> tuple[int, Answer]:
        settings = self._settings
        data = {
            "grant_type": "refresh_token",
            "client_id": settings.client_id,
            "client_secret": self._client_secret,
            "refresh_token": self._refresh_token,
        }
        timeout = aiohttp.ClientTimeout(total=self._mailbox.timeout_seconds)
        context = ssl.create_default_context(cafile=settings.ca_file)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            # No redirects: the secrets are for this address alone.
            session.post(settings.token_url, data=data, ssl=context, allow_redirects=False) as response,
        ):
            try:
                return response.status, answer_from(await response.json(content_type=None))
            except ValueError:
                return response.status, {}

    def _remember(self, answer: Answer) -> None:
        if seconds := seconds_in(answer, "refresh_token_expires_in"):
            self._last_day = (datetime.now(UTC) + timedelta(seconds=seconds)).date()
        new = answer.get("refresh_token")
        if isinstance(new, str) and new and new != self._refresh_token:
            self._refresh_token = new
            self._say_replaced()

    def _say_replaced(self) -> None:
        """Once: some servers do it with every answer."""
        if self._was_replaced:
            return
        self._was_replaced = True
        why = (
            "The server replaces refresh tokens, so after a restart the one in {refresh_token} may be refused: "
            "switch that off in the app's settings, or then " + _NEW_TOKEN + "."
        )
        log.warning("refresh token replaced", mailbox=self._mailbox.name, why=why.format(**self._names))

    def _refusal(self, status: int, answer: Answer) -> str:
        error = error_in(answer)
        said = quoted(answer, self._client_secret, self._refresh_token) if error else f"HTTP {status}"
        reason = _WRONG.get(error, _OTHERWISE).format(**self._names)
        return f"No token for {self._mailbox.address} was given ({said}); {reason}."
