"""Erasing a contact while they write: a message that comes in between is a new contact's, and nothing of it is lost."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from store import cases, contacts, conversations, outbox, work
from store.engine import Connection, Database
from store.model import CaseNumber, ContactId, ConversationId, Role
from store.people import erasing
from store.people.erasing import OnItsWay
from store.schema import contact_identities, inbox, messages, participants
from store.work import Claim, LostLease
from tests.store.examples import BY_ANNA, Work, overlapping, shown, wrote
from tests.store.people.scene import ADMINISTRATOR, ANN, chat, grouped, said


def handled(connection: Connection, claim: Claim) -> None:
    """As a worker takes a customer's message in."""
    inbound, here = claim.event.inbound, claim.lease.conversation_id
    who = contacts.identify(connection, inbound.channel, inbound.account, inbound.author)
    participant = conversations.join(connection, here, inbound, Role.CUSTOMER, who)
    conversations.append(connection, here, participant, inbound, noise=False)


def take_up(connection: Connection) -> Claim:
    (claim,) = work.claim(connection, worker=1, seconds=30, limit=1)
    return claim


def finish(connection: Connection, claim: Claim) -> None:
    work.finish(connection, claim.lease, claim.event, partial(handled, claim=claim), most=20)


def ann_in(database: Database, text: str = "It leaks.", number: int = 1) -> tuple[int, ConversationId]:
    here, _ = database.write_now(partial(said, inbound=chat(text, number)))
    who = select(contact_identities.c.contact_id).where(contact_identities.c.external_id == ANN.id)
    return database.read_now(lambda connection: connection.execute(who).scalar_one()), here


def erase(contact_id: int) -> partial[object]:
    return partial(erasing.erase, contact_id=contact_id, by=ADMINISTRATOR)


def texts(database: Database) -> dict[str, int | None]:
    said = select(messages.c.text, participants.c.contact_id).join(participants).where(messages.c.text != "")
    return database.read_now(lambda connection: {row.text: row.contact_id for row in connection.execute(said)})


def waiting(database: Database) -> list[str]:
    ready = select(inbox.c.payload).where(inbox.c.status == "ready")
    return database.read_now(lambda connection: [each["text"] for each in connection.execute(ready).scalars()])


async def test_a_message_that_comes_while_its_thread_is_erased_begins_a_new_one(database: Database) -> None:
    ann, before = ann_in(database)

    await overlapping(database, erase(ann), partial(work.accept, inbound=chat("I am back.", 2)))

    assert waiting(database) == ["I am back."]
    claim = database.write_now(take_up)
    assert claim.lease.conversation_id != before
    database.write_now(partial(finish, claim=claim))
    (who,) = texts(database).values()
    assert who not in {ann, None}


async def test_a_message_that_was_stored_before_is_erased_with_the_rest(database: Database) -> None:
    ann, _ = ann_in(database)

    await overlapping(database, partial(work.accept, inbound=chat("One more.", 2)), erase(ann))

    assert waiting(database) == []
    assert texts(database) == {}


def test_a_worker_that_had_their_message_in_hand_writes_nothing(database: Database) -> None:
    ann, _ = ann_in(database)
    database.write_now(partial(work.accept, inbound=chat("In hand.", 2)))
    claim = database.write_now(take_up)

    database.write_now(erase(ann))

    with pytest.raises(LostLease):
        database.write_now(partial(finish, claim=claim))
    assert texts(database) == {}


async def test_a_worker_that_meets_them_elsewhere_meanwhile_makes_a_new_contact(database: Database) -> None:
    """In a thread that the erasing knows nothing of: the event comes after it has looked."""
    ann, _ = ann_in(database)

    def erase_late(connection: Connection) -> None:
        erasing.erase(connection, ann, ADMINISTRATOR)

    def meet(connection: Connection) -> None:
        handled_elsewhere = chat("Elsewhere.", 3, conversation_key="chat-2", external_id="chat-2|1")
        work.accept(connection, handled_elsewhere)
        finish(connection, take_up(connection))

    outcomes = await overlapping(database, erase_late, meet)

    assert outcomes == [None, None]
    (who,) = texts(database).values()
    assert who not in {ann, None}


async def test_what_a_worker_is_just_writing_of_them_is_waited_for_and_erased(database: Database) -> None:
    ann, _ = ann_in(database)

    def meet(connection: Connection) -> None:
        work.accept(connection, chat("Elsewhere.", 3, conversation_key="chat-2", external_id="chat-2|1"))
        finish(connection, take_up(connection))

    outcomes = await overlapping(database, meet, erase(ann))

    assert not [each for each in outcomes if isinstance(each, BaseException)]
    assert texts(database) == {}


def test_a_post_that_is_being_sent_is_waited_for(database: Database) -> None:
    """It would stand in the thread afterwards, in the web chat's own feed too."""
    ann, here = ann_in(database)
    database.write_now(lambda connection: outbox.queue_text(connection, here, "1", "Your kettle"))
    (post,) = database.write_now(partial(outbox.claim, worker=1, seconds=30, limit=1))

    with pytest.raises(OnItsWay):
        database.write_now(erase(ann))

    database.write_now(partial(outbox.delivered, post=post, native_id="n"))
    database.write_now(erase(ann))
    assert texts(database) == {}


def test_others_in_the_thread_are_heard_all_the_same(database: Database) -> None:
    ann, _ = ann_in(database)
    bob = grouped("Bob asks.", 1, wrote().author)
    here, _ = database.write_now(partial(said, inbound=bob))
    database.write_now(partial(said, inbound=grouped("Ann, too.", 2, ANN)))
    database.write_now(partial(work.accept, inbound=grouped("Bob again.", 3, wrote().author)))
    claim = database.write_now(take_up)
    who = select(contact_identities.c.contact_id).where(
        contact_identities.c.external_id == ANN.id, contact_identities.c.channel == "slack"
    )
    assert database.read_now(lambda connection: connection.execute(who).scalar_one()) == ann

    database.write_now(erase(ann))

    with pytest.raises(LostLease):
        database.write_now(partial(finish, claim=claim))
    again = database.write_now(take_up)
    assert again.lease.conversation_id == here
    database.write_now(partial(finish, claim=again))
    assert set(texts(database)) == {"Bob asks.", "Bob again."}


def opened_for(contact_id: int) -> Work:
    """As by hand, for somebody who calls."""

    def work(connection: Connection) -> CaseNumber | None:
        if not contacts.hold(connection, contact_id):
            return None
        contact = ContactId(contact_id)
        return cases.create(
            connection, BY_ANNA, title="Ann called", conversation_id=None, contact_id=contact, writes=()
        )

    return work


async def test_a_case_that_was_opened_for_them_just_before_is_erased_with_the_rest(database: Database) -> None:
    ann, _ = ann_in(database)
    number, _ = await overlapping(database, opened_for(ann), erase(ann))
    assert shown(database, number).title == erasing.ERASED


async def test_no_case_is_opened_for_somebody_who_is_being_erased(database: Database) -> None:
    ann, _ = ann_in(database)
    _, number = await overlapping(database, erase(ann), opened_for(ann))
    assert number is None
