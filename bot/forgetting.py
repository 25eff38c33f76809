"""Erasing a contact and forgetting what is old: for the command line, the console, the API and the daily run alike."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from functools import partial

import structlog

from bot.settings import Unreadable, read
from store import settings as versions
from store.engine import Connection, Database, DatabaseUnavailable
from store.model import Actor, utcnow
from store.people import erasing, expiring, remains
from store.people.erasing import Counts, Kind, OnItsWay
from store.people.expiring import Place

log = structlog.get_logger()

DAY = 86_400.0  # seconds
_PAUSE, _TRIES = 0.5, 10
_AGAIN = 60.0  # after the database could not be reached


async def erase_contact(database: Database, contact_id: int, by: Actor, *, dry_run: bool) -> Counts:
    """Waits a little for what is being sent to them. Raises UnknownContact and OnItsWay."""
    erase = partial(erasing.erase, contact_id=contact_id, by=by, dry_run=dry_run)
    for _ in range(_TRIES):
        with suppress(OnItsWay):
            counts = await database.write(erase)
            break
        await asyncio.sleep(_PAUSE)
    else:
        counts = await database.write(erase)
    if not dry_run:
        await asyncio.to_thread(remains.remove, database)
    return counts


async def forget_old(database: Database, days: int, *, dry_run: bool) -> Counts:
    """Everything that was closed so long ago, a few at a time."""
    before = utcnow() - timedelta(days=days)
    counts: Counts = Counter()
    place: Place | None = Place()
    while place is not None:
        forget = partial(expiring.forget_some, before=before, place=place, dry_run=dry_run)
        some, place = await database.write(forget)
        counts += some
    if counts and not dry_run:
        await asyncio.to_thread(remains.remove, database)
    return counts


def told(counts: Counts) -> dict[str, int]:
    """Every kind, in its order, also those of which there was none."""
    return {kind.value: counts[kind] for kind in Kind}


class Forgetting:
    """Once a day, where the settings say how old is old."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            try:
                if (days := await self._database.read(days_kept)) is not None:
                    counts = await forget_old(self._database, days, dry_run=False)
                    log.info("old_forgotten", days=days, **told(counts))
                await asyncio.sleep(DAY)
            except DatabaseUnavailable as error:
                log.warning("database_unavailable", error=str(error))
                await asyncio.sleep(_AGAIN)


def days_kept(connection: Connection) -> int | None:
    """In days, as the settings say now; None where they can't be read, for what is forgotten does not come back."""
    try:
        return read(connection, versions.current_number(connection)).settings.forget_after_days
    except Unreadable:
        return None
