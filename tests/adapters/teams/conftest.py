from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.teams.teams import TeamsRemote, teams_remote
from tests.authority import Authority


@pytest.fixture
async def remote(sqlite_url: str, authority: Authority, tmp_path: Path) -> AsyncIterator[TeamsRemote]:
    async with teams_remote(sqlite_url, authority, tmp_path / "tls") as remote:
        yield remote
