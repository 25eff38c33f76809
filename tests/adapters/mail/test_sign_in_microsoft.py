"""Tokens of Microsoft 365, from a server that answers as Microsoft's does, through the real msal."""

from __future__ import annotations

import asyncio
import logging
import traceback
from datetime import UTC, datetime, timedelta

import pytest

from adapters.mail.credentials import SignInFailed, TokenSecret, TokensUnreachable
from tests.adapters.mail.tokens import (
    CLIENT_ID,
    CLIENT_SECRET,
    Clock,
    TokenServer,
    credentials_for,
    granted,
    mailbox_with,
    microsoft,
)

VARIABLE = "CASEWRIGHT_MAILBOX_SUPPORT_CLIENT_SECRET"


def refusal(error: str, code: int, words: str) -> dict[str, object]:
    """As login.microsoftonline.com answers."""
    trace = "6bad8289-db4a-49da-8609-0848d8d71700"
    return {
        "error": error,
        "error_description": f"AADSTS{code}: {words}\r\nTrace ID: {trace}\r\nCorrelation ID: {trace}\r\n"
        "Timestamp: 2026-11-20 07:21:29Z",
        "error_codes": [code],
        "timestamp": "2026-11-20 07:21:29Z",
        "trace_id": trace,
        "correlation_id": trace,
        "error_uri": f"https://login.microsoftonline.com/error?code={code}",
    }


WRONG_SECRET = refusal(
    "invalid_client",
    7000215,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
    f"client secret ID, for a secret added to app '{CLIENT_ID}'.",
)
EXPIRED_SECRET = refusal(
    "invalid_client",
    7000222,
    f"The provided client secret keys for app '{CLIENT_ID}' are expired. Visit the Azure portal to create new keys for "
    "your app: https://aka.ms/NewClientSecret, or consider using certificate credentials.",
)
UNKNOWN_APP = refusal(
    "unauthorized_client",
    700016,
    f"Application with identifier '{CLIENT_ID}' was not found in the directory 'contoso'. This can happen if the "
    "application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
)
UNKNOWN_TENANT = refusal(
    "invalid_tenant",
    90002,
    "Tenant 'contoso' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
    "cloud.",
)
BAD_SCOPE = refusal("invalid_scope", 70011, "The provided value for the input parameter 'scope' isn't valid.")
NEW_KIND = refusal("invalid_request", 999999, "Something that nobody has heard of.")


async def refused(tokens: TokenServer) -> str:
    with pytest.raises(SignInFailed) as raised:
        await credentials_for(mailbox_with(microsoft(tokens))).sign_in()
    return raised.value.sentence


async def unreachable(tokens: TokenServer, **changes: object) -> str:
    mailbox = mailbox_with(microsoft(tokens, **changes), timeout_seconds=1)
    with pytest.raises(TokensUnreachable) as raised:
        async with asyncio.timeout(5):
            await credentials_for(mailbox).sign_in()
    return raised.value.sentence


async def test_the_app_signs_in_as_itself_to_a_shared_mailbox(tokens: TokenServer) -> None:
    credentials = credentials_for(mailbox_with(microsoft(tokens, user="shared@example.org", scope="the/.default")))
    assert await credentials.sign_in() == TokenSecret(mechanism="XOAUTH2", user="shared@example.org", token="a token")
    (form,) = tokens.forms
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "the/.default"
    assert (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)


async def test_the_address_is_the_user_where_no_other_is_named(tokens: TokenServer) -> None:
    assert (await credentials_for(mailbox_with(microsoft(tokens))).sign_in()).user == "support@example.org"
    assert tokens.forms[0]["scope"] == "https://outlook.office365.com/.default"


async def test_a_token_is_kept_until_shortly_before_its_end(tokens: TokenServer) -> None:
    tokens.answers = [(200, granted("first")), (200, granted("second"))]
    clock = Clock()
    credentials = credentials_for(mailbox_with(microsoft(tokens)), clock)
    for now, token in ((0, "first"), (3200, "first"), (3400, "second"), (6500, "second")):
        clock.now = now
        assert await credentials.sign_in() == TokenSecret(
            mechanism="XOAUTH2", user="support@example.org", token=token
        ), now


async def test_many_callers_at_once_ask_once(tokens: TokenServer) -> None:
    credentials = credentials_for(mailbox_with(microsoft(tokens)))
    secrets = await asyncio.gather(*(credentials.sign_in() for _ in range(5)))
    assert len(tokens.forms) == 1
    assert len({id(secret) for secret in secrets}) == 1


async def test_a_renewed_token_is_new_and_kept_from_then_on(tokens: TokenServer) -> None:
    tokens.answers = [(200, granted("first")), (200, granted("second"))]
    credentials = credentials_for(mailbox_with(microsoft(tokens)))
    before = await credentials.sign_in()
    renewed = await asyncio.gather(credentials.renewed(), credentials.renewed(), credentials.renewed())
    assert isinstance(before, TokenSecret)
    assert before.token == "first"
    assert {secret.token for secret in renewed if isinstance(secret, TokenSecret)} == {"second"}
    assert await credentials.sign_in() == renewed[0]
    assert len(tokens.forms) == 2


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (
            401,
            EXPIRED_SECRET,
            f"the client secret has expired: make a new one in the app's registration, put its value in {VARIABLE}",
        ),
        (401, WRONG_SECRET, f"the client secret is wrong (its value is wanted, not its id): correct {VARIABLE}"),
        (400, UNKNOWN_APP, f"the tenant contoso has no app {CLIENT_ID}: correct client_id or tenant"),
        (400, BAD_SCOPE, "the scope https://outlook.office365.com/.default is not for this app"),
        (400, NEW_KIND, f"check client_id and tenant in the mailboxes' file, the client secret in {VARIABLE}"),
        (
            400,
            {"error": "invalid_request"},
            "gives no token for support@example.org (invalid_request): check client_id",
        ),
    ],
)
async def test_a_refusal_says_what_to_do(tokens: TokenServer, status: int, answer: object, words: str) -> None:
    tokens.answers = [(status, answer)]
    sentence = await refused(tokens)
    assert sentence.startswith("Microsoft 365 gives no token for support@example.org (")
    assert words in sentence
    assert "Trace ID" not in sentence
    assert "\n" not in sentence


