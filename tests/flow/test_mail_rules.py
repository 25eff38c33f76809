"""What a rule set stays, what a reply to a resolved case becomes, and one conversation in each mailbox."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from store.mail import MailEntry, MailState, Signal
from store.model import FieldId
from tests.dovecot import Dovecot
from tests.flow.desk import change_settings
from tests.flow.mail_desk import ANN, BEA, MailDesk, open_mail_desk, reply, written

PROBLEM = "Hello,\n\nmy Toaster Duo leaks sparks. It is urgent, please answer as soon as possible.\n\nKind regards\nAnn"
SECOND = "other@example.org"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What these paths ask of the database is tested on both kinds elsewhere."""
    return sqlite_url


def change_rule(mail_desk: MailDesk, **changes: Any) -> None:
    """Before any mail: a change is in force everywhere only within a second."""
    change_settings(mail_desk.desk.database, lambda settings: settings["record_creation_rules"][0].update(**changes))


async def opened(mail_desk: MailDesk) -> EmailMessage:
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster"))
    return await mail_desk.letter(to="ann@customer.example", containing="Case 1001")


async def resolved(mail_desk: MailDesk) -> EmailMessage:
    answer = await opened(mail_desk)
    await mail_desk.arrives(reply(BEA, "/resolve Replaced", answer))
    told = await mail_desk.letter(to="ann@customer.example", containing="Resolved")
    await mail_desk.desk.settled()
    return told


async def writes_on(mail_desk: MailDesk, to: EmailMessage, state: MailState) -> MailEntry:
    """Ann's reply, once it has ended there and nothing is left to be done."""
    await mail_desk.arrives(reply(ANN, "The new one leaks sparks as well.", to, subject="Re: once more"))
    entry = await mail_desk.entry("Re: once more", state)
    await mail_desk.desk.settled()
    return entry


async def test_what_a_rule_set_is_left_alone_by_the_first_fill_and_by_later_mails(mail_desk: MailDesk) -> None:
    change_rule(mail_desk, items=[{"values": {"case_category": "Product defect", "priority": "Low"}}])
    answer = await opened(mail_desk)
    values = mail_desk.desk.case(1001).values
    assert (values[FieldId("priority")].value, values[FieldId("priority")].writer.kind) == ("Low", "rule")
    assert values[FieldId("case_category")].writer.kind == "rule"
    # What no rule set is filled, of the update rules' fields, too.
    assert (values[FieldId("product")].value, values[FieldId("product")].writer.kind) == ("Toaster Duo", "agent")
    await mail_desk.arrives(reply(ANN, "It is very urgent. Its serial number is EH24-123456.", answer))
    await mail_desk.letter(to="ann@customer.example", containing="EH24-123456")
    assert mail_desk.value(1001, "priority") == "Low"
    suggestions = mail_desk.desk.case(1001).suggestions
    assert [(each.field, each.value) for each in suggestions] == [("priority", "Urgent")]


async def test_the_first_item_that_fits_opens_the_case_and_no_later_one(mail_desk: MailDesk) -> None:
    shop = {"field": "mail.sender_domain", "operator": "equals", "value": "customer.example"}
    items = [
        {"when": {**shop, "value": "elsewhere.example"}, "values": {"priority": "Urgent"}},
        {"when": shop, "values": {"priority": "High"}},
        {"values": {"priority": "Low", "case_category": "Billing"}},
    ]
    change_rule(mail_desk, items=items)
    await opened(mail_desk)
    assert mail_desk.value(1001, "priority") == "High"
    assert mail_desk.value(1001, "case_category") == "Product defect"


async def test_a_mail_that_fits_no_item_is_ignored_with_the_rules_name(mail_desk: MailDesk) -> None:
    only = {"field": "mail.subject", "operator": "contains", "value": "kettle"}
    change_rule(mail_desk, name="Kettles", items=[{"when": only, "values": {}}])
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster"))
    entry = await mail_desk.entry("My toaster", MailState.IGNORED)
    assert entry.reason == "No item of the rule “Kettles” fits the mail."
    await mail_desk.desk.settled()
    assert not mail_desk.there.letters


