"""A web chat server for the tests of one channel's details."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.webchat import WebChatServer, webchat_server


@pytest.fixture
async def server(sqlite_url: str) -> AsyncIterator[WebChatServer]:
    async with webchat_server(sqlite_url) as server:
        yield server
