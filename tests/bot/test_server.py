"""The web application as a whole, where no channel answers."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp.web import AppRunner, TCPSite

from bot import server
from bot.metrics import Metrics
from store.engine import Database


async def test_a_malformed_request_is_one_line_in_the_log(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(sqlite_url)
    runner = AppRunner(server.build(database, {}, Metrics(), body_limit=1024), access_log=None)
    await runner.setup()
    try:
        await TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
        writer.write(b"GET / HTTP/1.1\r\nno header at all\r\n\r\n")
        answer = await reader.readline()
        writer.close()
    finally:
        await runner.cleanup()
        database.close()

    assert b"400" in answer
    [record] = [each for each in caplog.records if each.name == "aiohttp.server"]
    assert record.levelno == logging.WARNING
    assert record.exc_info is None
    assert "\n" not in record.getMessage()
