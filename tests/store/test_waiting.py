"""Whether what was received for a conversation has been handled."""

from store import work
from store.engine import Connection, Database
from store.model import ConversationId
from tests.store.examples import wrote


def handle(connection: Connection) -> ConversationId:
    """The first event that waits anywhere."""
    [claim] = work.claim(connection, worker=1, seconds=30, limit=1)
    work.finish(connection, claim.lease, claim.event, lambda _: None, most=1)
    return claim.lease.conversation_id


def test_an_event_waits_until_it_and_all_before_it_are_handled(database: Database) -> None:
    first, second = (
        database.write_now(lambda connection, text=text: work.accept(connection, wrote(text))) for text in ("A", "B")
    )
    conversation_id = database.write_now(handle)
    assert database.read_now(lambda connection: work.last_waiting(connection, conversation_id)) == second
    assert not database.read_now(lambda connection: work.waits(connection, conversation_id, first))
    assert database.read_now(lambda connection: work.waits(connection, conversation_id, second))

    database.write_now(lambda connection: work.accept(connection, wrote("C")))
    database.write_now(handle)
    assert not database.read_now(lambda connection: work.waits(connection, conversation_id, second))
    assert database.read_now(lambda connection: work.last_waiting(connection, conversation_id + 1)) is None
