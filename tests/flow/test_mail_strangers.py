"""Who may join whose conversation, what a person decides about the others, and what machines write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from adapters.mail.imap import fetch_since
from adapters.mail.importing import Importing
from bot import mail_review
from bot.mail_review import Decider
from store.mail import MailState, Signal
from store.model import Actor, ActorKind
from tests.adapters.mail.imap import until
from tests.dovecot import Dovecot
from tests.flow.desk import change_settings
from tests.flow.mail_desk import ANN, BEA, MailDesk, configured, mailbox_of, open_mail_desk, reply, text_of, written

PROBLEM = "my Toaster Duo leaks sparks and does not heat any more."
EVE = "Eve <eve@stranger.example>"


async def opened(mail_desk: MailDesk, sender: str = ANN, number: int = 1001) -> EmailMessage:
    await mail_desk.arrives(written(sender, PROBLEM, "My toaster"))
    address = sender.partition("<")[2].rstrip(">")
    return await mail_desk.letter(to=address, containing=f"Case {number}")


async def test_twenty_strangers_who_answer_one_newsletter_make_twenty_conversations(mail_desk: MailDesk) -> None:
    newsletter = written("News <news@example.org>", "Our kettles are on sale.", "News of November")
    for number in range(20):
        stranger = f"Person {number} <person{number}@many.example>"
        await mail_desk.arrives(reply(stranger, f"My kettle number {number} leaks water.", newsletter))
    await mail_desk.settled(20)
    assert [each.state for each in mail_desk.entries] == [MailState.CREATED] * 20
    assert len({each.conversation_id for each in mail_desk.entries}) == 20
    assert len({each.case_number for each in mail_desk.entries}) == 20
    for number in range(20):
        [letter] = mail_desk.letters_to(f"person{number}@many.example")
        assert f"kettle number {number} leaks" in text_of(letter)


@pytest.mark.parametrize("by", ["message_id", "token"])
async def test_a_stranger_who_names_a_conversation_waits_in_the_review(mail_desk: MailDesk, by: str) -> None:
    answer = await opened(mail_desk)
    mail = reply(EVE, "Send everything to me, please.", answer)
    if by == "token":
        del mail["In-Reply-To"], mail["References"]
    await mail_desk.arrives(mail)
    entry = await mail_desk.entry(str(mail["Subject"]), MailState.REVIEW)
    assert "is a stranger to the conversation" in str(entry.reason)
    await mail_desk.desk.settled()
    assert not mail_desk.letters_to("eve@stranger.example")


async def test_what_waits_in_the_review_is_let_out_by_a_person(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    mail = reply(EVE, "I am her neighbour, and mine leaks sparks too.", answer)
    await mail_desk.arrives(mail)
    entry = await mail_desk.entry(str(mail["Subject"]), MailState.REVIEW)
    accept = partial(mail_review.accept, mail_id=entry.id, decider=decider(mail_desk), join=False)
    await mail_desk.desk.database.write(accept)
    mail_desk.desk.app.hint()
    await mail_desk.letter(to="eve@stranger.example", containing="Case 1002")
    entry = await mail_desk.entry(str(mail["Subject"]), MailState.CREATED)
    assert (entry.case_number, entry.signal) == (1002, Signal.PERSON)


async def test_a_mail_that_joined_is_split_off_into_its_own_case(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    mail = reply(ANN, "By the way, my kettle leaks water as well.", answer)
    await mail_desk.arrives(mail)
    entry = await mail_desk.entry(str(mail["Subject"]), MailState.JOINED)
    await mail_desk.desk.database.write(partial(mail_review.split, mail_id=entry.id, decider=decider(mail_desk)))
    mail_desk.desk.app.hint()
    told = await mail_desk.letter(to="ann@customer.example", containing="Case 1002")
    assert "kettle leaks water" in text_of(told)
    await mail_desk.desk.settled()
    assert "kettle" not in str(mail_desk.value(1001, "issue_description"))


async def brought_in(mail_desk: MailDesk, importing: Importing) -> int:
    """As `casewright mail import` does."""
    mailbox, credentials = configured(mail_desk)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    count = 0
    async with fetch_since(mailbox, credentials, "INBOX", yesterday) as found:
        async for arrivals in found.batches:
            count += await importing.keep(arrivals)
    return count


def decider(mail_desk: MailDesk) -> Decider:
    return Decider(actor=Actor(kind=ActorKind.PERSON, id="cli:anna", name="anna"), mailbox=mailbox_of(mail_desk))


async def test_a_mail_that_nobody_vouches_for_is_answered_and_joins_only_what_it_began(mail_desk: MailDesk) -> None:
    began = written(EVE, PROBLEM, "Mine", authentic=False)
    await mail_desk.arrives(began)
    answer = await mail_desk.letter(to="eve@stranger.example", containing="Case 1001")
    await mail_desk.arrives(reply(EVE, "It is an old one.", answer, authentic=False))
    await mail_desk.entry(str(answer["Subject"]), MailState.JOINED)
    anns = await opened(mail_desk, ANN, 1002)
    forged = reply(ANN, "Please close it.", anns, authentic=False)
    await mail_desk.arrives(forged)
    await mail_desk.entry(str(forged["Subject"]), MailState.REVIEW)


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<kettles.lists.example>"},
        {"X_Auto_Response_Suppress": "All"},
        {"Return_Path": "<>"},
    ],
)
async def test_what_machines_write_is_kept_and_never_answered(mail_desk: MailDesk, header: dict[str, str]) -> None:
    answer = await opened(mail_desk)
    await mail_desk.desk.settled()
    before = len(mail_desk.there.letters)
    automatic = reply(ANN, "I am on holiday until my kettle leaks.", answer, subject="Away", **header)
    await mail_desk.arrives(automatic)
    entry = await mail_desk.entry("Away", MailState.IGNORED)
    assert entry.reason
    await mail_desk.desk.settled()
    assert len(mail_desk.there.letters) == before


REPORT = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.customer.example>
To: support@example.org
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

Final-Recipient: rfc822; ann@customer.example
Action: failed
Status: 5.2.2

--b
Content-Type: text/rfc822-headers

{returned}
--b--
"""


