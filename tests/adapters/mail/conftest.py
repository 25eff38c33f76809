"""A server of tokens for the tests of signing in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.mail.tokens import TokenServer, token_server
from tests.authority import Authority


@pytest.fixture
async def tokens(authority: Authority, tmp_path: Path) -> AsyncIterator[TokenServer]:
    async with token_server(authority, tmp_path / "tls") as server:
        yield server
