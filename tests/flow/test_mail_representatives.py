"""What leaves a representative's own mail client: their words to the customer, and nothing of themselves."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from store.mail import MailState
from tests.dovecot import Dovecot
from tests.flow.desk import change_settings
from tests.flow.mail_desk import ANN, BEA, MailDesk, open_mail_desk, reply, text_of, written

PROBLEM = "Hello,\n\nmy Toaster Duo leaks sparks and does not heat any more.\n\nKind regards\nAnn"
CAROL = "Carol <carol@customer.example>"
PRIVATE = ("bea", "private.example", "laptop", "192.0.2.77")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What these paths ask of the database is tested on both kinds elsewhere."""
    return sqlite_url


async def opened(mail_desk: MailDesk, **headers: Any) -> EmailMessage:
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster", **headers))
    return await mail_desk.letter(to="ann@customer.example", containing="Case 1001")


def from_bea(text: str, to: EmailMessage, **more: Any) -> EmailMessage:
    """As her own mail client writes: a Message-ID of her machine, a signature, HTML, and the thread below."""
    mail = reply(BEA, f"{text}\n\n-- \nBea Berg\nbea@home.private.example", to, **more)
    del mail["Message-ID"]
    mail["Message-ID"] = "<1234@laptop.private.example>"
    mail["X-Originating-IP"] = "[192.0.2.77]"
    mail.add_alternative(f"<p>{text}</p><div>Bea Berg, bea@home.private.example</div>", subtype="html")
    return mail


