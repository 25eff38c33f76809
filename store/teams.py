"""Whom we greeted in Teams: each person, and each chat or team that we were added to, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, bindparam, select, update

from store.model import Json
from store.schema import teams_greetings
from store.sql import insert, now


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    account: str
    greeted: str  # a person's id, or a conversation's
    address: Json


_GREET = insert(teams_greetings).on_conflict_do_nothing()
_WAITING = (
    select(teams_greetings)
    .where(teams_greetings.c.due_at <= bindparam("moment"))
    .order_by(teams_greetings.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def greet(connection: Connection, greetings: Sequence[Greeting]) -> None:
    """Puts in line whoever was not greeted before."""
    moment = now(connection)
    connection.execute(
        _GREET,
        [
            {"account": each.account, "greeted": each.greeted, "address": each.address, "due_at": moment}
            for each in greetings
        ],
    )


def take(connection: Connection, *, most: int) -> list[Greeting]:
    """Greetings to say now. They count as said: one that is lost is better than one that is said twice."""
    rows = connection.execute(_WAITING, {"moment": now(connection), "most": most}).all()
    taken = [Greeting(account=row.account, greeted=row.greeted, address=row.address) for row in rows]
    for each in taken:
        _due(connection, each, None)
    return taken


def put_off(connection: Connection, greeting: Greeting, *, seconds: float) -> None:
    _due(connection, greeting, seconds)


def _due(connection: Connection, greeting: Greeting, seconds: float | None) -> None:
    due_at = None if seconds is None else now(connection) + timedelta(seconds=seconds)
    mine = (teams_greetings.c.account == greeting.account, teams_greetings.c.greeted == greeting.greeted)
    connection.execute(update(teams_greetings).where(*mine).values(due_at=due_at))
