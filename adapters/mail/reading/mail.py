"""What a mail says, once read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Address:
    name: str  # as the sender wrote it: no proof of anything
    address: str  # casefolded

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


class FoldKind(StrEnum):
    QUOTE = "quote"
    SIGNATURE = "signature"
    FORWARD = "forward"  # what somebody else wrote, passed on
    REST = "rest"  # past the length that is looked at


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A stretch that was taken out of the text, kept to be opened."""

    kind: FoldKind
    text: str
    position: int  # in characters of `Mail.text`


class Verdict(StrEnum):
    PASSED = "passed"  # the domain in From stands for this mail
    FAILED = "failed"
    NONE = "none"  # nobody whom we believe said anything of use


@dataclass(frozen=True, kw_only=True)
class Standing:
    verdict: Verdict
    why: str


class NatureKind(StrEnum):
    PERSONAL = "personal"
    AUTOMATIC = "automatic"  # replies by themselves, receipts, newsletters
    BOUNCE = "bounce"
    LIST = "list"
    OWN = "own"


@dataclass(frozen=True, kw_only=True)
class Nature:
    kind: NatureKind
    why: str


@dataclass(frozen=True, kw_only=True)
class FilePart:
    name: str  # safe as the last part of a path
    content_type: str
    content: bytes
    content_id: str | None
    inline: bool


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail. Ids stand without their angle brackets; all text is free of NUL and lone surrogates."""

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime | None  # UTC
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    text: str  # the new words
    folds: tuple[Fold, ...]
    html: str | None  # sanitised; pictures only as data: or cid:
    attachments: tuple[FilePart, ...]
    standing: Standing
    nature: Nature
    failed_addresses: tuple[str, ...]  # of a bounce, those merely delayed among them
    is_forward: bool
    forwarded_sender: Address | None
    left_out: tuple[str, ...]  # a sentence for each file that isn't among the attachments; in the mail they stay
    remarks: tuple[str, ...]

    @property
    def whole_text(self) -> str:
        return unfold(self.text, self.folds)


def unfold(text: str, folds: Sequence[Fold]) -> str:
    """The text with each fold back in its place."""
    pieces: list[str] = []
    done = 0
    for fold in folds:
        pieces += [text[done : fold.position], fold.text]
        done = fold.position
    return "".join([*pieces, text[done:]])
