"""Encryption, passwords and tokens, against a real Dovecot; and what `check` says of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from adapters.mail.credentials import Expiry
from adapters.mail.imap import Finding, MailboxState, check, fetch_since
from tests.adapters.mail.imap import (
    MemoryStore,
    Secrets,
    attended,
    begun,
    mail,
    mailbox_of,
    password,
    text_of,
    token,
    until,
)
from tests.authority import Authority
from tests.dovecot import USER, Dovecot

SOON = datetime.now(UTC) + timedelta(hours=1)
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
async def test_each_kind_of_connection_delivers(dovecot: Dovecot, security: Literal["tls", "starttls", "none"]) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot, imap=_server(dovecot, security)), store):
        dovecot.deliver(mail("hello"))
        await until(lambda: store.kept)


def _server(dovecot: Dovecot, security: str) -> dict[str, Any]:
    return {"port": dovecot.tls_port if security == "tls" else dovecot.plain_port, "security": security}


async def test_a_server_that_no_longer_offers_starttls_gets_no_password(dovecot: Dovecot) -> None:
    dovecot.restart(ssl="no")
    async with attended(mailbox_of(dovecot, imap=_server(dovecot, "starttls")), MemoryStore()) as supervisor:
        await until(lambda: supervisor.health.state is MailboxState.UNREACHABLE)
        assert "does not offer STARTTLS; nothing is sent in plain text" in supervisor.health.sentence
    assert "Login:" not in dovecot.log()


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_server_of_another_authority_gets_no_password(dovecot: Dovecot, tmp_path: Path, security: str) -> None:
    stranger = Authority(tmp_path / "stranger").certificate_file
    mailbox = mailbox_of(dovecot, imap={**_server(dovecot, security), "ca_file": stranger})
    async with attended(mailbox, MemoryStore()) as supervisor:
        await until(lambda: supervisor.health.state is MailboxState.UNREACHABLE)
        assert "shows a certificate that can't be trusted" in supervisor.health.sentence
    assert "Login:" not in dovecot.log()


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_tokens_are_taken_instead_of_a_password(dovecot: Dovecot, mechanism: str) -> None:
    store = MemoryStore()
    secrets = Secrets(token(dovecot.token(expires=SOON), mechanism))
    async with begun(mailbox_of(dovecot), store, secrets):
        dovecot.deliver(mail("hello"))
        await until(lambda: store.kept)
    assert secrets.renewals == 0


async def test_an_expired_token_is_renewed_once(dovecot: Dovecot) -> None:
    secrets = Secrets(token(dovecot.token(expires=LONG_AGO)), token(dovecot.token(expires=SOON)))
    async with begun(mailbox_of(dovecot), MemoryStore(), secrets):
        pass
    assert (secrets.asked, secrets.renewals) == (1, 1)


async def test_a_token_that_stays_refused_is_said_and_shown_nowhere(dovecot: Dovecot) -> None:
    expired = dovecot.token(expires=LONG_AGO)
    secrets = Secrets(token(expired))
    async with attended(mailbox_of(dovecot), MemoryStore(), secrets) as supervisor:
        await until(lambda: supervisor.health.state is MailboxState.BAD_CREDENTIALS)
        assert f"refused the token of {USER}" in supervisor.health.sentence
        assert expired not in supervisor.health.sentence
    assert (secrets.asked, secrets.renewals) == (1, 1)


# --- what `casewright mail check` and `import` are made of ----------------------------------------------


async def test_a_check_says_what_is_right_step_by_step(dovecot: Dovecot) -> None:
    dovecot.deliver(mail("one"))
    dovecot.create("Done")
    mailbox = mailbox_of(dovecot, after_handling={"action": "move", "folder": "Done"})
    findings = await check(mailbox, password())
    assert [finding.ok for finding in findings] == [True] * len(findings)
    assert [finding.sentence for finding in findings] == [
        f"127.0.0.1:{dovecot.tls_port} (127.0.0.1) takes connections.",
        "TLS, with a certificate that is valid for 19 more days.",
        f"Signed in as {USER}.",
        "The folder INBOX holds 1 mail.",
        "The newest mail in INBOX has no Authentication-Results: nobody vouches for its sender.",
        "The server offers IDLE: mails arrive at once.",
        "The server offers MOVE: handled mails are moved in one step.",
        "The server offers UIDPLUS: exactly the mails meant are removed after copying.",
        "Handled mails move to Done, which is there.",
    ]
    assert dovecot.flags() == {1: set()}


@pytest.mark.parametrize(
    ("field", "configured", "ok", "sentence"),
    [
        ("mx.example.org; spf=pass", "MX.example.org", True, "Results of MX.example.org, as configured."),
        ("mx.example.org; spf=pass", None, True, "If mx.example.org is your server, add: authserv_id: mx.example.org"),
        ("spf=pass smtp.mailfrom=a.example", None, True, "add: authserv_id: protection.outlook.com"),
        (
            "mx.example.org; spf=pass",
            "mail.example.org",
            False,
            "carries Authentication-Results of mx.example.org alone.",
        ),
    ],
)
async def test_a_check_says_whose_authentication_results_the_newest_mail_carries(
    dovecot: Dovecot, field: str, configured: str | None, *, ok: bool, sentence: str
) -> None:
    dovecot.deliver(mail("older"), f"Authentication-Results: {field}\r\n".encode() + mail("newest"))
    findings = await check(mailbox_of(dovecot, authserv_id=configured), password())
    assert [finding.ok for finding in findings if finding.sentence.endswith(sentence)] == [ok]


async def test_a_check_says_what_is_wrong(dovecot: Dovecot) -> None:
    dovecot.restart(imap_capability="IMAP4rev1")
    mailbox = mailbox_of(dovecot, folders=("INBOX", "Nowhere"), sent_folder="Sent")
    secrets = password()
    secrets.expiry = Expiry(what="client secret", day=datetime.now(UTC).date(), remedy="make a new one")
    found = {finding.sentence: finding.ok for finding in await check(mailbox, secrets)}
    wrong = [sentence for sentence, ok in found.items() if not ok]
    assert [sentence[:40] for sentence in wrong] == [
        "The client secret ends today: make a new",
        "The folder Nowhere can't be opened: sele",
        "Copies of what is sent go to Sent, but t",
    ]
    assert found["The server does not offer IDLE: the mailbox is asked every 1 seconds instead."]


async def test_a_check_ends_where_nothing_more_can_be_tried(dovecot: Dovecot) -> None:
    refused = await check(mailbox_of(dovecot), password("wrong"))
    assert refused[-1] == Finding(ok=False, sentence=refused[-1].sentence)
    assert f"refused the password of {USER}" in refused[-1].sentence
    dovecot.kill()
    nothing = await check(mailbox_of(dovecot), password())
    assert nothing == [Finding(ok=False, sentence=f"Nothing listens at 127.0.0.1:{dovecot.tls_port}.")]


async def test_older_mail_is_fetched_on_request_from_a_day_on_in_order_and_sets_no_flag(dovecot: Dovecot) -> None:
    for day in (1, 2, 3):
        dovecot.deliver(mail(str(day)), at=datetime(2026, 3, day, 12, tzinfo=UTC))
    texts: list[str] = []
    async with fetch_since(mailbox_of(dovecot), password(), "INBOX", date(2026, 3, 2)) as found:
        assert found.total >= 2
        async for arrivals in found.batches:
            texts += map(text_of, arrivals)
    assert texts == ["2", "3"]
    assert dovecot.flags() == {1: set(), 2: set(), 3: set()}
