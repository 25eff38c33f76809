"""What the network proposes for the fields of a case, with the words that justify it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from agent.embedded.cues import telling
from agent.embedded.language_names import is_language_field
from agent.embedded.mention import Stance, stance
from agent.embedded.model.artefact import Artefact
from agent.embedded.model.decoding import Guess, Place
from agent.embedded.model.encoding import Prompt, Tokenise, length
from agent.embedded.model.windows import Window, windows
from agent.embedded.reply import Reply
from agent.embedded.talk import Line, Talk
from agent.fields import normalise
from agent.settings import CaseField, FieldType
from store.model import Evidence, Value

_PUT = frozenset({FieldType.TEXT, FieldType.CHOICE, FieldType.YES_NO})
_YES_NO = ("yes", "no")
_STEERED = re.compile(r"\b(?:use when|not for|leave empty)\b", re.IGNORECASE)
_MOST_FIELDS = 16
_MOST_TOKENS = 220  # of the fields of a row
_DESCRIBED = 120  # characters of a description that are read, to the end of a sentence if there is one
_LEAST = 0.1  # how likely a field must be told at all
_FIRST_SENTENCE = re.compile(r"\A.{10,}?[.;](?=\s)", re.DOTALL)
_MEANT = 0.5


@dataclass(frozen=True, slots=True)
class Proposal:
    value: Value
    score: float  # not yet a probability
    evidence: tuple[Evidence, ...]


def proposals(artefact: Artefact, talk: Talk) -> dict[str, Proposal]:
    """By the field's id. Put are all fields of the settings: an answer must not hang on what else is asked just now."""
    found: dict[str, Proposal] = {}
    put = tuple(field for field in talk.request.settings.fields if is_put(field))
    cut = list(windows(talk.lines, artefact.tokenise))
    for group in _groups(put, artefact.tokenise):
        prompts = tuple(prompt for _, prompt in group)
        read = [artefact.read(prompts, tuple(piece.utterance for piece in window)) for window in cut]
        for number, (field, _) in enumerate(group):
            heard = (_proposal(field, guesses[number], window, talk) for window, guesses in zip(cut, read, strict=True))
            if best := _standing(filter(None, heard)):
                found[field.id] = best
    return _undisputed(found, {field.id for field in put if field.type is FieldType.TEXT})


def _undisputed(found: dict[str, Proposal], texts: set[str]) -> dict[str, Proposal]:
    """The same words fill one text field: the one that they fit best."""
    best: dict[Evidence, float] = {}
    for name in texts & found.keys():
        words = found[name].evidence[0]
        best[words] = max(best.get(words, 0.0), found[name].score)
    return {
        name: proposal
        for name, proposal in found.items()
        if name not in texts or proposal.score == best[proposal.evidence[0]]
    }


# --- fields as they are put -------------------------------------------------------------------------


def is_put(field: CaseField) -> bool:
    """Whether the network was made for such a field: it knows options by their names alone.

    A language is told by the words that are written in it; that is another reader's.
    """
    if field.type is FieldType.TEXT:
        return True
    described = is_steered(field) or any(option.description for option in field.options)
    return field.type in _PUT and not described and not (field.options and is_language_field(field))


def is_read(field: CaseField, tokenise: Tokenise) -> bool:
    """Whether the network is put such a field, and it has not too many options to be."""
    return is_put(field) and length(prompt_of(field), tokenise) <= _MOST_TOKENS


def is_steered(field: CaseField) -> bool:
    """Whether its description says when it is to be filled, which the rules understand."""
    return bool(_STEERED.search(field.description))


@lru_cache(maxsize=64)
def _groups(fields: tuple[CaseField, ...], tokenise: Tokenise) -> list[list[tuple[CaseField, Prompt]]]:
    """As many fields to a row as it can hold."""
    groups: list[list[tuple[CaseField, Prompt]]] = []
    tokens = _MOST_TOKENS
    for field in fields:
        prompt = prompt_of(field)
        own = length(prompt, tokenise)
        if own > _MOST_TOKENS:
            continue
        if tokens + own > _MOST_TOKENS or len(groups[-1]) == _MOST_FIELDS:
            groups.append([])
            tokens = 0
        groups[-1].append((field, prompt))
        tokens += own
    return groups


