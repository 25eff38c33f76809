"""E-mail keeps the contract of channels. A mailbox refuses nobody: what others answer with 4xx is kept and said why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from email.message import EmailMessage

import pytest

from store.mail import MailState
from tests.adapters.contract import ChannelContract, Remote
from tests.adapters.mail.mailbox import MailRemote, mail_remote
from tests.dovecot import Dovecot


class TestMail(ChannelContract):
    @pytest.fixture
    async def remote(self, sqlite_url: str, dovecot: Dovecot) -> AsyncIterator[Remote]:
        async with mail_remote(sqlite_url, dovecot) as remote:
            yield remote

    async def test_a_bad_signature_is_401_and_stores_nothing(self, remote: Remote) -> None:
        await _kept_for_review(remote, "The sender may be forged.", remote.forged())

    async def test_malformed_input_is_the_senders_error_and_stores_nothing(self, remote: Remote) -> None:
        await _kept_for_review(remote, "The mail has no sender that can be read.", remote.malformed())


async def _kept_for_review(remote: Remote, why: str, payloads: Sequence[EmailMessage]) -> None:
    assert isinstance(remote, MailRemote)
    for payload in payloads:
        assert await remote.deliver(payload) == 200
    [entry] = await remote.entries()
    assert entry.state is MailState.REVIEW
    assert why in str(entry.reason)
    assert remote.inbox.received == []
