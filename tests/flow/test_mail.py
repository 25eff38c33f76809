"""A customer's mail becomes a case, is answered in its thread, and lives on by mail."""

from __future__ import annotations

from email.message import EmailMessage

from store.mail import MailState, Signal
from store.model import FieldId
from tests.flow.mail_desk import ANN, BEA, MailDesk, reply, text_of, written

PROBLEM = "Hello,\n\nmy Toaster Duo leaks sparks and does not heat any more.\n\nKind regards\nAnn"


async def opened(mail_desk: MailDesk) -> EmailMessage:
    """Ann's case, as the mail says that tells her of it."""
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster"))
    return await mail_desk.letter(to="ann@customer.example", containing="Case 1001")


async def test_a_customers_mail_becomes_a_case_and_is_answered_in_its_thread(mail_desk: MailDesk) -> None:
    question = written(ANN, PROBLEM, "My toaster")
    await mail_desk.arrives(question)
    answer = await mail_desk.letter(to="ann@customer.example", containing="Case 1001")
    assert answer["In-Reply-To"] == question["Message-ID"]
    assert str(question["Message-ID"]) in str(answer["References"])
    assert str(answer["Subject"]).startswith("Re: My toaster [ref:")
    assert answer["Auto-Submitted"] == "auto-replied"
    assert "support@example.org" in str(answer["From"])
    case = mail_desk.desk.case(1001)
    assert case.title == "My toaster"
    assert mail_desk.value(1001, "contact") == "ann@customer.example"
    assert case.values[FieldId("contact")].writer.kind == "rule"
    assert "leaks sparks" in str(mail_desk.value(1001, "issue_description"))
    entry = await mail_desk.entry("My toaster", MailState.CREATED)
    assert entry.case_number == 1001


async def test_the_customers_reply_joins_and_updates_the_case(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    mail_desk.desk.give(1001, "case_category", "Product defect")
    await mail_desk.arrives(reply(ANN, "The serial number is EH24-123456.", answer))
    told = await mail_desk.letter(to="ann@customer.example", containing="EH24-123456")
    assert "Serial number set to EH24-123456" in text_of(told)
    assert mail_desk.value(1001, "serial_number") == "EH24-123456"
    joined = await mail_desk.entry(str(reply(ANN, "", answer)["Subject"]), MailState.JOINED)
    assert (joined.signal, joined.case_number) == (Signal.MESSAGE_ID, 1001)


async def test_a_reply_without_its_references_joins_by_the_token_in_its_subject(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    bare = written(ANN, "It is still broken, and smells now.", f"AW: {answer['Subject']}")
    await mail_desk.arrives(bare)
    joined = await mail_desk.entry(str(bare["Subject"]), MailState.JOINED)
    assert (joined.signal, joined.case_number) == (Signal.TOKEN, 1001)


async def test_a_representative_answers_from_their_own_mail_client(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    from_bea = reply(BEA, "Please send it back, we replace it.", answer)
    from_bea.add_attachment(b"label", maintype="application", subtype="pdf", filename="label.pdf")
    await mail_desk.arrives(from_bea)
    passed_on = await mail_desk.letter(to="ann@customer.example", containing="we replace it")
    assert "support@example.org" in str(passed_on["From"])
    assert "bea@example.org" not in passed_on.as_string().replace("label", "").split("\n\n", 1)[0]
    assert passed_on["Auto-Submitted"] is None
    assert [part.get_filename() for part in passed_on.iter_attachments()] == ["label.pdf"]
    await mail_desk.desk.settled()
    assert not mail_desk.letters_to("bea@example.org")


async def test_a_representatives_command_by_mail_is_run_and_not_passed_on(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    await mail_desk.desk.settled()
    before = len(mail_desk.letters_to("ann@customer.example"))
    await mail_desk.arrives(reply(BEA, "/note Looks like the old fuse again\n\nBea Berg\nSupport", answer))
    told = await mail_desk.letter(to="bea@example.org")
    assert "1001" in text_of(told)
    await mail_desk.arrives(reply(BEA, "/update-case priority=high", answer))
    told = await mail_desk.letter(to="bea@example.org", containing="Priority")
    assert mail_desk.value(1001, "priority") == "High"
    await mail_desk.desk.settled()
    texts = [text_of(mail) for mail in mail_desk.letters_to("ann@customer.example")[before:]]
    assert not [text for text in texts if "/" in text.split("\n")[0] or "fuse" in text]


async def test_who_only_says_to_be_a_representative_is_none(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    forged = reply(BEA, "/resolve Forget it", answer, authentic=False)
    await mail_desk.arrives(forged)
    await mail_desk.entry(str(forged["Subject"]), MailState.REVIEW)
    await mail_desk.desk.settled()
    assert mail_desk.desk.case(1001).status == "new"
    assert not mail_desk.letters_to("bea@example.org")


async def test_a_representatives_fresh_mail_is_not_sent_back_to_them(mail_desk: MailDesk) -> None:
    await mail_desk.arrives(written(BEA, "Who has the key of the workshop?", "The key"))
    await mail_desk.settled(1)
    assert not mail_desk.there.letters
    assert not [each for each in mail_desk.entries if each.state is MailState.WAITING]


async def test_a_representatives_command_in_a_fresh_mail_is_answered(mail_desk: MailDesk) -> None:
    await opened(mail_desk)
    await mail_desk.arrives(written(BEA, "/case 1001", "What is it about?"))
    told = await mail_desk.letter(to="bea@example.org", containing="1001")
    assert "My toaster" in text_of(told)


async def test_a_reply_to_a_resolved_case_reopens_it_and_a_thank_you_does_not(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    await mail_desk.arrives(reply(BEA, "/resolve Replaced", answer))
    resolved = await mail_desk.letter(to="ann@customer.example", containing="Resolved")
    await mail_desk.arrives(reply(ANN, "Thank you!", resolved))
    await mail_desk.settled(3)
    assert mail_desk.desk.case(1001).status == "resolved"
    await mail_desk.arrives(reply(ANN, "The new one leaks sparks as well.", resolved))
    await mail_desk.letter(to="ann@customer.example", containing="Status set to New")
    assert mail_desk.desk.case(1001).status == "new"


async def test_a_forward_is_a_new_conversation(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    forward = written(
        ANN, f"See below.\n\n---------- Forwarded message ----------\n{text_of(answer)}", "Fwd: My toaster"
    )
    forward["References"] = str(answer["Message-ID"])
    await mail_desk.arrives(forward)
    entry = await mail_desk.entry("Fwd: My toaster", MailState.CREATED)
    assert (entry.case_number, entry.signal) == (1002, None)


async def test_the_same_mail_twice_is_one(mail_desk: MailDesk) -> None:
    question = written(ANN, PROBLEM, "My toaster")
    await mail_desk.arrives(question)
    await mail_desk.arrives(b"Delivered-To: second@example.org\r\n" + bytes(question))
    await mail_desk.settled(2)
    assert sorted(each.state for each in mail_desk.entries) == ["created", "ignored"]
    assert len({each.case_number for each in mail_desk.entries}) <= 2
    assert len(mail_desk.letters_to("ann@customer.example")) >= 1


async def test_an_answer_that_the_customers_server_refuses_marks_the_case(mail_desk: MailDesk) -> None:
    mail_desk.there.answers["ann@customer.example"] = "550 5.1.1 No such user"
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster"))
    await mail_desk.settled(1)
    failures = mail_desk.desk.failures(1001)
    assert failures
    assert "550 5.1.1 No such user" in failures[0]
