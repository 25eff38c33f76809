"""Slack keeps the contract of channels, by HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.contract import ChannelContract
from tests.adapters.slack.slack import SlackRemote, slack_remote


class TestSlack(ChannelContract):
    @pytest.fixture
    async def remote(self, sqlite_url: str) -> AsyncIterator[SlackRemote]:
        async with slack_remote(sqlite_url) as remote:
            yield remote
