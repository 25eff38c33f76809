"""Schemathesis asks for all that the document allows, and for what it does not: nothing breaks down, no answer lies."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bot.access.rights import Scope
from tests.bot.console.site import open_site
from tests.store.examples import conversation, say, wrote

SECONDS = 60  # of asking
PATIENCE = SECONDS + 240  # what is not bounded by them: the phases that ask each thing once


async def test_no_answer_breaks_down_or_differs_from_the_document(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path) as site:
        for name in ("first", "second"):
            site.case(issue_description=f"It leaks {name}", priority="High")
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
