from functools import partial

from store import mail
from store.engine import Database
from store.mail import Condition, MailboxReport
from tests.store.examples import NOON

WELL = Condition(state="connected", sentence="Connected.", last_arrival=NOON)
STARTING = Condition(state="starting", sentence="Connecting.", last_arrival=None)


def attends(database: Database, holder: str, condition: Condition = WELL, *, seconds: float = 60) -> bool:
    attend = partial(mail.attend, account="support", holder=holder, condition=condition, seconds=seconds)
    return database.write_now(attend)


def report(database: Database) -> MailboxReport:
    [only] = database.read_now(mail.mailbox_reports)
    return only


def test_of_two_processes_one_attends_to_a_mailbox(database: Database) -> None:
    assert attends(database, "first")
    assert not attends(database, "second", STARTING)
    assert attends(database, "first")
    assert report(database).condition == WELL
    assert report(database).attended


def test_another_takes_over_what_was_let_go_of(database: Database) -> None:
    attends(database, "first")
    database.write_now(partial(mail.let_go, account="support", holder="first"))
    assert not report(database).attended
    assert attends(database, "second")


def test_another_takes_over_from_one_that_is_gone(database: Database) -> None:
    attends(database, "first", seconds=-1)
    assert not report(database).attended
    assert attends(database, "second")
    assert not attends(database, "first")


def test_a_process_that_has_seen_no_mail_yet_does_not_forget_when_the_last_one_came(database: Database) -> None:
    attends(database, "first", seconds=-1)
    attends(database, "second", STARTING)
    assert report(database).condition == Condition(state="starting", sentence="Connecting.", last_arrival=NOON)


def test_only_the_holder_lets_go(database: Database) -> None:
    attends(database, "first")
    database.write_now(partial(mail.let_go, account="support", holder="second"))
    assert report(database).attended
