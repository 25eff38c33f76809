"""What the agent did, and what people made of it: counted from the audit and the evaluations, a few rows at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from store.model import ActorKind
from store.schema import agent_figures, audit, conversations, evaluations, figures_counted
from store.sql import insert, now

_LAG = timedelta(minutes=1)  # an entry has its number before it is committed: none is passed over
_NOWHERE = ""


class What(StrEnum):
    LOOKED = "looked"  # at a conversation
    CREATED = "created"  # a case
    WRITTEN = "written"  # a value, by the agent
    SUGGESTED = "suggested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CORRECTED = "corrected"  # a person wrote over the agent's value
    ABSTAINED = "abstained"  # a field was asked for and had no answer, or none that could be used


@dataclass(frozen=True, slots=True)
class Figure:
    day: str
    channel: str
    field: str
    what: What


_from_channel = conversations.c.channel.label("channel")
_ENTRIES = (
    select(audit.c.id, audit.c.at, audit.c.case_number, audit.c.actor_kind, audit.c.what, audit.c.field)
    .add_columns(audit.c.confidence, _from_channel)
    .outerjoin(conversations, conversations.c.id == audit.c.conversation_id)
    .where(audit.c.id > bindparam("after"), audit.c.at < bindparam("until"))
    .order_by(audit.c.id)
    .limit(bindparam("most"))
)
_EVALUATIONS = (
    select(evaluations.c.id, evaluations.c.created_at.label("at"), evaluations.c.detail, _from_channel)
    .join(conversations)
    .where(evaluations.c.id > bindparam("after"), evaluations.c.created_at < bindparam("until"))
    .order_by(evaluations.c.id)
    .limit(bindparam("most"))
)
_BEFORE = (
    select(audit.c.actor_kind)
    .where(audit.c.case_number == bindparam("case"), audit.c.id < bindparam("entry"))
    .where(audit.c.field == bindparam("of_field"), audit.c.what == "field")
    .order_by(audit.c.id.desc())
    .limit(1)
)
_row = insert(agent_figures)
_ADD = _row.on_conflict_do_update(
    index_elements=["day", "channel", "field", "what"], set_={"count": agent_figures.c.count + _row.excluded["count"]}
)
_BEGIN = insert(figures_counted).on_conflict_do_nothing()
_COUNTED = select(figures_counted.c.last_id).where(figures_counted.c.source == bindparam("of")).with_for_update()
_MOVE = update(figures_counted).where(figures_counted.c.source == bindparam("of"))


def count_some(connection: Connection, *, most: int = 1000) -> bool:
    """Counts what has come since; False when that was all."""
    more = [_count(connection, source, most) for source in _SOURCES]
    return any(more)


def since(connection: Connection, first: date) -> list[tuple[Figure, int]]:
    """Everything from this day on."""
    counted = agent_figures.c["count"].label("counted")
    recent = select(agent_figures, counted).where(agent_figures.c.day >= first.isoformat())
    return [
        (Figure(row.day, row.channel, row.field, What(row.what)), row.counted)
        for row in connection.execute(recent.order_by(agent_figures.c.day))
    ]


def _count(connection: Connection, source: str, most: int) -> bool:
    query, read = _SOURCES[source]
    connection.execute(_BEGIN, {"source": source, "last_id": 0})
    after = connection.execute(_COUNTED, {"of": source}).scalar_one()
    rows = connection.execute(query, {"after": after, "until": now(connection) - _LAG, "most": most}).all()
    counts = Counter(figure for row in rows for figure in read(connection, row))
    if counts:
        added = [
            {"day": each.day, "channel": each.channel, "field": each.field, "what": each.what, "count": count}
            for each, count in sorted(counts.items(), key=str)  # in one order, whoever counts
        ]
        connection.execute(_ADD, added)
    if rows:
        connection.execute(_MOVE.values(last_id=rows[-1].id), {"of": source})
    return len(rows) == most


_MEANINGS = {
    ("created", ActorKind.AGENT): What.CREATED,
    ("field", ActorKind.AGENT): What.WRITTEN,
    ("suggested", ActorKind.AGENT): What.SUGGESTED,
    ("rejected", ActorKind.PERSON): What.REJECTED,
    ("field", ActorKind.PERSON): What.CORRECTED,  # or a suggestion that was accepted, or a value of their own
}


def _of_entry(connection: Connection, row: Row[Any]) -> Iterator[Figure]:
    what = _meaning(connection, row)
    if what is not None:
        yield Figure(row.at.date().isoformat(), row.channel or _channel_of(connection, row), row.field or "", what)


def _meaning(connection: Connection, row: Row[Any]) -> What | None:
    what = _MEANINGS.get((row.what, row.actor_kind))
    if what is not What.CORRECTED:
        return what
    if row.confidence is not None:
        return What.ACCEPTED  # it holds the agent's own
    before = {"case": row.case_number, "entry": row.id, "of_field": row.field}
    replaced = connection.execute(_BEFORE, before).scalar_one_or_none()
    return what if replaced == ActorKind.AGENT else None


def _channel_of(connection: Connection, row: Row[Any]) -> str:
    """What people do at the console names no conversation: it is counted where the case was opened."""
    opened = (
        select(conversations.c.channel)
        .join(audit, audit.c.conversation_id == conversations.c.id)
        .where(audit.c.case_number == row.case_number)
        .order_by(audit.c.id)
        .limit(1)
    )
    return connection.execute(opened).scalar_one_or_none() or _NOWHERE


def _of_evaluation(_connection: Connection, row: Row[Any]) -> Iterator[Figure]:
    day, detail = row.at.date().isoformat(), row.detail
    yield Figure(day, row.channel, "", What.LOOKED)
    for field in sorted({*detail.get("missing", ()), *detail.get("refused", {})}):
        yield Figure(day, row.channel, field, What.ABSTAINED)


_Read = Callable[[Connection, Row[Any]], Iterator[Figure]]
_SOURCES: dict[str, tuple[Any, _Read]] = {
    "audit": (_ENTRIES, _of_entry),
    "evaluations": (_EVALUATIONS, _of_evaluation),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Counts of one kind of thing: a field, a channel, a day, or all."""

    counts: Counter[What]

    def __getitem__(self, what: What) -> int:
        return self.counts[what]

    @property
    def match(self) -> float | None:
        """The share of what the agent wrote or suggested, and people saw to, that they left or took as it was."""
        offered = self[What.WRITTEN] + self[What.ACCEPTED] + self[What.REJECTED]
        wrong = self[What.CORRECTED] + self[What.REJECTED]
        return None if offered == 0 else max(0.0, 1 - wrong / offered)


def tallied(figures: Sequence[tuple[Figure, int]], key: Callable[[Figure], str]) -> dict[str, Tally]:
    """By what `key` says of each."""
    by: dict[str, Counter[What]] = {}
    for figure, count in figures:
        by.setdefault(key(figure), Counter())[figure.what] += count
    return {name: Tally(counts=counts) for name, counts in by.items()}
