"""Persons, machines, lists, delivery reports and ourselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.mail.reading import NatureKind
from tests.adapters.mail.reading import OWN, mail, multipart, of_bytes

# Among the reports lies the mail of a hotel's clerk: its own project keeps it as one that names no address.
_WRITTEN_BY_A_PERSON = {"groupwise_03.txt"}
_NAME_NO_ADDRESS = {"bounce_01.txt", "dumbass_01.txt"}


def test_every_delivery_report_is_recognised_and_the_failed_address_named(data_dir: Path) -> None:
    reports = sorted((data_dir / "mail" / "bounces").glob("*.txt"))
    read = {path.name: of_bytes(path.read_bytes()) for path in reports}
    assert len(read) == 58
    assert {name for name, one in read.items() if one.nature.kind is not NatureKind.BOUNCE} == _WRITTEN_BY_A_PERSON
    assert {name for name, one in read.items() if not one.failed_addresses} == _WRITTEN_BY_A_PERSON | _NAME_NO_ADDRESS


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("X-Nothing: x", NatureKind.PERSONAL),
        ("Auto-Submitted: no", NatureKind.PERSONAL),
        ("Auto-Submitted: auto-replied", NatureKind.AUTOMATIC),
        ("Auto-Submitted: auto-generated; x=y", NatureKind.AUTOMATIC),
        ("X-Autoreply: yes", NatureKind.AUTOMATIC),
        ("Precedence: auto_reply", NatureKind.AUTOMATIC),
        ("Precedence: bulk", NatureKind.AUTOMATIC),
        ("Precedence: list", NatureKind.LIST),
        ("List-Id: <news.b.example>", NatureKind.LIST),
        ("List-Unsubscribe: <mailto:x@b.example>", NatureKind.LIST),
        ("X-Auto-Response-Suppress: All", NatureKind.AUTOMATIC),
        ("Return-Path: <>", NatureKind.AUTOMATIC),
        ("X-Casewright-Mailbox: support", NatureKind.OWN),
        (f"From: Us <{OWN.upper()}>", NatureKind.OWN),
        ("Subject: Automatic reply: your question", NatureKind.AUTOMATIC),
        ("Subject: Out of office", NatureKind.AUTOMATIC),
        ("Subject: Abwesenheitsnotiz", NatureKind.AUTOMATIC),
        ("Subject: 自动回复: 你好", NatureKind.AUTOMATIC),
        ("Subject: Odpowiedź automatyczna: pytanie", NatureKind.AUTOMATIC),
        ("Subject: Αυτόματη απάντηση: ερώτηση", NatureKind.AUTOMATIC),
        ("Subject: رد تلقائي: سؤال", NatureKind.AUTOMATIC),
        ("Subject: Out of office printer broken", NatureKind.PERSONAL),
        ("Subject: Re: Automatic reply: your question", NatureKind.PERSONAL),
    ],
)
def test_headers_tell_who_or_what_wrote(header: str, kind: NatureKind) -> None:
    assert mail(header).nature.kind is kind


def test_a_read_receipt_is_automatic() -> None:
    body = "--b\r\n\r\nRead.\r\n--b\r\n"
    body += "Content-Type: message/disposition-notification\r\n\r\nDisposition: displayed\r\n--b--"
    receipt = mail("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", body=body)
    assert receipt.nature.kind is NatureKind.AUTOMATIC


def test_a_report_of_success_names_no_failed_address() -> None:
    status = "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
    status += "Final-Recipient: rfc822; c@d.example\r\nAction: delivered"
    assert multipart("\r\nDone.", status, kind="report").failed_addresses == ()


def test_a_person_who_forwards_a_report_is_a_person() -> None:
    body = "Why did this happen?\n\n<c@d.example>: host mx.d.example said: 550 no such user"
    assert mail("Subject: Fwd: Undelivered Mail Returned to Sender", body=body).nature.kind is NatureKind.PERSONAL
