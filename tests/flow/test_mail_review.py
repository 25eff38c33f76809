"""Who is let in with a conversation's key, and what a person decides about the others at the command line."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from store.mail import MailState, Signal
from tests.flow.mail_desk import ANN, MailDesk, casewright, reply, text_of, written

PROBLEM = "Hello,\n\nmy Toaster Duo leaks sparks and does not heat any more.\n\nKind regards\nAnn"
CAROL = "Carol <carol@customer.example>"
EVE = "Eve <eve@stranger.example>"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What these paths ask of the database is tested on both kinds elsewhere."""
    return sqlite_url


async def opened(mail_desk: MailDesk, **headers: Any) -> EmailMessage:
    await mail_desk.arrives(written(ANN, PROBLEM, "My toaster", **headers))
    return await mail_desk.letter(to="ann@customer.example", containing="Case 1001")


async def test_somebody_copied_joins_with_their_servers_word_and_waits_without(mail_desk: MailDesk) -> None:
    answer = await opened(mail_desk, Cc=CAROL)
    await mail_desk.arrives(reply(CAROL, "Close it, please.", answer, subject="Re: forged", authentic=False))
    forged = await mail_desk.entry("Re: forged", MailState.REVIEW)
    assert "No server vouches that carol@customer.example" in str(forged.reason)
    await mail_desk.arrives(reply(CAROL, "It is my toaster, too.", answer, subject="Re: mine"))
    joined = await mail_desk.entry("Re: mine", MailState.JOINED)
    assert joined.case_number == 1001


async def test_what_waits_is_listed_and_let_in_or_closed_at_the_command_line(
    mail_desk: MailDesk, sqlite_url: str, tmp_path: Path
) -> None:
    answer = await opened(mail_desk)
    for number, text in enumerate(["Mine leaks sparks too.", "It is mine as well.", "Buy cheap pills."]):
        await mail_desk.arrives(reply(EVE, text, answer, subject=f"Re: {number}"))
        await mail_desk.entry(f"Re: {number}", MailState.REVIEW)

    async def mail(*arguments: str) -> str:
        return await casewright(sqlite_url, tmp_path, "mail", *arguments)

    waiting: list[dict[str, Any]] = json.loads(await mail("list", "--state", "review", "--json"))
    assert [(each["subject"], each["sender"]) for each in waiting] == [
        (f"Re: {number}", "eve@stranger.example") for number in (2, 1, 0)
    ]
    spam, hers, own = (str(each["id"]) for each in waiting)
    await mail("accept", own)
    created = await mail_desk.entry("Re: 0", MailState.CREATED)
    assert (created.case_number, created.signal) == (1002, Signal.PERSON)
    assert "leaks sparks too" in text_of(await mail_desk.letter(to="eve@stranger.example", containing="Case 1002"))
    await mail("accept", hers, "--join")
    joined = await mail_desk.entry("Re: 1", MailState.JOINED)
    assert joined.case_number == 1001
    await mail("dismiss", spam)
    assert json.loads(await mail("list", "--state", "review", "--json")) == []
    assert (await mail_desk.entry("Re: 2", MailState.DISMISSED)).case_number == 1001
    await mail("split", hers)
    split = await mail_desk.entry("Re: 1", MailState.CREATED)
    assert split.case_number == 1003
