"""Tokens: set aside before they are spent, within both limits or not at all."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from store import spending
from store.engine import Connection, Database
from store.model import ConversationId
from store.spending import Limit, OverBudget

FIRST, SECOND = ConversationId(1), ConversationId(2)
DAY, NEXT_DAY = "2026-11-20", "2026-11-21"


def reserve(
    database: Database,
    tokens: int,
    conversation: ConversationId = FIRST,
    day: str = DAY,
    *,
    per_day: int | None = 1000,
    per_conversation: int | None = 600,
) -> Limit | None:
    """The limit that was in the way."""

    def work(connection: Connection) -> None:
        spending.reserve(connection, conversation, day, tokens, per_day=per_day, per_conversation=per_conversation)

    try:
        database.write_now(work)
    except OverBudget as over:
        return over.limit
    return None


def spent(database: Database, conversation: ConversationId = FIRST, day: str = DAY) -> tuple[int, int]:
    return database.read_now(
        lambda connection: (spending.on_day(connection, day), spending.on_conversation(connection, conversation))
    )


def test_tokens_are_counted_for_the_day_and_for_the_conversation(database: Database) -> None:
    assert reserve(database, 300) is None
    assert reserve(database, 200, SECOND) is None
    assert reserve(database, 100, FIRST, NEXT_DAY) is None
    assert (spent(database), spent(database, SECOND)) == ((500, 400), (500, 200))


@pytest.mark.parametrize(("tokens", "limit"), [(601, Limit.CONVERSATION), (1001, Limit.DAY)])
def test_what_goes_over_a_limit_is_refused_and_counted_nowhere(database: Database, tokens: int, limit: Limit) -> None:
    assert reserve(database, tokens) is limit
    assert spent(database) == (0, 0)


def test_the_second_is_refused_where_only_the_first_fits(database: Database) -> None:
    assert reserve(database, 600) is None
    assert reserve(database, 1) is Limit.CONVERSATION
    assert reserve(database, 500, SECOND) is Limit.DAY
    assert spent(database) == (600, 600)


def test_without_limits_everything_is_counted(database: Database) -> None:
    for _ in range(2):
        assert reserve(database, 5_000_000_000, per_day=None, per_conversation=None) is None
    assert spent(database) == (10_000_000_000, 10_000_000_000)


def test_what_was_not_spent_is_given_back(database: Database) -> None:
    reserve(database, 600)
    database.write_now(lambda connection: spending.settle(connection, FIRST, DAY, -500))
    assert spent(database) == (100, 100)
    assert reserve(database, 500) is None


def test_many_at_once_stay_within_the_limit(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        came = list(threads.map(partial(reserve, database, 100), map(ConversationId, range(30))))
    assert came.count(None) == 10
    assert spent(database)[0] == 1000
