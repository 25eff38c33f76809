"""Tokens that a refresh token is exchanged for, from a server that answers as Google's does."""

from __future__ import annotations

import asyncio
import logging
import traceback
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from adapters.mail.credentials import SignInFailed, TokenSecret, TokensUnreachable
from tests.adapters.mail.tokens import (
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    Clock,
    TokenServer,
    credentials_for,
    granted,
    mailbox_with,
    refreshed,
)

SECRET_VARIABLE = "CASEWRIGHT_MAILBOX_SUPPORT_CLIENT_SECRET"
TOKEN_VARIABLE = "CASEWRIGHT_MAILBOX_SUPPORT_REFRESH_TOKEN"


async def unreachable(tokens: TokenServer, **changes: object) -> str:
    mailbox = mailbox_with(refreshed(tokens, **changes), timeout_seconds=1)
    with pytest.raises(TokensUnreachable) as raised:
        async with asyncio.timeout(5):
            await credentials_for(mailbox).sign_in()
    return raised.value.sentence


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_refresh_token_is_exchanged_for_a_token(tokens: TokenServer, mechanism: str) -> None:
    secret = await credentials_for(mailbox_with(refreshed(tokens, mechanism=mechanism))).sign_in()
    assert isinstance(secret, TokenSecret)
    assert (secret.mechanism, secret.user, secret.token) == (mechanism, "support@example.org", "a token")
    assert tokens.forms == [
        {
            "grant_type": "refresh_token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
        }
    ]


@pytest.mark.parametrize(
    ("expires_in", "good_for"),
    [(3599, 3298), ("3599", 3298), (60, 29), (None, 299), ("soon", 299), (-5, 299), (float("inf"), 299)],
)
async def test_a_token_is_kept_until_shortly_before_its_end(
    tokens: TokenServer, expires_in: object, good_for: float
) -> None:
    tokens.answers = [(200, granted("first", expires_in=expires_in)), (200, granted("second"))]
    clock = Clock()
    credentials = credentials_for(mailbox_with(refreshed(tokens)), clock)
    first = await credentials.sign_in()
    clock.now += good_for
    assert await credentials.sign_in() is first
    clock.now += 2
    assert await credentials.sign_in() is not first
    assert len(tokens.forms) == 2


async def test_many_callers_at_once_ask_once(tokens: TokenServer) -> None:
    credentials = credentials_for(mailbox_with(refreshed(tokens)))
    await asyncio.gather(*(credentials.sign_in() for _ in range(5)))
    assert len(tokens.forms) == 1
    await asyncio.gather(*(credentials.renewed() for _ in range(5)))
    assert len(tokens.forms) == 2


async def test_a_caller_who_gives_up_does_not_stop_the_others(tokens: TokenServer) -> None:
    tokens.gate.clear()
    credentials = credentials_for(mailbox_with(refreshed(tokens)))
    first, second = (asyncio.create_task(credentials.sign_in()) for _ in range(2))
    async with asyncio.timeout(5):
        while not tokens.forms:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        first.cancel()
        tokens.gate.set()
        assert isinstance(await second, TokenSecret)
    assert first.cancelled()


async def test_a_replaced_refresh_token_is_used_from_then_on_and_a_person_is_told_once(tokens: TokenServer) -> None:
    tokens.answers = [(200, granted(f"token {number}", refresh_token=f"refresh-{number}")) for number in range(3)]
    credentials = credentials_for(mailbox_with(refreshed(tokens)))
    with capture_logs() as logs:
        for _ in range(3):
            await credentials.renewed()
    assert [form["refresh_token"] for form in tokens.forms] == [REFRESH_TOKEN, "refresh-0", "refresh-1"]
    (entry,) = logs
    assert (entry["log_level"], entry["event"], entry["mailbox"]) == ("warning", "refresh token replaced", "support")
    assert TOKEN_VARIABLE in entry["why"]
    assert "refresh-" not in str(entry)


