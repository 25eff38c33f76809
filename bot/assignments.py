"""Reads `field=value field = "another value"`: quotes of any keyboard, labels with spaces, bare values.

A bare value reaches to the next field name. An equals sign or a double quote that belongs to a value needs quotes
around the whole value; nothing is guessed where the text could be read in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.settings import CaseField
from agent.text import name_key
from bot import words
from bot.text import nearest

MOST = 100  # assignments in one command

# An opening quote and, best first, what may close it. A single quote closes only at the end of a word, so that an
# apostrophe does not. Phones mix straight and typographic quotes; German and French keyboards have their own.
_INSIDE = r"(?:\\.|[^\\])*?"
_STRAIGHT = re.compile(_INSIDE + '"', re.DOTALL)
_CURLY = re.compile(_INSIDE + "”", re.DOTALL)
_GERMAN = re.compile(_INSIDE + "[“”]", re.DOTALL)
_WORD_END = r"(?=[\s,;]|$)"
_CLOSERS: dict[str, tuple[re.Pattern[str], ...]] = {
    '"': (_STRAIGHT, _GERMAN),
    "“": (_CURLY, _STRAIGHT),
    "”": (_CURLY, _STRAIGHT),
    "„": (_GERMAN, _STRAIGHT),
    "«": (re.compile(_INSIDE + "»", re.DOTALL),),
    "'": (re.compile(_INSIDE + "'" + _WORD_END, re.DOTALL),),
    "‘": (re.compile(_INSIDE + "’" + _WORD_END, re.DOTALL),),
    "’": (re.compile(_INSIDE + "’" + _WORD_END, re.DOTALL),),
}
_OPENER = re.compile("[\"“”„«]|(?<![^\\s=,;])['‘’]")
_DOUBLE = frozenset('"“”„«')
_ESCAPED = re.compile(r"\\([\\\"“”„«»'‘’])")
_COVER = "\0"  # stands for each quoted character while names are looked for; tidy text has none


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """A field and what is to stand in it, as written; an empty text clears the field."""

    field: CaseField
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """`head` is what stands before the first field name."""

    head: str
    assignments: tuple[Assignment, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Name:
    """A field's name as found: text[start:equals] and blanks around it; `field` is None for an unknown one."""

    start: int
    equals: int
    text: str
    field: CaseField | None


def read(text: str, fields: Sequence[CaseField]) -> Reading:
    """Never raises; all that is wrong is in `problems`, as sentences. `text` is tidy."""
    masked = _masked(text)
    signs = [match.start() for match in re.finditer("=", masked)]
    if not signs:
        return Reading(head=text.strip())
    if len(signs) > MOST:
        return Reading(head="", problems=(words.too_many_assignments(MOST),))
    known = _field_names(fields)
    names = [_name(text, masked, begin, equals, known) for begin, equals in _segments(signs)]
    problems = [words.unnamed_assignment(text[name.equals : name.equals + 40]) for name in names if not name.text]
    if problems:
        return Reading(head="", problems=tuple(problems))
    return replace(_values(text, masked, names, known), head=text[: names[0].start].strip())


def unquoted(text: str) -> str:
    """The inside of the quotes if they go around the whole text, else the text as it is."""
    text = text.strip()
    inside = _inside(text, _masked(text))
    return text if inside is None else inside


def phrases(text: str) -> Iterator[tuple[str, bool]]:
    """Words, and quoted phrases as one; with each, whether it was quoted."""
    masked = _masked(text)
    for match in re.finditer(r"\S+", masked):
        word = text[match.start() : match.end()]
        inside = _inside(word, match.group())
        yield (word, False) if inside is None else (inside, True)


def _masked(text: str) -> str:
    """The text with everything quoted covered up, the quotes included."""
    parts: list[str] = []
    hopeless: set[str] = set()  # openers that nothing closes from here on: looked for once, so the time stays linear
    at = 0
    while found := _OPENER.search(text, at):
        end = None if found.group() in hopeless else _closing(text, found)
        if end is None:
            hopeless.add(found.group())
        parts += [text[at : found.start()], found.group() if end is None else _COVER * (end - found.start())]
        at = end or found.end()
    return "".join(parts) + text[at:]


