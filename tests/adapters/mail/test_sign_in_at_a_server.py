"""With tokens into a real Dovecot, and what a person is told before something ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Expiry
from adapters.mail.imap import MailboxState, check
from tests.adapters.mail.imap import MemoryStore, attended, begun, mail, mailbox_of, until
from tests.adapters.mail.tokens import TokenServer, credentials_for, granted, microsoft, refreshed
from tests.dovecot import Dovecot

TODAY = date(2026, 11, 25)


def token(lasts: timedelta) -> dict[str, object]:
    """The server that hands it out says an hour, whatever the mail server thinks of it."""
    return granted(Dovecot.token(expires=datetime.now(UTC) + lasts))


def mailbox_with(dovecot: Dovecot, sign_in: dict[str, Any]) -> Mailbox:
    return mailbox_of(dovecot, sign_in=sign_in)


HOUR = timedelta(hours=1)
LONG_AGO = -timedelta(minutes=10)


@pytest.mark.parametrize("kind", ["XOAUTH2", "OAUTHBEARER", "microsoft"])
async def test_a_token_opens_the_mailbox_and_one_that_expired_is_renewed(
    dovecot: Dovecot, tokens: TokenServer, kind: str
) -> None:
    tokens.answers = [(200, token(LONG_AGO)), (200, token(HOUR))]
    sign_in = microsoft(tokens) if kind == "microsoft" else refreshed(tokens, mechanism=kind)
    mailbox = mailbox_with(dovecot, sign_in)
    findings = await check(mailbox, credentials_for(mailbox))
    assert [finding.sentence for finding in findings if not finding.ok] == []
    assert "Signed in as support@example.org." in [finding.sentence for finding in findings]
    assert len(tokens.forms) == 2


async def test_a_mailbox_whose_token_expired_comes_back_by_itself(dovecot: Dovecot, tokens: TokenServer) -> None:
    end = datetime.now(UTC) + timedelta(seconds=2)
    tokens.answers = [(200, granted(Dovecot.token(expires=end))), (200, token(HOUR))]
    mailbox = mailbox_with(dovecot, refreshed(tokens))
    store = MemoryStore()
    async with begun(mailbox, store, credentials_for(mailbox)):
        await until(lambda: datetime.now(UTC) > end + timedelta(seconds=2))  # Dovecot counts whole seconds
        dovecot.restart()
        dovecot.deliver(mail("after"))
        await until(lambda: store.kept)
    assert store.texts == ["after"]
    assert len(tokens.forms) == 2


async def test_a_refused_refresh_token_is_a_matter_of_credentials(dovecot: Dovecot, tokens: TokenServer) -> None:
    tokens.answers = [(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})]
    mailbox = mailbox_with(dovecot, refreshed(tokens))
    async with attended(mailbox, MemoryStore(), credentials_for(mailbox)) as supervisor:
        await until(lambda: supervisor.health.state is MailboxState.BAD_CREDENTIALS)
        assert "the refresh token was revoked or has expired: sign in again" in supervisor.health.sentence
    findings = await check(mailbox, credentials_for(mailbox))
    assert "the refresh token was revoked" in findings[-1].sentence


async def test_a_token_server_that_is_gone_is_named_and_tried_again(dovecot: Dovecot, tokens: TokenServer) -> None:
    tokens.answers = [(503, ""), (200, token(HOUR))]
    mailbox = mailbox_with(dovecot, refreshed(tokens))
    assert (await check(mailbox, credentials_for(mailbox)))[-1].sentence == (
        "No token to sign in with: 127.0.0.1 answered 503, which is no token."
    )
    tokens.answers = [(503, ""), (200, token(HOUR))]
    async with attended(mailbox, MemoryStore(), credentials_for(mailbox)) as supervisor:
        await until(lambda: supervisor.health.state is MailboxState.CONNECTED)
    assert len(tokens.forms) == 3


@pytest.mark.parametrize(("days", "ok"), [(200, True), (5, False)])
async def test_a_secret_that_ends_is_told_days_ahead(
    dovecot: Dovecot, tokens: TokenServer, days: int, *, ok: bool
) -> None:
    tokens.answers = [(200, token(HOUR))]
    end = datetime.now(UTC).date() + timedelta(days=days)
    mailbox = mailbox_with(dovecot, microsoft(tokens, secret_expires=end))
    findings = await check(mailbox, credentials_for(mailbox))
    sentence = f"The client secret of support ends in {days} days, on {end}"
    assert [finding.ok for finding in findings if finding.sentence.startswith(sentence)] == [ok]
    async with begun(mailbox, MemoryStore(), credentials_for(mailbox)) as supervisor:
        assert (sentence in supervisor.health.sentence) is not ok


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (date(2026, 12, 10), "The secret ends in 15 days, on 2026-12-10."),
        (date(2026, 12, 9), "The secret ends in 14 days, on 2026-12-09: replace it."),
        (date(2026, 11, 26), "The secret ends in 1 day, on 2026-11-26: replace it."),
        (TODAY, "The secret ends today: replace it."),
        (date(2026, 11, 24), "The secret ended on 2026-11-24: replace it."),
    ],
)
def test_what_to_do_is_said_from_two_weeks_before_the_end(day: date, sentence: str) -> None:
    assert Expiry(what="secret", day=day, remedy="replace it").sentence(TODAY) == sentence
