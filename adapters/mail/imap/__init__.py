"""From mail servers to raw bytes in our hands, each mail at least once and in the order of the folder."""

from adapters.mail.imap.checking import check
from adapters.mail.imap.importing import Found, fetch_since
from adapters.mail.imap.sentences import what_went_wrong
from adapters.mail.imap.supervisor import Supervisor
from adapters.mail.imap.values import Arrival, Finding, MailboxHealth, MailboxState, Position, Store

__all__ = [
    "Arrival",
    "Finding",
    "Found",
    "MailboxHealth",
    "MailboxState",
    "Position",
    "Store",
    "Supervisor",
    "check",
    "fetch_since",
    "what_went_wrong",
]
