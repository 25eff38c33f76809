"""`casewright mail check` on the way out: each step in words, and nothing sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.mail.credentials import SignInFailed, TokensUnreachable
from adapters.mail.imap import Finding
from adapters.mail.sending import check_smtp
from tests.adapters.mail.smtp import Keys, mailbox_at, password, server_tls, speaking, token, world
from tests.authority import Authority
from tests.dovecot import USER


def bad(findings: list[Finding]) -> list[str]:
    return [finding.sentence for finding in findings if not finding.ok]


async def test_a_server_that_works_is_described_and_gets_no_mail(authority: Authority, tmp_path: Path) -> None:
    async with world(server_tls(authority, tmp_path)) as there:
        findings = await check_smtp(mailbox_at(there.port, "tls", authority.certificate_file), password())

    assert bad(findings) == []
    assert [finding.sentence for finding in findings] == [
        f"127.0.0.1:{there.port} (127.0.0.1) takes mails to send.",
        "TLS, with a certificate that is valid for 19 more days.",
        f"Signed in as {USER}, to send.",
        "The server takes mails of up to 32 MB.",
    ]
    assert there.commands == []


async def test_starttls_and_a_token_work_too(authority: Authority, tmp_path: Path) -> None:
    async with world(starttls=server_tls(authority, tmp_path)) as there:
        mailbox = mailbox_at(there.port, "starttls", authority.certificate_file)
        findings = await check_smtp(mailbox, Keys(token("good")))

    assert bad(findings) == []
    assert findings[1].sentence.startswith("STARTTLS, with a certificate")
    assert there.signed_in == ["XOAUTH2"]


async def test_a_certificate_that_ends_soon_is_bad_and_the_rest_is_still_looked_at(
    authority: Authority, tmp_path: Path
) -> None:
    async with world(server_tls(authority, tmp_path, days=5)) as there:
        findings = await check_smtp(mailbox_at(there.port, "tls", authority.certificate_file), password())

    assert bad(findings) == ["TLS, with a certificate that is valid for 4 more days."]
    assert len(findings) == 4


async def test_plain_text_on_this_machine_without_a_sign_in_is_said() -> None:
    async with world(asks_sign_in=False) as there:
        sentences = [finding.sentence for finding in await check_smtp(mailbox_at(there.port), password())]

    assert sentences[1:3] == ["Plain text, on this machine only.", "The server asks for no sign-in to send."]


async def test_a_refused_password_is_named_without_being_shown(authority: Authority, tmp_path: Path) -> None:
    async with world(server_tls(authority, tmp_path)) as there:
        findings = await check_smtp(mailbox_at(there.port, "tls", authority.certificate_file), password("hunter2"))

    [sentence] = bad(findings)
    assert sentence.startswith(f"127.0.0.1 refused the password of {USER} (535 ")
    assert "hunter2" not in sentence


async def test_a_certificate_of_nobody_known_ends_the_check(authority: Authority, tmp_path: Path) -> None:
    async with world(server_tls(authority, tmp_path)) as there:
        [finding] = await check_smtp(mailbox_at(there.port, "tls"), password())

    assert not finding.ok
    assert "certificate that can't be trusted" in finding.sentence


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (SignInFailed("The app's secret has ended: make a new one."), "The app's secret has ended: make a new one."),
        (TokensUnreachable("Who hands out tokens is away."), "Who hands out tokens is away."),
    ],
)
async def test_a_secret_that_cannot_be_had_is_said(error: Exception, sentence: str) -> None:
    async with world() as there:
        assert bad(await check_smtp(mailbox_at(there.port), Keys(error))) == [sentence]


@pytest.mark.parametrize(
    ("answer", "greeting", "sentence"),
    [
        ("250 here", "554 go away", "127.0.0.1:{port} answered: 554 go away."),
        ("250 here", "220 here", "127.0.0.1:{port} does not offer STARTTLS; nothing is sent in plain text."),
        ("", "220 here", "127.0.0.1:{port} does not answer in time."),
        (None, "220 here", "The connection to 127.0.0.1:{port} failed (Unexpected EOF received)."),
    ],
)
async def test_a_server_that_does_not_play_along_is_told_of(answer: str | None, greeting: str, sentence: str) -> None:
    async with speaking(lambda _: answer, greeting) as port:
        findings = await check_smtp(mailbox_at(port, "starttls", timeout_seconds=1), password())

    assert bad(findings) == [sentence.format(port=port)]
