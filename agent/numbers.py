"""Numbers and money as people write them: read only where one reading is possible."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import get_currency_precision, list_currencies

MAX_DIGITS = 15
"""Beyond it whole numbers are no longer exact in JSON readers."""

_DOLLARS = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN")
_NAMES: dict[str, tuple[str, ...]] = {
    # Where several currencies share a name, it is the administrator's own if that is among them, else the first.
    "€": ("EUR",),
    "euro": ("EUR",),
    "euros": ("EUR",),
    "£": ("GBP",),
    "pound": ("GBP",),
    "pounds": ("GBP",),
    "quid": ("GBP",),
    "$": _DOLLARS,
    "dollar": _DOLLARS,
    "dollars": _DOLLARS,
    "us$": ("USD",),
    "ca$": ("CAD",),
    "a$": ("AUD",),
    "¥": ("JPY", "CNY"),
    "yen": ("JPY",),
    "fr": ("CHF",),
    "franken": ("CHF",),
    "francs": ("CHF",),
    "zł": ("PLN",),
    "₹": ("INR",),
    "₺": ("TRY",),
    "₩": ("KRW",),
    "₪": ("ILS",),
}
_CROWNS = ("SEK", "NOK", "DKK", "ISK")  # "kr": none of the four comes first
_CODES = frozenset(list_currencies())

_NUMBER = re.compile(r"([-+]?)\s*(\d[\d.,'’ ]*)")
_GROUPED = {sign: re.compile(rf"[1-9]\d{{0,2}}(?:[{sign}]\d{{3}})+") for sign in ",.' "}
_CANONICAL = re.compile(r"(-?\d{1,18}(?:\.\d+)?)(?: ([A-Z]{3}))?")
_MONEY = re.compile(r"([^\d\s.,+-]*)\.?\s*([-+]?\s*\d[\d.,'’ ]*?)\s*([^\d\s.,+-]*)\.?")


def parse_decimal(text: str, *, places: int | None = None) -> Decimal:
    """`places` is how many decimals there can be at most (cents: 2), None when any number of them can.

    A lone comma before three digits ("1,500") is a thousand in one country and one and a half in another; so is
    "1.500". Only where three decimals are impossible is it read as thousands. "1.125" is read as it stands: it is
    the form in which we keep decimals, which never ends in a zero.

    Raises ValueError, its text says what would be right.
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise ValueError("write a number in digits, such as 12.5")
    sign, digits = match[1], match[2].strip().replace("’", "'")
    number = Decimal(_plain(digits, places))
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise ValueError(f"write a number of at most {MAX_DIGITS} digits")
    return -number if sign == "-" and number else number


def _plain(digits: str, places: int | None) -> str:
    """Digits with at most one "." in them."""
    whole, decimals = _split(digits, places)
    for sign in ",.' ":
        if sign in whole:
            if not _GROUPED[sign].fullmatch(whole):
                raise ValueError(f"{digits!r} is not grouped in threes: write it without separators")
            whole = whole.replace(sign, "")
    if not decimals.isdecimal():
        raise ValueError(f"{digits!r} has a separator among its decimals: write it without separators")
    if places is not None and len(decimals.rstrip("0")) > places:
        raise ValueError(f"write at most {places} decimals" if places else "write a whole number")
    return f"{whole}.{decimals}"


def _split(digits: str, places: int | None) -> tuple[str, str]:
    """What stands before the decimal mark, and the decimals: "0" where there are none."""
    marks = [sign for sign in ",." if sign in digits]
    if not marks:
        return digits, "0"
    mark = max(marks, key=digits.rindex)
    whole, _, decimals = digits.rpartition(mark)
    if mark in whole:
        return digits, "0"
    if len(marks) == 1 and _GROUPED[mark].fullmatch(digits):
        if places is not None and places < len(decimals):
            return digits, "0"
        if mark == "," or decimals.endswith("0"):
            smaller = plain(Decimal(f"{whole}.{decimals}"))
            raise ValueError(f"{digits!r} can be read in two ways: write {whole}{decimals} or {smaller}")
    return whole, decimals or "0"


def plain(number: Decimal) -> str:
    """Canonical form: "12.5", no exponent, no trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_money(text: str, own: str) -> str:
    """Canonical form: "12.50 EUR". `own` is the currency of amounts that name none.

    Raises ValueError, its text says what would be right.
    """
    match = _MONEY.fullmatch(text.strip())
    if match is None:
        raise ValueError("write an amount such as 12.50 EUR")
    names = [name for name in (match[1], match[3]) if name]
    if len(names) > 1:
        raise ValueError("name one currency, such as 12.50 EUR")
    code = _currency(names[0], own) if names else own
    return money(parse_decimal(match[2], places=get_currency_precision(code)), code)


def money(amount: Decimal, code: str) -> str:
    return f"{amount:.{get_currency_precision(code)}f} {code}"


def is_currency(code: str) -> bool:
    return code in _CODES


def _currency(name: str, own: str) -> str:
    """The ISO 4217 code that a code, sign or word means."""
    if name.upper() in _CODES:
        return name.upper()
    meant = _NAMES.get(name.casefold(), ())
    if own in (meant or (_CROWNS if name.casefold() == "kr" else ())):
        return own
    if not meant:
        raise ValueError(f"{name!r} names no single currency: write its code, such as 12.50 {own}")
    return meant[0]


def parse_canonical(text: str) -> tuple[Decimal, str | None] | None:
    """The number and the currency, if it is money, of "12", "12.5" or "12.50 EUR"; None: it is none of these."""
    match = _CANONICAL.fullmatch(text)
    if match is None or (match[2] and not is_currency(match[2])):
        return None
    return Decimal(match[1]), match[2]
