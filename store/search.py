"""Finds words in cases and messages: a full-text index of the database's own, FTS5 or GIN.

The database keeps the index of messages by itself, so that nothing that changes their text can forget it. What a case
says stands in several rows; `keep` puts it together, in the transaction that changes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, column, func, literal_column, select, table

from store.schema import CASE_WORDS, MESSAGE_WORDS, case_conversations, case_values, case_words, cases, messages
from store.sql import Insert, insert, words_of

HITS = 300  # the newest messages, and the newest cases, that a search looks through
_RECENT = 2000  # rows
_LARGEST = 2**63
_MOST_WORDS = 8
_PREFIX = 2  # characters that the last word needs to stand for those that begin with it
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Indexed:
    """Statements that give the newest rows with the words, by id.

    PostgreSQL sorts all that fit before it knows the newest: a common word is looked for among the newest rows first,
    where it has enough of them; a rare one has few in all.
    """

    sqlite: Select[Any]
    recent: Select[Any]
    all: Select[Any]


def _indexed(index: str, key: ColumnElement[int], text: ColumnElement[str], vector: str) -> _Indexed:
    fts = table(index, column("rowid"), column(index))
    asked = func.to_tsquery(literal_column("'simple'::regconfig"), bindparam("asked"))
    fits = literal_column(vector).op("@@")(asked)
    newest = select(key.label("id"), text).order_by(key.desc()).limit(_RECENT).subquery()
    # Materialised: else the planner may walk the whole table backwards in the hope of meeting enough on the way.
    hits = select(key.label("id")).where(fits).cte().prefix_with("MATERIALIZED", dialect="postgresql")
    return _Indexed(
        sqlite=select(fts.c.rowid)
        .where(fts.c[index].op("MATCH")(bindparam("asked")))
        .order_by(fts.c.rowid.desc())
        .limit(HITS),
        recent=select(newest.c.id).where(fits).order_by(newest.c.id.desc()).limit(HITS),
        all=select(hits.c.id).order_by(hits.c.id.desc()).limit(HITS),
    )


_MESSAGES = _indexed("message_full_text", messages.c.id, messages.c.text, MESSAGE_WORDS)
_CASES = _indexed("case_full_text", case_words.c.case_number, case_words.c.words, CASE_WORDS)
_CONVERSATIONS = (
    select(messages.c.conversation_id).where(messages.c.id.in_(bindparam("ids", expanding=True))).distinct()
)
_LINKED = select(case_conversations.c.case_number).where(
    case_conversations.c.conversation_id.in_(bindparam("ids", expanding=True))
)
_built: dict[str, Insert] = {}


def keep(connection: Connection, number: int) -> None:
    """Puts what a case says where it is searched."""
    connection.execute(_keeping(connection), {"case": number})


def conversations_with(connection: Connection, text: str) -> list[int]:
    """The ids of conversations in which one of the newest messages that fit has all the words."""
    words = _words(text)
    hits = _newest(connection, _MESSAGES, words) if words else []
    return list(connection.execute(_CONVERSATIONS, {"ids": hits}).scalars()) if hits else []


def cases_with(connection: Connection, text: str) -> list[int]:
    """The numbers of cases that say all the words, or have a message that does; and the one of that number."""
    words = _words(text)
    own = _newest(connection, _CASES, words) if words else []
    places = conversations_with(connection, text)
    linked = connection.execute(_LINKED, {"ids": places}).scalars() if places else ()
    number = text.strip().removeprefix("#")
    named = [int(number)] if number.isascii() and number.isdigit() and len(number) < len(str(_LARGEST)) else []
    return list({*own, *linked, *named})


def _words(text: str) -> list[str]:
    return [each.casefold() for each in _WORD.findall(text)][:_MOST_WORDS]


def _newest(connection: Connection, indexed: _Indexed, words: list[str]) -> list[int]:
    begins = len(words[-1]) >= _PREFIX
    if connection.dialect.name == "sqlite":
        asked = " ".join(f'"{each}"' for each in words) + ("*" if begins else "")
        return list(connection.execute(indexed.sqlite, {"asked": asked}).scalars())
    asked = " & ".join(f"'{each}'" for each in words) + (":*" if begins else "")
    recent = list(connection.execute(indexed.recent, {"asked": asked}).scalars())
    return recent if len(recent) == HITS else list(connection.execute(indexed.all, {"asked": asked}).scalars())


def _keeping(connection: Connection) -> Insert:
    """Built once for each kind of database."""
    kind = connection.dialect.name
    if kind not in _built:
        mine = case_values.c.case_number == cases.c.number
        values = select(func.aggregate_strings(words_of(connection, case_values.c.value), " ")).where(mine)
        said = [cases.c.title, values.scalar_subquery(), cases.c.resolution]
        words = reduce(add, [func.coalesce(each, "") + " " for each in said])
        row = insert(case_words).from_select(
            ["case_number", "words"], select(cases.c.number, words).where(cases.c.number == bindparam("case"))
        )
        _built[kind] = row.on_conflict_do_update(index_elements=["case_number"], set_={"words": row.excluded["words"]})
    return _built[kind]
