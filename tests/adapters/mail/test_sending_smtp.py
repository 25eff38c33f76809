"""Handing mails over: encrypted or not at all, signed in, and every answer of the server taken for what it means."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from adapters.channel import RetryLater, Undeliverable
from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import SignInFailed, TokensUnreachable
from adapters.mail.sending import Smtp, compose
from tests.adapters.mail.imap import until
from tests.adapters.mail.smtp import Keys, World, mailbox_at, outbound, password, server_tls, speaking, token, world
from tests.authority import Authority
from tests.dovecot import USER


@pytest.fixture
def tls(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    return server_tls(authority, tmp_path)


async def send(mailbox: Mailbox, keys: Keys | None = None, **changes: Any) -> dict[str, str]:
    message = compose(outbound(**changes), mailbox, automatic=True)
    return dict(await Smtp(mailbox, keys or password()).send(message))


async def test_a_mail_goes_out_over_tls_from_the_mailbox_to_everybody(
    tls: ssl.SSLContext, authority: Authority
) -> None:
    async with world(tls) as there:
        assert await send(mailbox_at(there.port, "tls", authority.certificate_file)) == {}

    [letter] = there.letters
    assert (letter.sender, letter.recipients) == (USER, ["ada@example.com", "bob@example.com"])
    assert letter.mail.get_body(("plain",)) is not None
    assert there.signed_in == ["PLAIN"]


async def test_starttls_encrypts_before_anybody_signs_in(tls: ssl.SSLContext, authority: Authority) -> None:
    async with world(starttls=tls) as there:  # it takes no mail and no sign-in in plain text
        await send(mailbox_at(there.port, "starttls", authority.certificate_file))

    assert len(there.letters) == 1


async def test_where_starttls_is_stripped_nothing_is_said_but_hello() -> None:
    lines: list[str] = []

    def without_starttls(line: str) -> str:
        lines.append(line)
        return "250-here\r\n250 AUTH PLAIN"

    async with speaking(without_starttls) as port:
        with pytest.raises(RetryLater, match="does not offer STARTTLS") as refused:
            await send(mailbox_at(port, "starttls"))

    assert refused.value.nothing_posted
    assert [line.split()[0] for line in lines] == ["EHLO"]


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_server_that_cannot_prove_itself_gets_nothing(tls: ssl.SSLContext, security: str) -> None:
    async with world(tls) if security == "tls" else world(starttls=tls) as there:
        with pytest.raises(RetryLater, match="certificate that can't be trusted") as refused:
            await send(mailbox_at(there.port, security))  # without the tests' authority

    assert refused.value.nothing_posted
    assert (there.letters, there.tries) == ([], [])


async def test_a_certificate_for_another_host_is_none(authority: Authority, tmp_path: Path) -> None:
    async with world(server_tls(authority, tmp_path, host="127.0.0.2")) as there:
        with pytest.raises(RetryLater, match="certificate that can't be trusted"):
            await send(mailbox_at(there.port, "tls", authority.certificate_file))

    assert there.letters == []


async def test_a_server_on_this_machine_may_ask_for_no_sign_in() -> None:
    async with world(asks_sign_in=False) as there:
        await send(mailbox_at(there.port))

    assert (len(there.letters), there.tries) == (1, [])


async def test_login_is_used_where_plain_is_not_offered(tls: ssl.SSLContext, authority: Authority) -> None:
    async with world(tls, without=["PLAIN"]) as there:
        await send(mailbox_at(there.port, "tls", authority.certificate_file))

    assert there.signed_in == ["LOGIN"]


async def test_a_refused_password_is_tried_once_and_not_again_soon(tls: ssl.SSLContext, authority: Authority) -> None:
    async with world(tls) as there:
        mailbox = mailbox_at(there.port, "tls", authority.certificate_file)
        smtp = Smtp(mailbox, password("hunter2"))
        message = compose(outbound(), mailbox, automatic=True)
        for _ in range(3):
            with pytest.raises(RetryLater, match=f"refused the password of {USER}") as refused:
                await smtp.send(message)
            assert refused.value.nothing_posted
            assert "hunter2" not in str(refused.value)

    assert there.tries == ["PLAIN"]


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_token_signs_in(tls: ssl.SSLContext, authority: Authority, mechanism: str) -> None:
    async with world(tls) as there:
        keys = Keys(token("good", mechanism))
        await send(mailbox_at(there.port, "tls", authority.certificate_file), keys)

    assert (there.signed_in, keys.renewals, len(there.letters)) == ([mechanism], 0, 1)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_refused_token_is_renewed_once(tls: ssl.SSLContext, authority: Authority, mechanism: str) -> None:
    async with world(tls) as there:
        keys = Keys(token("stale", mechanism), token("good", mechanism))
        await send(mailbox_at(there.port, "tls", authority.certificate_file), keys)

    assert (there.tries, there.signed_in, keys.renewals) == ([mechanism] * 2, [mechanism], 1)


async def test_a_token_refused_twice_waits_for_a_person(tls: ssl.SSLContext, authority: Authority) -> None:
    async with world(tls) as there:
        with pytest.raises(RetryLater, match=f"refused the token of {USER}") as refused:
            await send(mailbox_at(there.port, "tls", authority.certificate_file), Keys(token("s3cret")))

    assert refused.value.nothing_posted
    assert "s3cret" not in str(refused.value)
    assert there.tries == ["XOAUTH2"] * 2


@pytest.mark.parametrize(
    "error", [SignInFailed("The secret ended yesterday."), TokensUnreachable("The secret is away.")]
)
async def test_without_a_secret_nothing_is_sent_yet(error: Exception) -> None:
    async with world() as there:
        with pytest.raises(RetryLater, match="The secret") as refused:
            await send(mailbox_at(there.port), Keys(error))

    assert refused.value.nothing_posted


async def test_a_server_with_trouble_of_its_own_at_sign_in_is_tried_again() -> None:
    async with speaking(lambda line: "250-x\r\n250 AUTH PLAIN" if "EHLO" in line else "454 4.7.0 later") as port:
        smtp = Smtp(mailbox_at(port), password())
        message = compose(outbound(), mailbox_at(port), automatic=True)
        for _ in range(2):
            with pytest.raises(RetryLater, match=r"454 4\.7\.0 later"):
                await smtp.send(message)


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
async def test_a_passing_refusal_is_tried_again(command: str) -> None:
    async with world() as there:
        there.answers[command] = "451 4.7.1 Greylisted"
        with pytest.raises(RetryLater, match=r"451 4\.7\.1 Greylisted") as refused:
            await send(mailbox_at(there.port))

    assert refused.value.nothing_posted


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
async def test_a_final_refusal_is_final(command: str) -> None:
    async with world() as there:
        there.answers[command] = "552 5.3.4 Too big"
        with pytest.raises(Undeliverable, match=r"^127\.0\.0\.1 answered: 552 5\.3\.4 Too big$"):
            await send(mailbox_at(there.port))


async def test_what_a_server_says_is_made_harmless() -> None:
    async with speaking(lambda line: "250 OK" if "EHLO" in line else "552-too\x1b[31m\r\n552 big\u202e") as port:
        with pytest.raises(Undeliverable, match=r"^127\.0\.0\.1 answered: 552 too\[31m big$"):
            await send(mailbox_at(port))


async def test_a_server_that_wants_a_sign_in_after_all_is_about_us_and_not_about_the_mail() -> None:
    async with world() as there:
        there.answers["MAIL"] = "530 5.7.0 Authentication required"
        with pytest.raises(RetryLater, match="530"):
            await send(mailbox_at(there.port))


async def test_all_recipients_refused_for_good_is_undeliverable() -> None:
    async with world() as there:
        there.answers |= {"ada@example.com": "550 5.1.1 No such user", "bob@example.com": "550 5.1.1 Nor he"}
        with pytest.raises(Undeliverable, match=r"ada@example\.com: 550 5\.1\.1 No such user; bob@example\.com: 550"):
            await send(mailbox_at(there.port))

    assert there.letters == []


@pytest.mark.parametrize("answer", ["550 5.1.1 No such user", "450 4.2.0 Greylisted"])
async def test_a_refused_copy_holds_up_nobody_and_is_named(answer: str) -> None:
    async with world() as there:
        there.answers["bob@example.com"] = answer
        assert await send(mailbox_at(there.port)) == {"bob@example.com": answer}

    assert [letter.recipients for letter in there.letters] == [["ada@example.com"]]


async def test_where_whom_it_is_for_is_put_off_the_copy_waits_too() -> None:
    async with world() as there:
        there.answers["ada@example.com"] = "450 4.2.0 Greylisted"
        with pytest.raises(RetryLater, match="450") as refused:
            await send(mailbox_at(there.port))

    assert refused.value.nothing_posted
    assert there.letters == []


async def test_where_whom_it_is_for_is_refused_for_good_the_copy_goes_and_they_are_named() -> None:
    async with world() as there:
        there.answers["ada@example.com"] = "550 5.1.1 No such user"
        assert await send(mailbox_at(there.port)) == {"ada@example.com": "550 5.1.1 No such user"}

    assert [letter.recipients for letter in there.letters] == [["bob@example.com"]]


async def test_a_connection_lost_after_the_mail_was_handed_over_leaves_it_open() -> None:
    async with world() as there:
        there.hangs_up_at_data = True
        with pytest.raises(RetryLater, match="handed over") as refused:
            await send(mailbox_at(there.port))

    assert len(there.letters) == 1
    assert not refused.value.nothing_posted
    assert refused.value.after is None


async def test_a_server_that_never_answers_the_mail_leaves_it_open() -> None:
    async with world() as there:
        there.gate.clear()
        with pytest.raises(RetryLater, match="does not answer in time") as refused:
            await send(mailbox_at(there.port, timeout_seconds=1))

    assert not refused.value.nothing_posted


@pytest.mark.parametrize("silent_at", ["EHLO", "MAIL", "RCPT"])
async def test_a_server_that_falls_silent_is_given_up_in_time(silent_at: str) -> None:
    async with speaking(lambda line: "" if line.startswith(silent_at) else "250 OK") as port:
        with pytest.raises(RetryLater) as refused:
            await send(mailbox_at(port, timeout_seconds=1))

    assert refused.value.nothing_posted


@pytest.mark.parametrize("hangs_up_at", ["EHLO", "MAIL", "RCPT"])
async def test_a_connection_lost_before_is_no_loss(hangs_up_at: str) -> None:
    async with speaking(lambda line: None if line.startswith(hangs_up_at) else "250 OK") as port:
        with pytest.raises(RetryLater, match="The connection") as refused:
            await send(mailbox_at(port))

    assert refused.value.nothing_posted


@pytest.mark.parametrize("greeting", ["554 5.7.1 You are on a list", "421 busy", "what?"])
async def test_a_server_that_will_not_talk_now_is_tried_again(greeting: str) -> None:
    async with speaking(lambda _: "250 OK", greeting) as port:
        with pytest.raises(RetryLater) as refused:
            await send(mailbox_at(port))

    assert refused.value.nothing_posted


async def test_nobody_listening_is_tried_again() -> None:
    async with speaking(lambda _: None) as port:
        pass
    with pytest.raises(RetryLater, match=f"Nothing listens at 127.0.0.1:{port}") as refused:
        await send(mailbox_at(port))

    assert refused.value.nothing_posted


async def test_an_authority_file_that_is_gone_is_said(tmp_path: Path) -> None:
    async with speaking(lambda _: None) as port:
        with pytest.raises(RetryLater, match="No such file") as refused:
            await send(mailbox_at(port, "tls", tmp_path / "gone.pem"))

    assert refused.value.nothing_posted


async def test_letters_beyond_ascii_in_an_address_go_where_the_server_takes_them() -> None:
    async with world(utf8=True) as there:
        await send(mailbox_at(there.port), reply_address={"to": ["jörg@bücher.example"], "cc": []})

    [letter] = there.letters
    assert letter.recipients == ["jörg@xn--bcher-kva.example"]
    assert "SMTPUTF8" in letter.options
    assert "To: jörg@xn--bcher-kva.example\r\n" in letter.raw.decode()


async def test_letters_beyond_ascii_in_an_address_are_said_where_the_server_does_not_take_them() -> None:
    async with world() as there:
        with pytest.raises(Undeliverable, match="SMTPUTF8"):
            await send(mailbox_at(there.port), reply_address={"to": ["jörg@example.org"]})

    assert there.letters == []


async def test_no_more_than_three_connections_are_open_at_once() -> None:
    async with world() as there:
        there.gate.clear()
        mailbox = mailbox_at(there.port)
        smtp = Smtp(mailbox, password())
        messages = [compose(outbound(key=f"{each}"), mailbox, automatic=True) for each in range(7)]
        sending = [asyncio.create_task(smtp.send(each)) for each in messages]
        await _until(there, 3)
        assert len(there.commands) == 3
        there.gate.set()
        await asyncio.gather(*sending)

    assert len(there.letters) == 7


async def test_a_large_mail_has_the_time_that_a_slow_line_takes() -> None:
    async with world() as there:
        there.gate.clear()
        slow = mailbox_at(there.port, timeout_seconds=1)
        started = asyncio.get_running_loop().time()
        large = asyncio.create_task(send(slow, text="My kettle leaks. " * 60_000))
        await _until(there, 1)
        await until(lambda: asyncio.get_running_loop().time() > started + 1.5)
        there.gate.set()
        assert await large == {}


async def test_a_cancelled_sending_leaves_nothing_behind(tls: ssl.SSLContext, authority: Authority) -> None:
    async with world(tls) as there:  # which sees to the sockets
        there.gate.clear()
        sending = asyncio.create_task(send(mailbox_at(there.port, "tls", authority.certificate_file)))
        await _until(there, 1)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def _until(there: World, count: int) -> None:
    async with asyncio.timeout(20):
        while len(there.letters) < count:  # noqa: ASYNC110 - the server runs in this loop, too
            await asyncio.sleep(0.01)
