"""Stand-ins for what identifies people: addresses, telephone numbers and card numbers stay here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from phonenumbers import Leniency, PhoneNumberMatcher

_EMAIL = re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
# A number that no telephone has, as people give it: "call me on 555-0100".
_CALLED = re.compile(
    r"\b(?:tel|phone|telephone|mobile|cell|call|ring|reach|whatsapp|fax|handy|telefon|telefono|teléfono|téléphone)\b"
    r"\D{0,25}(?P<number>\+?\d[\d ()./-]{4,18}\d)",
    re.IGNORECASE,
)


class Mask:
    """What stands for what, in one call. Without texts it hides nothing."""

    def __init__(self, texts: Iterable[str], region: str) -> None:
        self._region = region
        self._stand_ins: dict[str, str] = {}
        self._meant: dict[str, str] = {}
        written = list(texts)
        taken = {word for text in written for word in re.findall(r"\[[A-Z]+_\d+\]", text)}
        for kind, original in (found for text in written for found in _personal(text, region)):
            if original not in self._stand_ins:
                stand_in = _free(kind, taken)
                self._stand_ins[original] = stand_in
                self._meant[stand_in] = original
        # The longest first: one number may begin with another.
        self._originals = sorted(self._stand_ins, key=len, reverse=True)

    def hide(self, text: str) -> str:
        for original in self._originals:
            text = text.replace(original, self._stand_ins[original])
        return text

    def reveal(self, text: str) -> str:
        for stand_in, original in self._meant.items():
            text = text.replace(stand_in, original)
        return text


def _free(kind: str, taken: set[str]) -> str:
    """Customers can write "[EMAIL_1]" too: a stand-in is a word that nobody wrote."""
    number = 1
    while (name := f"[{kind}_{number}]") in taken:
        number += 1
    taken.add(name)
    return name


def _personal(text: str, region: str) -> Iterator[tuple[str, str]]:
    for match in _EMAIL.finditer(text):
        yield "EMAIL", match.group()
    for match in _CARD.finditer(text):
        if _is_card(match.group()):
            yield "CARD", match.group()
    for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
        yield "PHONE", match.raw_string
    for match in _CALLED.finditer(text):
        yield "PHONE", match["number"]


def _is_card(written: str) -> bool:
    """The check digit of ISO/IEC 7812 (Luhn)."""
    digits = [int(digit) for digit in written if digit.isdigit()]
    doubled = [digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(each // 10 + each % 10 for each in doubled)) % 10 == 0
