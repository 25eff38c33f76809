"""The new words of a mail apart from what it quotes, forwards and signs with.

Line by line: each line gets a kind, then runs of kinds are folded. In doubt the words stay in the text: an answer
written between the lines of a quote keeps everything from the first to the last of the person's own lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from adapters.mail.reading.lines import Kind, Line, kinds_of
from adapters.mail.reading.mail import Fold, FoldKind

_LINES = 5_000  # looked at; no person writes more above a quote
_CHARACTERS = 300_000
_SIGNATURE_LINES = 15  # that hold anything

_NO_TEXT = frozenset({Kind.BLANK, Kind.QUOTED, Kind.ATTRIBUTION})


@dataclass(frozen=True, kw_only=True)
class Reply:
    text: str
    folds: tuple[Fold, ...]


def strip(whole: str) -> Reply:
    """What the person wrote anew, and the folds; together they are the whole, white space at its ends aside."""
    whole = whole.rstrip().lstrip("\n")
    looked_at = _beginning(whole)
    lines = whole[:looked_at].splitlines(keepends=True) if looked_at else []
    folded = _Folding(kinds_of(lines)).folded()
    pieces = list(zip(lines, folded, strict=True))
    if looked_at < len(whole):
        pieces.append((whole[looked_at:], FoldKind.REST))
    return _assembled(pieces)


def _beginning(whole: str) -> int:
    """How many characters are looked at: whole lines."""
    end = -1
    for _ in range(_LINES):
        following = whole.find("\n", end + 1)
        if following < 0:
            following = len(whole)
        if following > _CHARACTERS:
            return end + 1 or _CHARACTERS
        if following == len(whole):
            return following
        end = following
    return end + 1


class _Folding:
    """Marks on the lines of one text, made by one rule after the other."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.marks: list[FoldKind | None] = [None] * len(lines)

    def folded(self) -> list[FoldKind | None]:
        start = self._fold_opening()
        self._fold_embedded(start)
        self._fold_signatures()
        self._fold_attributions()
        self._fold_leading_quote()
        self._fold_trailing_quotes()
        self._fold_blank_ends()
        return self.marks

    def _mark(self, start: int, end: int, kind: FoldKind) -> None:
        self.marks[start:end] = [mark or kind for mark in self.marks[start:end]]

    def _kind(self, index: int) -> Kind:
        return self.lines[index].kind

    def _next(self, start: int, wanted: Callable[[Kind], bool]) -> int:
        kinds = (index for index in range(start, len(self.lines)) if wanted(self._kind(index)))
        return next(kinds, len(self.lines))

    def _fold_opening(self) -> int:
        """A header block with nothing above it belongs to a forward without a word added: only it is folded."""
        start = self._next(0, lambda kind: kind is not Kind.BLANK)
        end = start
        while end < len(self.lines) and self._kind(end) in {Kind.FORWARDED, Kind.ORIGINAL, Kind.HEADER, Kind.BLANK}:
            end += 1
        self._mark(0, end, FoldKind.FORWARD)
        return end

    def _fold_embedded(self, start: int) -> None:
        """A mail that follows without quote signs reaches to the end: nothing tells where it would stop."""
        begins = self._next(start, lambda kind: kind not in _NO_TEXT)
        for index in range(begins, len(self.lines)):
            kind = self._kind(index)
            unquoted = kind is Kind.ATTRIBUTION and self._kind_behind(index) not in {Kind.QUOTED, Kind.ATTRIBUTION}
            if kind in {Kind.FORWARDED, Kind.ORIGINAL, Kind.HEADER} or unquoted:
                forward = kind is Kind.FORWARDED
                self._mark(index, len(self.lines), FoldKind.FORWARD if forward else FoldKind.QUOTE)
                return

    def _kind_behind(self, index: int) -> Kind | None:
        """Of what follows an attribution."""
        number = self.lines[index].group
        end = self._next(index, lambda kind: kind is not Kind.BLANK)
        while end < len(self.lines) and (self.lines[end].group == number or self._kind(end) is Kind.BLANK):
            end += 1
        return self._kind(end) if end < len(self.lines) else None

    def _fold_signatures(self) -> None:
        for index, line in enumerate(self.lines):
            if self.marks[index] or line.kind not in {Kind.DELIMITER, Kind.DEVICE}:
                continue
            end = self._signature_end(index)
            words = sum(each.kind is not Kind.BLANK for each in self.lines[index:end])
            if words <= _SIGNATURE_LINES:
                self._mark(index, end, FoldKind.SIGNATURE)

    def _signature_end(self, index: int) -> int:
        """Up to the next quote or embedded mail; a telephone's line stands alone."""
        if self._kind(index) is Kind.DEVICE:
            return index + 1
        stops = {Kind.QUOTED, Kind.ATTRIBUTION, Kind.HEADER, Kind.ORIGINAL, Kind.FORWARDED}
        return self._next(index, lambda kind: kind in stops)

    def _fold_attributions(self) -> None:
        for index, line in enumerate(self.lines):
            if line.kind is Kind.ATTRIBUTION:
                self._mark(index, index + 1, FoldKind.QUOTE)

    def _fold_leading_quote(self) -> None:
        """An answer below a whole quote; a quote that the person put there by hand has no attribution and stays."""
        end = self._next(0, lambda kind: kind not in _NO_TEXT)
        quote = [index for index in range(end) if self._kind(index) is not Kind.BLANK]
        if quote and self._kind(quote[0]) is Kind.ATTRIBUTION:
            self._mark(0, end, FoldKind.QUOTE)

    def _fold_trailing_quotes(self) -> None:
        start = len(self.lines)
        while start and (self.marks[start - 1] or self._kind(start - 1) in _NO_TEXT):
            start -= 1
        while start < len(self.lines) and self._kind(start) is Kind.BLANK:
            start += 1
        self._mark(start, len(self.lines), FoldKind.QUOTE)

    def _fold_blank_ends(self) -> None:
        """Blank lines at the ends of the text go into the fold beside them."""
        written = [
            index for index, mark in enumerate(self.marks) if mark is None and self._kind(index) is not Kind.BLANK
        ]
        if not written:
            self._mark(0, len(self.lines), FoldKind.QUOTE)
            return
        first, last = written[0], written[-1]
        for index in [*range(first), *range(len(self.lines) - 1, last, -1)]:
            outer = index - 1 if index < first else index + 1
            beside = self.marks[outer] if 0 <= outer < len(self.lines) else None
            self.marks[index] = self.marks[index] or beside or FoldKind.QUOTE


def _assembled(pieces: list[tuple[str, FoldKind | None]]) -> Reply:
    kept: list[str] = []
    folds: list[Fold] = []
    length = 0
    open_fold: list[str] = []
    kind: FoldKind | None = None

    def close() -> None:
        if kind and open_fold:
            folds.append(Fold(kind=kind, text="".join(open_fold), position=length))
            open_fold.clear()

    for text, mark in pieces:
        if mark is not kind:
            close()
            kind = mark
        if mark is None:
            kept.append(text)
            length += len(text)
        else:
            open_fold.append(text)
    close()
    return _without_tail("".join(kept), folds)


def _without_tail(text: str, folds: list[Fold]) -> Reply:
    """White space at the end of the text goes into the fold behind it."""
    short = text.rstrip()
    tail = text[len(short) :]
    at_end = [index for index, fold in enumerate(folds) if fold.position >= len(short)]
    if not tail or not at_end:
        return Reply(text=text, folds=tuple(folds))
    for index in at_end:
        before = text[len(short) : folds[index].position] if index == at_end[0] else ""
        folds[index] = replace(folds[index], text=before + folds[index].text, position=len(short))
    return Reply(text=short, folds=tuple(folds))
