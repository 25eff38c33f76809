"""The predictor that always works: rules over the administrator's own definitions, and a small network beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from agent.embedded.addresses import AddressReader
from agent.embedded.amounts import MoneyReader, NumberReader
from agent.embedded.choices import ChoiceReader
from agent.embedded.cues import cues_of
from agent.embedded.dates import DateReader
from agent.embedded.description import DescriptionReader
from agent.embedded.field_reader import FieldReader
from agent.embedded.fusion import foreign, fused
from agent.embedded.genre import Genre
from agent.embedded.identifiers import IdentifierReader
from agent.embedded.identity import verified
from agent.embedded.language_names import is_language_field
from agent.embedded.languages import LanguageReader
from agent.embedded.learnt import informed
from agent.embedded.lookups import LookupReader
from agent.embedded.model.artefact import Artefact, shipped
from agent.embedded.model.proposals import is_put, proposals
from agent.embedded.phones import PhoneReader
from agent.embedded.settle import abstain
from agent.embedded.talk import Talk
from agent.embedded.texts import TextReader
from agent.embedded.yes_no import YesNoReader
from agent.fields import check
from agent.predictor import Abstention, Prediction, PredictionRequest
from agent.settings import CaseField, FieldType, Settings


class Reader(Protocol):
    def answer(self, talk: Talk) -> Prediction | Abstention: ...


class EmbeddedPredictor:
    """Needs no network connection and no key. The same request always gets the same answer.

    Where what runs the network is not installed, the rules answer alone.
    """

    name = "embedded"
    version = "2"

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        return await asyncio.to_thread(_predict, request)  # the first one takes a second of reading


def _predict(request: PredictionRequest) -> list[Prediction | Abstention]:
    return evaluate(request, shipped())


def evaluate(request: PredictionRequest, artefact: Artefact | None = None) -> list[Prediction | Abstention]:
    """One answer per field, in the order in which they were asked for; by rules alone without an artefact."""
    readers = _readers(request)
    talk = Talk(request, [reader for reader in readers if isinstance(reader, FieldReader)])
    answers = [_answer(field, reader, talk) for field, reader in zip(request.fields, readers, strict=True)]
    if talk.genre is not Genre.LETTER:
        return answers
    if artefact is not None and any(map(is_put, request.fields)):
        answers = _with_network(request.fields, answers, talk, artefact)
    if not request.examples:
        return answers
    return informed(answers, request.fields, talk, None if foreign(talk) else artefact)


def _with_network(
    fields: Sequence[CaseField], answers: Sequence[Prediction | Abstention], talk: Talk, artefact: Artefact
) -> list[Prediction | Abstention]:
    if language := foreign(talk):
        return [
            _unread(answer, language) if is_put(field) else answer
            for field, answer in zip(fields, answers, strict=True)
        ]
    proposed = proposals(artefact, talk)
    return [
        fused(field, answer, proposed.get(field.id), artefact.calibration[field.type]) if is_put(field) else answer
        for field, answer in zip(fields, answers, strict=True)
    ]


def _unread(answer: Prediction | Abstention, language: str) -> Prediction | Abstention:
    if isinstance(answer, Prediction):
        return answer
    return replace(answer, reason=f"{answer.reason} The customer writes {language}, which rules alone read.")


def _answer(field: CaseField, reader: Prediction | Reader, talk: Talk) -> Prediction | Abstention:
    if isinstance(reader, Prediction):
        return reader
    if talk.genre is not Genre.LETTER:
        return abstain(field, f"The conversation reads like {talk.genre}.")
    answer = reader.answer(talk)
    if isinstance(answer, Prediction) and (problem := check(field, answer.value)):
        return abstain(field, problem)
    return answer


def _readers(request: PredictionRequest) -> list[Prediction | Reader]:
    """Who answers for each field; where the sender's identity does, the answer."""
    settings = request.settings
    terms = (settings.fields, settings.company, settings.timezone, settings.region, settings.currency)
    key = hash(terms)  # once: a catalogue is long
    return [
        verified(field, request) or _remembered(_Definition(field, settings, terms, key)) for field in request.fields
    ]


class _Definition:
    """A field as it is defined, with all else of the settings that its values can depend on."""

    def __init__(self, field: CaseField, settings: Settings, terms: tuple[object, ...], key: int) -> None:
        self.field = field
        self.settings = settings
        self._terms = terms
        self._hash = hash((field, key))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Definition) and self.field == other.field and self._terms == other._terms

    def __hash__(self) -> int:
        return self._hash


@lru_cache(maxsize=512)
def _remembered(definition: _Definition) -> Reader:
    """Readers remember what they have read, so they outlive an evaluation."""
    field, settings = definition.field, definition.settings
    is_language = field.type is FieldType.CHOICE and is_language_field(field) and not cues_of(field).on_request
    return LanguageReader(field, settings) if is_language else _READERS[field.type](field, settings)


_READERS: Mapping[FieldType, Callable[[CaseField, Settings], Reader]] = {
    FieldType.TEXT: TextReader,
    FieldType.MULTILINE: DescriptionReader,
    FieldType.CHOICE: ChoiceReader,
    FieldType.MULTI_CHOICE: ChoiceReader,
    FieldType.LOOKUP: LookupReader,
    FieldType.YES_NO: YesNoReader,
    FieldType.INTEGER: NumberReader,
    FieldType.DECIMAL: NumberReader,
    FieldType.CURRENCY: MoneyReader,
    FieldType.DATE: DateReader,
    FieldType.DATETIME: DateReader,
    FieldType.EMAIL: AddressReader,
    FieldType.PHONE: PhoneReader,
    FieldType.IDENTIFIER: IdentifierReader,
}
