"""The story of a mailbox at a server of another make, which offers STARTTLS alone."""

from __future__ import annotations

from pathlib import Path

from store.mail import MailState
from tests.adapters.mail.imap import until
from tests.authority import Authority
from tests.flow.mail_desk import ANN, BEA, open_mail_desk, reply, text_of, written
from tests.pymap import Pymap


async def test_a_mail_becomes_a_case_replies_join_and_a_representative_answers(
    database_url: str, tmp_path: Path, authority: Authority
) -> None:
    """IDLE brings the mails: the mailbox is asked anew only after ten minutes."""
    with Pymap(authority, tmp_path / "pymap") as server:
        async with open_mail_desk(database_url, tmp_path, server) as mail_desk:
            await mail_desk.arrives(written(ANN, "My Toaster Duo leaks sparks and does not heat.", "My toaster"))
            card = await mail_desk.letter(to="ann@customer.example", containing="Case 1001")
            await mail_desk.arrives(reply(ANN, "It is urgent, the serial number is EH24-123456.", card))
            await mail_desk.entry(str(reply(ANN, "", card)["Subject"]), MailState.JOINED)
            await mail_desk.letter(to="ann@customer.example", containing="Case 1001")
            await mail_desk.arrives(reply(BEA, "We replace it.", card))
            passed_on = await mail_desk.letter(to="ann@customer.example", containing="We replace it.")
            assert text_of(passed_on).strip() == "We replace it."
            await mail_desk.desk.settled()
            assert sorted(each.state for each in mail_desk.entries) == ["created", "joined", "joined"]
            assert len(mail_desk.there.letters) == 3


async def test_handled_mails_are_moved(sqlite_url: str, tmp_path: Path, authority: Authority) -> None:
    with Pymap(authority, tmp_path / "pymap") as server:
        server.create("Done")
        moving = {"action": "move", "folder": "Done"}
        async with open_mail_desk(sqlite_url, tmp_path, server, after_handling=moving) as mail_desk:
            await mail_desk.arrives(written(ANN, "My Toaster Duo leaks sparks and does not heat.", "My toaster"))
            await mail_desk.letter(to="ann@customer.example", containing="Case 1001")
            await until(lambda: (server.count("INBOX"), server.count("Done")) == (0, 1))
