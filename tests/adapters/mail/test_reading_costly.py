"""Mails that were made to cost time or memory: a small one must not hold its mailbox, or end its process."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from time import process_time

import pytest

from tests.adapters.mail.reading import mail, multipart

HTML = "Content-Type: text/html"
_SECONDS = 3.0  # of work: each took ten times as long, or more memory than there is
_MEGABYTES = 200

_OBSERVANCE = "BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nRRULE:FREQ=YEARLY;BYMONTH=1\r\nTZOFFSETFROM:+0100\r\n"
_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:X\r\n" + f"{_OBSERVANCE}TZOFFSETTO:+0200\r\nEND:STANDARD\r\n" * 400 + "END:VTIMEZONE\r\n"
)
_EVENT = "BEGIN:VEVENT\r\nSUMMARY:Visit\r\nDTSTART;TZID=X:20240101T100000\r\nEND:VEVENT\r\n"
_CALENDAR = f"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n{_ZONE}{_EVENT}END:VCALENDAR"
_STATUS = "Content-Type: message/delivery-status\r\n\r\n" + "Final-Recipient: rfc822; a@b.example\r\n\r\n" * 2_000


@pytest.fixture(autouse=True)
def cheap() -> Iterator[None]:
    before, memory = process_time(), _megabytes()
    yield
    assert process_time() - before < _SECONDS
    assert _megabytes() - memory < _MEGABYTES


def _megabytes() -> int:
    """The most that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def test_wide_margins_are_not_drawn() -> None:
    one = mail(HTML, body='<div style="padding-left:99999em">' * 40 + "<div>x</div>" * 900)
    assert one.text.split() == ["x"] * 900


def test_words_below_a_high_margin_are_new_words() -> None:
    hidden = '<p style="display: none">Preheader</p>'
    one = mail(HTML, body=f'{hidden}<p>Hello,</p><p style="margin-top:99999em">my kettle leaks.</p>')
    assert one.text == "Hello,\n\nmy kettle leaks."


def test_large_tables_are_not_drawn() -> None:
    tall, wide = "<br>" * 1_800, "word " * 80_000
    one = mail(HTML, body=f"<table><tr><td>One{tall}</td><td>two</td></tr><tr><td>{wide}</td></tr></table>")
    assert one.whole_text.split()[:3] == ["One", "two", "word"]


def test_a_table_in_a_mail_of_usual_size_stays_one() -> None:
    row = "<tr><td><p>Serial number</p></td><td><p>EH24-123456</p></td></tr>"
    assert mail(HTML, body=f"<table>{row}</table>").text.split("\n")[-1].split() == ["Serial", "number", "EH24-123456"]


def test_lines_that_all_look_like_a_header_are_read() -> None:
    assert "From: a" in mail(body="From: a\nTo: b\n" * 2_500).whole_text


def test_a_calendars_own_time_zones_are_not_computed() -> None:
    assert multipart(*[_CALENDAR] * 20).text == "[Calendar entry: Visit, 2024-01-01 10:00]"


def test_junk_in_place_of_base64_is_passed_over() -> None:
    assert mail("Content-Transfer-Encoding: base64", body="=" * (29 << 20)).whole_text.startswith("=")


def test_a_delivery_report_of_a_million_recipients_is_one() -> None:
    assert multipart(*[_STATUS] * 200, kind="report; report-type=delivery-status").failed_addresses == ("a@b.example",)
