"""What went wrong, for people."""

from __future__ import annotations

import socket
import ssl
from imaplib import IMAP4

from imapclient.exceptions import CapabilityError

from adapters.mail.configuration import Server
from adapters.mail.credentials import TokensUnreachable


def what_went_wrong(error: Exception, server: Server) -> str:
    """About an OSError or IMAP4.error on a connection to the server."""
    where = f"{server.host}:{server.port}"
    match error:
        case TokensUnreachable():
            said = error.sentence
        case ssl.SSLCertVerificationError():
            said = f"{where} shows a certificate that can't be trusted: {error.verify_message}."
        case ssl.SSLError():
            said = f"{where} does not speak TLS as expected ({error.reason or error})."
        case socket.gaierror():
            said = f"The name {server.host} can't be resolved ({error.strerror})."
        case TimeoutError():
            said = f"{where} does not answer in time."
        case ConnectionRefusedError():
            said = f"Nothing listens at {where}."
        case CapabilityError() if server.security == "starttls" and "STARTTLS" in str(error):
            said = f"{where} does not offer STARTTLS; nothing is sent in plain text."
        case IMAP4.abort():
            said = f"The connection to {where} ended ({error})."
        case OSError():
            said = f"The connection to {where} failed ({error.strerror or error})."
        case _:
            said = f"{where} answered: {error}."
    return said
