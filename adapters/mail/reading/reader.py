"""From raw bytes to a `Mail`. Each step stands alone: what one can't read, the others still do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.mail.configuration import Limits
from adapters.mail.reading import markup, tnef
from adapters.mail.reading.bodies import Body, body_of
from adapters.mail.reading.charsets import clean, decode
from adapters.mail.reading.files import file_of, name_of, within
from adapters.mail.reading.forwards import is_forward, original_sender
from adapters.mail.reading.headers import is_too_long
from adapters.mail.reading.mail import FilePart, Mail, Nature, NatureKind, Standing, Verdict
from adapters.mail.reading.nature import nature_of
from adapters.mail.reading.replies import Reply, strip
from adapters.mail.reading.standing import standing_of
from adapters.mail.reading.structure import Part, take_apart

_SUBJECT_LENGTH = 1000


def read(raw: bytes, *, own_addresses: frozenset[str], authserv_id: str | None, limits: Limits) -> Mail:
    """Never raises, for any bytes. What couldn't be read is said in `remarks`."""
    try:
        return _read(raw, own_addresses, authserv_id, limits)
    # The last net: a mail must not stop its mailbox, whatever in it was not foreseen.
    except Exception as error:  # noqa: BLE001
        return _unread(raw, type(error).__name__)


def _read(raw: bytes, own_addresses: frozenset[str], authserv_id: str | None, limits: Limits) -> Mail:
    remarks: list[str] = []
    left_out: list[str] = []
    if len(raw) > limits.mail_bytes:
        left_out.append(f"The mail has {len(raw)} bytes; only the first {limits.mail_bytes} were read.")
        raw = raw[: limits.mail_bytes]
    top, untaken = take_apart(raw)
    body = body_of(top)
    reply = _reply(body)
    files, left = within(_files(body, remarks), limits)
    left_out += left
    nature, failed = nature_of(top, raw, own_addresses)
    forward = is_forward(top, reply)
    if is_too_long(raw):
        remarks.append("The header is longer than is looked at; the rest of it wasn't read.")
    remarks = [*left_out, *remarks, *untaken, *body.remarks, *_protections(top)]
    headers = top.headers
    html = _shown(body, remarks)
    return Mail(
        message_id=next(iter(headers.ids("message-id")), None),
        in_reply_to=headers.ids("in-reply-to"),
        references=headers.ids("references"),
        sent_at=headers.date,
        sender=headers.sender,
        reply_to=headers.addresses("reply-to"),
        to=headers.addresses("to"),
        cc=headers.addresses("cc"),
        subject=headers.text("subject")[:_SUBJECT_LENGTH],
        text=reply.text,
        folds=reply.folds,
        html=html,
        attachments=files,
        standing=standing_of(headers, authserv_id, own_addresses),
        nature=nature,
        failed_addresses=failed,
        is_forward=forward,
        forwarded_sender=original_sender(top, reply) if forward else None,
        left_out=tuple(left_out),
        remarks=tuple(dict.fromkeys(remarks)),
    )


def _reply(body: Body) -> Reply:
    reply = strip("\n\n".join(text.strip("\n") for text in body.texts if text.strip()))
    if not body.events:
        return reply
    text = "\n\n".join([*([reply.text] if reply.text else []), *body.events])
    return Reply(text=text, folds=reply.folds)


def _files(body: Body, remarks: list[str]) -> Iterator[FilePart]:
    for number, part in enumerate(body.files, start=1):
        file = file_of(part, number)
        packed = tnef.unpack(file.content) if tnef.is_tnef(file.content) else []
        if packed:
            remarks.append(f"The file {file.name} was unpacked: {len(packed)} inside.")
        elif tnef.is_tnef(file.content) or file.content_type == "application/ms-tnef":
            remarks.append(f"The file {file.name} holds no files that could be read.")
        if file.content_type == "message/rfc822":
            remarks.append(f"Another mail is attached: {file.name.removesuffix('.eml')}.")
        yield from packed or [file]


def _shown(body: Body, remarks: list[str]) -> str | None:
    if not body.pages:
        return None
    html, remark = markup.sanitised("\n<hr>\n".join(body.pages))
    if remark:
        remarks.append(remark)
    return html


_PROTECTIONS = {
    "multipart/encrypted": "The mail is encrypted (PGP); its content can't be read here.",
    "application/pgp-encrypted": "The mail is encrypted (PGP); its content can't be read here.",
    "application/pgp-signature": "The mail is signed (PGP); the signature wasn't checked.",
    "application/pkcs7-signature": "The mail is signed (S/MIME); the signature wasn't checked.",
    "application/x-pkcs7-signature": "The mail is signed (S/MIME); the signature wasn't checked.",
}
_INLINE_PGP = re.compile(rb"^-----BEGIN PGP (MESSAGE|SIGNED MESSAGE)-----", re.MULTILINE)


def _protections(top: Part) -> Iterator[str]:
    for part in top.walk():
        kind = part.content_type
        if kind in _PROTECTIONS:
            yield _PROTECTIONS[kind]
        elif kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"} or _is_p7m(part):
            signed = part.headers.parameter("smime-type").lower() == "signed-data"
            done = "signed (S/MIME), its text inside the signature" if signed else "encrypted (S/MIME)"
            yield f"The mail is {done}; its content can't be read here."
        elif kind == "text/plain" and (match := _INLINE_PGP.search(part.body)):
            yield _PROTECTIONS["application/pgp-signature" if b"SIGNED" in match[1] else "multipart/encrypted"]


def _is_p7m(part: Part) -> bool:
    """Some servers call it application/octet-stream."""
    return name_of(part, 0).lower().endswith(".p7m")


def _unread(raw: bytes, why: str) -> Mail:
    text, _ = decode(raw[:100_000], None)
    reply = Reply(text=clean(text).strip(), folds=())
    return Mail(
        message_id=None,
        in_reply_to=(),
        references=(),
        sent_at=None,
        sender=None,
        reply_to=(),
        to=(),
        cc=(),
        subject="",
        text=reply.text,
        folds=(),
        html=None,
        attachments=(),
        standing=Standing(verdict=Verdict.NONE, why="The mail couldn't be read."),
        # Without a sender it waits for a person: nothing may be answered, or left lying, that isn't understood.
        nature=Nature(kind=NatureKind.PERSONAL, why="The mail couldn't be read."),
        failed_addresses=(),
        is_forward=False,
        forwarded_sender=None,
        left_out=(),
        remarks=(f"The mail couldn't be taken apart ({why}); it is shown as it came.",),
    )
