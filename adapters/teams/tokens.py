"""Our own tokens for Microsoft's connector, through msal: cached there, and fetched off the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from adapters.channel import RetryLater
from adapters.teams.configuration import TeamsConfiguration
from adapters.teams.http import CALL_SECONDS

log = structlog.get_logger()

_SEVERAL_TENANTS = "botframework.com"  # whose authority a multi-tenant registration asks


class Tokens:
    def __init__(self, configuration: TeamsConfiguration) -> None:
        self._configuration = configuration
        self._thread = ThreadPoolExecutor(1, "teams-token")  # msal is not made for several at once
        self._app: Any = None
        self._session: Any = None

    async def header(self) -> dict[str, str]:
        """What a call to the connector carries. Raises RetryLater."""
        if self._configuration.playground:
            return {}
        try:
            async with asyncio.timeout(2 * CALL_SECONDS):
                answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._ask)
        except Exception as error:  # msal and what it stands on raise what they like
            raise RetryLater(f"No token could be had for Teams: {error!r}", nothing_posted=True) from error
        token = answer.get("access_token")
        if not isinstance(token, str):
            said = str(answer.get("error_description") or answer.get("error") or "nothing")[:300]
            raise RetryLater(f"Microsoft gives no token for Teams: {said}", nothing_posted=True)
        return {"Authorization": f"Bearer {token}"}

    async def forget(self) -> None:
        """Of a token that was refused before its end: the next call asks for another."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._forget)

    def _forget(self) -> None:
        if self._app is not None:
            self._app.remove_tokens_for_client()

    def close(self) -> None:
        """Of our connections; who asks after that opens them anew."""
        if self._session is not None:
            self._session.close()
        self._app = self._session = None

    def _ask(self) -> dict[str, object]:
        """Blocks. msal remembers a token until shortly before it ends."""
        if self._app is None:
            self._app = self._made()
        return cast("dict[str, object]", self._app.acquire_token_for_client([self._configuration.addresses.scope]))

    def _made(self) -> Any:
        import msal  # noqa: PLC0415 -- takes a while, and only this channel needs it

        configuration = self._configuration
        self._session = _session(configuration)
        return msal.ConfidentialClientApplication(
            configuration.app_id,
            client_credential=_credential(configuration),
            authority=f"{configuration.addresses.login_url}/{configuration.tenant_id or _SEVERAL_TENANTS}",
            instance_discovery=False,  # it would ask a public host whether this authority is a known one
            http_client=self._session,
        )


def _session(configuration: TeamsConfiguration) -> Any:
    import requests  # noqa: PLC0415 -- as msal above, which stands on it

    session: Any = requests.Session()
    if configuration.ca_file is not None:
        session.verify = str(configuration.ca_file)
        session.trust_env = False  # whose certificates would go before ours
    for method in ("get", "post"):
        setattr(session, method, partial(getattr(session, method), timeout=CALL_SECONDS))
    return session


def _credential(configuration: TeamsConfiguration) -> Any:
    if configuration.certificate is None:
        return configuration.secret
    certificate = x509.load_pem_x509_certificate(configuration.certificate.encode())
    return {
        "private_key": configuration.certificate,
        "thumbprint": certificate.fingerprint(hashes.SHA1()).hex(),  # noqa: S303 -- Entra names certificates by it
        "public_certificate": configuration.certificate,
    }
