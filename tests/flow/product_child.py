"""The product in a process of its own, made to be killed at a commit."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot import config
from bot.app import Application, running
from tests.engine.child import Death, MortalDatabase


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    url: str
    folder: Path  # where the log is, and `mailboxes.yaml`
    environment: Mapping[str, str]
    death: Death | None


def run(plan: Plan) -> None:
    log = (plan.folder / "log").open("a", buffering=1)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(log),
    )
    asyncio.run(_work(plan))


async def _work(plan: Plan) -> None:
    database = MortalDatabase(plan.url, plan.death)
    async with running(Application(config.load(plan.environment, plan.folder), database)):
        await asyncio.Event().wait()
