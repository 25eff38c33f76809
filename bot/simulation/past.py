"""Conversations of the store: what their cases say now is what should have been predicted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from agent.document import starter
from agent.predictor import Sender
from agent.settings import Settings
from bot.settings import read
from bot.simulation.labelled import Labelled
from store import cases, conversations, overview
from store import settings as versions
from store.engine import Connection, Database
from store.model import ConversationId, utcnow

_MOST = 10_000  # conversations, the latest first


def past(database: Database, draft: Settings | None) -> tuple[Iterator[Labelled], int]:
    """By the draft, or by the settings in force, one at a time; and how many there are at most.

    Conversations in which nobody wrote anything are left out.
    """
    settings = draft or database.read_now(in_force)
    listed = database.read_now(partial(overview.conversations_listed, without_case=False, limit=_MOST))
    found = (database.read_now(partial(labelled, conversation_id=each.id, settings=settings)) for each in listed)
    return (each for each in found if each.transcript), len(listed)


def in_force(connection: Connection) -> Settings:
    """The starter's where nothing is in force yet."""
    number = versions.current_number(connection)
    return read(connection, number).settings if number else starter()


def labelled(connection: Connection, conversation_id: ConversationId, settings: Settings) -> Labelled:
    """What the conversation's case says now counts as right."""
    talk = conversations.get(connection, conversation_id)
    case = None if talk.case_number is None else cases.get(connection, talk.case_number)
    customer = conversations.customer(connection, conversation_id)
    offered = {field.id for field in settings.fields}
    values = case.values if case else {}
    transcript = conversations.transcript(connection, conversation_id)
    joins = case is not None and case.conversations[:1] != (conversation_id,)
    return Labelled(
        id=str(conversation_id),
        channel=talk.channel,
        tags=(),
        settings=settings,
        transcript=transcript,
        sender=Sender(name=customer.name, verified_email=customer.email) if customer else Sender(),
        now=transcript[-1].sent_at if transcript else utcnow(),
        expected={name: [each.value] for name, each in values.items() if name in offered},
        contained={},
        evidence={},
        case=None if joins else case is not None,
        category=talk.category,
        account=talk.account,
        joins=joins,
    )
