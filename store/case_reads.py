"""Who read which case, where the settings want that to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from store.model import CaseNumber
from store.schema import case_reads
from store.sql import insert, now


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    at: datetime
    actor_id: str
    actor_name: str
    way: str


_KEEP = insert(case_reads)


def keep(connection: Connection, number: CaseNumber, *, actor_id: str, actor_name: str, way: str) -> None:
    row = {
        "at": now(connection),
        "case_number": number,
        "actor_id": actor_id,
        "actor_name": actor_name,
        "way": way,
    }
    connection.execute(_KEEP, row)


def of_case(connection: Connection, number: CaseNumber, *, limit: int = 100) -> list[Read]:
    """Newest first."""
    mine = select(case_reads).where(case_reads.c.case_number == number).order_by(case_reads.c.id.desc()).limit(limit)
    return [
        Read(at=row.at, actor_id=row.actor_id, actor_name=row.actor_name, way=row.way)
        for row in connection.execute(mine)
    ]
