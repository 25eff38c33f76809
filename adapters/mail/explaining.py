"""How a raw mail would be read and treated, for people and for programs."""

from __future__ import annotations

from typing import Any

from adapters.mail.configuration import Limits, Mailbox
from adapters.mail.reading import Mail, NatureKind, Verdict, read
from adapters.mail.reference import key_in_subject
from adapters.mail.sorting import named_keys
from store.mail import Signal


def explained(raw: bytes, mailbox: Mailbox | None, *, limits: Limits) -> dict[str, Any]:
    """Plain data: who wrote and whether that is proven, the new words and what was folded, what follows and why."""
    own = mailbox.own_addresses if mailbox else frozenset[str]()
    mail = read(raw, own_addresses=own, authserv_id=mailbox.authserv_id if mailbox else None, limits=limits)
    return {
        "sender": mail.sender.address if mail.sender else None,
        "sender_name": mail.sender.name if mail.sender else None,
        "authentic": mail.standing.verdict,
        "authentic_why": mail.standing.why,
        "subject": mail.subject,
        "sent_at": mail.sent_at,
        "message_id": mail.message_id,
        "text": mail.text,
        "folded": [{"kind": fold.kind, "text": fold.text} for fold in mail.folds],
        "attachments": [
            {"name": part.name, "content_type": part.content_type, "bytes": len(part.content)}
            for part in mail.attachments
        ],
        "nature": mail.nature.kind,
        "nature_why": mail.nature.why,
        "failed_addresses": list(mail.failed_addresses),
        "forward": mail.is_forward,
        "conversation": _conversation(mail, raw, mailbox),
        "remarks": list(mail.remarks),
    }


def _why_none(mail: Mail) -> str | None:
    if mail.nature.kind is not NatureKind.PERSONAL:
        return mail.nature.why
    if mail.sender is None:
        return "without a sender that can be read, it waits in the review."
    if mail.standing.verdict is Verdict.FAILED:
        return "its sender may be forged, so it waits in the review."
    return None


def _conversation(mail: Mail, raw: bytes, mailbox: Mailbox | None) -> str:
    """Which conversation it would go to, as far as the mail itself tells."""
    if why_none := _why_none(mail):
        return f"None: {why_none}"
    if mail.is_forward:
        return "A new one: it is a forward."
    keys = named_keys(mail, raw, mailbox) if mailbox else {}
    if keys:
        key, signal = next(iter(keys.items()))
        how = "one of our Message-IDs" if signal is Signal.MESSAGE_ID else "the token in its subject"
        return f"{key}, by {how}, if its sender belongs to it; else it waits in the review."
    if mailbox is None and key_in_subject(mail.subject) is not None:
        return "The subject has a token; name the mailbox to see whether it is one of its."
    return "A new one: it names none of ours."
