"""Delivery reports: those of RFC 3464, and the home-made ones by flufl.bounce's rules."""

from __future__ import annotations

import email
import logging
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from flufl.bounce import all_failures

from adapters.mail.reading.charsets import clean, decode_short
from adapters.mail.reading.headers import split_headers
from adapters.mail.reading.structure import Part

_BYTES = 100_000  # looked at by flufl.bounce: a report stands at the beginning
_PLAIN = bytes(range(128)) + b"?" * 128
# It logs each mail that it stumbles over with a stack trace; what strangers send is no error of ours.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
_BLOCKS = 500  # of all delivery reports in a mail
_NESTING = 30  # multiparts: the standard library's parser is slow on more
_ADDRESS = re.compile(r"[^\s<>;,\"'()]{1,100}@[^\s<>;,\"'()]{1,255}")
_ROBOT = re.compile(
    r"(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|mail[-_.]?(?:delivery|system|router)[\w.-]*|mdaemon|bounces?)$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|non.?deliver|not deliver|delivery (?:status|failure|report|error|problem|notification|has failed)"
    r"|delivery .{0,40}fail|failed delivery|returned (?:mail|to sender|e-?mail)|failure notice|failure delivery"
    r"|mail (?:delivery|error|failure|system error|returned)|message (?:delivery|undeliver|status)"
    r"|warning: could not send|could not be delivered|couldn.t be delivered"
    r"|unzustellbar|nicht zugestellt|unzustellbarkeit|échec de (?:remise|distribution)|non remis|no se puede entregar"
    r"|devuelto|mancata consegna|onbestelbaar|niet bezorgd|não entregue|falha na entrega|недоставлен|не доставлено",
    re.IGNORECASE,
)
_MORE = re.compile(r"expanded|relayed|delivered", re.IGNORECASE)


def failed_in_reports(top: Part) -> tuple[tuple[str, ...], bool]:
    """The addresses that delivery reports of the mail call failed or delayed, and whether there is such a report."""
    found: list[str] = []
    is_report = False
    for block in islice(_blocks(top), _BLOCKS):
        headers, _ = split_headers(block.lstrip() + b"\n\n")
        action = headers.raw("action").lower()
        recipient = headers.raw("original-recipient") or headers.raw("final-recipient")
        is_report = is_report or action.startswith(("failed", "delayed"))
        if recipient and not _MORE.match(action):
            found += _ADDRESS.findall(recipient.partition(";")[2] or recipient)
    return _unique(found), is_report


def _blocks(top: Part) -> Iterator[bytes]:
    """One for each recipient, and one before them."""
    for part in top.walk():
        if part.content_type == "message/delivery-status":
            yield from re.split(rb"\r?\n[ \t]*\r?\n", part.content[:_BYTES])


def failed_by_rules(raw: bytes, *, top_has_sender: bool) -> tuple[str, ...]:
    """What flufl.bounce makes of it, which stumbles over 8-bit headers and over a From without an address."""
    short = raw[:_BYTES]
    if short.lower().count(b"boundary") > _NESTING:
        return ()
    try:
        message = email.message_from_bytes(short.translate(_PLAIN))
        if not top_has_sender:
            del message["from"]
            message["from"] = "nobody@invalid"
        temporary, permanent = all_failures(message)
    # The rules were written for real reports; what they raise on others is not specified.
    except Exception:  # noqa: BLE001
        return ()
    return _unique(decode_short(each, None) for each in sorted([*permanent, *temporary]))


def robot_wrote(top: Part) -> bool:
    """Whether the address or the name of the sender is one of mail servers."""
    # "System" <>: nobody is to answer.
    if "<>" in top.headers.raw("from"):
        return True
    values = [top.headers.text("from"), top.headers.text("sender")]
    senders = [*top.headers.addresses("from"), *top.headers.addresses("sender")]
    locals_ = [each.address.partition("@")[0] for each in senders]
    return any(map(_ROBOT.match, locals_)) or any(
        re.search(r"mailer.?daemon|mail delivery (?:sub)?system|postmaster", value, re.IGNORECASE) for value in values
    )


def subject_of_a_bounce(subject: str) -> bool:
    return bool(_SUBJECT.search(subject[:300]))


def _unique(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean(each).strip("<>. ").casefold() for each in addresses if "@" in each))[:100]
