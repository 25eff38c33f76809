"""Views of the workspace's lists that people saved for themselves."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from store.schema import saved_views
from store.sql import insert

MOST = 20  # of one person, of one list


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedView:
    id: int
    name: str
    query: str


class TooManyViews(Exception):
    """The person has as many as a list shows."""


_row = insert(saved_views)
_SAVE = _row.on_conflict_do_update(
    index_elements=["account_id", "list", "name"], set_={"query": _row.excluded["query"]}
)


def save(connection: Connection, account_id: int, *, of: str, name: str, query: str) -> None:
    """`of`: the list. One of the same name is replaced. Raises TooManyViews."""
    connection.execute(_SAVE, {"account_id": account_id, "list": of, "name": name, "query": query})
    mine = select(func.count()).where(saved_views.c.account_id == account_id, saved_views.c.list == of)
    if connection.execute(mine).scalar_one() > MOST:
        raise TooManyViews


def of_account(connection: Connection, account_id: int, *, of: str) -> list[SavedView]:
    """In the order of their names."""
    mine = (
        select(saved_views.c.id, saved_views.c.name, saved_views.c.query)
        .where(saved_views.c.account_id == account_id, saved_views.c.list == of)
        .order_by(saved_views.c.name)
    )
    return [SavedView(id=row.id, name=row.name, query=row.query) for row in connection.execute(mine)]


def remove(connection: Connection, account_id: int, view_id: int) -> None:
    """One's own; of another's nothing happens."""
    connection.execute(delete(saved_views).where(saved_views.c.id == view_id, saved_views.c.account_id == account_id))