def prompt_of(field: CaseField) -> Prompt:
    first = _FIRST_SENTENCE.match(field.description)
    description = (first.group() if first else field.description)[:_DESCRIBED].strip(" .;")
    options = _YES_NO if field.type is FieldType.YES_NO else tuple(option.value for option in field.options)
    return Prompt(field.label, description, options)


# --- from a guess to words --------------------------------------------------------------------------


def _proposal(field: CaseField, guess: Guess, window: Window, talk: Talk) -> Proposal | None:
    if guess.told < _LEAST:
        return None
    if guess.place is not None:
        return _of_place(field, guess, guess.place, window, talk)
    if guess.option is not None and guess.line is not None:
        return _of_option(field, guess, window[guess.line].line, talk)
    return None


def _of_place(field: CaseField, guess: Guess, words: Place, window: Window, talk: Talk) -> Proposal | None:
    piece = window[words.line]
    plain = piece.line.turn.plain
    start, end = piece.start + words.start, piece.start + words.end
    sentence = piece.line.turn.sentence_of(start)
    place = plain.place(start, end)
    if sentence is None or sentence.is_instruction or stance(piece.line.turn, *place) is Stance.DENIED:
        return None
    value = normalise(field, plain.text[start:end], talk.request.settings, talk.request.now)
    evidence = _supported(piece.line, piece.line.evidence(*place), talk, window[-1].line)
    return Proposal(value, guess.confidence, evidence) if evidence and value is not None else None


def _supported(line: Line, words: Evidence, talk: Talk, last: Line) -> tuple[Evidence, ...]:
    """A representative's words count with the customer's that follow and don't deny them."""
    if line.is_customer:
        return (words,)
    answer = talk.answer(line)
    if line.is_ours or answer is None or answer.index > last.index or answer.turn.reply is Reply.NO:
        return ()
    return (words, answer.first_words)


def _of_option(field: CaseField, guess: Guess, line: Line, talk: Talk) -> Proposal | None:
    options = _YES_NO if field.type is FieldType.YES_NO else tuple(option.value for option in field.options)
    if guess.option is None or not line.is_customer or not line.turn.sentences:
        return None
    name = options[guess.option]
    value: Value = guess.option == 0 if field.type is FieldType.YES_NO else name
    return Proposal(value, guess.confidence, tuple(_telling(field, name, line, talk)))


def _telling(field: CaseField, name: str, line: Line, talk: Talk) -> Iterator[Evidence]:
    """The sentence of the customer's message that speaks most of it; with it the question that a mere yes answers."""
    spoken = telling(f"{name} {field.label}")
    best = max(line.turn.sentences, key=lambda sentence: (len(telling(sentence.text) & spoken), -sentence.start))
    question = talk.question(line)
    if line.turn.reply is not Reply.NEITHER and question is not None and not question.is_ours:
        asked = [sentence for sentence in question.turn.sentences if telling(sentence.text) & spoken]
        for sentence in asked[-1:]:
            yield question.evidence(*question.turn.plain.place(*sentence.span))
    yield line.evidence(*line.turn.plain.place(*best.span))


# --- from all windows to one value ------------------------------------------------------------------


def _standing(heard: Iterable[Proposal]) -> Proposal | None:
    """Later words replace earlier ones that they outweigh; a value is as sure as what says it is on average."""
    standing: list[Proposal] = []
    for each in heard:
        if not standing or repr(each.value) == repr(standing[0].value):
            standing.append(each)
        elif each.score >= _MEANT or each.score > max(other.score for other in standing):
            standing = [each]
    if not standing:
        return None
    return replace(standing[-1], score=sum(each.score for each in standing) / len(standing))
