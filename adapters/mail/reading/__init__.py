"""From the bytes of a mail to a `Mail` value: pure, and never raising, whatever the bytes are."""

from adapters.mail.reading.mail import (
    Address,
    FilePart,
    Fold,
    FoldKind,
    Mail,
    Nature,
    NatureKind,
    Standing,
    Verdict,
)
from adapters.mail.reading.reader import read

__all__ = [
    "Address",
    "FilePart",
    "Fold",
    "FoldKind",
    "Mail",
    "Nature",
    "NatureKind",
    "Standing",
    "Verdict",
    "read",
]
