"""The examples in force, read again only after one came or went, or the settings changed."""

from __future__ import annotations

from agent.examples import fitting
from bot.settings import InForce
from store import examples
from store.engine import Connection
from store.examples import Example, ExampleFilter, Latest

_MOST = 10_000  # over all fields; each holds up to 2000 characters


class Learnt:
    def __init__(self) -> None:
        self._held: tuple[tuple[Latest | None, int], tuple[Example, ...]] = (None, 0), ()

    def __call__(self, connection: Connection, in_force: InForce) -> tuple[Example, ...]:
        """All that fit the settings, newest first."""
        mark, held = self._held
        now = examples.latest(connection), in_force.version
        if now != mark:
            held = fitting(examples.listed(connection, ExampleFilter(), limit=_MOST), in_force.settings)
            self._held = now, held
        return held
