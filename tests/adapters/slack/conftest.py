from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.slack.slack import SlackRemote, slack_remote


@pytest.fixture
async def remote(sqlite_url: str) -> AsyncIterator[SlackRemote]:
    async with slack_remote(sqlite_url) as remote:
        yield remote