async def test_the_same_refresh_token_again_is_no_news(tokens: TokenServer) -> None:
    tokens.answers = [(200, granted("a token", refresh_token=REFRESH_TOKEN))]
    with capture_logs() as logs:
        await credentials_for(mailbox_with(refreshed(tokens))).sign_in()
    assert logs == []


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (
            400,
            {"error": "invalid_grant", "error_description": "Token has been expired or revoked."},
            (
                "No token for support@example.org was given (invalid_grant: Token has been expired or revoked); the "
                "refresh token was revoked or has expired: sign in again by hand, put the new refresh token in "
                f"{TOKEN_VARIABLE}, then restart."
            ),
        ),
        (
            400,
            {
                "error": "invalid_grant",
                "error_description": "reauth related error (invalid_rapt)",
                "error_subtype": "invalid_rapt",
            },
            "sign in again by hand",
        ),
        (
            401,
            {"error": "invalid_client", "error_description": "The provided client secret is invalid."},
            f"{CLIENT_ID} or its secret is wrong: correct client_id in the mailboxes' file, or {SECRET_VARIABLE}",
        ),
        (401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}, "correct client_id"),
        (401, {"error": "deleted_client", "error_description": "The OAuth client was deleted."}, "was deleted: make"),
        (401, {"error": "unauthorized_client", "error_description": "Unauthorized"}, "was not made for the app"),
        (400, {"error": "invalid_request", "error_description": "client_secret is missing."}, "check token_url and"),
        (404, "<html>Not found</html>", "(HTTP 404); check token_url and client_id in the mailboxes' file"),
        (400, {"error": {"code": 400}}, "check token_url"),
    ],
)
async def test_a_refusal_says_what_to_do(tokens: TokenServer, status: int, answer: object, words: str) -> None:
    tokens.answers = [(status, answer)]
    with pytest.raises(SignInFailed) as raised:
        await credentials_for(mailbox_with(refreshed(tokens))).sign_in()
    assert words in raised.value.sentence


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (503, "Service unavailable"),
        (500, {"error": "internal_failure"}),
        (400, {"error": "temporarily_unavailable"}),
        (408, {"error": "timeout"}),
        (429, {"error": "rate_limit_exceeded"}),
        (200, "<html>Please sign in to the guest network</html>"),
        (200, ["no", "token"]),
        (200, {"access_token": ""}),
    ],
)
async def test_an_outage_is_no_refusal(tokens: TokenServer, status: int, answer: object) -> None:
    tokens.answers = [(status, answer), (200, granted("a token"))]
    credentials = credentials_for(mailbox_with(refreshed(tokens)))
    with pytest.raises(TokensUnreachable, match=rf"^No token to sign in with: 127\.0\.0\.1 answered {status}"):
        await credentials.sign_in()
    assert isinstance(await credentials.sign_in(), TokenSecret)


async def test_an_outage_is_an_oserror_as_a_mail_server_that_is_gone_is(tokens: TokenServer) -> None:
    tokens.answers = [(503, "")]
    with pytest.raises(OSError, match="answered 503"):
        await credentials_for(mailbox_with(refreshed(tokens))).sign_in()


async def test_a_server_that_is_gone_is_named(tokens: TokenServer) -> None:
    sentence = await unreachable(tokens, token_url="https://127.0.0.1:9/token")
    assert sentence == "No token to sign in with: Nothing listens at 127.0.0.1:9."


@pytest.mark.parametrize("drips", [False, True])
async def test_a_server_that_hangs_is_given_up(tokens: TokenServer, *, drips: bool) -> None:
    tokens.gate.clear()
    tokens.drips = drips
    assert (await unreachable(tokens)).endswith("does not answer in time.")


async def test_a_server_that_cannot_prove_itself_gets_no_secret(tokens: TokenServer) -> None:
    assert "shows a certificate that can't be trusted" in await unreachable(tokens, ca_file=None)
    assert tokens.forms == []


async def test_secrets_follow_no_redirection(tokens: TokenServer) -> None:
    tokens.answers = [(307, f"{tokens.url}/elsewhere/token"), (200, granted("a token"))]
    await unreachable(tokens)
    assert len(tokens.forms) == 1


async def test_no_secret_shows_anywhere(tokens: TokenServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tokens.answers = [
        (200, granted("the-token-itself")),
        (400, {"error": "invalid_grant", "error_description": f"no\x1b[2J\r\n {CLIENT_SECRET} {REFRESH_TOKEN}"}),
        (503, f"{CLIENT_SECRET} {REFRESH_TOKEN}"),
    ]
    credentials = credentials_for(mailbox_with(refreshed(tokens)))
    shown = [repr(credentials), repr(await credentials.sign_in())]
    for expected in (SignInFailed, TokensUnreachable):
        with pytest.raises(expected) as raised:
            await credentials.renewed()
        shown += traceback.format_exception(raised.value)
        shown += [repr(raised.value), str(raised.value)]
    whole = "\n".join([*shown, caplog.text])
    assert "••• •••" in whole
    assert not {word for word in (CLIENT_SECRET, REFRESH_TOKEN, "the-token-itself", "\x1b") if word in whole}


async def test_the_end_of_the_refresh_token_is_known_once_the_server_told_it(tokens: TokenServer) -> None:
    tokens.answers = [(200, granted("a token", refresh_token_expires_in=604799))]
    credentials = credentials_for(mailbox_with(refreshed(tokens)))
    assert credentials.expiry is None
    before = datetime.now(UTC)
    await credentials.sign_in()
    expiry = credentials.expiry
    assert expiry
    assert expiry.day == (before + timedelta(seconds=604799)).date()
    assert expiry.is_soon(before.date())
    assert expiry.sentence(before.date()).startswith("The refresh token of support ends in ")
    assert TOKEN_VARIABLE in expiry.sentence(before.date())
