"""Mails from a real Dovecot to committed cases, beside a bare loop that only fetches them; and what a poll costs.

The mails come while the process is away, as after an outage, so that all of them wait when it is back. Both clocks run
once the server has looked the mailbox through: among 100,000 mails, that takes it longer than to hand out 500.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import ssl
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from imapclient import IMAPClient
from sqlalchemy import Connection, func, select

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import PasswordSecret
from adapters.mail.imap import fetching
from adapters.mail.imap.session import Session, signed_in
from adapters.mail.imap.wire import Client
from store.engine import Database
from store.schema import cases, inbox, mails, outbox
from tests.adapters.mail.imap import Secrets
from tests.adapters.mail.smtp import world
from tests.authority import Authority
from tests.bench.children import Child, casewright
from tests.bench.figures import Aim, Figure, Figures
from tests.bench.load import long_talk
from tests.bench.places import Place, opened, prepare
from tests.bench.sizes import Size
from tests.bench.work_done import drained
from tests.dovecot import PASSWORD, USER, Dovecot, dovecot_program
from tests.flow.mail_desk import described, written

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's
_BATCH = 50  # as ours
_POLLS = 200
_ROUNDS = 7
_PATIENCE = 120.0  # seconds until all are stored
_HALF, _LITTLE_MORE, _FLAT = Aim(at_least=0.5), Aim(at_most=1.2), Aim(at_most=1.25)


async def measure(place: Place, size: Size) -> Figures:
    program = dovecot_program()
    if program is None:
        sys.exit("There is no Dovecot to measure with: see tests/setup.sh.")
    small, large = size.mailbox_small, size.mailbox_large
    with tempfile.TemporaryDirectory(prefix="casewright-bench-") as folder:
        authority = Authority(Path(folder))
        with Dovecot(program, authority) as dovecot:
            few = await _poll(dovecot, small)
            found = await _catch_up(place, size, dovecot, Path(folder))
        with Dovecot(program, authority) as dovecot:
            many = await _poll(dovecot, large)
            full = await _catch_up(place, size, dovecot, Path(folder))
    return [
        *_figures(f"among_{small}", found),
        *_figures(f"among_{large}", full),
        Figure(name=f"a_poll_among_{small}", value=few, unit="ms"),
        Figure(name=f"a_poll_among_{large}", value=many, unit="ms"),
        Figure(name="a_poll_of_the_large_to_the_small", value=many / few, aim=_LITTLE_MORE),
    ]


def _figures(name: str, found: dict[str, float]) -> list[Figure]:
    return [
        Figure(name=f"bare_fetch_{name}", value=found["bare"], unit="mails/s"),
        Figure(name=f"stored_{name}", value=found["stored"], unit="mails/s"),
        Figure(name=f"cases_{name}", value=found["cases"], unit="mails/s"),
        Figure(name=f"answered_{name}", value=found["answered"], unit="mails/s"),
        Figure(name=f"stored_to_bare_{name}", value=found["stored"] / found["bare"], aim=_HALF),
        Figure(name=f"cases_to_bare_{name}", value=found["cases"] / found["bare"], aim=_HALF),
        Figure(name=f"resident_first_{name}", value=found["first"], unit="MiB"),
        Figure(name=f"resident_second_to_first_{name}", value=found["second"] / found["first"], aim=_FLAT),
    ]


async def _poll(dovecot: Dovecot, count: int) -> float:
    """Fills the mailbox; milliseconds of one look that finds nothing new, median."""
    await asyncio.to_thread(dovecot.fill_numbered, count)
    mailbox = Mailbox.model_validate(described(dovecot, 25))
    credentials = Secrets(PasswordSecret(user=USER, password=PASSWORD))
    async with signed_in(mailbox, credentials, "bench") as session:
        await session.call(fetching.select, "INBOX", readonly=True)
        return 1000 * median([await _look(session) for _ in range(_POLLS)])


async def _look(session: Session) -> float:
    started = time.perf_counter()
    await session.call(fetching.status, "INBOX")
    await session.call(Client.noop)
    return time.perf_counter() - started


async def _catch_up(place: Place, size: Size, dovecot: Dovecot, folder: Path) -> dict[str, float]:
    """Twice as many mails as of the load, in two loads: the second shows whether memory grows."""
    with place.fresh() as url:
        prepare(url)
        async with world() as there:
            limits = {"automatic_per_day": 10**6}
            file = folder / "mailboxes.yaml"
            file.write_text(json.dumps({"mailboxes": [described(dovecot, there.port, limits=limits)]}))
            environment = {"CASEWRIGHT_MAILBOXES": str(file), "CASEWRIGHT_MAILBOX_SUPPORT_PASSWORD": PASSWORD}
            with opened(url) as database:
                async with casewright(url, **environment):
                    pass
                known = await asyncio.to_thread(_next_uid, dovecot)
                await asyncio.to_thread(dovecot.fill, _letters(size.mails, seed=1))
                before = await asyncio.to_thread(_bare, dovecot, known, size.mails)
                async with casewright(url, **environment) as child:
                    first = await _loaded(database, child, size.mails)
                    rates = await database.read(partial(_rates, count=size.mails))
                    await asyncio.to_thread(dovecot.fill, _letters(size.mails, seed=2))
                    second = await _loaded(database, child, 2 * size.mails)
                after = await asyncio.to_thread(_bare, dovecot, known, size.mails)
    return {"bare": (before + after) / 2, **rates, "first": first, "second": second}


def _letters(count: int, seed: int) -> Sequence[bytes]:
    chance = random.Random(seed)
    return [_letter(chance, f"person{seed}-{number}@many.example") for number in range(count)]


def _letter(chance: random.Random, address: str) -> bytes:
    talk = long_talk(chance)
    return bytes(
        written(f"Somebody <{address}>", f"{next(talk)}\n{next(talk)}\n", f"My {chance.randint(1, 999)} kettles")
    )


def _next_uid(dovecot: Dovecot) -> int:
    with dovecot.client() as client:
        return client.folder_status("INBOX", ["UIDNEXT"])[b"UIDNEXT"]


def _bare(dovecot: Dovecot, first: int, count: int) -> float:
    """Mails a second of a loop that does nothing with them, encrypted as ours is; median of several rounds."""
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    client = IMAPClient("127.0.0.1", dovecot.tls_port, ssl=True, ssl_context=context)
    try:
        client.login(USER, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        _fetch_all(client, first, count)  # the server looks the mailbox through
        return median([count / _fetch_all(client, first, count) for _ in range(_ROUNDS)])
    finally:
        client.logout()


def _fetch_all(client: IMAPClient, first: int, count: int) -> float:
    """Seconds."""
    started = time.perf_counter()
    uids = client.search(["UID", f"{first}:{first + count - 1}"])
    fetched = sum(_fetched(client, uids[start : start + _BATCH]) for start in range(0, len(uids), _BATCH))
    seconds = time.perf_counter() - started
    if fetched != count:
        raise RuntimeError(f"{fetched} of {count} mails were fetched.")
    return seconds


def _fetched(client: IMAPClient, uids: Sequence[int]) -> int:
    found: dict[int, Any] = client.fetch(uids, ["BODY.PEEK[]"])
    return len(found)


async def _loaded(database: Database, child: Child, count: int) -> float:
    """MiB once so many mails are worked off."""
    async with asyncio.timeout(_PATIENCE):
        while await database.read(_kept) < count:  # noqa: ASYNC110 - the child's
            await asyncio.sleep(0.05)
    await drained(database)
    return psutil.Process(child.pid).memory_info().rss / 2**20


def _kept(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(mails)).scalar_one()


def _rates(connection: Connection, *, count: int) -> dict[str, float]:
    """Of what came after the first batch was stored, so that what led to that does not count: to the last of it."""
    events = select(inbox.c.received_at).where(inbox.c.kind == "message")
    moments = {
        "stored": connection.execute(events).scalars().all(),
        "cases": connection.execute(select(cases.c.created_at)).scalars().all(),
        "answered": connection.execute(select(outbox.c.done_at).where(outbox.c.status == "delivered")).scalars().all(),
    }
    if wrong := {name: len(found) for name, found in moments.items() if len(found) != count}:
        raise RuntimeError(f"{count} mails came, and there are other numbers of: {wrong}")
    first = sorted(moments["stored"])[min(_BATCH, count) - 1]
    return {name: _rate([each for each in found if each > first], first) for name, found in moments.items()}


def _rate(moments: Sequence[datetime], start: datetime) -> float:
    return len(moments) / max((max(moments, default=start) - start).total_seconds(), 0.001)
