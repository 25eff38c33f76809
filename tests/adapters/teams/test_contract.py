"""Teams keeps the contract of channels."""

from __future__ import annotations

import pytest

from tests.adapters.contract import ChannelContract
from tests.adapters.teams.teams import TeamsRemote


class TestTeams(ChannelContract):
    @pytest.fixture
    async def remote(self, remote: TeamsRemote) -> TeamsRemote:
        return remote
