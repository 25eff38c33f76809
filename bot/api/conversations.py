"""Conversations: listed as in the inbox, read message by message, evaluated when asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel

from agent.decision import Trigger
from bot.access import reads
from bot.access.rights import READ_CONVERSATIONS, WORK_ON_CASES
from bot.access.routes import Refused, Visit
from bot.api import cursors, idempotency
from bot.api.calls import NUMBER, PREFIX, Call, answered, numbered
from bot.api.cases import filtered, searched
from bot.console import filters
from bot.console.lists import asker
from store import conversations, overview, work, workspace
from store.api_answers import Answer
from store.engine import Connection, Database
from store.model import CaseStatus, Category, Conversation, Message, Role
from store.workspace import ConversationRow

_ONE = f"/conversations/{{id:{NUMBER}}}"
_ID = numbered("id", "The conversation's id.")


class ConversationListed(BaseModel):
    """`case`: its live case, with its status and owner."""

    id: int
    channel: str
    customer: str | None
    case: int | None
    case_status: CaseStatus | None
    owner: str | None
    last_message_at: datetime


class ConversationPage(BaseModel):
    """Those in which somebody wrote last come first; `next` is null on the last page."""

    items: list[ConversationListed]
    next: str | None


class ConversationRead(BaseModel):
    """`people`: a place where people talk with each other, not a customer and the agent alone."""

    id: int
    channel: str
    category: Category
    language: str | None
    people: bool
    ended: bool
    case: int | None


class AttachmentRead(BaseModel):
    name: str
    content_type: str
    size: int


class MessageRead(BaseModel):
    """As it reads now. The text of a deleted one is not told."""

    id: int
    author: str
    role: Role
    text: str
    attachments: list[AttachmentRead]
    sent_at: datetime
    edited: bool
    deleted: bool


class MessagePage(BaseModel):
    """In the order in which they came; `next` is null on the last page."""

    items: list[MessageRead]
    next: str | None


class ToBeEvaluated(BaseModel):
    """It is done within seconds, in its turn; `look_at` lists what came of it."""

    conversation: int
    look_at: str


class Conversations:
    def __init__(self, database: Database, works: Callable[[], None]) -> None:
        """`works` is called when there is something to do."""
        self._database = database
        self._works = works

    def calls(self) -> list[Call]:
        return [
            Call(
                method="GET",
                path="/conversations",
                right=READ_CONVERSATIONS,
                handler=self._list,
                summary="Conversations, as in the inbox",
                answer=ConversationPage,
                parameters=filtered("status", "assignee", "channel", "case"),
            ),
            Call(
                method="GET",
                path=_ONE,
                right=READ_CONVERSATIONS,
                handler=self._show,
                summary="A conversation",
                answer=ConversationRead,
                parameters=(_ID,),
                hidden=True,
            ),
            Call(
                method="GET",
                path=f"{_ONE}/messages",
                right=READ_CONVERSATIONS,
                handler=self._messages,
                summary="The messages of a conversation",
                answer=MessagePage,
                parameters=(_ID, *cursors.PARAMETERS),
                hidden=True,
            ),
            Call(
                method="POST",
                path=f"{_ONE}/evaluate",
                right=WORK_ON_CASES,
                handler=self._evaluate,
                summary="Have a conversation evaluated now: it may open a case, or update its live one",
                answer=ToBeEvaluated,
                status=HTTPStatus.ACCEPTED,
                parameters=(_ID, idempotency.PARAMETER),
                hidden=True,
            ),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        query = visit.request.query
        chosen, page = searched(visit), cursors.wanted(query, parts=2)
        after = "-".join(map(str, page.after)) if page.after else None
        wanted = filters.conversations_wanted(chosen, asker(visit), after, page.limit + 1)
        found = await self._database.read(partial(workspace.conversations_page, wanted=wanted))
        rows, following = cursors.cut(found, page, _position)
        return answered(ConversationPage(items=[_listed(each) for each in rows], next=following))

    async def _show(self, visit: Visit) -> web.StreamResponse:
        found = await self._database.read(partial(_conversation, conversation_id=_id(visit)))
        return answered(
            ConversationRead(
                id=found.id,
                channel=found.channel,
                category=found.category,
                language=found.language,
                people=found.people,
                ended=found.ended,
                case=found.case_number,
            )
        )

    async def _messages(self, visit: Visit) -> web.StreamResponse:
        page = cursors.wanted(visit.request.query)
        ask = partial(
            _messages,
            conversation_id=_id(visit),
            after=page.after[0] if page.after else None,
            limit=page.limit + 1,
        )
        place, found = await self._database.read(ask)
        await reads.keep(self._database, visit, place.case_number, "api")
        rows, following = cursors.cut(found, page, lambda each: (each.id,))
        return answered(MessagePage(items=[_said(each) for each in rows], next=following))

    async def _evaluate(self, visit: Visit) -> web.StreamResponse:
        """By its worker, as any other event of it: two that look at once would open two cases."""
        response = await idempotency.once(self._database, visit, partial(_set_timer, conversation_id=_id(visit)))
        self._works()
        return response


def _id(visit: Visit) -> int:
    return int(visit.request.match_info["id"])


def _conversation(connection: Connection, *, conversation_id: int) -> Conversation:
    """Raises Refused."""
    if not overview.has_conversation(connection, conversation_id):
        raise Refused(HTTPStatus.NOT_FOUND)
    return conversations.get(connection, conversation_id)


def _messages(
    connection: Connection, *, conversation_id: int, after: int | None, limit: int
) -> tuple[Conversation, tuple[Message, ...]]:
    """Raises Refused."""
    place = _conversation(connection, conversation_id=conversation_id)
    return place, conversations.page(connection, place.id, after=after, limit=limit)


def _set_timer(connection: Connection, *, conversation_id: int) -> Answer:
    place = _conversation(connection, conversation_id=conversation_id)
    work.set_timer(connection, place.id, Trigger.COMMAND, quiet=0, at_most=0)
    look_at = f"{PREFIX}/evaluations?conversation={place.id}"
    return Answer(
        status=HTTPStatus.ACCEPTED,
        body=ToBeEvaluated(conversation=place.id, look_at=look_at).model_dump(mode="json"),
    )


def _position(row: ConversationRow) -> tuple[int, ...]:
    return tuple(map(int, filters.place_text(row.place).split("-")))


def _listed(row: ConversationRow) -> ConversationListed:
    return ConversationListed(
        id=row.id,
        channel=row.channel,
        customer=row.customer,
        case=row.case_number,
        case_status=row.case_status,
        owner=row.owner,
        last_message_at=row.last_message_at,
    )


def _said(message: Message) -> MessageRead:
    return MessageRead(
        id=message.id,
        author=message.author.name,
        role=message.author.role,
        text="" if message.deleted else message.text,
        attachments=[
            AttachmentRead(name=each.name, content_type=each.content_type, size=each.size)
            for each in message.attachments
        ],
        sent_at=message.sent_at,
        edited=message.revision > 0,
        deleted=message.deleted,
    )
