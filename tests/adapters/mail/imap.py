"""What the tests of receiving stand on: a store in memory, credentials, a network to be cut, a running mailbox."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Credentials, Expiry, PasswordSecret, Secret, TokenSecret
from adapters.mail.imap import Arrival, Position, Store, Supervisor
from tests.dovecot import PASSWORD, USER, Dovecot

PATIENCE = 20.0  # seconds until a test that waits for something gives up


class MemoryStore:
    """Keeps whatever comes, so that a mail that comes twice is seen twice.

    `failures` are raised first by `keep`, and `outages` by `position`, one a call.
    """

    def __init__(self) -> None:
        self.positions: dict[str, Position] = {}
        self.kept: list[Arrival] = []
        self.failures: list[Exception] = []
        self.outages: list[Exception] = []
        self.keeps = 0
        self.to_handle: list[int] = []
        self.were_settled: list[int] = []
        self.gate = asyncio.Event()  # keep waits for it
        self.gate.set()

    @property
    def texts(self) -> list[str]:
        return [text_of(arrival) for arrival in self.kept]

    async def position(self, folder: str) -> Position | None:
        if self.outages:
            raise self.outages.pop(0)
        return self.positions.get(folder)

    async def start(self, folder: str, position: Position) -> None:
        self.positions[folder] = position

    async def keep(self, folder: str, position: Position, arrivals: Sequence[Arrival]) -> None:
        self.keeps += 1
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.kept += arrivals
        self.positions[folder] = position

    async def handled(self, folder: str, uidvalidity: int) -> Sequence[int]:
        del folder, uidvalidity
        return [uid for uid in self.to_handle if uid not in self.were_settled][:2]  # there is a limit in earnest, too

    async def settled(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> None:
        del folder, uidvalidity
        self.were_settled += uids


class Secrets:
    """Credentials: the last of them is also the renewed one, and `asked` counts both ways of asking."""

    def __init__(self, *secrets: Secret) -> None:
        self._secrets = list(secrets)
        self.expiry: Expiry | None = None
        self.asked = 0
        self.renewals = 0

    async def sign_in(self) -> Secret:
        self.asked += 1
        return self._secrets[0]

    async def renewed(self) -> Secret:
        self.renewals += 1
        return self._secrets[-1]


def password(word: str = PASSWORD) -> Secrets:
    return Secrets(PasswordSecret(user=USER, password=word))


def token(text: str, mechanism: Any = "XOAUTH2") -> TokenSecret:
    return TokenSecret(mechanism=mechanism, user=USER, token=text)


class Network:
    """Between a client and a server on loopback: counts what passes, and can do what networks do."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._forgotten: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.bytes_passed = 0
        self.cut_at: int | None = None  # so many bytes passed, then all connections are reset, once
        self.port = 0

    @asynccontextmanager
    async def up(self) -> AsyncGenerator[Network]:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._passing.set()
            server.close()
            self.cut()
            await server.wait_closed()

    def cut(self) -> None:
        """All connections are reset."""
        for writer in self._writers:
            writer.transport.abort()

    def forget(self) -> None:
        """The connections of now stay, and what is sent on them is lost; new ones are fine: a router was restarted."""
        self._forgotten |= self._writers

    def freeze(self) -> None:
        """Connections stay, new ones too, and nothing comes through."""
        self._passing.clear()

    def thaw(self) -> None:
        self._passing.set()

    async def still(self) -> int:
        """The bytes passed, once no more come for a while."""
        last, same = -1, 0

        def unchanged() -> bool:
            nonlocal last, same
            same = same + 1 if self.bytes_passed == last else 0
            last = self.bytes_passed
            return same == 10

        await until(unchanged)
        return last

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with suppress(OSError):
            there, to_server = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(to_server)
            await asyncio.gather(self._pass_on(reader, to_server), self._pass_on(there, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._passing.wait()
                if writer in self._forgotten:
                    continue
                self.bytes_passed += len(data)
                if self.cut_at is not None and self.bytes_passed >= self.cut_at:
                    self.cut_at = None
                    self.cut()
                    return
                writer.write(data)
                await writer.drain()
        writer.close()


def mailbox_of(dovecot: Dovecot, **changes: Any) -> Mailbox:
    """Quick to give up; TLS with the tests' own authority."""
    server = {"host": "127.0.0.1", "port": dovecot.tls_port, "ca_file": dovecot.ca_file}
    imap = server | changes.pop("imap", {})
    values: dict[str, Any] = {
        "name": "support",
        "address": USER,
        "imap": imap,
        "smtp": {"host": "127.0.0.1", "port": 25},
        "timeout_seconds": 5,
        "poll_seconds": 1,
    }
    return Mailbox.model_validate(values | changes)


@asynccontextmanager
async def attended(
    mailbox: Mailbox, store: Store, credentials: Credentials | None = None
) -> AsyncGenerator[Supervisor]:
    """Runs until the end of the block, which also checks that nothing is left behind."""
    before = leftovers()
    supervisor = Supervisor(mailbox, store, credentials or password())
    running = asyncio.create_task(supervisor.run())
    try:
        yield supervisor
    finally:
        running.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([running])
    assert running.cancelled()
    assert leftovers() <= before


@asynccontextmanager
async def begun(mailbox: Mailbox, store: Store, credentials: Credentials | None = None) -> AsyncGenerator[Supervisor]:
    """As `attended`, and connected already: what comes from now on is new."""
    async with attended(mailbox, store, credentials) as supervisor:
        await until(lambda: supervisor.health.state == "connected")
        yield supervisor


def leftovers() -> set[str]:
    """Threads of connections, and open sockets by number of the inode."""
    threads = {thread.name for thread in threading.enumerate() if thread.name.startswith("imap-")}
    return threads | _sockets()


def _sockets() -> set[str]:
    found: set[str] = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the folder's own descriptor is closed already
            target = str(descriptor.readlink())
            found |= {target} if target.startswith("socket:") else set()
    return found


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Fails with TimeoutError when the condition does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - conditions of many kinds, some of them outside of this process
            await asyncio.sleep(0.01)


def mail(text: str) -> bytes:
    return f"From: ada@example.org\r\nSubject: {text}\r\n\r\n{text}\r\n".encode()


def text_of(arrival: Arrival) -> str:
    return arrival.raw.partition(b"\r\n\r\n")[2].decode().strip()
