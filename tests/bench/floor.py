"""The floor: a bare aiohttp handler that checks the JSON and writes one row in one transaction, nothing else.

`python -m tests.bench.floor URL` is what the measurements run. It promises what we promise, that the row is on the disk
when it answers: the same pragmas and one writer thread on SQLite, a thread and a connection for each of several writes
at a time on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import psycopg
from aiohttp import web
from sqlalchemy.engine import URL, make_url

from store.engine import SQLITE_PRAGMAS

Write = Callable[[str, str], None]
"""Commits one row: conversation and text."""

_THREADS = 8
_TABLE = "CREATE TABLE rows (id {id} PRIMARY KEY, conversation TEXT NOT NULL, text TEXT NOT NULL)"
_mine = threading.local()


def application(write: Write, threads: ThreadPoolExecutor) -> web.Application:
    async def post(request: web.Request) -> web.Response:
        text = _text(await request.text())
        if text is None:
            return web.json_response({"error": "The body should be an activity with a text."}, status=400)
        conversation = request.match_info["conversation"]
        await asyncio.get_running_loop().run_in_executor(threads, write, conversation, text)
        return web.json_response({"id": conversation})

    app = web.Application()
    app.add_routes([web.post("/v3/directline/conversations/{conversation}/activities", post)])
    return app


def _text(body: str) -> str | None:
    try:
        activity = json.loads(body)
    except ValueError:
        return None
    text = cast("dict[str, Any]", activity).get("text") if isinstance(activity, dict) else None
    return text if isinstance(text, str) else None


def sqlite_rows(url: URL) -> tuple[Write, ThreadPoolExecutor]:
    connection = sqlite3.connect(url.database or "", isolation_level=None, check_same_thread=False)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(_TABLE.format(id="INTEGER"))

    def write(conversation: str, text: str) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO rows (conversation, text) VALUES (?, ?)", (conversation, text))
        connection.execute("COMMIT")

    return write, ThreadPoolExecutor(1)


def postgres_rows(url: URL) -> tuple[Write, ThreadPoolExecutor]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        connection.execute(_TABLE.format(id="BIGINT GENERATED ALWAYS AS IDENTITY"))

    def connect() -> None:
        _mine.connection = psycopg.connect(address)

    def write(conversation: str, text: str) -> None:
        connection: psycopg.Connection = _mine.connection
        connection.execute("INSERT INTO rows (conversation, text) VALUES (%s, %s)", (conversation, text))
        connection.commit()

    return write, ThreadPoolExecutor(_THREADS, initializer=connect)


def main(address: str) -> None:
    url = make_url(address)
    write, threads = (sqlite_rows if url.get_backend_name() == "sqlite" else postgres_rows)(url)
    asyncio.run(serve(application(write, threads)))


async def serve(app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    print(f"http://{host}:{port}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
