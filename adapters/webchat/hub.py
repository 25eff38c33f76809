"""Who listens to which conversation in this process, and what wakes them. The feed in the database stays the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from store.model import Json


class Listener:
    """One open socket. `after` is the number of the last entry that it has read."""

    def __init__(self, user_id: str | None, after: int) -> None:
        self.user_id = user_id
        self.after = after
        self.live: list[Json] = []  # to be shown once and not kept: somebody is typing
        self.woken = asyncio.Event()
        self.closing = False

    async def wait(self, seconds: float) -> bool:
        """True when woken, False when nothing happened for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            return False
        self.woken.clear()
        return True

    def take_live(self) -> list[Json]:
        taken, self.live = self.live, []
        return taken


class Hub:
    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self._closing = False
        self._nobody = asyncio.Event()
        self._nobody.set()

    @contextmanager
    def listening(self, conversation: str, listener: Listener) -> Generator[None]:
        self._listeners.setdefault(conversation, set()).add(listener)
        self._nobody.clear()
        listener.closing = self._closing
        try:
            yield
        finally:
            self._leave(conversation, listener)

    def watched(self) -> list[str]:
        return list(self._listeners)

    def wake(self, conversation: str) -> None:
        for listener in self._listeners.get(conversation, ()):
            listener.woken.set()

    def heard(self, newest: Mapping[str, int]) -> None:
        """Wakes whoever has not read up to these numbers: another process wrote them."""
        for conversation, seq in newest.items():
            for listener in self._listeners.get(conversation, ()):
                if listener.after < seq:
                    listener.woken.set()

    def show(self, conversation: str, user_id: str, activity: Json) -> None:
        """To everybody who listens but the user whose doing it is; a listener that lags keeps the latest only."""
        for listener in self._listeners.get(conversation, ()):
            if listener.user_id != user_id:
                listener.live = [activity]
                listener.woken.set()

    def open(self) -> None:
        self._closing = False

    async def close(self, seconds: float) -> None:
        """Asks every listener to leave, and waits for it so long."""
        self._closing = True
        for conversation, listeners in self._listeners.items():
            for listener in listeners:
                listener.closing = True
            self.wake(conversation)
        try:
            async with asyncio.timeout(seconds):
                await self._nobody.wait()
        except TimeoutError:
            return  # a client that does not answer; the server drops its connection

    def _leave(self, conversation: str, listener: Listener) -> None:
        others = self._listeners[conversation]
        others.discard(listener)
        if not others:
            del self._listeners[conversation]
        if not self._listeners:
            self._nobody.set()
