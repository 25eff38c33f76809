"""Where secrets come from, and that a password is used as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import PasswordSecret
from adapters.mail.loading import MailboxesWrong, load
from adapters.mail.sign_in import SecretsMissing, for_mailbox, secrets_from
from tests.adapters.mail.tokens import CLIENT_ID, mailbox_with

PASSWORD = {"kind": "password"}
REFRESH_TOKEN = {"kind": "refresh_token", "client_id": CLIENT_ID}
MICROSOFT = {"kind": "microsoft", "tenant": "contoso", "client_id": CLIENT_ID}
NAME = "CASEWRIGHT_MAILBOX_SUPPORT_PASSWORD"


def problems(environment: dict[str, str], sign_in: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(SecretsMissing) as raised:
        secrets_from(environment, mailbox_with(sign_in))
    return raised.value.problems


async def password_of(environment: dict[str, str], mailbox: Mailbox) -> PasswordSecret:
    secret = await for_mailbox(mailbox, secrets_from(environment, mailbox)).sign_in()
    assert isinstance(secret, PasswordSecret)
    return secret


async def test_a_password_comes_from_its_variable() -> None:
    mailbox = mailbox_with(PASSWORD)
    credentials = for_mailbox(mailbox, secrets_from({NAME: " hunter 2 "}, mailbox))
    secret = await credentials.sign_in()
    assert secret == PasswordSecret(user="support@example.org", password=" hunter 2 ")
    assert await credentials.renewed() == secret
    assert credentials.expiry is None


async def test_the_user_may_be_another_than_the_address() -> None:
    secret = await password_of({NAME: "hunter2"}, mailbox_with({**PASSWORD, "user": "CORP\\desk"}))
    assert secret.user == "CORP\\desk"


async def test_each_mailbox_has_secrets_of_its_own() -> None:
    environment = {"CASEWRIGHT_MAILBOX_SALES_2_PASSWORD": "theirs", NAME: "ours"}
    assert (await password_of(environment, mailbox_with(PASSWORD))).password == "ours"
    assert (await password_of(environment, mailbox_with(PASSWORD, name="sales_2"))).password == "theirs"


async def test_a_password_comes_from_the_file_that_a_variable_names(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("käse hunter2\r\n", encoding="utf-8")
    secret = await password_of({f"{NAME}_FILE": str(file)}, mailbox_with(PASSWORD))
    assert secret.password == "käse hunter2"


@pytest.mark.parametrize("environment", [{}, {NAME: ""}, {"CASEWRIGHT_MAILBOX_SALES_PASSWORD": "x"}])
def test_a_missing_secret_is_named(environment: dict[str, str]) -> None:
    assert problems(environment, PASSWORD) == (
        f"The mailbox support needs its password: set {NAME}, or {NAME}_FILE to the path of a file that holds it.",
    )


def test_all_that_is_missing_is_told_at_once() -> None:
    secret, token = problems({}, REFRESH_TOKEN)
    assert "CASEWRIGHT_MAILBOX_SUPPORT_CLIENT_SECRET" in secret
    assert "CASEWRIGHT_MAILBOX_SUPPORT_REFRESH_TOKEN" in token
    assert problems({}, MICROSOFT) == (secret,)


def test_a_secret_given_twice_is_refused() -> None:
    assert problems({NAME: "hunter2", f"{NAME}_FILE": "/file"}, PASSWORD) == (
        f"{NAME} and {NAME}_FILE are both set: one of them is enough.",
    )


def test_a_file_that_is_no_secret_is_named(tmp_path: Path) -> None:
    missing, empty, binary = (tmp_path / name for name in ("missing", "empty", "binary"))
    empty.write_text("\n")
    binary.write_bytes(b"hunter2\xff")
    for file, reason in ((missing, "can't be read: No such file"), (empty, "is empty."), (binary, "it is not text.")):
        (problem,) = problems({f"{NAME}_FILE": str(file)}, PASSWORD)
        assert problem.startswith(f"{NAME}_FILE names {file}, which ")
        assert reason in problem
        assert "hunter2" not in problem


def test_loading_the_file_of_mailboxes_tells_what_each_lacks(tmp_path: Path) -> None:
    server = "{host: mail.example.org, port: 993}"
    boxes = [
        f"  - {{name: {name}, address: {name}@example.org, imap: {server}, smtp: {server}, sign_in: {sign_in}}}\n"
        for name, sign_in in (
            ("one", "{kind: password}"),
            ("two", "{kind: microsoft, tenant: contoso, client_id: x, secret_expires: 2027-01-31}"),
        )
    ]
    file = tmp_path / "mailboxes.yaml"
    file.write_text("mailboxes:\n" + "".join(boxes))
    with pytest.raises(MailboxesWrong) as raised:
        load(file, {})
    one, two = raised.value.problems
    assert "CASEWRIGHT_MAILBOX_ONE_PASSWORD" in one
    assert "CASEWRIGHT_MAILBOX_TWO_CLIENT_SECRET" in two
    secrets = {"CASEWRIGHT_MAILBOX_ONE_PASSWORD": "x", "CASEWRIGHT_MAILBOX_TWO_CLIENT_SECRET": "y"}
    (_, first), (_, second) = load(file, secrets)
    assert first.expiry is None
    assert second.expiry
    assert second.expiry.day.isoformat() == "2027-01-31"


@pytest.mark.parametrize(
    ("mailbox", "environment", "problem"),
    [
        (
            "adress: a@example.org",
            {},
            "mailboxes.yaml: mailboxes[0].adress: there is no key 'adress' here; did you mean 'address'?",
        ),
        (
            "sign_in: {kind: microsoft, tenant: contoso, client_id: x, tennant: y}",
            {},
            "mailboxes.yaml: mailboxes[0].sign_in.tennant: there is no key 'tennant' here; did you mean 'tenant'?",
        ),
        (
            "smtp: {host: mail.example.org}",
            {},
            "mailboxes.yaml: mailboxes[0].smtp.port: is missing",
        ),
        (
            "smtp: {host: mail.example.org, port: 465, ca_file: /nowhere/authority.pem}",
            {},
            "The mailbox support names /nowhere/authority.pem as smtp.ca_file, and there is no such file.",
        ),
        (
            "aliases: []",
            {"CASEWRIGHT_MAILBOX_SUPORT_PASSWORD": "x"},
            "CASEWRIGHT_MAILBOX_SUPORT_PASSWORD is the secret of no mailbox in the file: did you mean " + NAME + "?",
        ),
    ],
)
def test_what_is_misspelt_is_named_with_what_was_meant(
    tmp_path: Path, mailbox: str, environment: dict[str, str], problem: str
) -> None:
    server = "{host: mail.example.org, port: 993}"
    lines = {"name": "support", "address": "support@example.org", "imap": server, "smtp": server}
    key, _, described = mailbox.partition(": ")
    lines[key] = described
    file = tmp_path / "mailboxes.yaml"
    file.write_text("mailboxes:\n  -\n" + "".join(f"    {name}: {value}\n" for name, value in lines.items()))
    with pytest.raises(MailboxesWrong) as raised:
        load(file, {NAME: "x", **environment})
    assert raised.value.problems == (problem,)


@pytest.mark.parametrize("day", [20270131, 1.5, True, "soon", "2027-13-01", "31.01.2027"])
def test_the_end_of_a_secret_is_an_iso_date(day: object) -> None:
    with pytest.raises(ValidationError, match="secret_expires"):
        mailbox_with({**MICROSOFT, "secret_expires": day})


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/token", "login.example.org", "https:///token", "https://me@example.org/token", "https://h:x/"],
)
def test_secrets_are_sent_over_tls_alone(url: str) -> None:
    with pytest.raises(ValidationError):
        mailbox_with({**REFRESH_TOKEN, "token_url": url})
    with pytest.raises(ValidationError):
        mailbox_with({**MICROSOFT, "authority": url})


def test_no_secret_shows(tmp_path: Path) -> None:
    mailbox = mailbox_with(REFRESH_TOKEN)
    file = tmp_path / "token"
    file.write_text("a-refresh-token")
    secrets = secrets_from(
        {
            "CASEWRIGHT_MAILBOX_SUPPORT_CLIENT_SECRET": "a-client-secret",
            "CASEWRIGHT_MAILBOX_SUPPORT_REFRESH_TOKEN_FILE": str(file),
        },
        mailbox,
    )
    shown = f"{secrets} {secrets!r} {for_mailbox(mailbox, secrets)} {PasswordSecret(user='me', password='a-password')}"
    assert not {word for word in ("a-client-secret", "a-refresh-token", "a-password") if word in shown}
