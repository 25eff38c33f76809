"""The settings in force, parsed once per version."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf

from pydantic import ValidationError

from agent.document import starter
from agent.settings import Settings
from store import settings as versions
from store.engine import Connection, Database

RECENT = 1.0  # seconds until a new version is in force everywhere


@dataclass(frozen=True, slots=True)
class InForce:
    version: int
    settings: Settings


class CurrentSettings:
    """What was in force within the last second: every message, post and socket asks.

    The store is asked which version that is, and its document read only when it is a new one.
    """

    def __init__(self) -> None:
        self._known: InForce | None = None
        self._asked_at = -inf

    def __call__(self, connection: Connection) -> InForce:
        if (recent := self._recent()) is not None:
            return recent
        number = versions.current_number(connection)
        if self._known is None or self._known.version != number:
            self._known = read(connection, number)
        self._asked_at = time.monotonic()
        return self._known

    async def recently(self, database: Database) -> InForce:
        return self._recent() or await database.read(self)

    def _recent(self) -> InForce | None:
        return self._known if time.monotonic() - self._asked_at < RECENT else None


class Unreadable(LookupError):
    """The version is there, and this Casewright can't read it: another one saved it."""


def read(connection: Connection, number: int) -> InForce:
    """Raises LookupError where there is no such version, Unreadable where it does not fit."""
    stored = versions.get(connection, number)
    if stored is None:
        raise LookupError(f"There is no settings version {number}.")
    try:
        return InForce(version=number, settings=Settings.model_validate(stored.document))
    except ValidationError as error:
        raise Unreadable(f"Version {number} of the settings does not fit this version of Casewright.") from error


def ensure_starter(database: Database) -> None:
    """Gives a new store the starter settings as its first version."""

    def save(connection: Connection) -> None:
        if versions.current_number(connection) == 0:
            document = starter().model_dump(mode="json")
            versions.save(connection, document, author="casewright", comment="Starter settings", based_on=0)

    if database.read_now(versions.current_number) == 0:
        database.write_now(save)
