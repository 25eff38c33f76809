"""What a person decides about a mail: let it out of the review, close it, or split it off from a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from adapters.mail.configuration import Mailbox
from adapters.mail.deciding import accepted, split_off
from agent.decision import Trigger
from store import audit, conversations, mail, work
from store.audit import Origin
from store.engine import Connection
from store.mail import KeptMail, MailEntry, MailState
from store.model import Actor, CaseNumber, Change


class Undecidable(Exception):
    """The sentence says why this can't be decided about the mail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decider:
    """Who decides, and the mailbox that the mail came to."""

    actor: Actor
    mailbox: Mailbox


def accept(connection: Connection, mail_id: int, decider: Decider, *, join: bool) -> None:
    """Handles a mail in review as a new conversation or, with `join`, in the one that it names. Raises Undecidable."""
    _, kept = _in_review(connection, mail_id)
    thread = None
    if join:
        key = kept.conversation_key
        thread = mail.threads(connection, kept.account, [key]).get(key) if key else None
        if thread is None:
            raise Undecidable(f"Mail {mail_id} names no conversation of ours: accept it as a new one.")
    inbound = accepted(kept, decider.mailbox, thread)
    if not any(cast("list[Any]", inbound.reply_address["to"])):
        raise Undecidable(f"Mail {mail_id} has no sender that can be read, so nobody could be answered: dismiss it.")
    mail.decide(connection, mail_id, MailState.WAITING, conversation_key=inbound.conversation_key)
    work.accept(connection, inbound)


def dismiss(connection: Connection, mail_id: int) -> None:
    """Raises Undecidable."""
    _in_review(connection, mail_id)
    mail.decide(connection, mail_id, MailState.DISMISSED)


def split(connection: Connection, mail_id: int, decider: Decider) -> None:
    """Takes a mail out of the conversation that it joined, into a new one; what rested on its words is looked at anew.

    Raises Undecidable.
    """
    entry, kept = _found(connection, mail_id)
    if entry.state is not MailState.JOINED or entry.conversation_id is None:
        raise Undecidable(f"Mail {mail_id} has joined no conversation: it is {entry.state}.")
    if entry.signal is None:
        raise Undecidable(f"Mail {mail_id} began its conversation: there is nothing to split it from.")
    try:
        conversations.remove(connection, entry.conversation_id, kept.digest)
    except conversations.UnknownMessage as error:
        raise Undecidable(f"Mail {mail_id} is no message of its conversation: it was a command.") from error
    work.set_timer(connection, entry.conversation_id, Trigger.MESSAGE, quiet=0, at_most=0)
    if entry.case_number is not None:
        origin = Origin(actor=decider.actor, conversation_id=entry.conversation_id)
        change = Change(what="split off", new=f"mail {mail_id}", reason=f"It had joined by {entry.signal}.")
        audit.record(connection, CaseNumber(entry.case_number), origin, [change])
    inbound = split_off(kept, decider.mailbox)
    mail.move(connection, mail_id, inbound.conversation_key)
    work.accept(connection, inbound)


def _in_review(connection: Connection, mail_id: int) -> tuple[MailEntry, KeptMail]:
    entry, kept = _found(connection, mail_id)
    if entry.state is not MailState.REVIEW:
        raise Undecidable(f"Mail {mail_id} is not in review: it is {entry.state}.")
    return entry, kept


def _found(connection: Connection, mail_id: int) -> tuple[MailEntry, KeptMail]:
    found = mail.get(connection, mail_id)
    if found is None:
        raise Undecidable(f"There is no mail {mail_id}.")
    return found
