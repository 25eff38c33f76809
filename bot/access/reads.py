"""The access log: who read which case, where the settings want that to be kept."""

from __future__ import annotations

from functools import partial
from typing import Literal

from bot.access.routes import Visit
from store import case_reads
from store.engine import Database
from store.model import CaseNumber


async def keep(database: Database, visit: Visit, number: CaseNumber | None, way: Literal["console", "api"]) -> None:
    """`number`: of a case that there is; None where what was read belongs to none."""
    if number is None or not visit.in_force.settings.keep_case_reads:
        return
    who = visit.visitor
    await database.write(partial(case_reads.keep, number=number, actor_id=who.id, actor_name=who.name, way=way))
