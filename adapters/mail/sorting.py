"""What becomes of a mail: its conversation, or why it has none. Pure."""

from __future__ import annotations

import re
import secrets
from base64 import b32encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, cast

from adapters.mail.configuration import Mailbox
from adapters.mail.imap import Arrival
from adapters.mail.reading import Address, Mail, NatureKind, Verdict
from adapters.mail.reference import key_in_subject, keys_in_ids, without_token
from store.mail import CHANNEL, UNVERIFIED, KeptMail, MailState, Signal, Thread, is_listed
from store.model import Attachment, Author, Category, Inbound, InboundKind, Json

_REFERENCES = 40  # ids of a thread that are kept
_ID = re.compile(rb"<([^<>\s@]{1,80}@[^<>\s@]{1,255})>")
_LONGEST_SUBJECT = 1000  # characters
_LONGEST_TEXT = 100_000  # the mail as it came is kept beside it


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """A mail to keep, and the event that it is; None: nothing follows from it by itself."""

    kept: KeptMail
    inbound: Inbound | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A conversation of ours that a mail names, and how it does that."""

    thread: Thread
    signal: Signal


def digest(mail: Mail, raw: bytes) -> str:
    """The same for the same mail, whichever way it came: To and Cc add their own headers on the way.

    Not the Message-ID alone: there are machines that write the same one on every mail.
    """
    sender = mail.sender.address if mail.sender else ""
    body = raw.partition(b"\r\n\r\n")[2] or raw.partition(b"\n\n")[2] or raw
    parts = (mail.message_id or "", sender, mail.subject, str(mail.sent_at or ""), sha256(body).hexdigest())
    return sha256("\n".join(parts).encode()).hexdigest()


def named_keys(mail: Mail, raw: bytes, mailbox: Mailbox) -> dict[str, Signal]:
    """The conversations of ours that a mail names, the strongest signal first. A forward is a new conversation."""
    domains = {address.rpartition("@")[2] for address in mailbox.own_addresses}
    if mail.nature.kind is NatureKind.BOUNCE:
        # Each mail server has its own place for the ids of what it sends back.
        ids = [found.decode("ascii", errors="replace") for found in _ID.findall(raw)]
        return dict.fromkeys(keys_in_ids(ids, domains), Signal.MESSAGE_ID)
    if mail.is_forward:
        return {}
    # The latest reference is the closest.
    ids = [*mail.in_reply_to, *reversed(mail.references)]
    keys = dict.fromkeys(keys_in_ids(ids, domains), Signal.MESSAGE_ID)
    token = key_in_subject(mail.subject)
    if token is not None:
        keys.setdefault(token, Signal.TOKEN)
    return keys


def sort(
    mail: Mail,
    arrival: Arrival,
    mailbox: Mailbox,
    threads: Mapping[str, Thread],
    *,
    known_before: bool,
    representatives: frozenset[str],
) -> Sorted:
    """`threads`: those that exist of the `named_keys`; `known_before`: the same mail is kept already."""
    match = next(
        (
            Match(thread=threads[key], signal=how)
            for key, how in named_keys(mail, arrival.raw, mailbox).items()
            if key in threads
        ),
        None,
    )
    state, reason = _fate(mail, match, known_before=known_before, representatives=representatives)
    key = match.thread.key if match else None
    if state is MailState.WAITING and key is None:
        key = new_key()
    kept = replace(
        _kept(mail, arrival, mailbox, known_before=known_before),
        state=state,
        reason=reason,
        conversation_key=key,
        signal=match.signal if match else None,
    )
    if match is not None and mail.nature.kind is NatureKind.BOUNCE and not known_before:
        return Sorted(kept=kept, inbound=_undelivered(mail, mailbox, kept, match.thread))
    if state is not MailState.WAITING or key is None:
        return Sorted(kept=kept, inbound=None)
    thread = match.thread if match else None
    inbound = inbound_of(mail, mailbox, kept, key, thread)
    if thread is not None and is_listed(kept.sender, representatives):
        # Vouched for, as it came so far. The customer's thread goes on from what the customer has seen.
        inbound = replace(inbound, reply_address={**thread.reply_address, "private": mail.message_id})
    return Sorted(kept=kept, inbound=inbound)


def new_key() -> str:
    """80 bits that nobody can guess: who names it has had a mail of ours."""
    return b32encode(secrets.token_bytes(10)).decode().lower()


def _fate(
    mail: Mail, match: Match | None, *, known_before: bool, representatives: frozenset[str]
) -> tuple[MailState, str | None]:
    if known_before:
        return MailState.IGNORED, "The same mail came before, by another way or before the mailbox was numbered anew."
    if mail.nature.kind is not NatureKind.PERSONAL:
        return MailState.IGNORED, mail.nature.why
    if mail.sender is None:
        return MailState.REVIEW, "The mail has no sender that can be read."
    if mail.standing.verdict is Verdict.FAILED:
        return MailState.REVIEW, f"The sender may be forged. {mail.standing.why}"
    if match is not None and not _belongs(mail.sender, mail.standing.verdict, match.thread, representatives):
        return MailState.REVIEW, _why_not(mail.sender, match.thread, representatives)
    return MailState.WAITING, None


def _belongs(sender: Address, verdict: Verdict, thread: Thread, representatives: frozenset[str]) -> bool:
    """Who wrote in the conversation, whom its first mail addressed, and representatives.

    An address alone is easily written: without a server's word it joins only where it wrote without one before.
    """
    if verdict is Verdict.PASSED:
        people = thread.unverified | thread.people | addressed(thread.reply_address)
        return sender.address in people or is_listed(sender.address, representatives)
    return sender.address in thread.unverified - thread.people and not is_listed(sender.address, representatives)


def _why_not(sender: Address, thread: Thread, representatives: frozenset[str]) -> str:
    if _belongs(sender, Verdict.PASSED, thread, representatives):
        return f"No server vouches that {sender.address}, who belongs to the conversation, wrote this."
    return f"{sender.address} is a stranger to the conversation that the mail names."


def addressed(reply_address: Json) -> frozenset[str]:
    lists = [cast("list[Any]", reply_address.get(name) or []) for name in ("to", "cc")]
    return frozenset(str(each) for listed in lists for each in listed)


def _kept(mail: Mail, arrival: Arrival, mailbox: Mailbox, *, known_before: bool) -> KeptMail:
    return KeptMail(
        account=mailbox.name,
        folder=arrival.folder,
        uidvalidity=arrival.uidvalidity,
        uid=arrival.uid,
        digest=digest(mail, arrival.raw),
        sender=mail.sender.address if mail.sender else "",
        subject=mail.subject[:_LONGEST_SUBJECT],
        state=MailState.WAITING,
        raw=b"" if known_before else arrival.raw,
        size=arrival.size,
        received_at=arrival.received_at,
    )


def inbound_of(mail: Mail, mailbox: Mailbox, kept: KeptMail, key: str, thread: Thread | None) -> Inbound:
    """The event that a mail is, in the conversation with this key; `thread` is None in a new one."""
    return Inbound(
        channel=CHANNEL,
        category=Category.EMAIL,
        account=mailbox.name,
        conversation_key=key,
        external_id=kept.digest,
        kind=InboundKind.MESSAGE,
        author=author_of(mail),
        text=_text(mail),
        attachments=tuple(_attachments(mail, kept.digest)),
        sent_at=mail.sent_at or kept.received_at,
        reply_address=reply_address(mail, mailbox, thread),
        raw={
            "subject": without_token(mail.subject)[:_LONGEST_SUBJECT],
            "sender": kept.sender,
            "recipients": [each.address for each in (*mail.to, *mail.cc)],
            "left_out": list(mail.left_out),
        },
    )


def _undelivered(mail: Mail, mailbox: Mailbox, kept: KeptMail, thread: Thread) -> Inbound:
    """A delivery report about a mail of ours."""
    return Inbound(
        channel=CHANNEL,
        category=Category.EMAIL,
        account=mailbox.name,
        conversation_key=thread.key,
        external_id=kept.digest,
        kind=InboundKind.UNDELIVERED,
        author=Author(id=f"{UNVERIFIED}{kept.sender}", name=kept.sender, is_bot=True),
        text=", ".join(mail.failed_addresses),
        sent_at=mail.sent_at or kept.received_at,
        reply_address=thread.reply_address,
    )


def author_of(mail: Mail) -> Author:
    sender = mail.sender or Address(name="", address="unknown")
    if mail.standing.verdict is Verdict.PASSED:
        return Author(id=sender.address, name=sender.name or sender.address, email=sender.address)
    return Author(id=f"{UNVERIFIED}{sender.address}", name=sender.name or sender.address)


def _text(mail: Mail) -> str:
    """The new words; of a forward, all of them, for what it passes on is what it is about."""
    text = mail.whole_text if mail.is_forward else mail.text
    return (text.strip() or without_token(mail.subject))[:_LONGEST_TEXT]


def _attachments(mail: Mail, external_id: str) -> Iterable[Attachment]:
    for position, part in enumerate(mail.attachments):
        yield Attachment(
            name=part.name,
            content_type=part.content_type,
            size=len(part.content),
            url=f"mail:{external_id}/{position}",
        )


def reply_address(mail: Mail, mailbox: Mailbox, thread: Thread | None) -> Json:
    """Where answers go: to the customer and whoever the customer copied, whatever others write in between."""
    references = [*mail.references, *([mail.message_id] if mail.message_id else [])]
    here: Json = {"message_id": mail.message_id, "references": references[-_REFERENCES:]}
    if thread is not None:
        return {**thread.reply_address, **here}
    own = mailbox.own_addresses
    # A Reply-To that names us alone would leave nobody to answer.
    named = [each.address for each in mail.reply_to if each.address not in own]
    sender = named or [mail.sender.address if mail.sender else ""]
    others = [each.address for each in (*mail.to, *mail.cc)]
    return {
        "to": [each for each in sender if each not in own],
        "cc": [each for each in dict.fromkeys(others) if each not in own and each not in sender],
        "subject": without_token(mail.subject)[:_LONGEST_SUBJECT],
        **here,
    }
