"""Our HTTP calls to Microsoft: one session while the channel runs, each call with an end."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import aiohttp

from adapters.channel import RetryLater
from store.model import Json

CALL_SECONDS = 10.0  # that a call may take


class Http:
    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=self._ca_file))
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=True) as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """Raises RetryLater while the channel does not run."""
        if self._session is None:
            raise RetryLater("The Teams channel is not running.", nothing_posted=True)
        return self._session

    async def document(self, address: str) -> Json:
        """A JSON object. Raises aiohttp.ClientError, OSError, TimeoutError and ValueError."""
        async with self.session.get(address, allow_redirects=False, raise_for_status=True) as answer:
            found: object = await answer.json(content_type=None)
        if not isinstance(found, dict):
            raise ValueError("The answer is no JSON object.")  # noqa: TRY004 -- what JSON holds is a value
        return cast("Json", found)
