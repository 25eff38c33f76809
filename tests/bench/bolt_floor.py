"""The floor for Slack: a bare bolt app whose listener writes one row before it is acknowledged.

`python -m tests.bench.bolt_floor URL`; the row is written as in `tests.bench.floor`.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy.engine import make_url

from tests.adapters.slack.fake import BOT_ID, BOT_TOKEN, BOT_USER, SIGNING_SECRET, TEAM
from tests.bench.floor import Write, postgres_rows, serve, sqlite_rows


def application(write: Write, threads: ThreadPoolExecutor) -> web.Application:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=TEAM, bot_token=BOT_TOKEN, bot_id=BOT_ID, bot_user_id=BOT_USER
        )

    logger = logging.getLogger("bolt_floor")
    app: Any = AsyncApp(logger=logger, process_before_response=True, signing_secret=SIGNING_SECRET, authorize=authorize)

    async def message(event: dict[str, Any]) -> None:
        await asyncio.get_running_loop().run_in_executor(threads, write, str(event["channel"]), str(event["text"]))

    app.event(re.compile("message"))(message)

    async def receive(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    bare = web.Application()
    bare.add_routes([web.post("/slack/events", receive)])
    return bare


def main(address: str) -> None:
    url = make_url(address)
    write, threads = (sqlite_rows if url.get_backend_name() == "sqlite" else postgres_rows)(url)
    asyncio.run(serve(application(write, threads)))


if __name__ == "__main__":
    main(sys.argv[1])
