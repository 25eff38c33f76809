"""OpenID Connect: the code flow with PKCE against any provider that has a discovery document.

authlib builds the requests and checks the answers; our own HTTP client carries them. Nothing is kept between leaving
for the provider and coming back: state, nonce and verifier are derived from the visitor's cookie, each by its own
purpose, and a new attempt has a new cookie.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.access.claims import OpenIdConfiguration, Person, person
from bot.access.requests import derived, safe_next, same

log = structlog.get_logger()

SCOPE = "openid profile email"
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")  # none that a shared secret would do for
_KNOWN_FOR = 3600.0  # seconds that a discovery document is taken for true
_LEEWAY = 60  # seconds that clocks may differ
_TIMEOUT = ClientTimeout(total=10)


class ProviderFailed(Exception):
    """The provider can't be reached, or what it says does not hold; the text is for the log."""


class OpenIdProvider:
    def __init__(self, configuration: OpenIdConfiguration) -> None:
        self._configuration = configuration
        self._metadata: Mapping[str, Any] = {}
        self._read_at = 0.0

    @property
    def issuer(self) -> str:
        return self._configuration.issuer

    async def address(self, before: str, after: str, redirect_uri: str) -> str:
        """Where to send the browser; `after` is the page to show in the end. Raises ProviderFailed."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 -- only where there is a provider
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415

        async with ClientSession(timeout=_TIMEOUT) as http:
            metadata = await self._discovered(http)
        return prepare_grant_uri(
            metadata["authorization_endpoint"],
            self._configuration.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=SCOPE,
            state=_state(before, after),
            nonce=derived(before, "nonce"),
            code_challenge=create_s256_code_challenge(derived(before, "verifier")),
            code_challenge_method="S256",
        )

    async def returned(self, before: str, query: Mapping[str, str], redirect_uri: str) -> tuple[Person, str]:
        """Whom the provider vouches for, and the page to show. Raises ProviderFailed."""
        state = query.get("state", "")
        after = _after(state)
        if not same(state, _state(before, after)):
            raise ProviderFailed("the state is none of this visitor's")
        # RFC 9207: an answer that another provider sent.
        if query.get("iss", self._configuration.issuer) != self._configuration.issuer:
            raise ProviderFailed("the answer is another issuer's")
        if "error" in query or "code" not in query:
            raise ProviderFailed(f"the provider answered {query.get('error', 'without a code')[:100]}")
        async with ClientSession(timeout=_TIMEOUT) as http:
            tokens = await self._tokens(http, query["code"], derived(before, "verifier"), redirect_uri)
            claims = await self._checked(http, tokens, derived(before, "nonce"))
        return person(claims, self._configuration), safe_next(after)

    async def _discovered(self, http: ClientSession) -> Mapping[str, Any]:
        from authlib.oidc.discovery import get_well_known_url  # noqa: PLC0415 -- as above

        if self._metadata and time.monotonic() - self._read_at < _KNOWN_FOR:
            return self._metadata
        issuer = self._configuration.issuer
        document = await _json(http, "GET", get_well_known_url(issuer, external=True))
        if document.get("issuer") != issuer:
            raise ProviderFailed(f"the discovery document is of {str(document.get('issuer'))[:200]!r}")
        for part in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not str(document.get(part, "")).startswith("https:" if issuer.startswith("https:") else "http"):
                raise ProviderFailed(f"{part} of the discovery document is no https address")
        self._metadata, self._read_at = document, time.monotonic()
        return document

    async def _tokens(self, http: ClientSession, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        metadata, mine = await self._discovered(http), self._configuration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": mine.client_id,
            "code_verifier": verifier,
        }
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        headers: dict[str, str] = {}
        if mine.client_secret is not None and "client_secret_basic" in methods:
            headers["Authorization"] = _basic(mine.client_id, mine.client_secret)
        elif mine.client_secret is not None:
            form["client_secret"] = mine.client_secret
        return await _json(http, "POST", metadata["token_endpoint"], data=form, headers=headers)

    async def _checked(self, http: ClientSession, tokens: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 -- as above
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        metadata, mine = await self._discovered(http), self._configuration
        keys = await _json(http, "GET", metadata["jwks_uri"])
        try:
            token = jwt.decode(str(tokens.get("id_token")), KeySet.import_key_set(cast("Any", keys)), list(_ALGORITHMS))
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": mine.issuer},
                    "aud": {"essential": True, "value": mine.client_id},
                },
                params={
                    "nonce": nonce,
                    "client_id": mine.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(leeway=_LEEWAY)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderFailed(f"the ID token does not hold: {type(error).__name__} {error}") from error
        return claims


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749, 2.3.1: both are encoded as in a form first."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _state(before: str, after: str) -> str:
    """Bound to the visitor and to the page they want: nobody else can have made it."""
    packed = base64.urlsafe_b64encode(after.encode()).decode().rstrip("=")
    return f"{derived(before, f'state {after}')}.{packed}"


def _after(state: str) -> str:
    packed = state.partition(".")[2]
    try:
        return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except ValueError:
        return ""


async def _json(http: ClientSession, method: str, url: str, **more: Any) -> Mapping[str, Any]:
    """Raises ProviderFailed. No redirect: a provider's document stands where it says."""
    try:
        async with http.request(method, url, allow_redirects=False, **more) as response:
            answer: object = await response.json(content_type=None)
    except (ClientError, TimeoutError, ValueError) as error:
        raise ProviderFailed(f"{url} can't be read: {type(error).__name__}") from error
    if response.status != 200 or not isinstance(answer, dict):  # noqa: PLR2004 -- HTTP's own number
        raise ProviderFailed(f"{url} answered {response.status}")
    return cast("Mapping[str, Any]", answer)
