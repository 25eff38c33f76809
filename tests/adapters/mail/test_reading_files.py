"""Files, nested mails, winmail.dat, invitations, and what is encrypted."""

from __future__ import annotations

import base64
import struct

import pytest

from adapters.mail.configuration import Limits
from adapters.mail.reading.files import safe_name
from tests.adapters.mail.reading import mail, multipart

TEXT = "Content-Type: text/plain\r\n\r\nHello"


def attachment(name: str, content: bytes = b"x") -> str:
    return (
        f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{base64.b64encode(content).decode()}"
    )


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\a.txt", "a.txt"),
        ("..", "_"),
        ("", "_"),
        ("con.txt", "_con.txt"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("a\0\nb.txt", "a b.txt"),
    ],
)
def test_names_of_files_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_long_names_keep_their_extension() -> None:
    assert safe_name("x" * 500 + ".pdf").endswith("x.pdf")
    assert len(safe_name("x" * 500 + ".pdf")) == 120


@pytest.mark.parametrize(
    "disposition",
    [
        "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.txt",
        "attachment; filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe.txt",
        'attachment; filename="=?utf-8?Q?Gr=C3=BC=C3=9Fe.txt?="',
        'attachment; filename="=?utf-8?B?R3LD?= =?utf-8?B?vMOfZS50eHQ=?="',  # a character cut in two
        'attachment; filename="Grüße.txt"',  # plain 8-bit
        "attachment; filename*=Gr%FC%DFe.txt",  # no charset
        "attachment; filename*=utf-8''Gr%FC%DFe.txt",  # another charset than it says
        "attachment; filename*=x-no-such''Gr%C3%BC%C3%9Fe.txt",
    ],
)
def test_encoded_names_are_read_in_each_way_they_are_written(disposition: str) -> None:
    one = multipart(TEXT, f"Content-Type: text/plain\r\nContent-Disposition: {disposition}\r\n\r\nx")
    assert [file.name for file in one.attachments] == ["Grüße.txt"]


def test_a_picture_in_the_text_is_inline() -> None:
    picture = "Content-Type: image/png\r\nContent-ID: <1@b>\r\n\r\nPNG"
    (file,) = multipart(TEXT, picture, kind="related").attachments
    assert (file.inline, file.content_id, file.name) == (True, "1@b", "part-1.png")


def test_files_beyond_the_limits_are_named_in_the_remarks() -> None:
    limits = Limits(attachments=1, attachment_bytes=1024)
    parts = "".join(f"--b\r\n{attachment(name, b'x' * size)}\r\n" for name, size in (("a", 1), ("b", 2), ("c", 2000)))
    one = mail("Content-Type: multipart/mixed; boundary=b", body=f"{parts}--b--", limits=limits)
    assert [file.name for file in one.attachments] == ["a"]
    assert [word for word in ("file b", "file c") if any(word in remark for remark in one.remarks)] == [
        "file b",
        "file c",
    ]


def test_of_a_mail_that_is_too_large_the_first_part_is_read() -> None:
    one = mail("Subject: x", body="a" * (1 << 17), limits=Limits(mail_bytes=1 << 16))
    assert (one.subject, len(one.whole_text) < 1 << 16) == ("x", True)
    assert any("only the first" in remark for remark in one.remarks)


def test_a_mail_in_a_mail_is_kept_and_its_subject_named() -> None:
    inner = "Content-Type: message/rfc822\r\n\r\nFrom: c@d.example\r\nSubject: The order\r\n\r\nHello"
    one = multipart(TEXT, inner)
    assert (one.text, one.attachments[0].name) == ("Hello", "The order.eml")
    assert "Another mail is attached: The order." in one.remarks


def test_a_forward_tells_who_wrote_first() -> None:
    body = "FYI\r\n\r\n---------- Forwarded message ---------\r\nFrom: Ann <ann@d.example>\r\nSubject: x\r\n\r\nHello"
    one = mail("Subject: Fwd: x", body=body)
    assert (one.is_forward, one.text) == (True, "FYI")
    assert one.forwarded_sender is not None
    assert one.forwarded_sender.address == "ann@d.example"


def test_a_reply_is_no_forward() -> None:
    assert not mail("Subject: Re: Fwd: x").is_forward


def test_vs_answers_in_finnish_and_passes_on_in_danish() -> None:
    finnish = (
        "Kiitos.\n\nLähettäjä: Tuki <tuki@b.example>\nLähetetty: 3.3.2026\nVastaanottaja: Ann\nAihe: Keitin\n\nHei"
    )
    danish = "Se nedenfor.\n\nFra: Bo <bo@b.example>\nSendt: 3.3.2026\nTil: Ann\nEmne: Kedel\n\nHej"
    assert not mail("Subject: VS: Keitin", body=finnish).is_forward
    assert mail("Subject: VS: Kedel", body=danish).is_forward


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", 2, kind, 0, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def test_winmail_dat_is_unpacked() -> None:
    packed = (
        struct.pack("<IH", 0x223E9F78, 1)
        + _record(0x9002, b"")
        + _record(0x8010, b"note.txt\0")
        + _record(0x800F, b"Hi")
    )
    one = multipart(TEXT, attachment("winmail.dat", packed))
    assert [(file.name, file.content) for file in one.attachments] == [("note.txt", b"Hi")]


def test_a_winmail_dat_that_counts_wrong_is_kept_as_it_is() -> None:
    packed = struct.pack("<IH", 0x223E9F78, 1) + _record(0x9003, b"\xff" * 64) + b"\x02\x0f\x80\0\0\xff\xff\xff\xff"
    assert [file.name for file in multipart(TEXT, attachment("winmail.dat", packed)).attachments] == ["winmail.dat"]


def test_an_invitation_is_read_into_a_sentence() -> None:
    event = "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Visit\r\nDTSTART:20260303T090000Z\r\nLOCATION:Berlin\r\nEND:VEVENT\r\n"
    calendar = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n{event}END:VCALENDAR"
    one = multipart(TEXT, f"Content-Type: text/calendar; method=REQUEST\r\n\r\n{calendar}")
    assert one.text == "Hello\n\n[Invitation: Visit, 2026-03-03 09:00 UTC, at Berlin]"


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("application/pkcs7-mime; smime-type=enveloped-data", "encrypted (S/MIME)"),
        ("application/octet-stream; name=smime.p7m", "encrypted (S/MIME)"),
        ("application/pkcs7-mime; smime-type=signed-data", "signed (S/MIME)"),
        ("application/pkcs7-signature", "signed (S/MIME)"),
        ("application/pgp-encrypted", "encrypted (PGP)"),
        ("application/pgp-signature", "signed (PGP)"),
    ],
)
def test_encrypted_and_signed_mails_are_said_to_be(kind: str, word: str) -> None:
    assert any(word in remark for remark in multipart(TEXT, f"Content-Type: {kind}\r\n\r\nx").remarks)


def test_pgp_within_the_text_is_said() -> None:
    encrypted = mail(body="-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----")
    assert any("encrypted (PGP)" in remark for remark in encrypted.remarks)
    signed = mail(body="-----BEGIN PGP SIGNED MESSAGE-----\n\nHello\n-----END PGP SIGNATURE-----")
    assert any("signed (PGP)" in remark for remark in signed.remarks)
