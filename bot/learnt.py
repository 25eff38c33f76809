"""The examples in force, read again only after one came or went, or the settings changed; and the gists of new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from agent.embedded.model.artefact import shipped
from agent.embedded.taught import gist, gist_by
from agent.examples import fitting
from bot.settings import InForce
from store import examples
from store.engine import Connection, Database, DatabaseUnavailable
from store.examples import Example, Latest

log = structlog.get_logger()

_MOST = 10_000  # over all fields; each holds up to 2000 characters
_EVERY = 5.0  # seconds
_AT_ONCE = 20  # gists: a fifth of a second
_PAUSE = 0.5  # seconds: conversations that wait for an answer come first


class Learnt:
    def __init__(self) -> None:
        self._held: tuple[tuple[Latest | None, int], tuple[Example, ...]] = (None, 0), ()

    def __call__(self, connection: Connection, in_force: InForce) -> tuple[Example, ...]:
        """All that fit the settings, newest first."""
        mark, held = self._held
        now = examples.latest(connection, gist_by=gist_by()), in_force.version
        if now != mark:
            held = fitting(examples.known(connection, gist_by=gist_by(), limit=_MOST), in_force.settings)
            self._held = now, held
        return held


class Gisting:
    """Makes the gists of new examples, and of all after a change of the network, a few at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            more = False
            try:
                more = await self.some()
            except DatabaseUnavailable as error:
                log.warning("database_unavailable", error=str(error))
            await asyncio.sleep(_PAUSE if more else _EVERY)

    async def some(self) -> bool:
        """Whether there was something to do. The network is opened with the first example."""
        by = gist_by()
        found = await self._database.read(partial(examples.without_gist, gist_by=by, limit=_AT_ONCE))
        made = await asyncio.to_thread(_made, found) if found else []
        if made:
            await self._database.write(partial(examples.keep_gists, made=made, gist_by=by))
        return bool(made)


def _made(found: Sequence[Example]) -> list[tuple[Example, bytes]]:
    artefact = shipped()
    return [] if artefact is None else [(each, gist(each.words, artefact)) for each in found]