async def test_nothing_of_a_representative_but_their_words_reaches_the_customer(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    await mail_desk.arrives(from_bea("Please send it back, we replace it.", answer))
    passed_on = await mail_desk.letter(to="ann@customer.example", containing="we replace it")
    assert text_of(passed_on).strip() == "Please send it back, we replace it."
    assert str(passed_on["Subject"]).count("[ref:") == 1
    # Nor does what the agent tells the customer afterwards.
    await mail_desk.arrives(from_bea("/update-case priority=high", answer))
    told = await mail_desk.letter(to="ann@customer.example", containing="Priority set to High")
    await mail_desk.desk.settled()
    raw = [letter.raw.decode() for letter in mail_desk.there.letters if "ann@customer.example" in letter.recipients]
    assert len(raw) == 3
    assert not [word for word in PRIVATE if word in "".join(raw).casefold()]
    # Both go on from what the customer has seen.
    assert passed_on["In-Reply-To"] == told["In-Reply-To"] == answer["In-Reply-To"]


async def test_the_answer_to_a_command_hangs_below_the_representatives_own_mail(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    command = from_bea("/update-case priority=high", answer)
    await mail_desk.arrives(command)
    told = await mail_desk.letter(to="bea@example.org", containing="Priority")
    assert told["In-Reply-To"] == command["Message-ID"]


async def test_the_customers_reply_to_a_representative_joins_and_is_sent_to_nobody(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    await mail_desk.arrives(from_bea("Please send it back.", answer))
    passed_on = await mail_desk.letter(to="ann@customer.example", containing="send it back")
    await mail_desk.arrives(reply(ANN, "I have lost the box.", passed_on, subject="Re: the box"))
    joined = await mail_desk.entry("Re: the box", MailState.JOINED)
    assert joined.case_number == 1001
    await mail_desk.desk.settled()
    assert not mail_desk.letters_to("bea@example.org")


async def test_whom_the_customer_copied_hears_what_the_customer_hears(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk, Cc=CAROL)
    await mail_desk.arrives(from_bea("Please send it back.", answer))
    passed_on = await mail_desk.letter(to="carol@customer.example", containing="send it back")
    assert (passed_on["To"], passed_on["Cc"]) == ("ann@customer.example", "carol@customer.example")


async def test_what_the_agent_writes_by_itself_goes_to_no_copy_for_which_no_server_vouched(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk, Cc=CAROL)
    assert (answer["To"], answer["Cc"]) == ("ann@customer.example", None)
    # Carol writes herself, so she has her part in the conversation.
    joining = reply(CAROL, "Ours leaks, too.", answer)
    await mail_desk.arrives(joining)
    await mail_desk.entry(str(joining["Subject"]), MailState.JOINED)
    await mail_desk.arrives(from_bea("/update-case priority=high", answer))
    told = await mail_desk.letter(to="carol@customer.example", containing="Priority")
    assert (told["To"], told["Cc"]) == ("ann@customer.example", "carol@customer.example")


async def test_a_representative_is_told_when_the_customers_server_refuses_their_answer(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    await mail_desk.desk.settled()
    mail_desk.there.answers["ann@customer.example"] = "550 5.1.1 No such user"
    await mail_desk.arrives(from_bea("Please send it back.", answer))
    told = await mail_desk.letter(to="bea@example.org", containing="550 5.1.1 No such user")
    assert told["Auto-Submitted"] == "auto-replied"
    assert any("550 5.1.1" in failure for failure in mail_desk.desk.failures(1001))
    # Others see it on the case.
    await mail_desk.arrives(from_bea("/case", answer))
    shown = await mail_desk.letter(to="bea@example.org", containing="Case 1001: ")
    assert "Failed: " in text_of(shown)
    assert "550 5.1.1" in text_of(shown)


async def test_files_past_the_limit_are_told_to_the_representative_and_marked_at_a_customers_case(
    sqlite_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    limits = {"attachment_bytes": 1024}
    async with open_mail_desk(sqlite_url, tmp_path, dovecot, limits=limits) as mail_desk:
        answer = await opened(mail_desk)
        manual = from_bea("Please see the manual.", answer)
        manual.add_attachment(b"x" * 5000, maintype="application", subtype="pdf", filename="manual.pdf")
        await mail_desk.arrives(manual)
        told = await mail_desk.letter(to="bea@example.org", containing="went on without some of its files")
        assert "manual.pdf has 5000 bytes, more than 1024" in " ".join(text_of(told).split())
        passed_on = await mail_desk.letter(to="ann@customer.example", containing="Please see the manual.")
        assert not list(passed_on.iter_attachments())
        photo = reply(ANN, "Here is a photo.", passed_on)
        photo.add_attachment(b"y" * 6000, maintype="image", subtype="png", filename="sparks.png")
        await mail_desk.arrives(photo)
        await mail_desk.settled(3)
        [failure] = mail_desk.desk.failures(1001)
        assert "sparks.png has 6000 bytes" in failure


async def test_a_fresh_mail_of_a_representative_is_kept_with_the_reason_why_nothing_follows(
    mail_desk: MailDesk,
) -> None:
    await mail_desk.arrives(written(BEA, "Who has the key of the workshop?", "The key"))
    entry = await mail_desk.entry("The key", MailState.IGNORED)
    assert entry.reason == "A representative wrote it, and it names no conversation with a customer."
    await mail_desk.desk.settled()
    assert not mail_desk.there.letters


async def test_a_mistyped_command_is_answered_and_not_passed_on(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    await mail_desk.desk.settled()
    before = len(mail_desk.letters_to("ann@customer.example"))
    await mail_desk.arrives(from_bea("/updatecase priority=high", answer))
    await mail_desk.letter(to="bea@example.org", containing="update-case")
    await mail_desk.desk.settled()
    assert len(mail_desk.letters_to("ann@customer.example")) == before


async def test_a_customers_slash_is_their_own_words(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk)
    await mail_desk.arrives(reply(ANN, "/resolve My toaster still leaks sparks.", answer, subject="Re: slash"))
    await mail_desk.entry("Re: slash", MailState.JOINED)
    await mail_desk.desk.settled()
    assert mail_desk.desk.case(1001).status == "new"


async def test_whoever_writes_from_a_listed_domain_is_a_representative(mail_desk: MailDesk) -> None:
    representatives = {"email": {"representatives": ["@Example.org"]}}
    change_settings(mail_desk.desk.database, lambda settings: settings.update(channels=representatives))
    answer = await opened(mail_desk)
    await mail_desk.arrives(reply("Max <max@example.org>", "/update-case priority=high", answer))
    await mail_desk.letter(to="max@example.org", containing="Priority")
    assert mail_desk.value(1001, "priority") == "High"
    # Of another domain, and without a server's word, it is a customer's slash or waits in the review.
    await mail_desk.arrives(reply("Max <max@sub.example.org>", "/update-case priority=low", answer))
    await mail_desk.entry(str(answer["Subject"]), MailState.REVIEW)
    assert mail_desk.value(1001, "priority") == "High"
