"""The queue of a case: where it went and why, who moved it, and the lists by queue."""

from __future__ import annotations

from functools import partial
from typing import Any

from store import audit, cases, webhooks
from store.cases import Placing
from store.engine import Connection, Database
from store.model import ActorKind, Case, CaseNumber, CaseStatus
from store.webhooks import Event
from store.workspace import Assigned, CasesWanted, ConversationsWanted, cases_in, cases_page, conversations_page
from tests.store.examples import ANNA, BY_AGENT, changed, conversation, opened, say, shown, wrote


def placed(database: Database, queue: str | None, key: str) -> Case:
    """A new case in this queue, in a conversation in which somebody wrote."""

    def work(connection: Connection) -> Case:
        place = conversation(connection, key)
        say(connection, place, wrote("Hello", conversation_key=key))
        placing = Placing(queue=queue, why="Its conditions hold.") if queue else None
        number = cases.create(
            connection, BY_AGENT, title="Leak", conversation_id=place, contact_id=None, writes=(), placing=placing
        )
        return cases.get(connection, number)

    return database.write_now(work)


def trail(database: Database, number: CaseNumber) -> list[tuple[Any, ...]]:
    entries = database.read_now(partial(audit.of_case, number=number))
    return [
        (each.change.old, each.change.new, each.change.reason, each.origin.actor.kind)
        for each in entries
        if each.change.what == "queue"
    ]


def test_a_case_keeps_where_it_went_why_and_who_moved_it(database: Database) -> None:
    case = placed(database, "hardware", "1")
    assert case.queue == "hardware"
    moved = changed(database, cases.set_queue, case.number, "billing")
    assert (moved.queue, moved.revision) == ("billing", case.revision + 1)
    assert changed(database, cases.set_queue, case.number, None).queue is None
    assert trail(database, case.number) == [
        (None, "hardware", "Its conditions hold.", ActorKind.AGENT),
        ("hardware", "billing", None, ActorKind.PERSON),
        ("billing", None, None, ActorKind.PERSON),
    ]


def test_who_is_told_of_cases_is_told_that_one_was_moved(database: Database) -> None:
    case = placed(database, "hardware", "1")
    database.write_now(
        lambda connection: webhooks.add(
            connection, url="https://example.org/hook", events=list(Event), internal=True, made_by="Ada"
        )
    )
    changed(database, cases.set_queue, case.number, "billing")
    [delivery] = database.read_now(partial(webhooks.page, limit=10))
    assert (delivery.event, delivery.case_number) == (Event.UPDATED, case.number)


def test_claiming_and_resolving_leave_a_case_in_its_queue(database: Database) -> None:
    case = placed(database, "hardware", "1")
    changed(database, cases.set_owner, case.number, ANNA)
    assert shown(database, case.number).queue == "hardware"


def test_the_cases_of_a_queue_are_counted_by_status(database: Database) -> None:
    case, *_ = (placed(database, queue, str(at)) for at, queue in enumerate(("billing", "billing", "hardware", None)))
    changed(database, cases.set_status, case.number, CaseStatus.RESOLVED)
    counted = {queue: database.read_now(partial(cases_in, queue=queue)) for queue in ("billing", "gone")}
    assert counted == {"billing": {CaseStatus.NEW: 1, CaseStatus.RESOLVED: 1}, "gone": {}}


def test_both_lists_show_the_cases_of_queues_and_those_in_none(database: Database) -> None:
    hardware, billing, nowhere = (placed(database, queue, str(queue)) for queue in ("hardware", "billing", None))
    with_nobody = opened(database, key="silent")  # nothing was said, so the inbox has no row for it
    changed(database, cases.set_owner, billing.number, ANNA)

    def listed(queues: Any, **more: Any) -> list[int]:
        return [
            each.number for each in database.read_now(partial(cases_page, wanted=CasesWanted(queues=queues, **more)))
        ]

    def inbox(queues: Any, **more: Any) -> list[int | None]:
        wanted = ConversationsWanted(queues=queues, **more)
        return [each.case_number for each in database.read_now(partial(conversations_page, wanted=wanted))]

    assert listed(("hardware",)) == inbox(("hardware",)) == [hardware.number]
    assert listed(("hardware", "billing")) == inbox(("hardware", "billing")) == [billing.number, hardware.number]
    unclaimed = Assigned()
    assert listed(("hardware", "billing"), assigned=unclaimed) == [hardware.number]
    assert inbox(("hardware", "billing"), assigned=unclaimed) == [hardware.number]
    assert listed("none") == [with_nobody.number, nowhere.number]
    assert inbox("none") == [nowhere.number]
    assert listed(()) == inbox(()) == []
    [row] = database.read_now(partial(cases_page, wanted=CasesWanted(queues=("hardware",))))
    [talk] = database.read_now(partial(conversations_page, wanted=ConversationsWanted(queues=("hardware",))))
    assert row.queue == talk.queue == "hardware"
