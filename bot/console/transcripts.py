"""What was said in some conversations, page by page from the latest back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.access.routes import Visit
from bot.console import attachments
from bot.console.attachments import FileShown
from bot.console.operations import number_of
from store import conversations
from store.engine import Connection
from store.model import Conversation, ConversationId, Message, MessageId

SHOWN = 100  # messages
_CONTEXT = 10  # messages after one that a page is opened at


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where in it: what came before a message, or around one; neither: the latest."""

    before: int | None = None
    around: int | None = None

    @classmethod
    def of(cls, visit: Visit) -> Place:
        """Raises Refused."""
        query = visit.request.query
        return cls(before=number_of(query.get("before")), around=number_of(query.get("at")))


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    talks: Mapping[ConversationId, tuple[Conversation, Sequence[Message]]]
    files: Mapping[MessageId, list[FileShown]]
    earlier: int | None  # what came before this message is on the page before
    before: int | None  # None: these are the latest

    @property
    def messages(self) -> dict[MessageId, Message]:
        return {each.id: each for _, said in self.talks.values() for each in said}


def read(connection: Connection, places: Collection[ConversationId], place: Place) -> Transcript:
    before = place.before if place.around is None else _end(connection, places, place.around)
    latest = {each: conversations.latest(connection, each, before=before, limit=SHOWN + 1) for each in places}
    ids = sorted((message.id for said in latest.values() for message in said), reverse=True)
    first = ids[SHOWN - 1] if len(ids) > SHOWN else None
    talks = {
        each: (
            conversations.get(connection, each),
            [message for message in said if first is None or message.id >= first],
        )
        for each, said in latest.items()
    }
    files = [attachments.shown(connection, talk, said) for talk, said in talks.values()]
    return Transcript(
        talks=talks,
        files={message: kept for each in files for message, kept in each.items()},
        earlier=first,
        before=before,
    )


def _end(connection: Connection, places: Collection[ConversationId], message_id: int) -> int | None:
    """Where a page ends that shows a message, and what followed on it; None: at the latest."""
    following = sorted(
        message.id
        for each in places
        for message in conversations.page(connection, each, after=message_id, limit=_CONTEXT + 1)
    )
    return following[_CONTEXT] if len(following) > _CONTEXT else None