async def test_a_refusal_quotes_microsoft(tokens: TokenServer) -> None:
    tokens.answers = [(401, EXPIRED_SECRET)]
    assert "(invalid_client: AADSTS7000222: The provided client secret keys for app" in await refused(tokens)


async def test_an_unknown_tenant_is_named(tokens: TokenServer) -> None:
    tokens.endpoints = (400, UNKNOWN_TENANT)
    sentence = await refused(tokens)
    assert "(invalid_tenant: AADSTS90002: Tenant 'contoso' not found." in sentence
    assert "there is no tenant contoso here: correct tenant or authority" in sentence
    assert tokens.forms == []


async def test_after_a_refusal_the_next_try_asks_again(tokens: TokenServer) -> None:
    tokens.answers = [(400, UNKNOWN_APP), (200, granted("a token"))]
    credentials = credentials_for(mailbox_with(microsoft(tokens)))
    with pytest.raises(SignInFailed):
        await credentials.sign_in()
    assert isinstance(await credentials.sign_in(), TokenSecret)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (503, "Service unavailable"),
        (500, {"error": "server_error"}),
        (400, {"error": "temporarily_unavailable", "error_description": "AADSTS90006: Try again."}),
        (429, "Too many requests"),
        (200, "<html>Please sign in to the guest network</html>"),
        (200, ["no", "token"]),
        (200, {}),
    ],
)
@pytest.mark.parametrize("at", ["endpoints", "token"])
async def test_an_outage_is_no_refusal(tokens: TokenServer, at: str, status: int, answer: object) -> None:
    if at == "token":
        tokens.answers = [(status, answer), (200, granted("a token"))]
    else:
        tokens.endpoints = (status, answer)
    credentials = credentials_for(mailbox_with(microsoft(tokens)))
    with pytest.raises(TokensUnreachable, match=r"^No token to sign in with: 127\.0\.0\.1 answered .+\.$"):
        await credentials.sign_in()
    tokens.endpoints = None
    assert isinstance(await credentials.sign_in(), TokenSecret)


async def test_a_server_that_is_gone_is_named(tokens: TokenServer) -> None:
    sentence = await unreachable(tokens, authority="https://127.0.0.1:9")
    assert sentence == "No token to sign in with: Nothing listens at 127.0.0.1:9."


@pytest.mark.parametrize("drips", [False, True])
async def test_a_server_that_hangs_is_given_up(tokens: TokenServer, *, drips: bool) -> None:
    tokens.gate.clear()
    tokens.drips = drips
    assert (await unreachable(tokens)).endswith("does not answer in time.")


async def test_a_server_that_cannot_prove_itself_gets_no_secret(tokens: TokenServer) -> None:
    sentence = await unreachable(tokens, ca_file=None)
    assert "shows a certificate that can't be trusted" in sentence
    assert tokens.forms == []


async def test_secrets_follow_no_redirection(tokens: TokenServer) -> None:
    tokens.answers = [(307, f"{tokens.url}/elsewhere/token"), (200, granted("a token"))]
    await unreachable(tokens)
    assert len(tokens.forms) == 1


async def test_no_secret_shows_anywhere(tokens: TokenServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tokens.answers = [
        (200, granted("the-token-itself")),
        (400, {"error": "invalid_request", "error_description": f"bad\x1b[2J\nsecret {CLIENT_SECRET}"}),
        (503, CLIENT_SECRET),
    ]
    credentials = credentials_for(mailbox_with(microsoft(tokens)))
    shown = [repr(credentials), repr(await credentials.sign_in())]
    for expected in (SignInFailed, TokensUnreachable):
        with pytest.raises(expected) as raised:
            await credentials.renewed()
        shown += traceback.format_exception(raised.value)
        shown += [repr(raised.value), str(raised.value)]
    whole = "\n".join([*shown, caplog.text])
    assert "secret •••" in whole
    assert CLIENT_SECRET not in whole
    assert "the-token-itself" not in whole
    assert "\x1b" not in whole


async def test_the_end_of_the_client_secret_is_known_days_ahead(tokens: TokenServer) -> None:
    today = datetime.now(UTC).date()
    expiry = credentials_for(mailbox_with(microsoft(tokens, secret_expires=today + timedelta(days=5)))).expiry
    assert expiry
    assert expiry.is_soon(today)
    assert expiry.sentence(today) == (
        f"The client secret of support ends in 5 days, on {today + timedelta(days=5)}: make a new one in the app's "
        f"registration, put its value in {VARIABLE}, then restart, and correct secret_expires."
    )
    assert credentials_for(mailbox_with(microsoft(tokens))).expiry is None
