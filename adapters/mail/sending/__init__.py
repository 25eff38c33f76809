"""What is posted becomes a mail, and the mail goes to the mailbox's own SMTP server."""

from adapters.mail.sending.checking import check_smtp
from adapters.mail.sending.composing import compose
from adapters.mail.sending.headers import recipients
from adapters.mail.sending.smtp import Smtp

__all__ = ["Smtp", "check_smtp", "compose", "recipients"]
