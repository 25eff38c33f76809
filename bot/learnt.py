"""The examples in force, read again only after one came or went."""

from __future__ import annotations

from store import examples
from store.engine import Connection
from store.examples import Example, ExampleFilter, Latest

_MOST = 20_000  # over all fields


class Learnt:
    def __init__(self) -> None:
        self._held: tuple[Latest | None, tuple[Example, ...]] = None, ()

    def __call__(self, connection: Connection) -> tuple[Example, ...]:
        """All that is kept, newest first."""
        latest = examples.latest(connection)
        if latest != self._held[0]:
            self._held = latest, tuple(examples.listed(connection, ExampleFilter(), limit=_MOST))
        return self._held[1]
