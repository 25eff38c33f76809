"""Fields and messages as the one row of tokens that the network reads; training and running share it.

`[CLS] [F] name: description [O] option ... [F] ... [SEP] [U] customer's words [A] representative's words ... [SEP]`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

Token = tuple[int, int, int]
"""Id in the vocabulary, and the characters start:end of the text that it stands for."""
Tokenise = Callable[[str], Sequence[Token]]

CLS, SEP, MARK = "[CLS]", "[SEP]", "[MASK]"
STATES = "states"
"""The output that tells what the network made of each token."""
LONGEST = 512
"""Tokens of a row; the base model knows no later position."""


class Kind(IntEnum):
    """What a token is part of. The numbers are the rows of a learnt table: append, never reorder."""

    FIELD = 0
    FIELD_MARK = 1
    OPTION = 2
    OPTION_MARK = 3
    CUSTOMER = 4
    CUSTOMER_MARK = 5
    REPRESENTATIVE = 6
    REPRESENTATIVE_MARK = 7
    FRAME = 8


@dataclass(frozen=True, slots=True)
class Prompt:
    """One field as it is put to the network. A yes/no field has the options yes and no."""

    name: str
    description: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Utterance:
    text: str
    is_customer: bool = True


@dataclass(frozen=True, slots=True)
class Marks:
    """The ids of the tokens that frame and mark; every mark is the same word, its kind tells them apart."""

    cls: int
    sep: int
    mark: int


@dataclass(slots=True)
class Row:
    ids: list[int] = field(default_factory=list[int])
    kinds: list[int] = field(default_factory=list[int])
    fields: list[int] = field(default_factory=list[int])  # where each field's mark stands
    options: list[list[int]] = field(default_factory=list[list[int]])  # by field, where its options' marks stand
    lines: list[int] = field(default_factory=list[int])  # where each message's mark stands
    words: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    """Of every token of a message: its place here, the message, start and end in its text."""

    def add(self, identity: int, kind: Kind) -> int:
        self.ids.append(identity)
        self.kinds.append(kind)
        return len(self.ids) - 1


def encode(prompts: Iterable[Prompt], lines: Iterable[Utterance], tokenise: Tokenise, marks: Marks) -> Row:
    """Whoever calls keeps it within LONGEST."""
    row = Row()
    row.add(marks.cls, Kind.FRAME)
    for prompt in prompts:
        _add_field(row, prompt, tokenise, marks)
    row.add(marks.sep, Kind.FRAME)
    for number, line in enumerate(lines):
        mark = Kind.CUSTOMER_MARK if line.is_customer else Kind.REPRESENTATIVE_MARK
        kind = Kind.CUSTOMER if line.is_customer else Kind.REPRESENTATIVE
        row.lines.append(row.add(marks.mark, mark))
        for identity, start, end in tokenise(line.text):
            row.words.append((row.add(identity, kind), number, start, end))
    row.add(marks.sep, Kind.FRAME)
    return row


def _add_field(row: Row, prompt: Prompt, tokenise: Tokenise, marks: Marks) -> None:
    row.fields.append(row.add(marks.mark, Kind.FIELD_MARK))
    for identity, _, _ in _words(prompt, tokenise):
        row.add(identity, Kind.FIELD)
    places: list[int] = []
    for option in prompt.options:
        places.append(row.add(marks.mark, Kind.OPTION_MARK))
        for identity, _, _ in tokenise(option):
            row.add(identity, Kind.OPTION)
    row.options.append(places)


def _words(prompt: Prompt, tokenise: Tokenise) -> Iterator[Token]:
    text = f"{prompt.name}: {prompt.description}" if prompt.description else prompt.name
    yield from tokenise(text)


def length(prompt: Prompt, tokenise: Tokenise) -> int:
    """Tokens that a field takes."""
    options = sum(1 + len(tokenise(option)) for option in prompt.options)
    return 1 + sum(1 for _ in _words(prompt, tokenise)) + options