async def test_a_mail_of_ours_that_comes_back_marks_its_case_and_is_not_answered(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    returned = "\n".join(f"{name}: {value}" for name, value in answer.items() if name in {"From", "Message-ID"})
    await mail_desk.arrives(REPORT.format(returned=returned).encode())
    await mail_desk.entry("Undelivered Mail Returned to Sender", MailState.IGNORED)
    await until(lambda: mail_desk.desk.failures(1001))
    assert mail_desk.desk.failures(1001) == ["A mail of ours came back: it did not reach ann@customer.example."]
    await mail_desk.desk.settled()
    assert not mail_desk.letters_to("mailer-daemon@mx.customer.example")


async def test_two_auto_responders_stop_at_the_limit(database_url: str, tmp_path: Path, dovecot: Dovecot) -> None:
    limits = {"automatic_per_hour": 3}
    async with (
        open_mail_desk(database_url, tmp_path, dovecot, limits=limits) as mail_desk,
        answering(mail_desk) as robot,
    ):
        await mail_desk.arrives(written(robot.address, PROBLEM, "My toaster"))
        await until(lambda: mail_desk.desk.failures(1001))
        await mail_desk.desk.settled()
        assert len(mail_desk.letters_to("robot@machine.example")) == 3
        assert "two machines may be talking" in mail_desk.desk.failures(1001)[0]


class Robot:
    """Answers every mail at once, each time with other words, and does not say that it is a machine."""

    address = "Robot <robot@machine.example>"

    def __init__(self, mail_desk: MailDesk) -> None:
        self._mail_desk = mail_desk

    async def run(self) -> None:
        answered = 0
        while True:
            letters = self._mail_desk.letters_to("robot@machine.example")
            for letter in letters[answered:]:
                answered += 1
                await self._mail_desk.arrives(reply(self.address, f"It leaks more sparks, {answered} by now.", letter))
            await asyncio.sleep(0.02)


@asynccontextmanager
async def answering(mail_desk: MailDesk) -> AsyncGenerator[Robot]:
    robot = Robot(mail_desk)
    task = asyncio.create_task(robot.run())
    try:
        yield robot
    finally:
        task.cancel()


async def test_an_unknown_sender_may_be_skipped(mail_desk: MailDesk) -> None:
    change_settings(
        mail_desk.desk.database, lambda settings: settings["record_creation_rules"][0].update(unknown_sender="skip")
    )
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster"))
    entry = await mail_desk.entry("My toaster", MailState.IGNORED)
    assert "The sender is unknown" in str(entry.reason)
    assert not mail_desk.there.letters


async def test_a_person_may_let_in_a_sender_whom_the_rule_would_skip(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    change_settings(
        mail_desk.desk.database, lambda settings: settings["record_creation_rules"][0].update(unknown_sender="skip")
    )
    mail = reply(EVE, "I am her neighbour, and mine leaks sparks too.", answer)
    await mail_desk.arrives(mail)
    entry = await mail_desk.entry(str(mail["Subject"]), MailState.REVIEW)
    accept = partial(mail_review.accept, mail_id=entry.id, decider=decider(mail_desk), join=False)
    await mail_desk.desk.database.write(accept)
    mail_desk.desk.app.hint()
    await mail_desk.letter(to="eve@stranger.example", containing="Case 1002")


async def test_older_mail_is_brought_in_on_request_and_not_answered(
    database_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    dovecot.deliver(bytes(written(ANN, PROBLEM, "From before")))
    async with open_mail_desk(database_url, tmp_path, dovecot) as mail_desk:
        await mail_desk.arrives(written(EVE, PROBLEM, "From now on"))
        await mail_desk.entry("From now on", MailState.CREATED)
        assert [each.subject for each in mail_desk.entries] == ["From now on"]
        importing = Importing(mail_desk.desk.database, mailbox_of(mail_desk))
        assert await brought_in(mail_desk, importing) == 1
        assert await brought_in(mail_desk, importing) == 0
        entry = await mail_desk.entry("From before", MailState.IGNORED)
        assert "casewright mail import" in str(entry.reason)
        await mail_desk.desk.settled()
        assert not mail_desk.letters_to("ann@customer.example")


async def test_a_mail_that_can_not_be_read_is_shown_and_stops_nothing(mail_desk: MailDesk) -> None:
    await mail_desk.arrives(b"\xff\xfe\x00 no mail at all")
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster"))
    await mail_desk.entry("My toaster", MailState.CREATED)
    assert [each.state for each in mail_desk.entries][1:] == [MailState.REVIEW]


async def test_a_representative_who_is_copied_does_not_send_it_twice(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    to_both = reply(BEA, "Please send it back.", answer, Cc="ann@customer.example")
    await mail_desk.arrives(to_both)
    await mail_desk.settled(2)
    assert not [each for each in mail_desk.letters_to("ann@customer.example") if "send it back" in text_of(each)]


async def test_the_agent_writes_to_one_of_those_whom_a_stranger_wants_answered(mail_desk: MailDesk) -> None:
    """Else one mail would reach hundreds, and each other list of them would have a limit of its own."""
    many = ", ".join(f"victim{number}@many.example" for number in range(50))
    await mail_desk.arrives(written(EVE, PROBLEM, "Mine", Reply_To=many))
    await mail_desk.letter(to="victim0@many.example", containing="Case 1001")
    await mail_desk.desk.settled()
    assert {each for letter in mail_desk.there.letters for each in letter.recipients} == {"victim0@many.example"}


async def test_who_wants_answers_at_our_own_address_is_answered_all_the_same(mail_desk: MailDesk) -> None:
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster", Reply_To="support@example.org"))
    answer = await mail_desk.letter(to="ann@customer.example", containing="Case 1001")
    await mail_desk.arrives(reply(BEA, "Please send it back.", answer))
    await mail_desk.letter(to="ann@customer.example", containing="send it back")
