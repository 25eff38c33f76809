"""A post as a mail: whom it is for, where it belongs, what it says, and that nothing breaks out of a header."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.channel import Undeliverable
from adapters.mail.reading import FilePart, NatureKind, read
from adapters.mail.reference import key_in_subject, keys_in_ids
from adapters.mail.sending import compose, recipients
from adapters.mail.sending.words import CATALOGUE
from store.model import Card, CardField, CardSuggestion, CaseNumber, Outbound
from tests.adapters.mail.smtp import KEY, mailbox_at, outbound
from tests.dovecot import USER

MAILBOX = mailbox_at(25)
CARD = Card(
    number=CaseNumber(1042),
    title="Kettle <leaks>",
    status="in_progress",
    status_label="In progress",
    owner="Bea",
    fields=(
        CardField(label="Product", value="Kettle & lid"),
        CardField(label="Description", value="It leaks.\nSince Monday."),
        CardField(label="Margin", value="secret-margin", internal=True),
    ),
    suggestions=(CardSuggestion(id=1, label="Priority", value="secret-priority", quote="secret-quote"),),
    changed="Case opened",
    updated_at=datetime(2026, 11, 20, tzinfo=UTC),
)


def arrived(post: Outbound, *, automatic: bool = True, files: Sequence[FilePart] = (), **changes: Any) -> EmailMessage:
    """What the other side reads."""
    raw = bytes(compose(post, mailbox_at(25, **changes), automatic=automatic, attachments=files))
    return message_from_bytes(raw, policy=default)


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return body.get_content().replace("\r\n", "\n")


def lines(value: object) -> list[str]:
    return str(value).split()


# --- whom it is for, and where it belongs -----------------------------------------------------------


def test_everybody_in_the_conversation_gets_it_from_the_mailbox() -> None:
    mail = arrived(outbound())

    assert (mail["From"], mail["Reply-To"]) == (f"Example support <{USER}>",) * 2
    assert (mail["To"], mail["Cc"]) == ("ada@example.com", "bob@example.com")
    assert mail["Date"].datetime.tzinfo is not None


def test_an_answer_for_one_person_goes_to_nobody_else() -> None:
    mail = arrived(outbound(audience="bea@example.org"))

    assert (mail["To"], mail["Cc"]) == ("bea@example.org", None)


def test_somebody_whom_no_server_vouches_for_is_still_answered_where_they_say_they_are() -> None:
    assert arrived(outbound(audience="unverified:eve@example.net"))["To"] == "eve@example.net"


def test_nobody_gets_it_twice() -> None:
    both = {"to": ["ada@example.com", "ada@example.com"], "cc": ["ada@example.com", "bob@example.com"]}

    assert recipients(compose(outbound(reply_address=both), MAILBOX, automatic=True)) == [
        "ada@example.com",
        "bob@example.com",
    ]


@pytest.mark.parametrize("nobody", [{"to": [], "cc": []}, {"to": ["nonsense", "a@b c", "@x", "a@"], "cc": []}])
def test_without_an_address_there_is_nothing_to_send(nobody: dict[str, Any]) -> None:
    with pytest.raises(Undeliverable, match="no address"):
        compose(outbound(reply_address=nobody), MAILBOX, automatic=True)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("foo..bar@example.jp", "foo..bar@example.jp"),  # there are such mailboxes
        ("o'neil+x=y@Example.ORG", "o'neil+x=y@example.org"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_unusual_addresses_are_written_as_the_dns_knows_them(address: str, written: str) -> None:
    assert arrived(outbound(reply_address={"to": [address]}))["To"] == written


def test_the_same_post_has_the_same_message_id_which_names_its_conversation() -> None:
    first, again = arrived(outbound()), arrived(outbound(text="In other words."))
    other = arrived(outbound(key="8:answer"))

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert keys_in_ids([first["Message-ID"]], ["example.org"]) == [KEY]


def test_it_follows_the_latest_mail_of_the_thread() -> None:
    mail = arrived(outbound())

    assert mail["In-Reply-To"] == "<second@example.com>"
    assert lines(mail["References"]) == ["<first@example.com>", "<second@example.com>"]


def test_only_an_answer_to_one_person_names_a_mail_that_no_other_has_seen() -> None:
    private = {"private": "bea@example.org"}
    ours = ["<first@example.com>", "<second@example.com>"]
    for post in (outbound(reply_address=private), outbound(relay="digest", reply_address=private)):
        assert lines(arrived(post)["References"]) == ours
    mail = arrived(outbound(audience="bea@example.org", reply_address=private))

    assert mail["In-Reply-To"] == "<bea@example.org>"
    assert lines(mail["References"]) == [*ours, "<bea@example.org>"]


def test_a_thread_without_ids_has_none_to_name() -> None:
    mail = arrived(outbound(reply_address={"message_id": None, "references": []}))

    assert (mail["In-Reply-To"], mail["References"]) == (None, None)


def test_references_keep_the_beginning_and_the_latest_of_a_long_thread() -> None:
    ids = [f"{number}@example.com" for number in range(500)]
    mail = arrived(outbound(reply_address={"references": ids, "message_id": ids[-1]}))

    assert lines(mail["References"]) == [f"<{each}>" for each in (ids[0], *ids[-20:])]


def test_ids_longer_than_a_line_stay_whole() -> None:
    long = f"{'a' * 300}@example.com"
    raw = bytes(compose(outbound(reply_address={"message_id": long, "references": [long]}), MAILBOX, automatic=True))

    assert raw.count(f"<{long}>".encode()) == 2


def test_ids_that_could_break_out_are_left_out() -> None:
    evil = ["a@b>\r\nBcc: x@example.net", "a b@c", "é@example.com", f"{'a' * 1000}@b", "fine@example.com"]
    mail = arrived(outbound(reply_address={"references": evil, "message_id": evil[0]}))

    assert lines(mail["References"]) == ["<fine@example.com>"]
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("My kettle leaks", "Re: My kettle leaks"),
        ("Re: AW: re[2]: My kettle leaks", "Re: My kettle leaks"),
        ("RE : Ma bouilloire", "Re: Ma bouilloire"),
        ("回复:水壶", "Re: 水壶"),
        ("Rein technisch: Kessel", "Re: Rein technisch: Kessel"),
        ("", "Re:"),
        (f"My kettle [ref:{'b' * 16}]", "Re: My kettle"),  # of some other conversation
    ],
)
def test_the_subject_says_re_once_and_ends_in_the_token(subject: str, answer: str) -> None:
    mail = arrived(outbound(reply_address={"subject": subject}))

    assert mail["Subject"] == f"{answer} [ref:{KEY}]"
    assert key_in_subject(mail["Subject"]) == KEY


def test_the_token_stands_plain_in_the_raw_mail() -> None:
    raw = bytes(compose(outbound(reply_address={"subject": "Wärme " * 20}), MAILBOX, automatic=True))

    assert f" [ref:{KEY}]\r\n".encode() in raw


# --- what machines are told -------------------------------------------------------------------------


def test_what_no_person_wrote_says_so() -> None:
    mail = arrived(outbound())

    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert "sent automatically" in part(mail, "plain")
    assert "sent automatically" in part(mail, "html")


def test_what_a_person_wrote_does_not() -> None:
    mail = arrived(outbound(relay="digest"), automatic=False)

    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == (None, None)
    assert part(mail, "plain") == "It is the pump.\n"


@pytest.mark.parametrize("automatic", [True, False])
def test_our_own_reader_knows_our_own_mail(automatic: bool) -> None:  # noqa: FBT001
    raw = bytes(compose(outbound(), MAILBOX, automatic=automatic))

    assert read(raw, own_addresses=frozenset(), authserv_id=None, limits=MAILBOX.limits).nature.kind is NatureKind.OWN


# --- what it says -----------------------------------------------------------------------------------


def test_the_words_stand_in_both_parts_and_are_no_markup() -> None:
    mail = arrived(outbound("Dear Ada,\n\nuse <b>force</b> & care.\nBea"))

    assert part(mail, "plain").startswith("Dear Ada,\n\nuse <b>force</b> & care.\nBea\n")
    html = part(mail, "html")
    assert re.search(r"<p [^>]*>Dear Ada,</p>", html)
    assert "use &lt;b&gt;force&lt;/b&gt; &amp; care.<br>\nBea</p>" in html


def test_the_case_is_shown_without_what_is_internal() -> None:
    raw = bytes(compose(outbound("Case 1042: fallback", card=CARD), MAILBOX, automatic=True))
    mail = arrived(outbound("Case 1042: fallback", card=CARD))
    text, html = part(mail, "plain"), part(mail, "html")

    assert b"secret" not in raw
    assert "Margin" not in text + html
    assert "fallback" not in text + html
    assert text.startswith(
        "Here is how your case stands.\n\n"
        "Case 1042: Kettle <leaks>\nStatus: In progress\nHandled by: Bea\nProduct: Kettle & lid\n"
        "Description: It leaks.\n  Since Monday.\nLatest change: Case opened\n\n-- \n"
    )
    for shown in ("Case 1042", "Kettle &lt;leaks&gt;", "In progress", "Bea", "Kettle &amp; lid", "It leaks.<br>"):
        assert shown in html


def test_nothing_in_it_is_loaded_from_elsewhere_or_runs() -> None:
    html = part(arrived(outbound("See https://example.net/x.png", card=CARD)), "html")

    assert not re.search(r"<(?:img|link|script|iframe|object|form|a)\b|url\(|@import|src=|href=", html)


@pytest.mark.parametrize("language", [*CATALOGUE, "de-AT"])
def test_the_fixed_words_are_those_of_the_conversations_language(language: str) -> None:
    words = CATALOGUE[language[:2]]
    mail = arrived(outbound(card=CARD, language=language))

    assert f'<html lang="{language[:2]}">' in part(mail, "html")
    for english in ("Handled by", "Latest change", "In progress", "Case opened"):
        assert words[english] in part(mail, "plain")
        assert words[english] in part(mail, "html")
        assert english not in part(mail, "plain")


@pytest.mark.parametrize("language", ["xx", None])
def test_a_language_that_we_do_not_speak_is_answered_in_english(language: str | None) -> None:
    mail = arrived(outbound(card=CARD, language=language))

    assert '<html lang="en">' in part(mail, "html")
    assert "Handled by" in part(mail, "plain")


def test_every_language_has_all_the_words() -> None:
    assert len({frozenset(words) for words in CATALOGUE.values()}) == 1


def test_attachments_go_along_as_they_are() -> None:
    files = [a_file("plän.pdf", "application/pdf", b"%PDF"), a_file("note.txt", "text/plain", "größer\n".encode())]
    mail = arrived(outbound(relay="digest"), automatic=False, files=files)

    assert mail.get_content_type() == "multipart/mixed"
    assert part(mail, "plain") == "It is the pump.\n"
    assert [(each.get_filename(), each.get_content_type(), each.get_payload(decode=True)) for each in _files(mail)] == [
        ("plän.pdf", "application/pdf", b"%PDF"),
        ("note.txt", "text/plain", "größer\n".encode()),
    ]


@pytest.mark.parametrize(
    "content_type", ["message/rfc822", "multipart/mixed", "text/html\r\nBcc: x@example.net", "application/", "", "💥/x"]
)
def test_kinds_that_would_be_taken_apart_or_are_none_go_as_plain_files(content_type: str) -> None:
    mail = arrived(outbound(), files=[a_file("mail.eml", content_type, b"Subject: x\r\n\r\nx")])
    [file] = _files(mail)

    assert file.get_content_type() == "application/octet-stream"
    assert file.get_payload(decode=True) == b"Subject: x\r\n\r\nx"


def a_file(name: str, content_type: str, content: bytes) -> FilePart:
    return FilePart(name=name, content_type=content_type, content=content, content_id=None, inline=False)


def _files(mail: EmailMessage) -> list[Message]:
    return [each for each in mail.walk() if each.get_content_disposition() == "attachment"]


# --- whatever others wrote --------------------------------------------------------------------------

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from('\r\n\0\x0b\x0c\x1c\x85\u2028\u202e\u2066\ufeff\ud800\udfff"\\(),:;<>@[]=?_ \t\U0001f600ä'),
    ),
    max_size=300,
) | st.sampled_from(
    [
        "x\r\nBcc: evil@example.net\r\n\r\n<script>",
        "=?utf-8?q?=0D=0ABcc=3A_evil=40example=2Enet?=",
        "=?utf-8?b?QmNjOg==?= <evil@example.net>, ",
        '", <evil@example.net>, "',
        "a" * 998,
        "ä" * 500,
        "--===============",
    ]
)
ADDRESS = st.builds("{}@{}".format, NASTY, NASTY) | st.just("ada@example.com") | st.emails()
FIELDS = {
    *("From", "Reply-To", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Date"),
    *("X-Casewright-Mailbox", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type"),
}


@given(subject=NASTY, name=NASTY, text=NASTY, title=NASTY, value=NASTY)
def test_whatever_the_words_hold_it_is_one_mail_that_reads_back(
    subject: str, name: str, text: str, title: str, value: str
) -> None:
    card = replace(CARD, title=title, owner=name, changed=text, fields=(CardField(label=name, value=value),))
    raw = bytes(
        compose(
            outbound(text, card=card, reply_address={"subject": subject, "cc": []}),
            mailbox_at(25, display_name=name),
            automatic=True,
        )
    )
    mail = message_from_bytes(raw, policy=default)

    assert set(mail.keys()) == FIELDS
    assert len(mail.keys()) == len(FIELDS)
    assert [each.get_content_type() for each in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert not [defect for each in mail.walk() for defect in each.defects]
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", raw)
    assert [each.addr_spec for each in mail["From"].addresses] == [USER]
    assert key_in_subject(_decoded(raw, "Subject")) == KEY
    assert "<script" not in part(mail, "html")


@given(subject=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=80), name=NASTY)
def test_subject_and_name_are_read_as_they_were_meant(subject: str, name: str) -> None:
    post = outbound(reply_address={"subject": f"x {subject}"})
    raw = bytes(compose(post, mailbox_at(25, display_name=name), automatic=True))
    shown = _decoded(raw, "From")

    if "ref" not in subject.lower():
        assert _decoded(raw, "Subject") == f"Re: x {subject} [ref:{KEY}]"
    assert shown.endswith(f"<{USER}>") or shown == USER
    assert not re.search(r"[\r\n\0\u202e\u2066]", shown)


@given(to=st.lists(ADDRESS, max_size=4), cc=st.lists(ADDRESS, max_size=4))
def test_whatever_the_addresses_hold_only_they_are_written_to(to: list[str], cc: list[str]) -> None:
    try:
        message = compose(outbound(reply_address={"to": to, "cc": cc}), MAILBOX, automatic=True)
    except Undeliverable:
        return
    raw = bytes(message)
    mail = message_from_bytes(raw, policy=default)

    wanted = {_comparable(each) for each in (*to, *cc)}
    for each in recipients(message):
        assert _comparable(each) in wanted
        assert not re.search(r"[\s<>,;:\"()\\\x00-\x1f]", each)
    assert set(mail.keys()) <= {*FIELDS, "Cc"}
    headers = raw.partition(b"\r\n\r\n")[0].decode()
    written = re.findall(r"^(?:To|Cc): ((?:.|\r\n )*?)(?:\r\n(?! )|\Z)", headers, re.MULTILINE)
    assert ", ".join(written).replace("\r\n ", " ").split(", ") == recipients(message)


@given(ids=st.lists(NASTY | st.builds("{}@{}".format, NASTY, NASTY), max_size=30))
def test_whatever_ids_others_made_the_fields_hold_ids_alone(ids: list[str]) -> None:
    mail = arrived(outbound(reply_address={"references": ids, "message_id": ids[-1] if ids else None}))

    assert set(mail.keys()) <= {*FIELDS, "Cc"}
    for each in lines(mail["References"] or ""):
        assert re.fullmatch(r"<[!-;=?-~]+@[!-;=?-~]+>", each)


@given(name=NASTY, content_type=NASTY, content=st.binary(max_size=200))
def test_whatever_a_file_is_called_it_is_one_file(name: str, content_type: str, content: bytes) -> None:
    mail = arrived(outbound(), files=[a_file(name, content_type, content)])
    [file] = _files(mail)

    assert set(mail.keys()) == {*FIELDS, "Cc"}
    assert set(file.keys()) <= {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"}
    assert file.get_payload(decode=True) == content
    assert file.get_filename()


def _decoded(raw: bytes, name: str) -> str:
    """As the older, stricter decoder reads it: the modern one puts blanks between encoded words in a name."""
    value = message_from_bytes(raw)[name]
    return str(make_header(decode_header(re.sub(r"\r\n(?= )", "", value))))


def _comparable(address: str) -> str:
    local, _, domain = unicodedata.normalize("NFC", address).rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else _ascii(domain)}".lower()
    except ValueError:
        return address


def _ascii(domain: str) -> str:
    return idna.encode(domain, uts46=True).decode()
