"""Mails kept once a place, positions, conversations by their keys, and what a mailbox may send by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from sqlalchemy import select, update

from store import mail, work
from store.engine import Connection, Database
from store.mail import UNVERIFIED, FolderPosition, KeptMail, MailEntry, MailState, SentLimits, Signal
from store.model import Author, Category, ConversationId, Inbound, Role
from store.schema import conversations, inbox, mail_folders, mail_sent, mails
from tests.store.examples import NOON, count, open_case, overlapping, say, wrote

T = TypeVar("T")
KEY = "abcdefghijklmnop"
LIMITS = SentLimits(per_hour=3, per_day=5)
ANN = "ann@customer.example"


def written(database: Database, work: Callable[..., T], *arguments: Any, **more: Any) -> T:
    return database.write_now(partial(_called, work=work, arguments=arguments, more=more))


def _called(connection: Connection, *, work: Callable[..., T], arguments: Sequence[Any], more: dict[str, Any]) -> T:
    return work(connection, *arguments, **more)


def kept(uid: int = 1, digest: str = "one", **changes: Any) -> KeptMail:
    plain = KeptMail(
        account="support",
        folder="INBOX",
        uidvalidity=1,
        uid=uid,
        digest=digest,
        sender=ANN,
        subject="My kettle",
        state=MailState.WAITING,
        raw=b"\x00\xff as it came",
        size=12,
        received_at=NOON,
        conversation_key=KEY,
    )
    return replace(plain, **changes)


def entries(database: Database, *states: MailState) -> list[MailEntry]:
    return database.read_now(partial(mail.listed, states=states))


def ended(database: Database) -> list[tuple[str, str | None]]:
    """In the order in which they were kept."""
    return [(each.state, each.reason) for each in reversed(entries(database))]


def mailed(text: str = "It leaks.", sender: str = ANN, key: str = KEY, **changes: Any) -> Inbound:
    return wrote(
        text,
        channel=mail.CHANNEL,
        category=Category.EMAIL,
        account="support",
        conversation_key=key,
        author=Author(id=sender),
        reply_address={"to": [ANN], "cc": []},
        **changes,
    )


def said(connection: Connection, inbound: Inbound) -> ConversationId:
    work.accept(connection, inbound)
    mine = select(conversations.c.id).where(
        conversations.c.key == inbound.conversation_key, conversations.c.account == inbound.account
    )
    conversation = ConversationId(connection.execute(mine).scalar_one())
    say(connection, conversation, inbound, Role.CUSTOMER)
    return conversation


# --- each once --------------------------------------------------------------------------------------


def test_a_place_of_a_mailbox_is_kept_once_and_as_it_came_first(database: Database) -> None:
    written(database, mail.keep, kept())
    written(database, mail.keep, kept(digest="another", raw=b"another"))
    assert count(database, mails) == 1
    found = database.read_now(partial(mail.get, mail_id=entries(database)[0].id))
    assert found is not None
    assert found[1] == kept()


@pytest.mark.parametrize("elsewhere", [{"account": "sales"}, {"folder": "Other"}, {"uidvalidity": 2}, {"uid": 2}])
def test_every_other_place_is_another_mail(database: Database, elsewhere: dict[str, Any]) -> None:
    written(database, mail.keep, kept())
    written(database, mail.keep, replace(kept(), **elsewhere))
    assert count(database, mails) == 2


def test_the_same_mail_is_known_wherever_it_lies_in_its_mailbox_and_in_no_other(database: Database) -> None:
    written(database, mail.keep, kept(folder="Other", uidvalidity=9))
    known = partial(mail.known_digests, digests=["one", "two"])
    assert database.read_now(partial(known, account="support")) == {"one"}
    assert database.read_now(partial(known, account="sales")) == frozenset()


def test_the_bytes_of_an_event_are_those_that_came_first(database: Database) -> None:
    written(database, mail.keep, kept())
    written(database, mail.keep, kept(2, raw=b""))  # a copy, kept without its bytes
    for event in ("one", mail.split_id("one")):
        assert database.read_now(partial(mail.raw_of, account="support", event=event)) == kept().raw
    assert database.read_now(partial(mail.raw_of, account="support", event="two")) is None


def test_a_position_moves_on_and_remembers_when_the_folder_was_switched_on(database: Database) -> None:
    position = partial(mail.position, account="support", folder="INBOX")
    assert database.read_now(position) is None
    written(database, mail.advance, "support", "INBOX", uidvalidity=1, last_uid=7)
    first = database.read_now(position)
    assert first is not None
    written(database, mail.advance, "support", "INBOX", uidvalidity=2, last_uid=1)
    assert database.read_now(position) == FolderPosition(uidvalidity=2, last_uid=1, started_at=first.started_at)
    assert database.read_now(partial(mail.position, account="sales", folder="INBOX")) is None


def test_mails_and_position_are_rolled_back_together(database: Database) -> None:
    def fails(connection: Connection) -> None:
        mail.keep(connection, kept())
        mail.advance(connection, "support", "INBOX", uidvalidity=1, last_uid=1)
        raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        database.write_now(fails)
    assert (count(database, mails), count(database, mail_folders)) == (0, 0)


# --- where it ended ---------------------------------------------------------------------------------


def test_a_mail_that_waited_ends_once_and_copies_of_it_stay_as_they_are(database: Database) -> None:
    written(database, mail.keep, kept())
    written(database, mail.keep, kept(2, state=MailState.IGNORED, reason="The same mail came before."))
    written(database, mail.settle, "support", "one", MailState.CREATED)
    written(database, mail.settle, "support", "one", MailState.JOINED)
    assert ended(database) == [("created", None), ("ignored", "The same mail came before.")]


def test_what_a_person_decided_lets_a_mail_wait_or_closes_it(database: Database) -> None:
    written(database, mail.keep, kept(state=MailState.REVIEW, reason="A stranger.", signal=Signal.TOKEN))
    [entry] = entries(database, MailState.REVIEW)
    written(database, mail.decide, entry.id, MailState.WAITING, conversation_key="b" * 16)
    [entry] = entries(database, MailState.WAITING)
    assert entry.signal is Signal.PERSON
    assert database.read_now(partial(mail.was_let_out, account="support", event="one"))
    written(database, mail.decide, entry.id, MailState.DISMISSED)
    assert [each.signal for each in entries(database, MailState.DISMISSED)] == [Signal.PERSON]


def test_a_mail_that_was_split_off_waits_without_a_signal_and_ends_by_its_second_event(database: Database) -> None:
    written(database, mail.keep, kept(state=MailState.JOINED, signal=Signal.MESSAGE_ID))
    [entry] = entries(database)
    written(database, mail.move, entry.id, "b" * 16)
    assert [(each.state, each.signal) for each in entries(database)] == [(MailState.WAITING, None)]
    written(database, mail.settle, "support", mail.split_id("one"), MailState.CREATED)
    assert ended(database) == [("created", None)]


def test_a_list_shows_the_case_newest_first_and_only_the_states_asked_for(database: Database) -> None:
    def prepare(connection: Connection) -> None:
        open_case(connection, conversation_id=said(connection, mailed()))
        mail.keep(connection, kept(state=MailState.CREATED))
        mail.keep(connection, kept(2, "two", state=MailState.REVIEW, conversation_key=None))

    database.write_now(prepare)
    review, created = entries(database)
    assert (review.case_number, review.conversation_id) == (None, None)
    assert created.case_number == 1001
    assert entries(database, MailState.CREATED) == [created]
    assert entries(database, MailState.CREATED, MailState.REVIEW) == [review, created]
    assert database.read_now(partial(mail.listed, states=(), limit=1)) == [review]


def test_a_mail_whose_event_was_given_up_has_failed_until_it_is_tried_again(database: Database) -> None:
    def prepare(connection: Connection) -> None:
        said(connection, mailed(external_id="one"))
        mail.keep(connection, kept())

    def becomes(status: str, error: str | None) -> None:
        database.write_now(lambda connection: connection.execute(update(inbox).values(status=status, error=error)))

    database.write_now(prepare)
    becomes("dead", "ValueError: a bug")
    assert [(each.state, each.reason) for each in entries(database, MailState.FAILED)] == [
        (MailState.FAILED, "ValueError: a bug")
    ]
    assert entries(database, MailState.WAITING) == []
    becomes("ready", None)
    assert entries(database, MailState.FAILED) == []
    assert ended(database) == [("waiting", None)]


def test_what_is_over_is_told_to_the_mailbox_once_and_what_waits_not_at_all(database: Database) -> None:
    over = [MailState.CREATED, MailState.JOINED, MailState.IGNORED, MailState.DISMISSED]
    for uid, state in enumerate([*over, MailState.WAITING, MailState.REVIEW], 1):
        written(database, mail.keep, kept(uid, f"{uid}", state=state))
    unsettled = partial(mail.unsettled, account="support", folder="INBOX", uidvalidity=1)
    assert database.read_now(unsettled) == [1, 2, 3, 4]
    assert database.read_now(partial(unsettled, limit=2)) == [1, 2]
    assert database.read_now(partial(unsettled, uidvalidity=2)) == []
    written(database, mail.mark_settled, "support", "INBOX", 1, [1, 3])
    assert database.read_now(unsettled) == [2, 4]


# --- conversations by their keys --------------------------------------------------------------------


def test_a_conversation_is_found_by_its_key_with_its_people_in_its_own_mailbox(database: Database) -> None:
    def prepare(connection: Connection) -> None:
        said(connection, mailed())
        said(connection, mailed("Mine too.", f"{UNVERIFIED}eve@stranger.example"))
        said(connection, mailed("Other", "dan@other.example", "q" * 16))

    database.write_now(prepare)
    found = database.read_now(partial(mail.threads, account="support", keys=[KEY, "nothing"]))
    [thread] = found.values()
    assert (thread.key, thread.reply_address) == (KEY, {"to": [ANN], "cc": []})
    assert (thread.people, thread.unverified) == ({ANN}, {"eve@stranger.example"})
    assert database.read_now(partial(mail.threads, account="sales", keys=[KEY])) == {}
    assert database.read_now(partial(mail.threads, account="support", keys=[])) == {}


# --- limits -----------------------------------------------------------------------------------------


def may_send(database: Database, key: str, address: str = ANN, account: str = "support") -> str | None:
    return written(database, mail.may_send, account, address, key=key, limits=LIMITS)


def an_hour_passes(database: Database) -> None:
    earlier = update(mail_sent).values(at=mail_sent.c.at)

    def shift(connection: Connection) -> None:
        for row in connection.execute(select(mail_sent)).all():
            connection.execute(earlier.where(mail_sent.c.key == row.key).values(at=row.at - timedelta(minutes=61)))

    database.write_now(shift)


def test_so_many_mails_go_to_one_address_within_an_hour_and_a_retry_counts_once(database: Database) -> None:
    assert [may_send(database, key) for key in ("a", "a", "a", "b", "c", "c")] == [None] * 6
    refused = may_send(database, "d")
    assert refused == f"{ANN} has had 3 automatic mails within an hour: two machines may be talking."
    assert may_send(database, "e", "dan@other.example") is None
    assert may_send(database, "f", account="sales") is None
    an_hour_passes(database)
    assert may_send(database, "d") is None


def test_so_many_mails_leave_a_mailbox_within_a_day(database: Database) -> None:
    addresses = [f"person{number}@many.example" for number in range(5)]
    assert [may_send(database, address, address) for address in addresses] == [None] * 5
    assert may_send(database, "x", "x@many.example") == "The mailbox has sent its 5 automatic mails of a day."
    an_hour_passes(database)
    assert may_send(database, "x", "x@many.example") is not None
    assert may_send(database, "x", "x@many.example", account="sales") is None


async def test_of_two_mails_at_once_only_one_is_the_last_that_is_allowed(database: Database) -> None:
    may_send(database, "a")
    may_send(database, "b")
    last = [partial(mail.may_send, account="support", address=ANN, key=key, limits=LIMITS) for key in ("c", "d")]
    verdicts = await overlapping(database, *last)
    assert verdicts[0] is None
    assert isinstance(verdicts[1], str)


def test_what_was_counted_is_forgotten_after_two_days(database: Database) -> None:
    may_send(database, "a")
    written(database, mail.sweep_sent)
    assert count(database, mail_sent) == 1
    for _ in range(50):
        an_hour_passes(database)
    written(database, mail.sweep_sent)
    assert count(database, mail_sent) == 0


def test_arrivals_are_told_in_order_and_the_latest_of_many(database: Database) -> None:
    times = [NOON + timedelta(hours=hour) for hour in (3, 1, 2)]
    for uid, at in enumerate(times, 1):
        written(database, mail.keep, kept(uid, f"{uid}", received_at=at))
    arrivals = partial(mail.arrivals, account="support", since=NOON)
    assert database.read_now(arrivals) == sorted(times)
    assert database.read_now(partial(arrivals, limit=2)) == sorted(times)[1:]
    assert database.read_now(partial(mail.quiet_since, account="support")) == max(times)
    assert database.read_now(partial(mail.quiet_since, account="sales")) is None
