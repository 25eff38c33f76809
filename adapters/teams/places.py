"""Where in Teams something was said, and the way back there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapters.payload import part, required, text
from adapters.teams.gate import tenant_of
from store.model import Json

_LONGEST_ID = 1000  # characters: ids are keys of the database
_THREAD = ";messageid="  # in a channel's id, before that of the message that began the thread


class Kind(StrEnum):
    PERSONAL = "personal"
    GROUP = "groupChat"
    CHANNEL = "channel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A chat, or a thread of a channel. `key` is the conversation's."""

    tenant: str
    key: str
    kind: Kind
    service_url: str
    bot: Json  # we, as Teams calls us there
    person: str | None  # whose chat with us it is

    @property
    def reply_address(self) -> Json:
        return {
            "service_url": self.service_url,
            "conversation_id": self.key,
            "tenant": self.tenant,
            "kind": self.kind.value,
            "bot": self.bot,
            "person": self.person,
        }


def place_of(activity: Json) -> Place:
    """Raises ValueError where the activity lacks what every one has."""
    conversation = part(activity, "conversation")
    if max(len(text(conversation, "id")), len(text(activity, "id"))) > _LONGEST_ID:
        raise ValueError(f"An id has more than {_LONGEST_ID} characters.")
    kind = _kind(conversation)
    return Place(
        tenant=tenant_of(activity),
        key=_key(activity, required(conversation, "id"), kind),
        kind=kind,
        service_url=required(activity, "serviceUrl"),
        bot=part(activity, "recipient"),
        person=person_of(activity) if kind is Kind.PERSONAL else None,
    )


def person_of(activity: Json) -> str:
    """The directory's id of who sent it; of somebody from elsewhere, Teams' own. Raises ValueError."""
    sender = part(activity, "from")
    return text(sender, "aadObjectId") or required(sender, "id")


def _kind(conversation: Json) -> Kind:
    told = text(conversation, "conversationType")
    if told in set(Kind):
        return Kind(told)
    return Kind.GROUP if conversation.get("isGroup") is True else Kind.PERSONAL


def _key(activity: Json, conversation_id: str, kind: Kind) -> str:
    """A new post in a channel is a new conversation, and its thread the place."""
    if kind is not Kind.CHANNEL or _THREAD in conversation_id:
        return conversation_id
    # An action on a message may come without the thread that the message stands in.
    message = part(part(activity, "value"), "messagePayload") or activity
    return f"{conversation_id}{_THREAD}{text(message, 'replyToId') or required(message, 'id')}"
