"""Money and plain numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from agent.embedded.cues import affinity, stem
from agent.embedded.field_reader import FieldReader, mention
from agent.embedded.mention import Mention
from agent.embedded.talk import Said, Talk
from agent.embedded.turn import Turn
from agent.fields import normalise

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # numbers don't depend on the day
_NUMBER = r"\d{1,3}(?:[ .,'](?=\d{3}(?!\d))\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?"
_SIGN = (
    r"€|£|\$|us\$|ca\$|a\$|¥|₹|zł|(?:eur|usd|gbp|chf|sek|nok|dkk|isk|pln|czk|huf|ron|bgn|jpy|cny|inr|aud|cad|nzd|sgd"
    r"|hkd|mxn|brl|zar|ils|krw|uah|aed|sar)(?![a-z])|kr\.?(?!\w)|euros?|pounds?|quid|dollars?|francs?|franken|yen"
    r"|kronor|kroner"
)
_MONEY = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{_SIGN})\s{{0,3}}(?P<first>{_NUMBER})"
    rf"|(?P<second>{_NUMBER})\s{{0,3}}(?P<after>{_SIGN}))(?![\w%]|[.,]\d)",
    re.IGNORECASE,
)
_FEW_WORDS = 6
_CROWNS = {"kr", "kr.", "kronor", "kroner"}
_CROWN_CODE = re.compile(r"\b(?:SEK|NOK|DKK|ISK)\b")
_PLAIN = re.compile(rf"(?<![\w.,+-])-?(?:{_NUMBER})(?![\w]|[.,]\d)")


class MoneyReader(FieldReader):
    def find(self, turn: Turn) -> Iterable[Mention]:
        reading = turn.spoken
        codes = set(_CROWN_CODE.findall(reading.text))
        for match in _MONEY.finditer(reading.text):
            number, sign = match["first"] or match["second"], match["before"] or match["after"]
            if sign.lower() in _CROWNS and len(codes) == 1:
                sign = next(iter(codes))
            value = normalise(self.field, f"{' '.join(number.split())} {sign}", self.settings, _EPOCH)
            if isinstance(value, str):
                yield mention(turn, value, reading.place(*match.span()), 0.85)

    def confidence(self, said: Said, talk: Talk) -> float:
        nearest = affinity(said.source, said.mention.start, said.mention.end, self.cues)
        if nearest < 0 or (said.confirmed and self.cues.on_request):
            return 0
        if nearest > 0:
            return said.mention.confidence
        return 0.55 if not self.cues.on_request and self.is_answer(said, talk) else 0.3


class NumberReader(FieldReader):
    def find(self, turn: Turn) -> Iterable[Mention]:
        reading = turn.spoken
        for match in _PLAIN.finditer(reading.text):
            value = normalise(self.field, match.group(), self.settings, _EPOCH)
            if value is not None:
                yield mention(turn, value, reading.place(*match.span()), 0.8)

    def confidence(self, said: Said, talk: Talk) -> float:
        """A number is the field's when the field's own word stands beside it, or when it answers a question for it."""
        turn, found = said.source, said.mention
        before, after = turn.around(found.start, found.end)
        beside = {stem(word) for word in (*re.findall(r"\w+", before)[-4:], *re.findall(r"\w+", after)[:2])}
        if beside & self.cues.names:
            return found.confidence
        short = len(turn.text.split()) <= _FEW_WORDS
        return 0.7 if short and self.is_answer(said, talk) else 0
