"""A mail about which a person decided: the event that it is now."""

from __future__ import annotations

from dataclasses import replace

from adapters.mail.configuration import Mailbox
from adapters.mail.reading import read
from adapters.mail.sorting import inbound_of, new_key
from store.mail import KeptMail, Thread, split_id
from store.model import Inbound


def accepted(kept: KeptMail, mailbox: Mailbox, thread: Thread | None) -> Inbound:
    """In the conversation that it names, or, without one, in a new one of its own."""
    mail = read(kept.raw, own_addresses=mailbox.own_addresses, authserv_id=mailbox.authserv_id, limits=mailbox.limits)
    return inbound_of(mail, mailbox, kept, thread.key if thread else new_key(), thread)


def split_off(kept: KeptMail, mailbox: Mailbox) -> Inbound:
    """As another event: the earlier one was handled in a conversation where it did not belong."""
    return replace(accepted(kept, mailbox, None), external_id=split_id(kept.digest))
