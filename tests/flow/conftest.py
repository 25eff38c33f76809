from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from store import migrations
from store.engine import Database
from tests.dovecot import Dovecot
from tests.flow.desk import Desk, open_desk
from tests.flow.mail_desk import MailDesk, open_mail_desk


@pytest.fixture
def migrated_url(database_url: str) -> str:
    database = Database(database_url)
    migrations.upgrade(database)
    database.close()
    return database_url


@pytest.fixture
async def desk(migrated_url: str, tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_desk(migrated_url, tmp_path) as desk:
        yield desk


@pytest.fixture
async def mail_desk(migrated_url: str, tmp_path: Path, dovecot: Dovecot) -> AsyncGenerator[MailDesk]:
    async with open_mail_desk(migrated_url, tmp_path, dovecot) as mail_desk:
        yield mail_desk
