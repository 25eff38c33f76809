"""Hands mails to the mailbox's SMTP server, and tells what the server's answers mean for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from time import monotonic

import structlog
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPConnectError, SMTPDataError, SMTPException, SMTPResponseException

from adapters.channel import RetryLater, Undeliverable
from adapters.mail.configuration import Mailbox, Server
from adapters.mail.credentials import Credentials, SignInFailed
from adapters.mail.imap import what_went_wrong
from adapters.mail.imap.backoff import delay_when_refused
from adapters.mail.sending.headers import listed, recipients, sendable
from adapters.mail.sending.session import Unable, signed_in
from adapters.mail.sending.tidying import one_line

log = structlog.get_logger()

TIME_LIMIT = 17.0  # seconds until the mail is about to be handed over
_SLOWEST = 256 * 1024  # bytes a second that a line is trusted to carry
_LONGEST = 150.0  # seconds to hand over: both end before `bot.delivery.SEND_LIMIT`, so that we know how far we came
CONNECTIONS = 3  # at once: Microsoft 365 allows no more to one mailbox
_WANTS_SIGN_IN = {530, 534, 535, 538}  # about us, not about the mail
_WORDS = 300  # characters of a server's answer that are kept


@dataclass(frozen=True, kw_only=True, slots=True)
class _Letter:
    sender: str
    to: frozenset[str]
    everybody: list[str]
    raw: bytes

    @property
    def needs_utf8(self) -> bool:
        return not all(each.isascii() for each in (self.sender, *self.everybody))

    @property
    def options(self) -> list[str]:
        return ["SMTPUTF8", "BODY=8BITMIME"] if self.needs_utf8 else []

    @property
    def encoding(self) -> str:
        return "utf-8" if self.needs_utf8 else "ascii"


class Smtp:
    """Sends for one mailbox, over a connection of its own for each mail."""

    def __init__(self, mailbox: Mailbox, credentials: Credentials) -> None:
        self._mailbox = mailbox
        self._credentials = credentials
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._refusals = 0
        self._refused = ("", 0.0)  # what was said to our sign-in, and until when we don't try again

    async def send(self, message: EmailMessage) -> Mapping[str, str]:
        """Returns whom the server refused, each with its words, where it took the mail for others.

        Raises RetryLater (`nothing_posted` unless the mail was handed over) and Undeliverable.
        """
        self._respect_refusal()
        letter = _letter(message, self._mailbox)
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(TIME_LIMIT):
                    await stack.enter_async_context(self._free)
                    client = await stack.enter_async_context(signed_in(self._mailbox, self._credentials))
                    self._refusals = 0
                    refused = await _envelope(client, letter, self._mailbox.smtp)
            except SignInFailed as error:
                raise self._sign_in_refused(error) from error
            except Unable as error:
                raise RetryLater(str(error), nothing_posted=True) from error
            except (OSError, SMTPException) as error:
                raise _judged(error, self._mailbox.smtp) from error
            await _hand_over(client, letter, self._mailbox)
        return refused

    def _respect_refusal(self) -> None:
        """Wrong passwords, tried again and again, lock accounts."""
        sentence, until = self._refused
        if monotonic() < until:
            raise RetryLater(sentence, nothing_posted=True)

    def _sign_in_refused(self, error: SignInFailed) -> RetryLater:
        self._refusals += 1
        self._refused = (error.sentence, monotonic() + delay_when_refused(self._refusals))
        return RetryLater(error.sentence, nothing_posted=True)


def _letter(message: EmailMessage, mailbox: Mailbox) -> _Letter:
    return _Letter(
        sender=sendable(mailbox.address) or mailbox.address,
        to=frozenset(listed(message, "To")),
        everybody=recipients(message),
        raw=bytes(message),
    )


async def _envelope(client: SMTP, letter: _Letter, server: Server) -> dict[str, str]:
    """Sender and recipients; returns who is refused. Raises RetryLater, Undeliverable, OSError, SMTPException."""
    if letter.needs_utf8 and not client.supports_extension("smtputf8"):
        raise Undeliverable(f"{server.host} does not take addresses with letters beyond ASCII (SMTPUTF8).")
    size = [f"SIZE={len(letter.raw)}"] if client.supports_extension("size") else []
    await client.mail(letter.sender, options=[*size, *letter.options], encoding=letter.encoding)
    refusals: dict[str, SMTPResponseException] = {}
    for each in letter.everybody:
        try:
            await client.rcpt(each, encoding=letter.encoding)
        except SMTPResponseException as error:
            refusals[each] = error
    _check_enough(letter, refusals, server)
    return {address: _words(error) for address, error in refusals.items()}


def _check_enough(letter: _Letter, refusals: Mapping[str, SMTPResponseException], server: Server) -> None:
    """Whom it is for decides: a copy that is refused holds nothing up, a copy that is taken does not do alone.

    Nothing is handed over yet, so that trying again repeats nothing for those who were taken.
    """
    if letter.to - set(refusals):
        return
    main = [error for address, error in refusals.items() if address in letter.to]
    passing = next((error for error in main if not _is_final(error)), None)
    if passing is not None:
        raise _judged(passing, server)
    if len(refusals) == len(letter.everybody):
        said = "; ".join(f"{address}: {_words(error)}" for address, error in refusals.items())
        raise Undeliverable(f"{server.host} refused every recipient. {said}")


async def _hand_over(client: SMTP, letter: _Letter, mailbox: Mailbox) -> None:
    """From here on, an answer that does not come leaves open whether the mail arrived."""
    server, seconds = mailbox.smtp, hand_over_seconds(len(letter.raw), answer=mailbox.timeout_seconds)
    try:
        async with asyncio.timeout(seconds):
            await client.data(letter.raw, timeout=seconds)
    except SMTPDataError as error:
        raise _judged(error, server) from error
    except (OSError, SMTPException) as error:
        raise RetryLater(f"The mail was handed over, and nothing heard: {trouble(error, server)}") from error


def hand_over_seconds(size: int, *, answer: float) -> float:
    """How long a mail of so many bytes may take at a server that may take so long to answer."""
    return min(min(answer, TIME_LIMIT) + size / _SLOWEST, _LONGEST)


def _judged(error: OSError | SMTPException, server: Server) -> RetryLater | Undeliverable:
    """What it means for a mail that was surely not taken."""
    if isinstance(error, SMTPResponseException):
        said = f"{server.host} answered: {_words(error)}"
        return Undeliverable(said) if _is_final(error) else RetryLater(said, nothing_posted=True)
    return RetryLater(trouble(error, server), nothing_posted=True)


def _is_final(error: SMTPResponseException) -> bool:
    """A refusal to talk at all (a connection's first answer, EHLO) is about us and this moment."""
    about_us = isinstance(error, SMTPConnectError) or error.code in _WANTS_SIGN_IN
    return error.code >= 500 and not about_us  # noqa: PLR2004 - RFC 5321


def trouble(error: Exception, server: Server) -> str:
    """About an OSError or SMTPException, for people."""
    if isinstance(error, SMTPResponseException):
        return f"{server.host}:{server.port} answered: {_words(error)}."
    cause = error.__cause__ if isinstance(error, SMTPConnectError) else None
    return what_went_wrong(cause if isinstance(cause, Exception) else error, server)


def _words(error: SMTPResponseException) -> str:
    return one_line(f"{error.code} {error.message}", _WORDS)
