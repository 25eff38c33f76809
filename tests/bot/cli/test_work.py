from functools import partial

import pytest

from store import outbox, work
from store.engine import Connection, Database
from store.outbox import Post
from tests.bot.cli.conftest import CommandLine
from tests.bot.cli.situation import inbound

ERROR = "ValueError: \x1b[31mno\nsuch thing"


def dead_event(connection: Connection, key: str) -> int:
    work.accept(connection, inbound(key, key, "Hello"))
    (claim,) = work.claim(connection, worker=1, seconds=30, limit=9)
    work.fail(connection, claim.lease, claim.event, error=ERROR, error_id="abc123", retry=None)
    return claim.event.id


def dead_post(connection: Connection, conversation_id: int, key: str) -> int:
    outbox.queue_text(connection, conversation_id, key, "Hello")
    (post,) = outbox.claim(connection, worker=1, seconds=30, limit=1)
    outbox.bury(connection, post, error="gone", error_id="def456")
    return post.id


def waiting(connection: Connection) -> None:
    work.accept(connection, inbound("waits", "waits", "Hello"))


@pytest.fixture
def dead(database: Database) -> tuple[str, str]:
    event = database.write_now(partial(dead_event, key="one"))
    (listed,) = database.read_now(partial(work.listed, statuses=["dead"]))
    post = database.write_now(partial(dead_post, conversation_id=listed.conversation_id, key="p"))
    return f"event:{event}", f"post:{post}"


def ids(cli: CommandLine, *options: str) -> list[str]:
    return [each["id"] for each in cli("work", "list", "--json", *options).data]


def test_work_that_waits_and_work_that_was_given_up_are_listed(
    cli: CommandLine, database: Database, dead: tuple[str, str]
) -> None:
    database.write_now(waiting)
    assert set(ids(cli, "--dead")) == set(dead)
    (waits,) = ids(cli, "--waiting")
    assert set(ids(cli)) == {waits, *dead}


def test_the_list_says_what_went_wrong_on_one_line(cli: CommandLine, dead: tuple[str, str]) -> None:
    header, event, post = cli("work", "list").out.splitlines()
    assert header.split() == ["id", "status", "what", "conversation", "attempts", "since", "error", "reference"]
    assert event.startswith(dead[0])
    assert "ValueError: [31mno such thing" in event
    assert "abc123" in event
    assert post.startswith(dead[1])


def test_a_retried_event_and_post_can_be_claimed_again(
    cli: CommandLine, database: Database, dead: tuple[str, str]
) -> None:
    done = cli("work", "retry", *dead)
    assert (done.status, done.out, done.err) == (0, "2 to be tried again.\n", "")
    (claim,) = database.write_now(partial(work.claim, worker=2, seconds=30, limit=9))
    posts: list[Post] = database.write_now(partial(outbox.claim, worker=1, seconds=30, limit=9))
    assert (f"event:{claim.event.id}", f"post:{posts[0].id}") == dead
    assert claim.event.attempts == 1


@pytest.mark.usefixtures("dead")
def test_all_retries_whatever_is_dead(cli: CommandLine, database: Database) -> None:
    database.write_now(partial(dead_event, key="two"))
    assert cli("work", "retry", "--all").out == "3 to be tried again.\n"
    assert ids(cli, "--dead") == []
    assert cli("work", "retry", "--all").out == "Nothing is tried again.\n"


def test_what_is_not_dead_is_named_and_the_rest_is_done(cli: CommandLine, dead: tuple[str, str]) -> None:
    done = cli("work", "retry", dead[0], "post:4711")
    assert (done.status, done.out) == (1, "1 to be tried again.\n")
    assert done.err == "post:4711 is not among the work that was given up.\n"


@pytest.mark.parametrize("written", ["12", "event:", "mail:3", "event:-1", "event:" + "9" * 19, "post:1\x1b[31m"])
def test_an_id_that_is_none_is_a_mistake_and_nothing_is_retried(
    cli: CommandLine, dead: tuple[str, str], written: str
) -> None:
    done = cli("work", "retry", dead[0], written)
    assert (done.status, done.out) == (2, "")
    assert done.err.endswith("is no id of work: write event:12 or post:7, as listed.\n")
    assert "\x1b" not in done.err
    assert set(ids(cli, "--dead")) == set(dead)


def test_retry_wants_ids_or_all_and_not_both(cli: CommandLine) -> None:
    assert cli("work", "retry").status == 2
    assert cli("work", "retry", "event:1", "--all").status == 2
    assert cli("work", "list", "--dead", "--waiting").status == 2
