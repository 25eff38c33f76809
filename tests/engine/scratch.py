"""Work for the engine to do: messages whose text says how handling them goes, and a table that shows what was done."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn, cast

from aiohttp import web
from sqlalchemy import Column, Identity, Integer, MetaData, Table, Text, insert

from adapters.channel import Health, Receive, RetryLater, State, Undeliverable
from store import outbox, work
from store.engine import Connection, Transaction
from store.model import Author, Category, Inbound, InboundKind, Json, Outbound, utcnow
from store.schema import BigId
from store.work import Claim

# Nothing here is unique: what is done twice shows.
applied = Table(
    "applied",
    MetaData(),
    Column("id", BigId, Identity(), primary_key=True),
    Column("event_id", BigId, nullable=False),
    Column("conversation_id", BigId, nullable=False),
    Column("text", Text, nullable=False),
    Column("pid", Integer, nullable=False),
)


async def until(condition: Callable[[], bool], *, seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what it waits for happens in other processes
            await asyncio.sleep(0.02)


def message(conversation: str, number: int, order: str = "") -> Inbound:
    """The text is the number, then what `Labour` and `Recorder` are to do with it."""
    return Inbound(
        channel="recorder",
        category=Category.CHAT,
        account="team",
        conversation_key=conversation,
        external_id=f"{conversation}/{number}",
        kind=InboundKind.MESSAGE,
        author=Author(id="U1"),
        text=f"{number} {order}".strip(),
        sent_at=utcnow(),
    )


def die() -> NoReturn:
    """As the kernel or an administrator would have it: no cleaning up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


class Gate:
    """Who comes to it says so and waits there until it is opened, in whichever process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def pass_through(self) -> None:
        (self._folder / f"at-gate-{os.getpid()}").touch()
        await until(self.is_open)

    def reached_by(self, pid: int | None) -> bool:
        return (self._folder / f"at-gate-{pid}").exists()

    def is_open(self) -> bool:
        return (self._folder / "gate-open").exists()

    def open(self) -> None:
        (self._folder / "gate-open").touch()


class Labour:
    """Implements `bot.worker.Handler`: obeys the event's text, and writes down that it did."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __call__(self, claim: Claim) -> Transaction:
        match claim.event.inbound.text.split()[1:]:
            case ["slow", seconds]:
                await asyncio.sleep(float(seconds))  # what a model would take
            case ["fail", times] if claim.event.attempts <= int(times):
                raise RuntimeError("as told")
            case ["broken"] if not self._gate.is_open():
                raise RuntimeError("as told")
            case ["gate"]:
                await self._gate.pass_through()
            case ["die"]:
                die()
            case _:
                pass
        return partial(write_down, claim=claim)


def write_down(connection: Connection, claim: Claim) -> None:
    event, conversation_id = claim.event, claim.lease.conversation_id
    row = {
        "event_id": event.id,
        "conversation_id": conversation_id,
        "text": event.inbound.text,
        "pid": os.getpid(),
    }
    connection.execute(insert(applied).values(row))
    outbox.queue_text(connection, conversation_id, f"post-{event.id}", event.inbound.text)
    if event.inbound.text.endswith("timer"):
        work.set_timer(connection, conversation_id, "quiet", quiet=0.05, at_most=0.2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing that got out to the world."""

    key: str
    conversation: str
    uncertain: bool
    pid: int


class Recorder:
    """Implements `adapters.channel.Channel`: what is sent is a line of a file before `send` returns."""

    name = "recorder"
    private_answers = False
    health = Health(state=State.CONNECTED, sentence="Writing.")

    def __init__(self, folder: Path, gate: Gate, around: Callable[[str], None] = lambda _: None) -> None:
        self._file = folder / "posts"
        self._gate = gate
        self._around = around
        self._seen: set[str] = set()

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return ()

    async def run(self, receive: Receive) -> None:
        pass

    async def send(self, outbound: Outbound) -> str:
        order, first = outbound.text.split()[-1], outbound.key not in self._seen
        self._seen.add(outbound.key)
        if order == "refuse" and first:
            raise RetryLater("as told", after=0.01)
        if order == "gone" and not self._gate.is_open():
            raise Undeliverable("as told")
        self._around("before")
        self._write(outbound)
        self._around("after")
        if order == "break" and first:
            raise ConnectionResetError("as told")
        if order == "post-gate":
            await self._gate.pass_through()
        return f"{os.getpid()}:{outbound.key}"

    def _write(self, outbound: Outbound) -> None:
        line: Json = {
            "key": outbound.key,
            "conversation": outbound.conversation_key,
            "uncertain": outbound.uncertain,
            "pid": os.getpid(),
        }
        with self._file.open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")


def recorded(folder: Path) -> list[Line]:
    file = folder / "posts"
    lines = file.read_text().splitlines() if file.exists() else []
    return [Line(**cast("Json", json.loads(line))) for line in lines]
