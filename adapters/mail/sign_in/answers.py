"""What the answer of a token server means (RFC 6749, 5), and what it means that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from adapters.mail.configuration import Server
from adapters.mail.credentials import TokensUnreachable
from adapters.mail.imap.sentences import what_went_wrong
from adapters.mail.sign_in.tokens import Token

TEMPORARY = frozenset({"temporarily_unavailable", "server_error", "internal_failure"})
WITHOUT_EXPIRES_IN = 600.0  # seconds: a server need not tell
LONGEST_QUOTE = 300  # characters

Answer = Mapping[str, Any]


def answer_from(document: object) -> Answer:
    return cast("Answer", document) if isinstance(document, dict) else {}


def error_in(answer: Answer) -> str:
    error = answer.get("error")
    return error if isinstance(error, str) else ""


def token_in(answer: Answer) -> Token | None:
    text = answer.get("access_token")
    if not isinstance(text, str) or not text:
        return None
    return Token(text=text, seconds=seconds_in(answer, "expires_in") or WITHOUT_EXPIRES_IN)


def seconds_in(answer: Answer, name: str) -> float | None:
    """Some servers write the number as text."""
    try:
        seconds = float(answer.get(name, 0))
    except (TypeError, ValueError):
        return None
    return seconds if 0 < seconds < 1e9 else None  # noqa: PLR2004 - thirty years


def quoted(answer: Answer, *secrets: str) -> str:
    """The server's own words in one line, without the numbers of its log, and without what must not be repeated."""
    words = f"{error_in(answer) or 'no reason given'}: {answer.get('error_description') or ''}"
    for secret in secrets:
        words = words.replace(secret, "•••")
    printable = "".join(each if each.isprintable() else " " for each in words.partition("Trace ID:")[0])
    return " ".join(printable.split()).rstrip(":.")[:LONGEST_QUOTE]


def unreachable(url: str, error: BaseException) -> TokensUnreachable:
    parts = urlsplit(url)
    server = Server(host=parts.hostname or "", port=parts.port or 443)
    return TokensUnreachable(f"No token to sign in with: {what_went_wrong(_first_cause(error), server)}")


def unfit(url: str, answered: str) -> TokensUnreachable:
    """It answered, but neither with a token nor with a refusal: often a proxy, or an outage."""
    return TokensUnreachable(f"No token to sign in with: {urlsplit(url).hostname} answered {answered}.")


def _first_cause(error: BaseException) -> Exception:
    """Below what HTTP clients wrap around it."""
    found, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, OSError):
            found = cause
        cause = cause.__cause__ or cause.__context__
    return found if isinstance(found, Exception) else RuntimeError(type(found).__name__)