async def test_a_reply_joins_a_resolved_case_without_reopening_it_where_the_rule_says_so(mail_desk: MailDesk) -> None:
    change_rule(mail_desk, reopen=False)
    last = await resolved(mail_desk)
    before = len(mail_desk.there.letters)
    entry = await writes_on(mail_desk, last, MailState.JOINED)
    assert (entry.case_number, entry.signal) == (1001, Signal.MESSAGE_ID)
    assert mail_desk.desk.case(1001).status == "resolved"
    assert len(mail_desk.there.letters) == before


async def test_a_reply_after_the_window_opens_a_new_case_that_later_replies_join(mail_desk: MailDesk) -> None:
    change_rule(mail_desk, join_resolved_days=0)
    last = await resolved(mail_desk)
    entry = await writes_on(mail_desk, last, MailState.CREATED)
    assert (entry.case_number, entry.signal) == (1002, Signal.MESSAGE_ID)
    assert mail_desk.desk.case(1001).status == "resolved"
    answer = await mail_desk.letter(to="ann@customer.example", containing="Case 1002")
    await mail_desk.arrives(reply(ANN, "It is the one with the red cable.", answer, subject="Re: the cable"))
    joined = await mail_desk.entry("Re: the cable", MailState.JOINED)
    assert joined.case_number == 1002


async def test_the_same_mail_in_two_mailboxes_is_a_conversation_in_each(
    database_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    second = {"name": "second", "address": SECOND}
    async with open_mail_desk(database_url, tmp_path, dovecot, beside=[second]) as mail_desk:
        mail = written(ANN, PROBLEM, "My toaster", Cc=SECOND)
        await mail_desk.arrives(mail)
        await mail_desk.arrives(mail, at=SECOND)
        await mail_desk.settled(2)
        ended = {(each.account, each.state) for each in mail_desk.entries}
        assert ended == {("support", MailState.CREATED), ("second", MailState.CREATED)}
        assert {each.case_number for each in mail_desk.entries} == {1001, 1002}
        answers = mail_desk.letters_to("ann@customer.example")
        assert len(answers) == 2
        # A reply finds its conversation in the mailbox that answered.
        [from_second] = [each for each in answers if SECOND in str(each["From"])]
        await mail_desk.arrives(reply(ANN, "It smells, too.", from_second, subject="Re: smell"), at=SECOND)
        joined = await mail_desk.entry("Re: smell", MailState.JOINED)
        assert (joined.account, joined.signal) == ("second", Signal.MESSAGE_ID)


async def test_our_mail_to_a_mailbox_of_ours_is_ignored_there(
    database_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    second = {"name": "second", "address": SECOND}
    async with open_mail_desk(database_url, tmp_path, dovecot, beside=[second]) as mail_desk:
        await mail_desk.arrives(written(ANN, PROBLEM, "My toaster", Reply_To=SECOND))
        answer = await mail_desk.letter(to=SECOND, containing="Case 1001")
        await mail_desk.arrives(answer, at=SECOND)
        await mail_desk.arrives(answer)
        await mail_desk.settled(3)
        ours = [each for each in mail_desk.entries if each.subject != "My toaster"]
        assert [(each.state, each.reason) for each in ours] == [(MailState.IGNORED, "It carries our own header.")] * 2
        assert len(mail_desk.letters_to(SECOND)) == 1


async def test_a_mail_that_came_to_and_as_copy_is_one_case_and_answered_once(mail_desk: MailDesk) -> None:
    mail = written(ANN, PROBLEM, "My toaster", Cc="help@example.org")
    for address in ("support@example.org", "help@example.org"):
        await mail_desk.arrives(f"Delivered-To: {address}\r\nReceived: by mx.example.org\r\n".encode() + bytes(mail))
    await mail_desk.settled(2)
    copy, first = mail_desk.entries
    assert (first.state, first.case_number) == (MailState.CREATED, 1001)
    assert copy.state is MailState.IGNORED
    assert "The same mail came before" in str(copy.reason)
    assert len(mail_desk.letters_to("ann@customer.example")) == 1
