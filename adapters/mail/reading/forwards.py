"""Whether a mail passes on what somebody else wrote, and who that was."""

from __future__ import annotations

import re

from adapters.mail.reading import phrases
from adapters.mail.reading.charsets import clean
from adapters.mail.reading.headers import decoded, split_headers
from adapters.mail.reading.mail import Address, FoldKind
from adapters.mail.reading.replies import Reply
from adapters.mail.reading.structure import Part

_PREFIX = re.compile(rf"\s*(?:{'|'.join(phrases.FORWARD_PREFIXES)})\s*(?:\[\d+\])?\s*[:\uff1a]", re.IGNORECASE)
_SENDER = re.compile(
    rf"^[> \t]*\*?(?:{'|'.join(phrases.FROM.split())})[ \t]?\*?[ \t]?[:\uff1a](.{{1,300}})$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[^\s<>@\[\]():;,\"']{1,100}@[^\s<>@\[\]():;,\"']{1,255}")
_FOLD_LENGTH = 5_000
# "VS:" passes on in Danish and Norwegian, and answers in Finnish.
_AMBIGUOUS = re.compile(r"\s*vs\s*[:\uff1a]", re.IGNORECASE)
_FINNISH = re.compile(r"^[> \t*]*(?:lähettäjä|lähetetty|vastaanottaja)\b|\bkirjoitti\b", re.IGNORECASE | re.MULTILINE)


def is_forward(top: Part, reply: Reply) -> bool:
    """A reply to a forwarded mail is none: it answers."""
    if any(fold.kind is FoldKind.FORWARD for fold in reply.folds):
        return True
    subject = top.headers.text("subject")[:100]
    if _AMBIGUOUS.match(subject) and any(_FINNISH.search(fold.text[:_FOLD_LENGTH]) for fold in reply.folds):
        return False
    return bool(_PREFIX.match(subject))


def original_sender(top: Part, reply: Reply) -> Address | None:
    for fold in reply.folds:
        if match := _SENDER.search(fold.text[:_FOLD_LENGTH]):
            return _address(match[1])
    attached = next((part for part in top.walk() if part.content_type == "message/rfc822"), None)
    return split_headers(attached.content)[0].sender if attached else None


def _address(value: str) -> Address | None:
    match = _ADDRESS.search(value)
    if not match:
        return None
    name = value[: match.start()].strip(" \t*<[(\"'")
    return Address(name=decoded(clean(name)), address=match[0].removeprefix("mailto:").casefold())
