"""What a model said, word for word against the conversation. What does not stand there is not believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.evidence import refusal
from agent.fields import BadValue, normalise, parse
from agent.llm.answer import Answer, Item
from agent.llm.prompt import Prompt
from agent.llm.quoting import locate
from agent.predictor import Abstention, Prediction, PredictionRequest
from agent.settings import CaseField, FieldType
from agent.text import one_line
from store.model import Evidence, FieldId, Message, Role, Value

_CONFIDENCE = {"high": 0.9, "medium": 0.7, "low": 0.4}
_INFERRED_DAY = 0.7  # the most, where the quote has no digits: "last Tuesday" is reckoned, not read
_LONGEST_REASON = 200
_SPOKEN = re.compile(r"\b(?:at|dot|punkt|point|punto|ät|arroba|arobase)\b", re.IGNORECASE)  # of an address
_LEAST_DIGITS = 6  # of a telephone number, that the quote must hold
_WORDS = (
    "zero null zéro cero",
    "one a an ein eine einen un une uno una",
    "two zwei deux dos due couple both",
    "three drei trois tres tre",
    "four vier quatre cuatro quattro",
    "five fünf cinq cinco cinque",
    "six sechs seis sei",
    "seven sieben sept siete sette",
    "eight acht huit ocho otto",
    "nine neun neuf nueve nove",
    "ten zehn dix diez dieci",
    "eleven elf",
    "twelve zwölf dozen",
)
_NUMBERS = {word: str(number) for number, words in enumerate(_WORDS) for word in words.split()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`complaints` tell the model what was wrong with the unproven ones, in words that it may see."""

    answers: tuple[Prediction | Abstention, ...]
    unproven: tuple[Abstention, ...]
    complaints: tuple[str, ...]


class _Wrong(ValueError):
    """Why an answer is not believed: a sentence for the model and for people."""


def verify(answer: Answer, prompt: Prompt, request: PredictionRequest) -> Verdict:
    """One answer a field at most; of a field that does not exist, none."""
    judged: dict[FieldId, Prediction | Abstention] = {}
    unproven: dict[FieldId, Abstention] = {}
    complaints: list[str] = []
    for item in answer.answers:
        field, name = request.settings.field(item.field), FieldId(item.field)
        try:
            if field is None:
                raise _Wrong("there is no such field")  # noqa: TRY301 -- as all that is wrong
            if name in judged or name in unproven:
                judged.pop(name, None)
                raise _Wrong("answer once")  # noqa: TRY301 -- likewise
            judged[name] = _judge(item, field, prompt, request)
        except _Wrong as wrong:
            complaints.append(prompt.mask.hide(f"{item.field}: {wrong}"))
            unproven[name] = Abstention(field=name, reason=f"The model's answer is not borne out: {wrong}")
    return Verdict(tuple(judged.values()), tuple(unproven.values()), tuple(complaints))


def _judge(item: Item, field: CaseField, prompt: Prompt, request: PredictionRequest) -> Prediction | Abstention:
    if item.status != "found":
        said = one_line(prompt.mask.reveal(item.reason))[:_LONGEST_REASON]
        return Abstention(field=FieldId(field.id), reason=f"The model finds it {item.status}: {said or 'no reason'}")
    evidence = [_evidence(quote.quote, quote.message, prompt) for quote in item.quotes]
    if not evidence:
        raise _Wrong("no words are quoted for it")
    value = _value(item, field, evidence, prompt, request)
    found = Prediction(
        field=FieldId(field.id),
        value=value,
        confidence=_confidence(item, field, evidence),
        evidence=tuple(dict.fromkeys(evidence)),
    )
    if complaint := refusal(found, tuple(prompt.sent.values()), field, request.sender):
        raise _Wrong(complaint)
    return found


def _evidence(quote: str, number: int, prompt: Prompt) -> Evidence:
    message = prompt.sent.get(number)
    if message is None:
        raise _Wrong(f"there is no message {number}")
    if message.author.role is Role.AGENT:
        raise _Wrong("the agent's own words are no evidence")
    found = locate(prompt.mask.reveal(quote), message)
    if found is None:
        raise _Wrong(f"the words {one_line(quote)[:_LONGEST_REASON]!r} do not stand in message {number}")
    return found


