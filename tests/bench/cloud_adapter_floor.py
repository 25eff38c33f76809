"""The floor for Teams: a stock CloudAdapter whose handler writes one row.

`python -m tests.bench.cloud_adapter_floor URL TEAMS_URL`; the row is written as in `tests.bench.floor`. The fake Teams'
authority is named by REQUESTS_CA_BUNDLE.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from sqlalchemy.engine import make_url

from tests.adapters.teams.fake import APP_ID, ISSUER, SECRET, TENANT
from tests.bench.floor import Write, postgres_rows, serve, sqlite_rows


def application(teams: str, write: Write, threads: ThreadPoolExecutor) -> web.Application:
    settings: Any = SimpleNamespace(
        APP_ID=APP_ID,
        APP_PASSWORD=SECRET,
        APP_TYPE="SingleTenant",
        APP_TENANTID=TENANT,
        TO_CHANNEL_FROM_BOT_LOGIN_URL=f"{teams}/adfs",
        TO_CHANNEL_FROM_BOT_OAUTH_SCOPE=ISSUER,
        TO_BOT_FROM_CHANNEL_TOKEN_ISSUER=ISSUER,
        OAUTH_URL=teams,
        TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL=f"{teams}/openid",
        TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL=f"{teams}/openid",
        VALIDATE_AUTHORITY=True,
    )
    adapter: Any = CloudAdapter(ConfigurationBotFrameworkAuthentication(settings))

    class Bot:
        async def on_turn(self, context: Any) -> None:
            said, loop = context.activity, asyncio.get_running_loop()
            await loop.run_in_executor(threads, write, said.conversation.id, said.text)

    async def receive(request: web.Request) -> web.Response:
        answered = await adapter.process(request, Bot())
        return answered or web.Response(status=200)

    bare = web.Application()
    bare.add_routes([web.post("/api/messages", receive)])
    return bare


def main(address: str, teams: str) -> None:
    url = make_url(address)
    write, threads = (sqlite_rows if url.get_backend_name() == "sqlite" else postgres_rows)(url)
    asyncio.run(serve(application(teams, write, threads)))


if __name__ == "__main__":
    main(*sys.argv[1:3])
