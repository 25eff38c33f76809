from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.dovecot import Dovecot
from tests.flow.desk import Desk, open_desk
from tests.flow.mail_desk import MailDesk, open_mail_desk


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_desk(database_url, tmp_path) as desk:
        yield desk


@pytest.fixture
async def mail_desk(database_url: str, tmp_path: Path, dovecot: Dovecot) -> AsyncGenerator[MailDesk]:
    async with open_mail_desk(database_url, tmp_path, dovecot) as mail_desk:
        yield mail_desk
