"""Teams' activities in our words, stored before they are acknowledged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import structlog

from adapters.channel import Receive, RetryLater
from adapters.filing import attachment
from adapters.payload import part, required, text
from adapters.teams import words
from adapters.teams.configuration import CHANNEL
from adapters.teams.filing import files_of
from adapters.teams.people import People, is_bot
from adapters.teams.places import Kind, Place
from store.engine import Transaction
from store.files import keep
from store.model import Author, Category, Inbound, InboundKind, Json, utcnow

log = structlog.get_logger()

# What Teams says became of a message (learn.microsoft.com, "Update and delete messages", "Conversation events").
_CHANGES = {
    "editMessage": InboundKind.EDIT,
    "undeleteMessage": InboundKind.EDIT,
    "softDeleteMessage": InboundKind.DELETE,
}


class Receiving:
    def __init__(self, people: People) -> None:
        self.people = people
        self.receive: Receive | None = None  # while the channel runs

    async def message(self, place: Place, activity: Json) -> None:
        """Raises ValueError for an activity that is none, and what `Receive` raises."""
        if is_bot(activity):
            return
        message_id = f"{place.key}|{required(activity, 'id')}"
        author = await self.people.author(place, activity)
        files = files_of(place.tenant, activity)
        said = await _said(place, author, activity, message_id, kind=InboundKind.MESSAGE)
        said = replace(said, attachments=tuple(attachment(each) for each in files))
        await self.store(said, alongside=partial(keep, kept=files) if files else None)

    async def changed(self, place: Place, activity: Json) -> None:
        """An edit, a deletion, or a deletion taken back; of other changes, we hear and do nothing."""
        kind = _CHANGES.get(text(part(activity, "channelData"), "eventType"))
        if kind is None or is_bot(activity):
            return
        message_id = f"{place.key}|{required(activity, 'id')}"
        author = await self.people.author(place, activity)
        await self.store(await _said(place, author, activity, message_id, kind=kind))

    async def store(self, inbound: Inbound, *, alongside: Transaction | None = None) -> bool:
        """False when it had been stored before. Raises what `Receive` raises."""
        if self.receive is None:
            raise RetryLater("The Teams channel is not running.")
        return await self.receive(inbound, alongside=alongside)

    def typed(self, place: Place, author: Author, said: str, *, external_id: str) -> Inbound:
        """A command that stands in no message: a button's."""
        return _by_hand(place, author, external_id, kind=InboundKind.MESSAGE, text=said)

    def pressed(self, place: Place, author: Author, action: Json, *, external_id: str) -> Inbound:
        return _by_hand(place, author, external_id, kind=InboundKind.ACTION, action=action)


async def _said(place: Place, author: Author, activity: Json, message_id: str, *, kind: InboundKind) -> Inbound:
    at = _moment(activity)
    changed = kind is not InboundKind.MESSAGE
    what = text(part(activity, "channelData"), "eventType")
    return Inbound(
        channel=CHANNEL,
        category=Category.CHAT,
        account=place.tenant,
        conversation_key=place.key,
        external_id=f"{message_id}:{what}:{at.isoformat()}" if changed else message_id,
        kind=kind,
        author=author,
        text="" if kind is InboundKind.DELETE else await words.read(activity),
        target=message_id if changed else None,
        action={"restored": True} if what == "undeleteMessage" else {},
        sent_at=at,
        reply_address=place.reply_address,
        raw={"activity": activity},
        people=place.kind is not Kind.PERSONAL,
    )


def _by_hand(
    place: Place, author: Author, external_id: str, *, kind: InboundKind, text: str = "", action: Json | None = None
) -> Inbound:
    return Inbound(
        channel=CHANNEL,
        category=Category.CHAT,
        account=place.tenant,
        conversation_key=place.key,
        external_id=external_id,
        kind=kind,
        author=author,
        text=text,
        action=action or {},
        sent_at=utcnow(),
        reply_address=place.reply_address,
        people=place.kind is not Kind.PERSONAL,
    )


def _moment(activity: Json) -> datetime:
    """Raises ValueError."""
    told = datetime.fromisoformat(required(activity, "timestamp"))
    if told.tzinfo is None:
        raise ValueError("timestamp has no time zone.")
    try:
        return told.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("timestamp is before or after all years.") from error
