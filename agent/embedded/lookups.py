"""Lookup fields: which entry of the catalogue a case is about, of all that are named."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from agent.embedded.catalogue import Catalogue
from agent.embedded.field_reader import FieldReader
from agent.embedded.lexicon import Concept
from agent.embedded.mention import Mention, Stance, stance
from agent.embedded.settle import Candidate, abstain, predict
from agent.embedded.substance import SUBSTANTIAL, substance
from agent.embedded.talk import Line, Said, Talk
from agent.embedded.turn import Turn
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField, Settings

_EXACT, _MISTYPED, _COMPLETED, _DESCRIBED = 0.85, 0.8, 0.75, 0.55
_REPORTED, _ANSWERED, _REPEATED = 0.15, 0.15, 0.05
_SECOND_PERSON, _UNAFFECTED, _NOT_THEIRS = 0.5, 0.3, 0.15
_ONLY_ONE = 0.6  # "my little boy's Aria Kids got hot": another person's, and nothing else is named
_MARGIN = 0.25
_MEMORY = 40  # mentions back to which "the 3000" can refer
_FRAGMENT = "\0"  # marks words that name an entry only together with earlier ones

_RESTART = re.compile(
    r"\b(?:no,? (?:wait|hang on|hold on|sorry|it'?s|i mean)|sorry|i mean|i meant|actually|correction|hang on"
    r"|hold on|scratch that|oops|nein|vielmehr|perdón|pardon)\b",
    re.IGNORECASE,
)
_UNAFFECTED_WORDS = re.compile(
    r"\b(?:(?:is|are|'s|was|thats?|it'?s|works?|working|runs?) (?:\w+ ){0,2}(?:fine|ok|okay|great|perfect(?:ly)?"
    r"|good)|(?:works|worked)\b(?! (?:only|when|until|if))|fine|keeping|stays?|(?:too|so|muito|zu|trop"
    r"|te) (?:expensive|pricey|caro|teuer|cher|duur)|no trouble"
    r"|never (?:gave|had) .{0,20}trouble|still going|floats|funktioniert (?:gut|einwandfrei)"
    r"|fonctionne (?:très )?bien|está (?:perfecto|bien)|perfecto|doe(?:n|t) het (?:prima|goed)|werk(?:en"
    r"|t) (?:prima|goed))\b",
    re.IGNORECASE,
)
_DETERMINER = re.compile(
    r"(?:\A|\b(?:the|an?|de|het|os?|is|just|my|our|or|and|says?|it'?s|mine|den|der|die|das|le|la|el|un|une|ein\w*"
    r"|pro|with the|for the)|[*,.:])\W*\Z",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:on|in|at|to|from|under|near|off|onto|into|by|auf|in|im|am|sur|dans|en|sobre) (?:the|my|our|a|your|der"
    r"|dem|meine?m?|le|la|mon|el|mi)\s*\Z",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:.]|\bbut\b")
_MEASURE = re.compile(
    r"\A\s*(?:%|[€$£]|w\b|watts?|v\b|volts?|mah|db|gb|mb|kg|g\b|ml|l\b|cm|mm|m\b|km|h\b|hours?|min\w*|days?|times"
    r"|people|euros?|pounds?|dollars?|eur|usd|gbp)",
    re.IGNORECASE,
)


class LookupReader(FieldReader):
    def __init__(self, field: CaseField, settings: Settings) -> None:
        super().__init__(field, settings)
        self._catalogue = Catalogue(field.catalogue)

    # --- one message ---

    def find(self, turn: Turn) -> Iterable[Mention]:
        reading = turn.spoken
        names, fragments = self._catalogue.read(reading.text)
        for name in names:
            span = reading.place(name.start, name.end)
            yield Mention(name.value, *span, _EXACT if name.exact else _MISTYPED, self._stance(turn, span))
        for fragment in fragments:
            if _may_name(reading.text, fragment.start, fragment.end):
                span = reading.place(fragment.start, fragment.end)
                yield Mention(_FRAGMENT + " ".join(fragment.words), *span, _COMPLETED, self._stance(turn, span))
        if not names:
            yield from self._described(turn)

    def _described(self, turn: Turn) -> Iterator[Mention]:
        for sentence in turn.sentences:
            value = self._catalogue.described(sentence.text)
            if value:
                yield Mention(value, *turn.plain.place(sentence.start, sentence.end), _DESCRIBED)

    def _stance(self, turn: Turn, span: tuple[int, int]) -> Stance:
        found = stance(turn, *span)
        return Stance.ASIDE if found is Stance.CLAIMED and _is_unaffected(turn, span) else found

    # --- the whole conversation ---

    def answer(self, talk: Talk) -> Prediction | Abstention:
        heard = talk.heard(self)
        said = list(self._completed(heard, talk))
        candidates = sorted(self._candidates(said, talk), key=lambda candidate: candidate.confidence, reverse=True)
        if not candidates:
            return abstain(self.field, self._why_none(heard, said))
        best = candidates[0]
        rival = candidates[1] if len(candidates) > 1 else None
        if rival and best.confidence - rival.confidence < _MARGIN:
            return abstain(
                self.field,
                f"{best.value} and {rival.value} are both named, and nothing says which of them it is about.",
            )
        return predict(self.field, best, min(best.confidence, 0.95) - (0.1 if rival else 0))

    def _completed(self, heard: Sequence[Said], talk: Talk) -> Iterator[Said]:
        """Fragments with the entry that they mean after what was said before, by whomever."""
        spoken = sorted(
            ((line, found) for line, mentions in talk.mentions(self) for found in mentions),
            key=lambda item: (item[0].index, item[1].start),
        )
        places = [(line.index, found.start) for line, found in spoken]
        for item in heard:
            value = str(item.mention.value)
            if not value.startswith(_FRAGMENT):
                yield item
                continue
            here = bisect_left(places, (item.line.index, item.mention.start))
            whole = self._whole(tuple(value[1:].split(" ")), spoken[max(0, here - _MEMORY) : here])
            if whole:
                yield replace(item, mention=replace(item.mention, value=whole))

    def _whole(self, fragment: tuple[str, ...], earlier: Sequence[tuple[Line, Mention]]) -> str | None:
        """After "Drift Buds Pro", "the buds" are those; after "Aria", "the 3000" is the Aria 3000."""
        if not fragment[0][0].isdigit():
            members = self._catalogue.members(fragment)
            for line, found in reversed(earlier):
                if line.is_customer and found.value in members:
                    return str(found.value)
        said = [
            word
            for line, found in earlier
            for word in self._catalogue.words(line.message.text[found.start : found.end])
        ]
        return self._catalogue.complete(fragment, said)

    def _candidates(self, said: Sequence[Said], talk: Talk) -> Iterator[Candidate]:
        standing: dict[str, list[Said]] = {}
        previous: Said | None = None
        for item in said:
            value = str(item.mention.value)
            if item.mention.stance is Stance.DENIED:
                standing.pop(value, None)
                continue
            if item.amends:
                _drop_amended(standing, item)
            if previous and str(previous.mention.value) != value and _replaces(previous, item):
                standing.pop(str(previous.mention.value), None)
            standing.setdefault(value, []).append(item)
            previous = item
        for value, items in standing.items():
            weights = [self.confidence(item, talk) for item in items]
            best = max(weights)
            strongest = items[weights.index(best)]
            if len(standing) == 1 and strongest.mention.stance is not Stance.CLAIMED and _is_reported(strongest):
                best = _ONLY_ONE
            if best > _UNAFFECTED:
                yield Candidate(value, best + _REPEATED * min(len(items) - 1, 2), (strongest,))

    def confidence(self, said: Said, talk: Talk) -> float:
        found = said.mention
        if found.stance is Stance.OTHERS:
            return _NOT_THEIRS
        if found.stance is Stance.ASIDE:
            return _UNAFFECTED
        weight = found.confidence * (1.0 if said.line.is_opener else _SECOND_PERSON)
        if said.amends or said.confirmed or _is_reported(said):
            weight += _REPORTED
        return weight + (_ANSWERED if self.is_answer(said, talk) else 0)

    def _why_none(self, heard: Sequence[Said], said: Sequence[Said]) -> str:
        fragments = [item for item in heard if str(item.mention.value).startswith(_FRAGMENT)]
        if said or not fragments:
            return f"No {self.field.label} is named that the case could be about."
        words = str(fragments[-1].mention.value)[1:]
        members = self._catalogue.members(tuple(words.split(" ")))
        if len(members) > 1:
            return f"Only {words!r} is named, which leaves open which entry is meant ({len(members)} fit)."
        return (
            f"Only {words!r} is named, which is too little to be {members[0] if members else 'the name of an entry'}."
        )


def _may_name(text: str, start: int, end: int) -> bool:
    """Part of a name is one only where a name would stand: "the 300", never "300 W", "in 2000" or "on my desk"."""
    before = text[max(0, start - 24) : start]
    return bool(_DETERMINER.search(before)) and not _MEASURE.match(text, end) and not _PLACE.search(before)


def _is_unaffected(turn: Turn, span: tuple[int, int]) -> bool:
    """Whether the clause, or a "that one is fine" right after it, says that nothing is wrong with it."""
    sentence = turn.sentence(span[0])
    _, after = turn.around(*span)
    clause = _CLAUSE_END.split(after[:60])[0]
    if sentence is None or not _UNAFFECTED_WORDS.search(clause):
        return False
    first = turn.plain.index(span[1])
    return not any(
        hit.concept is Concept.FAULT and not hit.denied and first <= hit.start < first + len(clause)
        for hit in turn.hits_in(sentence)
    )


def _is_reported(said: Said) -> bool:
    """Whether the sentence that names it is one that reports or asks something."""
    sentence = said.source.sentence(said.mention.start)
    return sentence is not None and substance(said.source, sentence) >= SUBSTANTIAL


def _drop_amended(standing: dict[str, list[Said]], amendment: Said) -> None:
    """Takes back what the amended words said before."""
    old = amendment.evidence[1]
    for value, items in list(standing.items()):
        if value != str(amendment.mention.value):
            kept = [
                item
                for item in items
                if not any(
                    e.message_id == old.message_id and e.start < old.end and old.start < e.end for e in item.evidence
                )
            ]
            standing.pop(value)
            if kept:
                standing[value] = kept


def _replaces(earlier: Said, later: Said) -> bool:
    """Whether the later words take back what was named just before."""
    text = later.line.message.text
    if earlier.line is later.line:
        return bool(_RESTART.search(text, earlier.mention.end, later.mention.start))
    return bool(_RESTART.search(text, max(0, later.mention.start - 60), later.mention.start))
