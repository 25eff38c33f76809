"""What becomes of a mail, by who vouches for its sender, what it names and what wrote it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.configuration import Mailbox
from adapters.mail.imap import Arrival
from adapters.mail.reading import read
from adapters.mail.reference import message_id
from adapters.mail.sorting import Sorted, digest, inbound_of, named_keys, sort
from store.mail import UNVERIFIED, MailState, Signal, Thread
from store.model import InboundKind

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MX = "mx.example.org"
KEY, OTHER = "abcdefghijklmnop", "qrstuvwxyz234567"
SERVER = {"host": "127.0.0.1", "port": 993}
MAILBOX = Mailbox.model_validate(
    {
        "name": "support",
        "address": "support@example.org",
        "aliases": ["help@example.org"],
        "imap": SERVER,
        "smtp": SERVER,
        "authserv_id": MX,
    }
)
ADDRESS = {
    "to": ["ann@customer.example"],
    "cc": ["carol@customer.example"],
    "subject": "My kettle",
    "message_id": "second@customer.example",
    "references": ["first@customer.example", "second@customer.example"],
}
ANNS = Thread(key=KEY, reply_address=ADDRESS, people=frozenset({"ann@customer.example"}), unverified=frozenset())
EVES = replace(ANNS, key=OTHER, people=frozenset(), unverified=frozenset({"eve@stranger.example"}))
THREADS = {KEY: ANNS, OTHER: EVES}
BEA = frozenset({"bea@example.org"})
OURS = f"<{message_id(KEY, '7:answer', 'example.org')}>"
EVES_ID = f"<{message_id(OTHER, '8:answer', 'example.org')}>"


def raw(sender: str = "ann@customer.example", body: str = "It leaks.", *, passed: bool = True, **headers: Any) -> bytes:
    fields = {
        "Authentication-Results": f"{MX}; dmarc={'pass' if passed else 'none'} header.from={sender.rpartition('@')[2]}",
        "From": sender,
        "To": "support@example.org",
        "Subject": "My kettle",
        "Message-ID": "<third@customer.example>",
        "Date": "Fri, 20 Nov 2026 12:00:00 +0000",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return "\r\n".join([*(f"{name}: {value}" for name, value in fields.items()), "", body]).encode()


def arrival(mail: bytes, **changes: Any) -> Arrival:
    plain = Arrival(folder="INBOX", uidvalidity=1, uid=7, raw=mail, size=len(mail), received_at=NOON)
    return replace(plain, **changes)


def sorted_(
    mail: bytes,
    *,
    known_before: bool = False,
    threads: dict[str, Thread] = THREADS,
    representatives: frozenset[str] = BEA,
) -> Sorted:
    parsed = read(mail, own_addresses=MAILBOX.own_addresses, authserv_id=MX, limits=MAILBOX.limits)
    return sort(parsed, arrival(mail), MAILBOX, threads, known_before=known_before, representatives=representatives)


def keys(mail: bytes) -> dict[str, Signal]:
    parsed = read(mail, own_addresses=MAILBOX.own_addresses, authserv_id=MX, limits=MAILBOX.limits)
    return named_keys(parsed, mail, MAILBOX)


# --- which conversation -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"In_Reply_To": OURS}, {KEY: Signal.MESSAGE_ID}),
        ({"References": f"<a@b.example> {OURS} <c@d.example>"}, {KEY: Signal.MESSAGE_ID}),
        ({"Subject": f"AW: My kettle [ref:{KEY}]"}, {KEY: Signal.TOKEN}),
        ({"In_Reply_To": OURS, "Subject": f"Re: x [ref:{KEY}]"}, {KEY: Signal.MESSAGE_ID}),
        # An id is stronger than a token, and the latest reference the closest.
        (
            {"In_Reply_To": EVES_ID, "Subject": f"Re: x [ref:{KEY}]"},
            {OTHER: Signal.MESSAGE_ID, KEY: Signal.TOKEN},
        ),
        ({"References": f"{OURS} {EVES_ID}"}, {OTHER: Signal.MESSAGE_ID, KEY: Signal.MESSAGE_ID}),
        # Neither another's domain, nor the text, nor a subject or sender that are the same.
        ({"In_Reply_To": OURS.replace("example.org", "elsewhere.example")}, {}),
        ({"body": f"> Message-ID: {OURS} [ref:{KEY}]"}, {}),
        ({"Subject": "Re: My kettle"}, {}),
        ({"In_Reply_To": "<second@customer.example>"}, {}),
        # A forward is a new conversation, whatever it brings along.
        ({"References": OURS, "Subject": f"Fwd: My kettle [ref:{KEY}]"}, {}),
    ],
)
def test_a_mail_names_conversations_by_our_ids_and_tokens_alone(
    headers: dict[str, Any], named: dict[str, Signal]
) -> None:
    found = keys(raw(**headers))
    assert list(found.items()) == list(named.items())


def test_a_delivery_report_names_the_conversation_wherever_its_server_put_the_id() -> None:
    report = raw(
        "mailer-daemon@mx.customer.example",
        f"The following mail could not be delivered: 550 no such user\r\n\r\nMessage-ID: {OURS}\r\n",
        Subject="Undelivered Mail Returned to Sender",
        Return_Path="<>",
        X_Failed_Recipients="ann@customer.example",
    )
    assert keys(report) == {KEY: Signal.MESSAGE_ID}
    found = sorted_(report)
    assert found.kept.state is MailState.IGNORED
    assert found.inbound is not None
    assert (found.inbound.kind, found.inbound.text) == (InboundKind.UNDELIVERED, "ann@customer.example")
    assert found.inbound.conversation_key == KEY
    # The same report again is not told again, and one of somebody else's mail not at all.
    assert sorted_(report, known_before=True).inbound is None
    assert sorted_(report, threads={}).inbound is None


# --- where it ends ----------------------------------------------------------------------------------

WAITING, REVIEW, IGNORED = MailState.WAITING, MailState.REVIEW, MailState.IGNORED


@pytest.mark.parametrize("how", [{"In_Reply_To": OURS}, {"Subject": f"Re: My kettle [ref:{KEY}]"}])
@pytest.mark.parametrize(
    ("sender", "passed", "state", "why"),
    [
        ("ann@customer.example", True, WAITING, ""),
        ("ann@customer.example", False, REVIEW, "No server vouches that ann@customer.example"),
        ("carol@customer.example", True, WAITING, ""),  # was addressed in the first mail
        ("carol@customer.example", False, REVIEW, "No server vouches that carol@customer.example"),
        ("bea@example.org", True, WAITING, ""),
        ("bea@example.org", False, REVIEW, "No server vouches that bea@example.org"),
        ("eve@stranger.example", True, REVIEW, "eve@stranger.example is a stranger"),
        ("eve@stranger.example", False, REVIEW, "eve@stranger.example is a stranger"),
        ("dan@customer.example", True, REVIEW, "dan@customer.example is a stranger"),  # the domain alone is nothing
    ],
)
def test_who_names_a_conversation_has_to_belong_to_it(
    how: dict[str, str], sender: str, *, passed: bool, state: MailState, why: str
) -> None:
    found = sorted_(raw(sender, passed=passed, **how))
    assert found.kept.state is state
    assert (found.kept.reason or "").startswith(why)
    assert found.kept.conversation_key == KEY  # also in review: a person may let it in there
    assert (found.inbound is not None) == (state is WAITING)


@pytest.mark.parametrize("listed", ["example.org", "@example.org"])
@pytest.mark.parametrize(
    ("sender", "passed", "state"),
    [
        ("max@example.org", True, WAITING),
        ("max@example.org", False, REVIEW),
        ("max@mail.example.org", True, REVIEW),  # a domain stands for itself alone
        ("max@notexample.org", True, REVIEW),
    ],
)
def test_a_domain_lists_everybody_in_it_whom_a_server_vouches_for(
    listed: str, sender: str, *, passed: bool, state: MailState
) -> None:
    mail = raw(sender, passed=passed, In_Reply_To=OURS)
    assert sorted_(mail, representatives=frozenset({listed})).kept.state is state


@pytest.mark.parametrize("passed", [True, False])
def test_who_began_without_a_servers_word_goes_on_with_or_without_one(*, passed: bool) -> None:
    found = sorted_(raw("eve@stranger.example", passed=passed, In_Reply_To=EVES_ID))
    assert (found.kept.state, found.kept.conversation_key) == (WAITING, OTHER)


def test_a_representative_whom_somebody_imitated_in_a_conversation_needs_the_servers_word_there() -> None:
    imitated = {OTHER: replace(EVES, unverified=frozenset({"bea@example.org"}))}
    forged = raw("bea@example.org", passed=False, In_Reply_To=EVES_ID)
    assert sorted_(forged, threads=imitated).kept.state is REVIEW


def test_a_key_that_is_not_there_any_more_begins_a_conversation_that_has_another() -> None:
    found = sorted_(raw(In_Reply_To=OURS), threads={})
    assert found.kept.state is WAITING
    assert found.kept.signal is None
    assert found.kept.conversation_key not in {None, KEY}
    assert found.inbound is not None
    assert found.inbound.conversation_key == found.kept.conversation_key


@pytest.mark.parametrize(
    ("headers", "state", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, IGNORED, "Auto-Submitted"),
        ({"List_Id": "<kettles.example>"}, IGNORED, "List-Id"),
        ({"Precedence": "bulk"}, IGNORED, "Precedence"),
        ({"sender": "support@example.org"}, IGNORED, "our own address"),
        ({"sender": "help@example.org"}, IGNORED, "our own address"),
        ({"X_Casewright_Mailbox": "support"}, IGNORED, "our own header"),
        ({"From": "nobody at all"}, REVIEW, "no sender"),
        (
            {"Authentication_Results": f"{MX}; dmarc=fail header.from=customer.example"},
            REVIEW,
            "may be forged. DMARC failed",
        ),
    ],
)
def test_machines_are_ignored_and_forgeries_reviewed_whatever_they_name(
    headers: dict[str, Any], state: MailState, why: str
) -> None:
    found = sorted_(raw(In_Reply_To=OURS, **headers))
    assert found.kept.state is state
    assert why in str(found.kept.reason)
    assert found.inbound is None


def test_a_mail_that_came_before_is_kept_without_its_bytes_and_nothing_follows() -> None:
    mail = raw()
    found = sorted_(mail, known_before=True)
    assert (found.kept.state, found.kept.raw, found.inbound) == (IGNORED, b"", None)
    assert found.kept.size == len(mail)


# --- the event that it is ---------------------------------------------------------------------------


def test_the_first_mail_says_where_answers_go_and_others_of_the_customer_move_the_thread_on() -> None:
    first = sorted_(
        raw(Cc="carol@customer.example, help@example.org", Reply_To="ann@home.example", References="<a@b.example>")
    ).inbound
    assert first is not None
    assert first.reply_address == {
        "to": ["ann@home.example"],
        "cc": ["carol@customer.example"],
        "subject": "My kettle",
        "message_id": "third@customer.example",
        "references": ["a@b.example", "third@customer.example"],
    }
    later = sorted_(raw(In_Reply_To=OURS, Cc="dan@elsewhere.example", Reply_To="eve@stranger.example")).inbound
    assert later is not None
    assert later.reply_address == {
        **ADDRESS,
        "message_id": "third@customer.example",
        "references": ["third@customer.example"],
    }


def test_a_representatives_mail_leaves_the_customers_thread_where_it_was() -> None:
    found = sorted_(raw("bea@example.org", In_Reply_To=OURS, Message_ID="<1@laptop.private.example>")).inbound
    assert found is not None
    assert found.reply_address == {**ADDRESS, "private": "1@laptop.private.example"}


def test_an_author_is_an_address_only_where_a_server_vouches_for_it() -> None:
    passed, unproven = sorted_(raw()).inbound, sorted_(raw(passed=False)).inbound
    assert passed is not None
    assert unproven is not None
    assert (passed.author.id, passed.author.email) == ("ann@customer.example", "ann@customer.example")
    assert (unproven.author.id, unproven.author.email) == (f"{UNVERIFIED}ann@customer.example", None)


def test_a_mail_without_words_says_its_subject_and_a_forward_all_that_it_brings() -> None:
    empty = sorted_(raw(body="\r\n", Subject=f"It leaks [ref:{'z' * 16}]")).inbound
    assert empty is not None
    assert empty.text == "It leaks"
    body = "See below.\r\n\r\n---------- Forwarded message ----------\r\nFrom: dan@elsewhere.example\r\n\r\nIt smells."
    forward = sorted_(raw(body=body, Subject="Fwd: kettle")).inbound
    assert forward is not None
    assert "It smells." in forward.text


# --- the same mail ----------------------------------------------------------------------------------


def digest_of(mail: bytes) -> str:
    return digest(read(mail, own_addresses=frozenset(), authserv_id=None, limits=MAILBOX.limits), mail)


def test_a_mail_is_the_same_whichever_way_it_came_and_another_with_other_words_sender_or_subject() -> None:
    one = digest_of(raw())
    assert digest_of(b"Received: by mx.example.org\r\nDelivered-To: help@example.org\r\n" + raw()) == one
    others = [raw(body="It smells."), raw("eve@stranger.example"), raw(Subject="Mine")]
    others += [raw(Message_ID="<4@customer.example>"), raw(Date="Fri, 20 Nov 2026 13:00:00 +0000")]
    assert len({one, *map(digest_of, others)}) == 1 + len(others)


# --- whatever comes ---------------------------------------------------------------------------------

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=60)
NAMED = st.sampled_from([OURS, EVES_ID, f"[ref:{KEY}]", f"[REF: {OTHER.upper()} ]", "Fwd:", "<a@b.example>", ""])
HEADER = st.tuples(NAMED, LINE, NAMED).map(" ".join)


@given(
    sender=st.sampled_from(["ann@customer.example", "bea@example.org", "eve@stranger.example", "x@y.example"]) | LINE,
    passed=st.booleans(),
    headers=st.fixed_dictionaries(
        {}, optional={"Subject": HEADER, "In_Reply_To": HEADER, "References": HEADER, "Cc": LINE, "Reply_To": LINE}
    ),
    body=LINE,
)
def test_whatever_a_mail_holds_it_ends_somewhere_and_joins_only_where_its_sender_belongs(
    sender: str, *, passed: bool, headers: dict[str, str], body: str
) -> None:
    found = sorted_(raw(sender, body, passed=passed, **headers))
    kept, inbound = found.kept, found.inbound
    assert (inbound is not None) == (kept.state is WAITING)
    assert kept.state is WAITING or kept.reason
    if inbound is None:
        return
    assert inbound.conversation_key == kept.conversation_key
    assert not inbound.author.id.startswith(UNVERIFIED) or inbound.author.email is None
    assert passed or inbound.author.id.startswith(UNVERIFIED)
    if kept.conversation_key == KEY:
        assert inbound.author.id in {"ann@customer.example", "carol@customer.example", "bea@example.org"}
    if kept.conversation_key == OTHER and not passed:
        assert inbound.author.id == f"{UNVERIFIED}eve@stranger.example"


def test_what_a_person_lets_in_is_the_same_event_that_it_would_have_been() -> None:
    mail = raw("eve@stranger.example", In_Reply_To=OURS)
    parsed = read(mail, own_addresses=MAILBOX.own_addresses, authserv_id=MX, limits=MAILBOX.limits)
    kept = sorted_(mail).kept
    let_in = inbound_of(parsed, MAILBOX, kept, KEY, ANNS)
    assert (let_in.external_id, let_in.conversation_key) == (kept.digest, KEY)
    assert let_in.reply_address["to"] == ["ann@customer.example"]
