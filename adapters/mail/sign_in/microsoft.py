"""Tokens of Microsoft 365 for an app that signs in as itself (client credentials), through msal."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from http.client import HTTPException
from threading import Thread
from typing import TypeVar

from adapters.mail.configuration import Mailbox, Microsoft
from adapters.mail.credentials import Expiry, SignInFailed
from adapters.mail.sign_in.answers import TEMPORARY, Answer, answer_from, error_in, quoted, token_in, unfit, unreachable
from adapters.mail.sign_in.http import Http
from adapters.mail.sign_in.secrets import CLIENT_SECRET, variable
from adapters.mail.sign_in.tokens import Token

T = TypeVar("T")

_CODE = re.compile(r"AADSTS(\d+)")
_NEW_SECRET = "make a new one in the app's registration, put its value in {variable}, then restart"  # noqa: S105
_NO_TENANT = "there is no tenant {tenant} here: correct tenant or authority in the mailboxes' file"
_SCOPE = "the scope {scope} is not for this app: correct it in the mailboxes' file"
# Microsoft may change its codes at any time, so they choose the words and nothing else.
_WRONG = {
    "7000222": "the client secret has expired: " + _NEW_SECRET,
    "7000215": "the client secret is wrong (its value is wanted, not its id): correct {variable}, then restart",
    "700016": "the tenant {tenant} has no app {client_id}: correct client_id or tenant in the mailboxes' file, or let "
    "an administrator of the tenant consent to the app",
    "7000112": "the app {client_id} is disabled: enable it in the tenant {tenant}",
    "90002": _NO_TENANT,
    "900023": _NO_TENANT,
    "70011": _SCOPE,
    "1002012": _SCOPE,
    "500011": _SCOPE,
    "53003": "a conditional access policy of the tenant {tenant} forbids it: let it allow the app {client_id}",
}
_OTHERWISE = "check client_id and tenant in the mailboxes' file, the client secret in {variable}, and the app's consent"


class MicrosoftTokens:
    """Implements `Source`."""

    def __init__(self, mailbox: Mailbox, settings: Microsoft, client_secret: str) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._client_secret = client_secret
        self._authority = f"{settings.authority.rstrip('/')}/{settings.tenant}"
        self._names = {
            "client_id": settings.client_id,
            "tenant": settings.tenant,
            "scope": settings.scope,
            "variable": variable(mailbox, CLIENT_SECRET),
        }

    @property
    def expiry(self) -> Expiry | None:
        day = self._settings.secret_expires
        if day is None:
            return None
        remedy = f"{_NEW_SECRET}, and correct secret_expires".format(**self._names)
        return Expiry(what=f"client secret of {self._mailbox.name}", day=day, remedy=remedy)

    async def fetch(self) -> Token:
        try:
            async with asyncio.timeout(self._mailbox.timeout_seconds):
                answer = await _in_thread(self._ask)
        except TimeoutError as error:
            raise unreachable(self._authority, error) from None
        if token := token_in(answer):
            return token
        if not answer or error_in(answer) in TEMPORARY:
            raise unfit(self._authority, quoted(answer, self._client_secret))
        raise SignInFailed(self._refusal(answer))

    def _ask(self) -> Answer:
        """Blocks. An app anew each time: it caches tokens and refusals, and here a new token is wanted."""
        import msal  # noqa: PLC0415 - takes a while, and only some mailboxes need it
        from msal.exceptions import MsalServiceError  # noqa: PLC0415

        settings = self._settings
        try:
            app = msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=self._client_secret,
                authority=self._authority,
                http_client=Http(ssl.create_default_context(cafile=settings.ca_file), self._mailbox.timeout_seconds),
                instance_discovery=False,  # it would ask a public host whether this authority is a known one
            )
            return answer_from(app.acquire_token_for_client([settings.scope]))
        except (OSError, HTTPException) as error:
            raise unreachable(self._authority, error) from None
        except MsalServiceError as error:
            raise unfit(self._authority, str(error)) from None
        except (ValueError, LookupError, TypeError, AttributeError) as error:  # an answer of a shape unknown to msal
            return self._not_found(error)

    def _not_found(self, error: Exception) -> Answer:
        """An unknown tenant shows when msal looks for the endpoints; the error below its own quotes the answer."""
        _, _, said = str(error.__context__ or error).partition("Error: ")
        try:
            return answer_from(json.loads(said))
        except ValueError:
            raise unfit(self._authority, "something that is not understood") from None

    def _refusal(self, answer: Answer) -> str:
        said = quoted(answer, self._client_secret)
        code = _CODE.search(said)
        reason = _WRONG.get(code[1], _OTHERWISE) if code else _OTHERWISE
        return f"Microsoft 365 gives no token for {self._mailbox.address} ({said}): {reason.format(**self._names)}."


async def _in_thread(function: Callable[[], T]) -> T:
    """Unlike a pool's thread, one that hangs in the network does not keep the process from ending."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()  # so that giving up on it leaves the thread its place for the result

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            future.set_exception(error)

    Thread(target=run, name="microsoft-token", daemon=True).start()
    return await asyncio.wrap_future(future)
