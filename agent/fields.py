"""The types of case fields: reading what people write, checking, comparing and showing values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat

from agent.dates import parse_day, parse_moment
from agent.numbers import MAX_DIGITS, is_currency, money, parse_decimal, parse_money, plain
from agent.options import find_option, find_options
from agent.pattern import fits
from agent.settings import CaseField, FieldType, Settings
from agent.text import DASHES, bare, has_control, one_line, quoted, unified, visible
from store.model import Value

LONGEST = {FieldType.MULTILINE: 4000, FieldType.TEXT: 500, FieldType.MULTI_CHOICE: 2000}
"""Characters that a person may write, where it is not 200."""
_LONGEST = 200

_PHONE = re.compile(r"[+\d\s()./-]+")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?")
_MONEY = re.compile(r"(-?(?:0|[1-9]\d*)(?:\.\d+)?) ([A-Z]{3})")

_YES = frozenset({"yes", "y", "yep", "true", "1", "on", "ja", "oui", "si", "sí", "sì", "sim"})
_NO = frozenset({"no", "n", "nope", "false", "0", "off", "nein", "nee", "non", "não", "nao"})


class BadValue(ValueError):
    """What was written does not fit the field; the message names the field and says what would be right."""

    def __init__(self, field: CaseField, problem: str) -> None:
        super().__init__(f"{field.label}: {problem}{'' if problem.endswith('?') else '.'}")
        self.field = field


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """How text is to be read, and what it is relative to."""

    field: CaseField
    settings: Settings
    now: datetime
    strict: bool  # a person typed it: nothing is completed or guessed that they could not see

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)


def parse(field: CaseField, text: str, settings: Settings, now: datetime) -> Value:
    """What a person typed, in canonical form. Strict: never guesses. Raises BadValue."""
    try:
        return _read(text, _Reading(field=field, settings=settings, now=now, strict=True))
    except ValueError as error:
        raise BadValue(field, str(error)) from error


def normalise(field: CaseField, text: str, settings: Settings, now: datetime) -> Value | None:
    """The same for words found in a message; None when they do not fit.

    A day may lack its year, no option is completed, line breaks and control characters are passed over.
    """
    try:
        return _read(text, _Reading(field=field, settings=settings, now=now, strict=False))
    except ValueError:
        return None


def _read(text: str, reading: _Reading) -> Value:
    tidy = (unified(text) if reading.strict else visible(text)).strip()
    if has_control(tidy):
        raise ValueError("remove the control characters")
    longest = LONGEST.get(reading.field.type, _LONGEST)
    if len(tidy) > longest:
        raise ValueError(f"write at most {longest} characters, these are {len(tidy)}")
    if not bare(tidy):
        raise ValueError("a value is missing")
    return _READERS[reading.field.type](tidy, reading)


# --- one function for each type; each raises ValueError that says what would be right -----------------


def _text(text: str, reading: _Reading) -> str:
    if reading.strict and "\n" in text:
        raise ValueError("write it on one line")
    return one_line(text)


def _choice(text: str, reading: _Reading) -> str:
    return find_option(reading.field, bare(text), complete=reading.strict).value


def _choices(text: str, reading: _Reading) -> list[str]:
    return find_options(reading.field, bare(text), complete=reading.strict)


def _yes_no(text: str, _: _Reading) -> bool:
    word = bare(text).casefold().rstrip(".!")
    if word not in _YES | _NO:
        raise ValueError(f"{quoted(text)} is neither yes nor no")
    return word in _YES


def _email(text: str, _: _Reading) -> str:
    address = bare(text).strip("<>").removeprefix("mailto:")
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"{quoted(text)} is not an e-mail address such as name@example.com") from error


def _phone(text: str, region: str) -> str:
    example = "write it with its country code, such as +44 20 7946 0018"
    tidy = DASHES.sub("-", bare(text))
    if not _PHONE.fullmatch(tidy):
        raise ValueError(f"{quoted(text)} is not a telephone number: {example}")
    try:
        number = phonenumbers.parse(tidy, region)
    except NumberParseException as error:
        raise ValueError(f"{quoted(text)} is not a telephone number: {example}") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(f"no telephone has the number {quoted(text)}: {example}")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _day(text: str, reading: _Reading) -> str:
    today = reading.now.astimezone(reading.zone).date()
    return parse_day(bare(text), today, guess_year=not reading.strict).isoformat()


def _moment(text: str, reading: _Reading) -> str:
    return parse_moment(bare(text), reading.now, reading.zone, guess_year=not reading.strict).isoformat()


def _identifier(text: str, reading: _Reading) -> str:
    pattern = reading.field.pattern or ""
    dashed = DASHES.sub("-", bare(text))
    closed = re.sub(r"\s+", "", dashed)
    for candidate in (bare(text), dashed, dashed.upper(), closed, closed.upper()):
        if fits(pattern, candidate):
            return candidate
    raise ValueError(f"{quoted(text)} does not have the form `{pattern}`")


_READERS: Mapping[FieldType, Callable[[str, _Reading], Value]] = {
    FieldType.TEXT: _text,
    FieldType.MULTILINE: lambda text, _: text,
    FieldType.CHOICE: _choice,
    FieldType.MULTI_CHOICE: _choices,
    FieldType.LOOKUP: _choice,
    FieldType.YES_NO: _yes_no,
    FieldType.INTEGER: lambda text, _: int(parse_decimal(bare(text), places=0)),
    FieldType.DECIMAL: lambda text, _: plain(parse_decimal(bare(text))),
    FieldType.CURRENCY: lambda text, reading: parse_money(bare(text), reading.settings.currency),
    FieldType.DATE: _day,
    FieldType.DATETIME: _moment,
    FieldType.EMAIL: _email,
    FieldType.PHONE: lambda text, reading: _phone(text, reading.settings.region),
    FieldType.IDENTIFIER: _identifier,
}


# --- canonical values -------------------------------------------------------------------------------


def check(field: CaseField, value: Value) -> str | None:
    """None when the canonical value fits the field; else the reason, as a sentence for people."""
    if not _fits(field, value):
        return f"{field.label}: {value!r} is not a valid {field.type.replace('_', '-')} value."
    return None


def _fits(field: CaseField, value: Value) -> bool:
    match field.type:
        case FieldType.YES_NO:
            return isinstance(value, bool)
        case FieldType.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_DIGITS
        case FieldType.MULTI_CHOICE:
            return isinstance(value, list) and bool(value) and _all_options(field, value)
        case _:
            return isinstance(value, str) and not has_control(value) and _fits_text(field, value)


def _all_options(field: CaseField, values: list[str]) -> bool:
    known = [option.value for option in field.choices]
    return len(set(values)) == len(values) and all(value in known for value in values)


def _fits_text(field: CaseField, value: str) -> bool:
    if not value.strip() or len(value) > LONGEST.get(field.type, _LONGEST):
        return False
    match field.type:
        case FieldType.CHOICE | FieldType.LOOKUP:
            return _all_options(field, [value])
        case FieldType.IDENTIFIER:
            return fits(field.pattern or "", value)
        case FieldType.TEXT:
            return "\n" not in value
        case _:
            return field.type not in _CANONICAL or _CANONICAL[field.type](value)


def _is_money(value: str) -> bool:
    match = _MONEY.fullmatch(value)
    return match is not None and is_currency(match[2]) and money(Decimal(match[1]), match[2]) == value


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_moment(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_email(value: str) -> bool:
    try:
        return bool(validate_email(value, check_deliverability=False))
    except EmailNotValidError:
        return False


def _is_phone(value: str) -> bool:
    try:
        return _phone(value, "ZZ") == value
    except ValueError:
        return False


_CANONICAL: Mapping[FieldType, Callable[[str], bool]] = {
    FieldType.DECIMAL: lambda value: _DECIMAL.fullmatch(value) is not None,
    FieldType.CURRENCY: _is_money,
    FieldType.DATE: _is_day,
    FieldType.DATETIME: _is_moment,
    FieldType.EMAIL: _is_email,
    FieldType.PHONE: _is_phone,
}


def same(field: CaseField, a: Value | None, b: Value | None) -> bool:
    """Whether writing one over the other would change nothing for people."""
    if a is None or b is None:
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return set(a) == set(b)
    if not isinstance(a, str) or not isinstance(b, str):
        return type(a) is type(b) and a == b
    if field.type is FieldType.DATETIME and _is_moment(a) and _is_moment(b):
        return datetime.fromisoformat(a) == datetime.fromisoformat(b)
    return one_line(a).casefold() == one_line(b).casefold()


def display(field: CaseField, value: Value, settings: Settings) -> str:
    """For people, plain text. A value from before the field's type was changed is shown as it stands."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return visible(", ".join(value))
    if isinstance(value, int) or not _fits(field, value):
        return visible(str(value))
    return _SHOWN[field.type](value, settings) if field.type in _SHOWN else visible(value)


def _show_money(value: str, settings: Settings) -> str:
    amount, code = value.split()
    return format_currency(Decimal(amount), code, locale=_locale(settings))


def _show_day(value: str, settings: Settings) -> str:
    return format_date(date.fromisoformat(value), "long", locale=_locale(settings))


def _show_moment(value: str, settings: Settings) -> str:
    zone = ZoneInfo(settings.timezone)
    return format_datetime(datetime.fromisoformat(value), "long", tzinfo=zone, locale=_locale(settings))


def _show_phone(value: str, _: Settings) -> str:
    return phonenumbers.format_number(phonenumbers.parse(value), PhoneNumberFormat.INTERNATIONAL)


_SHOWN: Mapping[FieldType, Callable[[str, Settings], str]] = {
    FieldType.CURRENCY: _show_money,
    FieldType.DATE: _show_day,
    FieldType.DATETIME: _show_moment,
    FieldType.PHONE: _show_phone,
}


def _locale(settings: Settings) -> Locale:
    """English as it is written where the administrator works."""
    try:
        return Locale.parse(f"en_{settings.region}")
    except UnknownLocaleError:
        return Locale("en")
