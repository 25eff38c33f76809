"""What is wrong or wanted, in the customer's own words: the sentences that say it, as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.embedded.cues import telling
from agent.embedded.parts import Part
from agent.embedded.settle import abstain
from agent.embedded.substance import SUBSTANTIAL, domain, reports, substance
from agent.embedded.talk import Line, Talk
from agent.embedded.turn import Sentence
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField, Settings
from agent.text import one_line
from store.model import Evidence, FieldId

_LONGEST = 500  # characters of a description
_LONGEST_SENTENCE = 400  # a transcript of speech can be one sentence of a thousand words
_MOST_SENTENCES = 6
_BEYOND_DOUBT = 3.0
_TELLING = 5  # words of a sentence that is taken for a report because it was answered with regret
_CERTAIN, _LIKELY, _PITIED = 0.85, 0.7, 0.6

_OPENING = re.compile(
    r"\A(?:(?:yeah|yes|yep|no|nope|nah|hi|hiya|hello|hey|hullo|good (?:morning|afternoon|evening|day)|morning"
    r"|afternoon|evening|dear|hallo|guten (?:tag|morgen|abend)|moin|servus|bonjour"
    r"|salut|bonsoir|hola|buenos días|buenas(?: tardes)?|olá|bom dia|ciao|buongiorno|hoi|goedemorgen|um+|uh+|er"
    r"|erm|so|well|ok|okay)\b"
    r"(?:\s+(?:there|all|team|everyone|everybody|folks|guys|again|\w+(?=\s*[,!.:])))?[\s,!.:;–-]*)+",
    re.IGNORECASE,
)
_PITY = re.compile(
    r"\b(?:sorry (?:about|to hear|for)|so sorry|i'?m sorry|oh (?:no|dear)|uh-?oh|oh man|ouch|apologies|apologise"
    r"|that shouldn'?t|sounds (?:annoying|bad|frustrating))\b",
    re.IGNORECASE,
)

_OPEN_QUESTION = re.compile(
    r"\b(?:what|which)\b[^?]{0,80}\?|\b(?:what (?:happened|is it doing|seems|is wrong|'s wrong)|how can i help"
    r"|tell (?:me|us) (?:more|what))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """start:end of a line's plain reading."""

    line: Line
    start: int
    end: int
    weight: float
    reports: bool

    @property
    def text(self) -> str:
        return self.line.turn.plain.text[self.start : self.end]

    @property
    def evidence(self) -> Evidence:
        return self.line.evidence(*self.line.turn.plain.place(self.start, self.end))


class DescriptionReader:
    def __init__(self, field: CaseField, settings: Settings) -> None:
        self.field = field
        self._domain = domain(settings.fields)

    def answer(self, talk: Talk) -> Prediction | Abstention:
        passages = list(_passages(talk, self._domain))
        if not passages:
            return abstain(self.field, "The customer has not said yet what is wrong or wanted.")
        current = talk.request.current.get(FieldId(self.field.id))
        standing = _standing(passages, current) if isinstance(current, str) else []
        chosen = _first(_grown(passages, standing) if standing else passages)
        best = max(passage.weight for passage in chosen)
        confidence = _CERTAIN if best >= _BEYOND_DOUBT else _LIKELY if best >= SUBSTANTIAL else _PITIED
        return Prediction(
            field=FieldId(self.field.id),
            value=current if isinstance(current, str) and chosen == standing else _text(chosen),
            confidence=confidence,
            evidence=tuple(passage.evidence for passage in _merged(chosen)),
        )


def _passages(talk: Talk, domain: frozenset[str]) -> Iterator[Passage]:
    """The sentences that report or ask something, in order."""
    pitied = {line.index for line in talk.customer_lines if _is_pitied(line, talk)}
    for line in talk.customer_lines:
        if not line.is_opener:
            continue
        for sentence in line.turn.sentences:
            weight = substance(line.turn, sentence, domain)
            if weight < SUBSTANTIAL and line.index in pitied and len(telling(sentence.text)) >= _TELLING:
                weight = SUBSTANTIAL - 0.5
            elif weight < SUBSTANTIAL or sentence.part is not Part.BODY:
                continue
            passage = _passage(line, sentence, weight)
            if passage.start < passage.end and not line.turn.noise:
                yield passage


def _is_pitied(line: Line, talk: Talk) -> bool:
    """Whether a representative answered with regret: what was just said is a problem, in whatever words."""
    following = talk.lines[line.index + 1] if line.index + 1 < len(talk.lines) else None
    if following is None or following.is_customer:
        return False
    text = following.turn.plain.text
    return bool(_PITY.search(text[:120]) and not _OPEN_QUESTION.search(text))


def _passage(line: Line, sentence: Sentence, weight: float) -> Passage:
    opening = _OPENING.match(sentence.text)
    start, end = sentence.start + (opening.end() if opening else 0), sentence.end
    if end - start > _LONGEST_SENTENCE:
        cut = line.turn.plain.text.rfind(" ", start, start + _LONGEST_SENTENCE)
        end = cut if cut > start else start + _LONGEST_SENTENCE
    return Passage(line, start, end, weight, reports(line.turn, sentence))


def _first(passages: Sequence[Passage]) -> list[Passage]:
    """From the beginning on, as many as fit: what is said later adds to a description and never replaces it."""
    chosen: list[Passage] = []
    length = 0
    for passage in passages:
        length += passage.end - passage.start
        if chosen and (length > _LONGEST or len(chosen) == _MOST_SENTENCES):
            break
        chosen.append(passage)
    return chosen


def _standing(passages: Sequence[Passage], current: str) -> list[Passage]:
    """The passages that the description of the case consists of already."""
    wanted = one_line(current)
    return [passage for passage in passages if one_line(passage.text) in wanted]


def _grown(passages: Sequence[Passage], standing: Sequence[Passage]) -> list[Passage]:
    """A description grows by what is beyond doubt: the rest of a conversation must not keep changing a case."""
    return [
        passage for passage in passages if passage in standing or (passage.reports and passage.weight >= _BEYOND_DOUBT)
    ]


def _text(passages: Sequence[Passage]) -> str:
    """One line a message."""
    lines: dict[int, list[str]] = {}
    for passage in passages:
        lines.setdefault(passage.line.index, []).append(one_line(passage.text))
    return "\n".join(" ".join(sentences) for sentences in lines.values())


def _merged(passages: Sequence[Passage]) -> list[Passage]:
    """Neighbouring sentences as one passage."""
    merged: list[Passage] = []
    for passage in passages:
        last = merged[-1] if merged else None
        if last and last.line is passage.line and not passage.line.turn.plain.text[last.end : passage.start].strip():
            merged[-1] = replace(last, end=passage.end)
        else:
            merged.append(passage)
    return merged
