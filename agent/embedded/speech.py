"""Speech as a transcript spells it: "r v two four dash zero one" is RV24-01, "rover three thousand" is rover 3000."""

from __future__ import annotations

import re
from itertools import pairwise

from agent.embedded.reading import Reading, rewrite

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth"
)

_NUMBER = {word: value for value, word in enumerate(_UNITS.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), start=2)
}
_ORDINAL = {word: value for value, word in enumerate(_ORDINALS.split(), start=1)} | {"twentieth": 20, "thirtieth": 30}
_SCALE = {"hundred": 100, "thousand": 1000}
_SIGN = {"dash": "-", "hyphen": "-", "minus": "-", "slash": "/", "point": "."}

_SPELLED = 3  # letters in a row that somebody spells
_WHOLE_TENS, _DIGITS, _TEENS = range(20, 100, 10), range(1, 10), range(10, 21)

_WORDS = "|".join(sorted([*_NUMBER, *_ORDINAL, *_SCALE], key=len, reverse=True))
_ATOM = rf"(?:{_WORDS}|double|triple|{'|'.join(_SIGN)}|oh|\d+|[a-z](?:\s(?:for|as\sin)\s[a-z]{{2,12}})?)"
_RUN = re.compile(rf"(?<![\w'.-]){_ATOM}(?:[ ,-]{{1,2}}{_ATOM})*(?![\w'])", re.IGNORECASE)
_SPLIT = re.compile(r"[ ,-]+")
_PHONETIC = re.compile(r"\b([a-z])\s(?:for|as\sin)\s[a-z]{2,12}\b", re.IGNORECASE)
_SPEECH = re.compile(rf"\b(?:{_WORDS}|(?:[a-z]\s){{2}}[a-z]|dash|hyphen)\b", re.IGNORECASE)


def spoken(reading: Reading) -> Reading:
    """The same message with spelled-out numbers, letters and signs written the way they are typed."""
    return rewrite(reading, _RUN, _typed) if _SPEECH.search(reading.text) else reading


def _typed(match: re.Match[str]) -> str:
    atoms = _SPLIT.split(_PHONETIC.sub(r"\1", match.group().lower()))
    head: list[str] = []
    while atoms and atoms[0] in {"a", "i", "oh", "point", "second"} and not _spells(atoms):
        head.append(atoms.pop(0))
    if not atoms or not _is_speech(atoms):
        return match.group()
    return " ".join([*head, _join(atoms)])


def _spells(atoms: list[str]) -> bool:
    """Whether the first atom belongs to what is spelled, and is no article, pronoun or interjection."""
    return len(atoms) >= _SPELLED and (len(atoms[1]) == 1 or (atoms[0] == "oh" and atoms[1] in _NUMBER))


def _is_speech(atoms: list[str]) -> bool:
    if len(atoms) == 1:
        return (atoms[0] in _NUMBER and atoms[0] != "one") or atoms[0] in {"twentieth", "thirtieth"}
    if any(atom.isdigit() for atom in atoms) and not ({"dash", "hyphen", "slash"} & set(atoms)):
        return False  # typed digits beside a word such as "one" are no dictation
    letters = sum(len(atom) == 1 and atom.isalpha() for atom in atoms)
    words = sum(atom in _NUMBER or atom in _SCALE or atom in _ORDINAL for atom in atoms)
    return words > 0 or letters >= _SPELLED or (letters > 0 and any(atom in _SIGN for atom in atoms))


def _join(atoms: list[str]) -> str:
    pieces: list[str] = []
    times = 1
    for index, group in enumerate(_groups(atoms)):
        first = group[0]
        if first in {"double", "triple"}:
            times = 2 if first == "double" else 3
            continue
        piece = _SIGN.get(first) or ("0" if first == "oh" and index else _number(group))
        pieces.append(piece * times)
        times = 1
    return "".join(pieces)


def _groups(atoms: list[str]) -> list[list[str]]:
    """Words that make one number together: three + thousand, twenty + eighth."""
    groups = [[atoms[0]]]
    for previous, atom in pairwise(atoms):
        number = _NUMBER.get(previous, 0)
        unit = _NUMBER.get(atom, _ORDINAL.get(atom, 99))
        scaled = atom in _SCALE and (previous in _NUMBER or previous in _SCALE)
        if scaled or (number in _WHOLE_TENS and unit in _DIGITS):
            groups[-1].append(atom)
        else:
            groups.append([atom])
    return groups


def _number(group: list[str]) -> str:
    if group[0] not in _NUMBER and group[0] not in _ORDINAL:
        return "0" if group[0] == "oh" else "1000" if group[0] == "thousand" else group[0].upper()
    total = 0
    for word in group:
        total = total * _SCALE[word] if word in _SCALE else total + _NUMBER.get(word, _ORDINAL.get(word, 0))
    return f"{total}{_suffix(total) if group[-1] in _ORDINAL else ''}"


def _suffix(number: int) -> str:
    if number % 100 in _TEENS:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
