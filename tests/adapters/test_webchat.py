"""The web chat keeps the contract of channels, and speaks Direct Line 3.0."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.contract import ChannelContract
from tests.adapters.webchat import WebChatServer, webchat_server


class TestWebChat(ChannelContract):
    @pytest.fixture
    async def remote(self, sqlite_url: str) -> AsyncIterator[WebChatServer]:
        async with webchat_server(sqlite_url) as server:
            yield server
