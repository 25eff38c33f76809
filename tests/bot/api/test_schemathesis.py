"""Schemathesis asks for all that the document allows, and for what it does not: nothing breaks down, no answer lies."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

import pytest

from bot.access.rights import Scope
from store import webhooks
from store.webhooks import Event
from tests.bot.console.site import open_site
from tests.store.examples import conversation, say, wrote

SECONDS = 25  # of asking
PATIENCE = 240  # on a machine that does other things as well
WHAT_IS_THERE = """
[parameters]
"path.number" = 1001
"path.id" = 1
"path.version" = 1
"header.If-Match" = "*"
"""


@pytest.mark.parametrize(("kind", "parameters"), [("sqlite_url", ""), ("postgres_url", WHAT_IS_THERE)])
async def test_no_answer_breaks_down_or_differs_from_the_document(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, parameters: str
) -> None:
    """On SQLite of anything, on PostgreSQL of what is there."""
    url: str = request.getfixturevalue(kind)
    (tmp_path / "schemathesis.toml").write_text(parameters)
    async with open_site(url, tmp_path) as site:
        add = partial(webhooks.add, url="https://localhost/", events=list(Event), internal=False, made_by="Ada")
        site.database.write_now(add)
        site.case(issue_description="It leaks", priority="High")
        site.database.write_now(lambda connection: say(connection, conversation(connection), wrote("Hello")))
        code, told = await _run(site.base, site.key(*Scope), tmp_path)
    assert code == 0, told


async def _run(base: str, key: str, folder: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{base}api/v1/openapi.json",
        "--header",
        f"Authorization: Bearer {key}",
        "--max-time",
        str(SECONDS),
        "--seed",
        "7",
        # What fits the document may still not fit a case: an action on one that is resolved is a 409.
        "--exclude-checks",
        "positive_data_acceptance",
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        told, _ = await process.communicate()
    return process.returncode or 0, told.decode()
