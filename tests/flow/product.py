"""The whole product, in a process of its own that dies where a test says."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import update

from store.engine import Database
from store.schema import inbox
from tests.adapters.mail.imap import until
from tests.engine.child import Death
from tests.flow import product_child
from tests.flow.product_child import Plan

processes = multiprocessing.get_context("forkserver")
# What the product imports only once it needs it, each of many deaths would import again.
LATER = ("adapters.mail.channel", "adapters.slack.channel", "adapters.teams.channel", "agent.embedded.model.running")
processes.set_forkserver_preload(["__main__", product_child.__name__, *LATER])  # see tests/engine/scene.py


class Product:
    def __init__(self, url: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._url = url
        self._folder = folder
        self._environment = environment

    async def dies(self, death: Death) -> None:
        process = self._start(death)
        try:
            await until(lambda: process.exitcode is not None, seconds=60)
            assert process.exitcode == -signal.SIGKILL, f"it ended by itself at {death}"
        except TimeoutError:
            raise AssertionError(f"it never came to {death}") from None
        finally:
            process.kill()
            await asyncio.to_thread(process.join)

    @asynccontextmanager
    async def runs(self) -> AsyncGenerator[None]:
        process = self._start(None)
        try:
            yield
        finally:
            process.kill()
            await asyncio.to_thread(process.join)

    def _start(self, death: Death | None) -> BaseProcess:
        plan = Plan(url=self._url, folder=self._folder, environment=self._environment, death=death)
        process = processes.Process(target=product_child.run, args=[plan])
        process.start()
        return process


def forget_the_deaths(database: Database) -> None:
    """On a slow machine one event may be on board at five deaths in a row and be given up, which is another test's."""
    waiting = update(inbox).where(inbox.c.status == "ready")
    database.write_now(lambda connection: connection.execute(waiting.values(attempts=0)))
