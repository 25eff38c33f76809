"""A running Casewright, and programs that call it with a key."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from store import migrations
from store.engine import Database
from tests.bot.console.site import Site, open_site


@pytest.fixture
def migrated_url(database_url: str) -> str:
    """Of a database of either kind with the newest schema."""
    database = Database(database_url)
    migrations.upgrade(database)
    database.close()
    return database_url


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    async with open_site(sqlite_url, tmp_path) as site:
        yield site
