"""Refused sign-ins of one mailbox, counted over all its folders: too many tries lock the account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from adapters.mail.credentials import SignInFailed
from adapters.mail.imap import backoff


class RefusedSignIns:
    def __init__(self, delay: Callable[[int], float] = backoff.delay_when_refused) -> None:
        self._delay = delay
        self._count = 0
        self._pause = 0.0  # seconds before the next try
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """One folder signs in after the other, none soon after a refusal, which is for all of them."""
        async with self._turn:
            await asyncio.sleep(self._pause)
            try:
                yield
            except SignInFailed:
                self._count += 1
                self._pause = self._delay(self._count)
                raise
            self._count, self._pause = 0, 0.0