def _closing(text: str, opener: re.Match[str]) -> int | None:
    closings = (closer.match(text, opener.end()) for closer in _CLOSERS[opener.group()])
    return next((closing.end() for closing in closings if closing), None)


def _inside(text: str, masked: str) -> str | None:
    """What the quotes hold if one pair of them goes around the whole text."""
    if not text or masked.strip(_COVER) or _closes_early(text):
        return None
    return _ESCAPED.sub(r"\1", text[1:-1])


def _closes_early(text: str) -> bool:
    opener = _OPENER.match(text)
    return opener is None or _closing(text, opener) != len(text)


def _segments(signs: Sequence[int]) -> Iterator[tuple[int, int]]:
    return zip([0, *(sign + 1 for sign in signs[:-1])], signs, strict=True)


def _name(text: str, masked: str, begin: int, equals: int, known: Mapping[str, CaseField]) -> _Name:
    """The field name that ends before the equals sign: the longest known one, else the likeliest, else one word."""
    end = begin + len(masked[begin:equals].rstrip())
    starts = [match.start() for match in re.finditer(r"[^\s,;]+", masked[begin:end])]
    # A name that touches the sign before it ("a=b=c") can't be told from a value.
    candidates = [begin + start for start in starts if begin == 0 or start > 0]
    if not candidates:
        return _Name(start=begin, equals=equals, text="", field=None)
    suffixes = candidates[-max((len(name.split()) for name in known), default=1) :]
    keys = {start: name_key(unquoted(text[start:end])) for start in suffixes}
    exact = [start for start, key in keys.items() if key in known]
    alike = [start for start, key in keys.items() if nearest(key, known)]
    start = [*exact, *alike, suffixes[-1]][0]
    return _Name(start=start, equals=equals, text=unquoted(text[start:end]), field=known.get(keys[start]))


def _field_names(fields: Sequence[CaseField]) -> Mapping[str, CaseField]:
    """Every name that a field answers to; the settings see to it that no two fields share one."""
    return {name_key(name): field for field in fields for name in (field.label, field.id)}


def _values(text: str, masked: str, names: Sequence[_Name], known: Mapping[str, CaseField]) -> Reading:
    assignments: dict[str, Assignment] = {}
    problems: list[str] = []
    ends = [*(name.start for name in names[1:]), len(text)]
    for name, end in zip(names, ends, strict=True):
        value = slice(name.equals + 1, end)
        written, problem = _value(text[value], masked[value])
        if name.field is None:
            problems.append(_unknown(name.text, known))
        elif name.field.id in assignments:
            problems.append(words.field_twice(name.field.label))
        else:
            assignments[name.field.id] = Assignment(field=name.field, text=written)
        problems += [problem] if problem else []
    return Reading(head="", assignments=tuple(assignments.values()), problems=tuple(problems))


def _value(text: str, masked: str) -> tuple[str, str | None]:
    """What is to stand in the field, and what is wrong with how it is written."""
    start = len(masked) - len(masked.lstrip())
    text, masked = text[start:].rstrip(), masked[start:].rstrip()
    if masked.endswith((",", ";")):
        text, masked = text[:-1].rstrip(), masked[:-1].rstrip()
    inside = _inside(text, masked)
    if inside is not None:
        return inside, None
    if masked.startswith(_COVER):
        return text, words.text_after_quote(text)
    if masked.startswith(("'", "‘", "’")) or not _DOUBLE.isdisjoint(masked):
        return text, words.unclosed_quote(text)
    return text, None


def _unknown(name: str, known: Mapping[str, CaseField]) -> str:
    likely = nearest(name_key(name), known)
    labels = dict.fromkeys(field.label for field in known.values())
    return words.unknown_field(name, known[likely].label if likely else None, list(labels))
