"""Sessions, links, keys, attempts, answers: digests alone are kept, and many at once are no way around a limit."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from store import accounts, api_answers, api_keys, case_reads, retention, sessions
from store.accounts import Account
from store.api_answers import Answer, KeyReused
from store.engine import Connection, Database
from store.model import AccountRole, CaseNumber, utcnow
from store.schema import api_answers as answer_rows
from store.schema import api_keys as key_rows
from store.schema import login_attempts, login_links
from store.schema import sessions as session_rows
from tests.store.examples import count, opened


@pytest.fixture
def ann(database: Database) -> Account:
    return database.write_now(partial(accounts.add, login="ann", name="Ann", role=AccountRole.REPRESENTATIVE))


def start(database: Database, account: Account) -> str:
    return database.write_now(partial(sessions.start, account_id=account.id, address="192.0.2.1", browser="Test"))


def kept(database: Database, table: Any) -> str:
    return str(database.read_now(lambda connection: connection.execute(select(table)).all()))


def test_no_token_stands_in_the_database(database: Database, ann: Account) -> None:
    session = start(database, ann)
    link = database.write_now(partial(sessions.make_link, account_id=ann.id))
    make = partial(api_keys.make, name="k", scopes=[], account_id=ann.id, lifetime=None)
    key = database.write_now(make)
    everything = kept(database, session_rows) + kept(database, login_links) + kept(database, key_rows)
    assert [secret for secret in (session, link, key) if secret in everything] == []


def test_a_session_is_found_by_its_token_and_by_nothing_like_it(database: Database, ann: Account) -> None:
    token = start(database, ann)
    found = database.read_now(partial(sessions.find, token=token))
    assert found is not None
    assert (found.account, found.address) == (accounts_of(database, ann), "192.0.2.1")
    for other in ("", token[:-1], token + "x", sessions.digest(token), "\udcff"):
        assert database.read_now(partial(sessions.find, token=other)) is None


def accounts_of(database: Database, account: Account) -> Account:
    return database.read_now(partial(accounts.get, account_id=account.id))


def test_a_link_logs_in_once_of_two_that_come_at_the_same_moment(database: Database, ann: Account) -> None:
    link = database.write_now(partial(sessions.make_link, account_id=ann.id))
    use = partial(sessions.use_link, token=link)
    with ThreadPoolExecutor(4) as threads:
        used = [threads.submit(database.write_now, use) for _ in range(4)]
    assert [account.id for each in used if (account := each.result()) is not None] == [ann.id]


def test_attempts_at_the_same_moment_are_all_counted(database: Database) -> None:
    attempt = partial(sessions.attempt, limits={"login x": 3})
    with ThreadPoolExecutor(8) as threads:
        allowed = [threads.submit(database.write_now, attempt) for _ in range(8)]
    assert sum(each.result() for each in allowed) == 3
    database.write_now(partial(sessions.forget_attempts, key="login x"))
    assert database.write_now(attempt)


def test_what_has_run_out_is_forgotten(database: Database, ann: Account) -> None:
    start(database, ann)
    database.write_now(partial(sessions.make_link, account_id=ann.id, lifetime=timedelta(seconds=-1)))
    database.write_now(partial(sessions.attempt, limits={"login x": 3}))
    past = utcnow() - timedelta(days=2)

    def age(connection: Connection) -> None:
        connection.execute(update(session_rows).values(expires_at=past))
        connection.execute(update(login_attempts).values(at=past))
        retention.sweep(connection)

    database.write_now(age)
    assert [count(database, table) for table in (session_rows, login_links, login_attempts)] == [0, 0, 0]


def test_a_key_is_found_until_it_is_revoked_or_runs_out(database: Database, ann: Account) -> None:
    def make(lifetime: timedelta | None) -> str:
        return database.write_now(
            partial(api_keys.make, name="Reports", scopes=["cases:read"], account_id=ann.id, lifetime=lifetime)
        )

    lasting, over = make(None), make(timedelta(0))
    found = database.read_now(partial(api_keys.find, key=lasting))
    assert found is not None
    assert (found.scopes, found.made_by, lasting.startswith(found.hint)) == ({"cases:read"}, "Ann", True)
    assert database.read_now(partial(api_keys.find, key=over)) is None
    database.write_now(partial(api_keys.revoke, key_id=found.id))
    assert database.read_now(partial(api_keys.find, key=lasting)) is None
    assert [each.revoked_at is None for each in database.read_now(api_keys.listed)] == [True, False]


def test_who_read_a_case_is_kept_in_order(database: Database) -> None:
    number = CaseNumber(opened(database).number)
    for who in ("ann", "bob"):
        database.write_now(partial(case_reads.keep, number=number, actor_id=who, actor_name=who, way="api"))
    reads = database.read_now(partial(case_reads.of_case, number=number))
    assert [(each.actor_id, each.way) for each in reads] == [("bob", "api"), ("ann", "api")]


def call(database: Database, key: str = "k", fingerprint: str = "f", caller: str = "key 1") -> tuple[Answer, bool]:
    def work(connection: Connection) -> Answer:
        return Answer(status=201, body={"account": accounts.first_administrator(connection).id})

    return database.write_now(partial(api_answers.once, caller=caller, key=key, fingerprint=fingerprint, work=work))


def test_a_call_that_comes_again_is_answered_as_before_and_does_nothing(database: Database) -> None:
    first, replayed = call(database)
    again, again_replayed = call(database)
    assert (again, replayed, again_replayed) == (first, False, True)
    assert call(database, caller="key 2")[1] is False
    with pytest.raises(KeyReused):
        call(database, fingerprint="another")


def test_a_call_that_fails_is_not_remembered(database: Database) -> None:
    def fail(_connection: Connection) -> Answer:
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(partial(api_answers.once, caller="key 1", key="k", fingerprint="f", work=fail))
    assert call(database)[1] is False


def test_the_same_call_twice_at_once_is_done_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(call, database) for _ in range(4)]
    assert sorted(each.result()[1] for each in answers) == [False, True, True, True]


def test_an_answer_is_kept_for_a_day(database: Database) -> None:
    call(database)
    past = utcnow() - api_answers.KEPT
    database.write_now(lambda connection: connection.execute(update(answer_rows).values(at=past)))
    assert call(database)[1] is False
    database.write_now(lambda connection: connection.execute(update(answer_rows).values(at=past)))
    database.write_now(retention.sweep)
    assert count(database, answer_rows) == 0
