"""What fields are called and how their values look, by the settings in force."""

from __future__ import annotations

from dataclasses import dataclass

from agent.settings import CaseField, Settings
from bot import words
from bot.settings import CurrentSettings
from bot.text import one_line
from store.engine import Connection
from store.model import FieldId, Value

LIMIT = 500  # characters of one value; --json has all of it


@dataclass(frozen=True, slots=True)
class Naming:
    """Without settings, or for a field that they don't know any more: its id, and the value as it is stored."""

    settings: Settings | None

    def label(self, field: FieldId) -> str:
        known = self._known(field)
        return known.label if known else field

    def value(self, field: FieldId | None, value: Value | None) -> str:
        known = self._known(field)
        if value is None or words.is_empty(value):
            return words.NOTHING
        if known is None or self.settings is None:
            return one_line(str(value), LIMIT)
        return words.shown(known, value, self.settings, LIMIT)

    def _known(self, field: FieldId | None) -> CaseField | None:
        return self.settings.field(field) if self.settings and field else None


def naming(connection: Connection) -> Naming:
    try:
        return Naming(CurrentSettings()(connection).settings)
    except LookupError:  # none yet, or none that this version can read
        return Naming(None)
