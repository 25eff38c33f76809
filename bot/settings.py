"""The settings in force, parsed once per version."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf

import structlog
from pydantic import ValidationError

from agent.document import starter
from agent.settings import Settings
from store import settings as versions
from store.engine import Connection, Database

log = structlog.get_logger()

RECENT = 1.0  # seconds until a new version is in force everywhere


@dataclass(frozen=True, slots=True)
class InForce:
    """`newest`: the latest version, where this Casewright can't read it: the last that it can is in force then."""

    version: int
    settings: Settings
    newest: int | None = None


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
        if self._known is None or number not in {self._known.version, self._known.newest}:
            self._known = readable(connection, number)
            if self._known.newest is not None:
                log.error("settings_unreadable", version=number, in_force=self._known.version)
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


def readable(connection: Connection, number: int) -> InForce:
    """The version, or the last one before it that can be read. Raises LookupError where there is none."""
    found = None
    for version in range(number, 0, -1):
        with suppress(Unreadable):
            found = read(connection, version)
            break
    if found is None:
        return read(connection, number)
    return found if found.version == number else replace(found, newest=number)


def ensure_starter(database: Database) -> None:
    """Gives a new store the starter settings as its first version."""

    def save(connection: Connection) -> None:
        if versions.current_number(connection) == 0:
            document = starter().model_dump(mode="json")
            versions.save(connection, document, author="casewright", comment="Starter settings", based_on=0)

    if database.read_now(versions.current_number) == 0:
        database.write_now(save)
