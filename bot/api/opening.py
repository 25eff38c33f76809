"""Opening a case by hand. It may be about a conversation, and need not be: somebody called, or walked in."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated

import structlog
from aiohttp import web
from pydantic import Field

from bot import words
from bot.access.rights import READ_INTERNAL_FIELDS, WORK_ON_CASES
from bot.access.routes import Visit
from bot.api import body, idempotency
from bot.api.calls import PREFIX, Body, Call
from bot.api.cases import CaseRead, Given, Id, Login, shown, writes_of
from bot.api.changing import acting_for, somebody, wrong
from bot.opening import open_by_hand
from bot.text import one_line
from store import contacts, conversations
from store.api_answers import Answer
from store.cases import FieldWrite
from store.engine import Connection, Database
from store.model import ContactId, ConversationId

log = structlog.get_logger()

_TITLE = 200  # characters


class CaseGiven(Body):
    """`fields`: by their ids; what is set so, the agent does not change any more.

    `title`: else the first sentence of a text field that customers may see. `conversation`: the case becomes its live
    one. `contact`: whose case it is, else the customer's of the conversation. `assignee`: the login of an account.
    """

    fields: dict[str, Given] = Field(min_length=1)
    title: Annotated[str, Field(min_length=1, max_length=_TITLE, pattern=r"\S")] | None = None
    conversation: Id | None = None
    contact: Id | None = None
    assignee: Login | None = None


class Opening:
    def __init__(self, database: Database, posts: Callable[[], None]) -> None:
        """`posts` is called when there is something to send."""
        self._database = database
        self._posts = posts

    def calls(self) -> list[Call]:
        return [
            Call(
                method="POST",
                path="/cases",
                right=WORK_ON_CASES,
                handler=self._open,
                summary="Open a case by hand, with or without a conversation",
                answer=CaseRead,
                status=HTTPStatus.CREATED,
                body=CaseGiven,
                parameters=(idempotency.PARAMETER,),
            )
        ]

    async def _open(self, visit: Visit) -> web.StreamResponse:
        given = await body.read(visit.request, CaseGiven)
        writes = writes_of(given.fields, visit.in_force.settings, internal=visit.may(READ_INTERNAL_FIELDS))
        if all(each.value is None for each in writes):
            raise wrong("fields", words.nothing_filled_in())
        work = partial(_opened, visit=visit, given=given, writes=writes)
        response = await idempotency.once(self._database, visit, work)
        self._posts()
        number = json.loads(response.text or "")["number"]
        response.headers["Location"] = f"{PREFIX}/cases/{number}"
        log.info("case_opened", case=number, by=visit.visitor.id)
        return response


def _opened(connection: Connection, *, visit: Visit, given: CaseGiven, writes: list[FieldWrite]) -> Answer:
    """Raises Refused, which names what is not there."""
    place, contact = _place(connection, given), _contact(connection, given)
    case = open_by_hand(
        connection,
        acting_for(visit),
        writes,
        title=one_line(given.title or "", _TITLE),
        conversation_id=place,
        contact_id=contact,
        owner=somebody(connection, given.assignee, "assignee") if given.assignee else None,
    )
    read = shown(case, visit.in_force.settings, internal=visit.may(READ_INTERNAL_FIELDS))
    return Answer(status=HTTPStatus.CREATED, body=read.model_dump(mode="json"))


def _place(connection: Connection, given: CaseGiven) -> ConversationId | None:
    if given.conversation is None:
        return None
    talk = conversations.hold(connection, given.conversation)
    if talk is None or talk.erased:
        raise wrong("conversation", f"There is no conversation {given.conversation}.")
    return talk.id


def _contact(connection: Connection, given: CaseGiven) -> ContactId | None:
    if given.contact is not None:
        if not contacts.hold(connection, given.contact):
            raise wrong("contact", f"There is no contact {given.contact}.")
        return ContactId(given.contact)
    customer = None if given.conversation is None else conversations.customer(connection, given.conversation)
    return customer.contact_id if customer else None