def _value(
    item: Item, field: CaseField, evidence: Sequence[Evidence], prompt: Prompt, request: PredictionRequest
) -> Value:
    if field.type is FieldType.MULTILINE:
        return "\n".join(dict.fromkeys(each.quote for each in evidence))  # the customer's words, not the model's
    given = ", ".join(item.value) if isinstance(item.value, list) else item.value or ""
    said = prompt.mask.reveal(given)
    value = normalise(field, said, request.settings, _sent_at(evidence, prompt.sent.values(), request))
    if value is None:
        raise _Wrong(_what_is_right(field, given, request))
    if not _follows(field, value, " ".join(each.quote for each in evidence)):
        raise _Wrong(f"the value {given!r} does not stand in the words quoted")
    return value


def _sent_at(evidence: Sequence[Evidence], sent: Iterable[Message], request: PredictionRequest) -> datetime:
    """A day is read from the one on which it was written of."""
    cited = {each.message_id for each in evidence}
    return next((message.sent_at for message in sent if message.id in cited), request.now)


def _what_is_right(field: CaseField, text: str, request: PredictionRequest) -> str:
    try:
        parse(field, text, request.settings, request.now)
    except BadValue as error:
        return str(error)
    return f"{text!r} does not fit the field"


def _confidence(item: Item, field: CaseField, evidence: Sequence[Evidence]) -> float:
    confidence = _CONFIDENCE[item.certainty]
    reckoned = field.type in {FieldType.DATE, FieldType.DATETIME} and not _digits(" ".join(e.quote for e in evidence))
    return min(confidence, _INFERRED_DAY) if reckoned else confidence


# --- whether a value follows from the words -----------------------------------------------------------


def _follows(field: CaseField, value: Value, quote: str) -> bool:
    """What people say word for word must be in the quote; choices and yes/no are a reading of it."""
    test = _TESTS.get(field.type)
    return test is None or test(str(value), quote)


def _names_day(value: str, quote: str) -> bool:
    """Its number, or none at all: "yesterday"."""
    day, numbers = value[8:10].lstrip("0"), {number.lstrip("0") for number in re.findall(r"\d+", quote)}
    return not numbers or day in numbers or value[:10].replace("-", "") in numbers


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _is_number_of(value: str, quote: str) -> bool:
    wanted = value.split(" ", maxsplit=1)[0].lstrip("-")
    wanted = wanted.rstrip("0").rstrip(".") if "." in wanted else wanted
    written = {_plain(number) for number in re.findall(r"\d+(?:[.,'’ ]\d+)*", quote)}
    spoken = {_NUMBERS[word] for word in re.findall(r"\w+", quote.casefold()) if word in _NUMBERS}
    return wanted in {each for readings in written for each in readings} | spoken


def _plain(number: str) -> tuple[str, ...]:
    """1.234,50 and 1,234.50 alike: with its last mark as the decimal one, and with none."""
    parts = re.split(r"\D", number)
    whole = "".join(parts)
    if len(parts) == 1:
        return (whole.lstrip("0") or "0",)
    fraction = parts[-1].rstrip("0")
    split = "".join(parts[:-1]).lstrip("0") or "0"
    return (whole.lstrip("0") or "0", f"{split}.{fraction}" if fraction else split)


_TESTS: Mapping[FieldType, Callable[[str, str], bool]] = {
    FieldType.TEXT: lambda value, quote: one_line(value).casefold() in one_line(quote).casefold(),
    FieldType.EMAIL: lambda value, quote: _letters(value) in _letters(_SPOKEN.sub(" ", quote)),
    FieldType.IDENTIFIER: lambda value, quote: _letters(value) in _letters(quote),
    FieldType.PHONE: lambda value, quote: _digits(value)[-_LEAST_DIGITS:] in _digits(quote),
    FieldType.INTEGER: _is_number_of,
    FieldType.DECIMAL: _is_number_of,
    FieldType.CURRENCY: _is_number_of,
    FieldType.DATE: _names_day,
    FieldType.DATETIME: _names_day,
}
