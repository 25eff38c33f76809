"""Calls that may be repeated: what was done and what was answered are one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, select

from store.model import Json
from store.schema import api_answers
from store.sql import alone, insert, now

KEPT = timedelta(days=1)


class KeyReused(Exception):
    """The idempotency key came with another call before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    body: Json


_FIND = select(api_answers).where(
    api_answers.c.caller == bindparam("who"),
    api_answers.c.key == bindparam("which"),
    api_answers.c.at > bindparam("since"),
)
_keep = insert(api_answers)
_KEEP = _keep.on_conflict_do_update(
    index_elements=["caller", "key"],
    set_={column: _keep.excluded[column] for column in ("fingerprint", "status", "body", "at")},
)


def once(
    connection: Connection, caller: str, key: str, fingerprint: str, work: Callable[[Connection], Answer]
) -> tuple[Answer, bool]:
    """Does the work and keeps its answer; for a repetition, the answer that was kept, and True.

    `fingerprint` tells the call from others. Raises KeyReused.
    """
    alone(connection, f"call {caller} {key}")
    moment = now(connection)
    row = connection.execute(_FIND, {"who": caller, "which": key, "since": moment - KEPT}).one_or_none()
    if row is not None:
        if row.fingerprint != fingerprint:
            raise KeyReused
        return Answer(status=row.status, body=row.body), True
    answer = work(connection)
    kept = {
        "caller": caller,
        "key": key,
        "fingerprint": fingerprint,
        "status": answer.status,
        "body": answer.body,
        "at": moment,
    }
    connection.execute(_KEEP, kept)
    return answer, False


def sweep(connection: Connection) -> None:
    connection.execute(delete(api_answers).where(api_answers.c.at < now(connection) - KEPT))
