"""Dates and moments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from zoneinfo import ZoneInfo

from agent.embedded.cues import affinity
from agent.embedded.days import Day, days
from agent.embedded.field_reader import FieldReader, mention
from agent.embedded.mention import Mention
from agent.embedded.parts import Part
from agent.embedded.settle import settle
from agent.embedded.talk import Said, Talk
from agent.embedded.turn import Turn
from agent.fields import normalise
from agent.predictor import Abstention, Prediction
from agent.settings import FieldType

_TIME = re.compile(r"(?<![\w:.])\d{1,2}(?::\d{2}(?:\s?(?:am|pm))?|\s?(?:am|pm|uhr))(?![\w:])", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _days(turn: Turn) -> tuple[Day, ...]:
    return tuple(days(turn.spoken.text))


class DateReader(FieldReader):
    """A mention's value is its place among the days of its message: which day it is depends on when it was said."""

    parts = frozenset({Part.BODY, Part.SUBJECT, Part.FORWARDED})

    def find(self, turn: Turn) -> Iterable[Mention]:
        for index, day in enumerate(_days(turn)):
            yield mention(turn, index, turn.spoken.place(day.start, day.end), 0.75 if day.weekday is not None else 0.85)

    def answer(self, talk: Talk) -> Prediction | Abstention:
        said = [dated for item in talk.heard(self) for dated in self._dated(item)]
        return settle(self.field, said, lambda item: self.confidence(item, talk))

    def _dated(self, said: Said) -> Iterator[Said]:
        zone = ZoneInfo(self.settings.timezone)
        sent_at = said.line.message.sent_at
        named = self._named(said)
        on = named.on(sent_at.astimezone(zone).date(), self.cues.tense) if named else None
        text = f"{on.isoformat()}{self._time(said)}" if on else ""
        value = normalise(self.field, text, self.settings, sent_at) if text else None
        if value is not None:
            yield replace(said, mention=replace(said.mention, value=value))

    def _named(self, said: Said) -> Day | None:
        turn = said.source
        found = _days(turn)
        index = said.mention.value
        return found[index] if isinstance(index, int) and index < len(found) else None

    def _time(self, said: Said) -> str:
        """The one time of day in the sentence, where the field wants one."""
        if self.field.type is not FieldType.DATETIME:
            return ""
        sentence = said.source.sentence(said.mention.start)
        times = _TIME.findall(sentence.text) if sentence else []
        return f" {times[0]}" if len(times) == 1 else ""

    def confidence(self, said: Said, talk: Talk) -> float:
        asked = said.amends or self.is_answer(said, talk)
        nearest = affinity(said.source, said.mention.start, said.mention.end, self.cues, before_only=asked)
        if nearest < 0:
            return 0
        if nearest > 0 or asked:
            return said.mention.confidence
        return 0.35
