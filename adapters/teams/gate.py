"""Who may tell us something: every activity is signed by Microsoft, for us, for its own way back.

learn.microsoft.com, "Authenticate requests with the Bot Connector API", and stricter where the SDK is not: a token has
to end, activities have to name where they come from, and "emulator" tokens are never taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import jwt

from adapters.payload import part, text
from adapters.teams.configuration import TeamsConfiguration
from adapters.teams.keys import Keys
from store.model import Json

TEAMS = "msteams"  # Microsoft's name of the channel
_ALGORITHMS = ["RS256"]
_LEEWAY = 300  # seconds that clocks may be apart
_REQUIRED = ["exp", "iss", "aud"]

Claims = Mapping[str, Any]


class Refused(Exception):
    """The sender's mistake; the sentence is for whoever reads their log."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Gate:
    def __init__(self, configuration: TeamsConfiguration, keys: Keys) -> None:
        self._configuration = configuration
        self._keys = keys

    async def claims(self, authorization: str | None) -> Claims:
        """What the sender's token says: asked before anything else of theirs is read.

        Raises Refused, and RetryLater where the keys can't be had.
        """
        return {} if self._configuration.playground else await self._verified(authorization)

    def admit(self, claims: Claims, activity: Json) -> None:
        """Raises Refused."""
        service_url = text(activity, "serviceUrl")
        told = claims.get("serviceurl", claims.get("serviceUrl"))
        if not self._configuration.playground and (not service_url or told != service_url):
            raise Refused(HTTPStatus.FORBIDDEN, "The token is for another serviceUrl than the activity's.")
        if text(activity, "channelId") != TEAMS:
            raise Refused(HTTPStatus.FORBIDDEN, f"The activity's channelId should be {TEAMS}.")
        if not self._configuration.trusts(service_url):
            raise Refused(HTTPStatus.FORBIDDEN, "The activity's serviceUrl is not one of Microsoft's.")
        if not self._configuration.allows(tenant_of(activity)) or _contradicts(activity):
            raise Refused(HTTPStatus.FORBIDDEN, "The activity's tenant is not allowed here.")

    async def _verified(self, authorization: str | None) -> Claims:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.casefold() != "bearer" or not token:
            raise Refused(HTTPStatus.UNAUTHORIZED, "A bearer token is missing.")
        try:
            key_id = str(jwt.get_unverified_header(token).get("kid", ""))
            signing = await self._keys.of(key_id)
            if signing is None:
                raise Refused(HTTPStatus.UNAUTHORIZED, "The token is signed with a key that is not Microsoft's.")
            claims = jwt.decode(
                token,
                signing.key,
                algorithms=_ALGORITHMS,
                audience=self._configuration.app_id,
                issuer=self._configuration.addresses.issuer,
                leeway=_LEEWAY,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise Refused(HTTPStatus.UNAUTHORIZED, f"The token is not valid: {type(error).__name__}.") from error
        if TEAMS not in signing.endorsements:
            raise Refused(HTTPStatus.FORBIDDEN, "The token's key may not sign for Teams.")
        return claims


def _contradicts(activity: Json) -> bool:
    told = text(part(activity, "conversation"), "tenantId")
    return bool(told) and told != tenant_of(activity)


def tenant_of(activity: Json) -> str:
    told = part(part(activity, "channelData"), "tenant")
    return text(told, "id") or text(part(activity, "conversation"), "tenantId")
