"""What an administrator's words ask of a value: which words around it speak for it, and which against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agent.embedded.concepts import split_description, spoken_of
from agent.embedded.lexicon import Concept
from agent.embedded.turn import Sentence, Turn
from agent.embedded.vocabulary import vocabulary
from agent.settings import CaseField

_GENERIC = vocabulary(
    """
    number no date day time name address amount value type kind field text code id of the a an for your customer our
    case preferred
    """
)
_STOP = vocabulary(
    """
    the a an and or of to in on at by for with from as is are was were be been it its that this which who whom what
    when where how not no one two they them their he she his her we our us you your i my me customer's customer
    customers use when case about only any some other than such so if then also there has have had do does did can
    could will would may might should more most very out up into over under again something somebody anything people
    person someone case
    """
)
_WORD = re.compile(r"[^\W_]+(?:'\w+)?")
_ASKED = re.compile(
    r"\b(?:they|customers?|person|people|somebody|someone|who)\s+(?:\w+\s+){0,2}(?:asks?|asked|wants?|agrees?"
    r"|requests?|prefers?|wish(?:es)?)\b",
    re.IGNORECASE,
)
_REPRESENTATIVE = re.compile(
    r"\b(?:or|and) (?:a|the) (?:representative|agent|colleague)\b[^.;]*\b(?:says|states|confirms)\b", re.IGNORECASE
)
_PAST = re.compile(
    r"\b(?:was|were|bought|ordered|happened|started|began|since|birth|purchase\w*|occurred|issued|last)\b",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\b(?:deadline|due|until|appointment|planned|wanted|needed|preferred|next|expires?|by which|will be)\b",
    re.IGNORECASE,
)


def words(text: str) -> list[str]:
    return [match.group().casefold() for match in _WORD.finditer(text)]


_STEM = 4  # letters that an ending leaves at least
_SHORTEST = 3  # letters of a word that says something


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Plural, possessive and the commonest verb endings off: good enough to tell that two words are one."""
    word = word.casefold().split("'")[0]
    for ending in ("ings", "ing", "edly", "ed", "ies", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=16384)
def telling(text: str) -> frozenset[str]:
    """The stems of the words that say something."""
    return frozenset(stem(word) for word in words(text) if len(word) >= _SHORTEST and word not in _STOP)


@dataclass(frozen=True, slots=True)
class Cues:
    label: frozenset[str]  # stems of the label
    names: frozenset[str]  # stems of label and id that tell the field from others
    wanted: frozenset[Concept]
    unwanted: frozenset[Concept]
    excluded: frozenset[str]  # stems of what the description says it is not for
    on_request: bool  # only when the customer asks for it
    representative_may_say: bool
    tense: int  # -1 a day in the past, 1 in the future, 0 either


_MANNER = frozenset({Concept.TROUBLE, Concept.ONSET, Concept.REQUEST, Concept.QUESTION})
"""Concepts of how something is said; they tell no value from another."""


@lru_cache(maxsize=1024)
def cues(label: str, identifier: str, description: str) -> Cues:
    use, exclude = split_description(description)
    wanted, unwanted = (concepts - _MANNER for concepts in spoken_of(f"{label}. {description}"))
    own = {stem(word) for word in words(f"{label} {identifier.replace('_', ' ')}")}
    names = own - {stem(word) for word in _GENERIC}
    past, future = bool(_PAST.search(f"{label} {use}")), bool(_FUTURE.search(f"{label} {use}"))
    return Cues(
        label=frozenset(stem(word) for word in words(label)),
        names=frozenset(names or own),
        wanted=wanted,
        unwanted=unwanted,
        excluded=frozenset(telling(exclude) - names - telling(use) - telling(label)),
        on_request=bool(_ASKED.search(use)),
        representative_may_say=bool(_REPRESENTATIVE.search(use)),
        tense=future - past,
    )


def cues_of(field: CaseField) -> Cues:
    return cues(field.label, field.id, field.description)


def speaks_of(turn: Turn, own: Cues) -> bool:
    """Whether a message, such as a representative's question, is about the field."""
    return any(hit.concept in own.wanted for hit in turn.hits) or bool(own.names & telling(turn.plain.text))


_CLAUSE_BREAK = re.compile(r"[,;:()–—]|\b(?:and|but|und|aber|et|mais|y|pero|e|en|maar)\b")
_BREAK = 30
_REACH_BACK = 80
"""Beyond this, words that follow a value no longer say what it is."""


def affinity(turn: Turn, start: int, end: int, own: Cues, *, before_only: bool = False) -> int:
    """Which of the field's words stand nearest in the sentence: 1 those for it, -1 those against it, 0 none at all."""
    sentence = turn.sentence(start)
    if sentence is None:
        return 0
    first, last = turn.plain.index(start), turn.plain.index(end)
    near: list[tuple[float, int]] = []
    for hit in turn.hits_in(sentence):
        if hit.concept in own.wanted or hit.concept in own.unwanted:
            distance = _distance(turn.plain.text, hit.start, hit.end, first, last)
            if hit.start < first or (distance <= _REACH_BACK and not before_only):
                near.append((distance, 1 if hit.concept in own.wanted else -1))
    for begin, stop in _named(sentence, own):
        if begin < first:
            near.append((_distance(turn.plain.text, begin, stop, first, last), 1))
    return min(near)[1] if near else 0


def _named(sentence: Sentence, own: Cues) -> Iterator[tuple[int, int]]:
    """Where the words of the field's own name stand."""
    for match in _WORD.finditer(sentence.text):
        if stem(match.group()) in own.names:
            yield sentence.start + match.start(), sentence.start + match.end()


def _distance(text: str, start: int, end: int, first: int, last: int) -> float:
    """Characters between a word and a value; what follows, or stands in another clause, counts as farther."""
    before = end <= first
    between = text[end:first] if before else text[last:start]
    return len(between) * (1 if before else 1.5) + _BREAK * len(_CLAUSE_BREAK.findall(between[:200]))


def excluded_before(turn: Turn, start: int, own: Cues) -> bool:
    """Whether the value is introduced as something the field is not for: "invoice NO26-999123"."""
    before, _ = turn.around(start, start + 1)
    return any(stem(word) in own.excluded for word in words(before[-40:])[-3:])
