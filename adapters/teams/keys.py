"""The keys with which Microsoft signs what it sends us (OpenID metadata and JSON Web Key Set, RFC 7517)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

import aiohttp
import jwt
import structlog

from adapters.channel import RetryLater
from adapters.payload import parts, required, text
from adapters.teams.http import Http
from store.model import Json

log = structlog.get_logger()

_FRESH = 24 * 3600.0  # seconds for which keys are believed
_SOON = 1.0  # seconds before we ask again while we have no key at all
_AGAIN = 60.0  # seconds before an unknown key is asked for once more: anybody can name one


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    key: jwt.PyJWK
    endorsements: frozenset[str]  # the channels for which it may sign


class Keys:
    def __init__(self, http: Http, metadata_url: str) -> None:
        self._http = http
        self._metadata_url = metadata_url
        self._keys: dict[str, SigningKey] = {}
        self._asked = float("-inf")
        self._asking = asyncio.Lock()

    async def of(self, key_id: str) -> SigningKey | None:
        """None where Microsoft has no such key. Raises RetryLater where that can't be found out now."""
        if key_id in self._keys and self._age() < _FRESH:
            return self._keys[key_id]  # nobody who makes up other keys holds up those who don't
        async with self._asking:
            if self._age() > _AGAIN and (key_id not in self._keys or self._age() > _FRESH):
                await self._refresh()
            if not self._keys:
                raise RetryLater("Microsoft's signing keys can't be had now.")
            return self._keys.get(key_id)

    def _age(self) -> float:
        return asyncio.get_running_loop().time() - self._asked

    async def _refresh(self) -> None:
        try:
            metadata = await self._http.document(self._metadata_url)
            found = await self._http.document(required(metadata, "jwks_uri"))
            self._keys = {text(each, "kid"): _key(each) for each in parts(found, "keys") if _is_of_use(each)}
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, jwt.PyJWTError) as error:
            log.warning("teams_keys_not_told", error=repr(error))
        # Also after a failure: who is down is not asked for each made-up key. Without any key, sooner.
        self._asked = asyncio.get_running_loop().time() - (0 if self._keys else _AGAIN - _SOON)


def _is_of_use(key: Json) -> bool:
    return text(key, "kty") == "RSA" and bool(text(key, "kid"))


def _key(key: Json) -> SigningKey:
    listed = key.get("endorsements")
    endorsements = frozenset(map(str, cast("list[object]", listed))) if isinstance(listed, list) else frozenset[str]()
    return SigningKey(key=jwt.PyJWK(key, algorithm="RS256"), endorsements=endorsements)
