"""A post becomes a mail: the right people, in the right thread, and nothing of others' text in a header but as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from email.message import EmailMessage
from email.policy import SMTP

from adapters.channel import Undeliverable
from adapters.mail import reference
from adapters.mail.configuration import Mailbox
from adapters.mail.reading import FilePart
from adapters.mail.reading.nature import OWN_HEADER
from adapters.mail.sending import headers
from adapters.mail.sending.rendering import render
from adapters.mail.sending.tidying import one_line
from store.mail import UNVERIFIED
from store.model import Json, Outbound, utcnow

_POLICY = SMTP.clone(cte_type="7bit")  # 8-bit bodies get re-coded on the way, which breaks signatures
_NAME_LIMIT = 100  # characters
_FILE_NAME_LIMIT = 200
_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/([A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126})")
# What mail programs put before the subject of a reply, in the languages they speak.
_REPLY = re.compile(
    r"(?:(?:re|aw|antw|antwort|sv|vs|ref|rép|rif|r|res|odp|ynt|vá|ha|回复|回覆|答复|返信|회신)\s*(?:\[\d+\])?\s*[:\uff1a]\s*)+",
    re.IGNORECASE,
)


def compose(
    outbound: Outbound, mailbox: Mailbox, *, automatic: bool, attachments: Sequence[FilePart] = ()
) -> EmailMessage:
    """The same post makes the same mail, but for its date. `automatic`: no person wrote it.

    Raises Undeliverable when there is nobody to send it to.
    """
    own = _own_address(mailbox)
    to, cc = _recipients(outbound)
    subject = _subject(outbound)
    message = _empty([own, *to, *cc])
    for field in (*_people(own, mailbox, to, cc), headers.words("Subject", subject), *_thread(outbound, own)):
        message[field.name] = field
    message["Date"] = utcnow()
    message[OWN_HEADER.title()] = mailbox.name
    if automatic:
        message["Auto-Submitted"] = "auto-replied"  # RFC 3834
        message["X-Auto-Response-Suppress"] = "All"
    rendered = render(outbound, subject, automatic=automatic and outbound.audience is None)
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    if attachments:
        message.make_mixed()
    for part in attachments:
        _attach(message, part)
    return message


def _own_address(mailbox: Mailbox) -> str:
    own = headers.sendable(mailbox.address)
    if own is None:
        raise Undeliverable(f"The mailbox's own address, {mailbox.address}, can't be written into a mail.")
    return own


def _empty(everybody: Iterable[str]) -> EmailMessage:
    """Its headers are ASCII unless an address can't be."""
    return EmailMessage(_POLICY.clone(utf8=not all(each.isascii() for each in everybody)))


def _people(own: str, mailbox: Mailbox, to: Sequence[str], cc: Sequence[str]) -> Iterator[headers.Field]:
    display_name = one_line(mailbox.display_name, _NAME_LIMIT)
    yield headers.mailbox("From", display_name, own)
    yield headers.mailbox("Reply-To", display_name, own)
    yield headers.addresses("To", to)
    if cc:
        yield headers.addresses("Cc", cc)


def _thread(outbound: Outbound, own: str) -> Iterator[headers.Field]:
    """The Message-ID is the same at each attempt, so that servers and programs drop a repetition."""
    own_id = reference.message_id(outbound.conversation_key, outbound.key, own.rpartition("@")[2])
    before = _ids_before(outbound)
    for name, found in (("Message-ID", [own_id]), ("In-Reply-To", before[-1:]), ("References", before)):
        if field := headers.ids(name, found):
            yield field


def _recipients(outbound: Outbound) -> tuple[list[str], list[str]]:
    """To whom, and who has a copy: each once."""
    if outbound.audience is not None:
        to, cc = _sendable([outbound.audience.removeprefix(UNVERIFIED)]), []
    else:
        to, cc = (_sendable(_texts(outbound.reply_address, name)) for name in ("to", "cc"))
    if not to and not cc:
        raise Undeliverable("There is no address to send it to.")
    return (to, [each for each in cc if each not in to]) if to else (cc, [])


def _sendable(addresses: Iterable[str]) -> list[str]:
    found = (headers.sendable(each) for each in addresses)
    return list(dict.fromkeys(each for each in found if each is not None))


def _texts(address: Json, name: str) -> list[str]:
    return [str(each) for each in address.get(name) or ()]


def _subject(outbound: Outbound) -> str:
    subject = _REPLY.sub("", reference.without_token(one_line(str(outbound.reply_address.get("subject") or ""), 1000)))
    return reference.with_token(f"Re: {subject}", outbound.conversation_key)


def _ids_before(outbound: Outbound) -> list[str]:
    """The thread so far. The customer never sees the mails of representatives: only an answer to one names theirs."""
    address = outbound.reply_address
    last = [address.get("message_id"), address.get("private") if outbound.audience is not None else None]
    latest = [str(each) for each in last if each is not None]
    return [*(each for each in _texts(address, "references") if each not in latest), *latest]


def _attach(message: EmailMessage, part: FilePart) -> None:
    """Kinds that would be taken apart on the way (mails in mails) go as plain files."""
    named = _TYPE.fullmatch(part.content_type)
    maintype, subtype = named.groups() if named else ("application", "octet-stream")
    file = EmailMessage(message.policy)
    file.set_content(part.content, maintype=maintype, subtype=subtype)
    field = headers.attachment(one_line(part.name, _FILE_NAME_LIMIT) or "attachment")
    file[field.name] = field
    message.attach(file)
