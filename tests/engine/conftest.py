from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.engine.scene import Scene


@pytest.fixture
def scene(database_url: str, tmp_path: Path) -> Iterator[Scene]:
    """An empty database of each kind, and children that are gone at the end."""
    with Scene(database_url, tmp_path) as scene:
        yield scene


@pytest.fixture(autouse=True)
def _plain_log() -> Iterator[None]:
    """Made for people, structlog's default renders the variables of every frame of a failure: slowly."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()
