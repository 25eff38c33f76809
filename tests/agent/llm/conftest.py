from collections.abc import AsyncGenerator

import pytest

from tests.agent.llm.fake import FakeProvider, fake_provider


@pytest.fixture
async def fake() -> AsyncGenerator[FakeProvider]:
    async with fake_provider() as provider:
        yield provider
