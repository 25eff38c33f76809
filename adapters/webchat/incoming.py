"""What a client posts, read and checked: a Bot Framework activity becomes our `Inbound` and a post for the feed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeVar, cast
from uuid import uuid4

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from adapters.webchat.http import Refused, bad_request
from adapters.webchat.tokens import Grant, User
from store.commands import command_word, is_blank
from store.model import Attachment, Author, Category, Inbound, InboundKind, Json, Role, utcnow
from store.webchat import Post

CHANNEL = "webchat"
ACCOUNT = "default"
AGENT = "casewright"  # the user id of our own posts: nobody else may have it
CONVERSATION = "[A-Za-z0-9_-]{1,64}"  # what a conversation's id looks like
TEXT_LIMIT = 32_000  # characters
_MOST_ATTACHMENTS = 10

Type = Literal["message", "typing", "event", "conversationUpdate", "endOfConversation"]
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
_NOTHING: dict[type, Any] = {str: "", list: [], dict: {}}


def _or_nothing(kind: type) -> BeforeValidator:
    """Clients send null for what they leave out."""
    return BeforeValidator(lambda value: _NOTHING[kind] if value is None else value)


def _object_or_nothing(value: object) -> object:
    """Anything may stand in channelData; only an object can have something for us."""
    return cast("object", value) if isinstance(value, dict) else {}


def _link(url: str) -> str:
    if not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        raise ValueError("should be an http or https address; files themselves go to .../upload")
    return url


def _not_the_agent(user_id: str) -> str:
    if user_id == AGENT:
        raise ValueError("is the agent's own")
    return user_id


_Read = TypeVar("_Read", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _User(_Model):
    id: Annotated[Id, AfterValidator(_not_the_agent)] | None = None
    name: Annotated[str, _or_nothing(str), Field(max_length=256)] = ""
    email: Annotated[str | None, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] = None


class _Holder(_Model):
    """A body that names a user: believed only when the secret's holder sends it."""

    user: Annotated[_User, _or_nothing(dict)] = Field(default=_User(), validation_alias=AliasChoices("user", "from"))
    conversation: Annotated[str | None, Field(alias="conversationId", pattern=f"^{CONVERSATION}$")] = None


class _Link(_Model):
    content_type: Annotated[str, Field(alias="contentType", max_length=256)] = "application/octet-stream"
    url: Annotated[str, Field(alias="contentUrl", max_length=4096), AfterValidator(_link)]
    name: Annotated[str, _or_nothing(str), Field(max_length=256)] = ""


class _ChannelData(_Model):
    client_id: Annotated[str | None, Field(alias="clientActivityID", max_length=256)] = None


class Activity(_Model):
    """The part of an activity that we believe: never who it says it is from."""

    type: Type
    text: Annotated[str, _or_nothing(str)] = ""
    value: Any = None
    name: Annotated[str, _or_nothing(str)] = ""
    channel_data: Annotated[_ChannelData, BeforeValidator(_object_or_nothing), Field(alias="channelData")] = (
        _ChannelData()
    )
    attachments: Annotated[tuple[_Link, ...], _or_nothing(list), Field(max_length=_MOST_ATTACHMENTS)] = ()
    members_removed: Annotated[list[Any], _or_nothing(list), Field(alias="membersRemoved")] = []


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """One posted activity in our words. `post` is None for what the feed does not show."""

    inbound: Inbound
    post: Post | None


def user_in(body: Json) -> User:
    """Who the secret's holder says it is, with a new id when none is given. Raises Refused."""
    named = _checked(_Holder, body).user
    return User(id=named.id or f"anonymous-{uuid4().hex}", name=named.name, email=named.email)


def grant_in(body: Json) -> Grant:
    """For whom, and where: a new conversation unless `conversationId` names one that others are in. Raises Refused.

    That name is our own addition to Direct Line, which has no way for a second person to join.
    """
    conversation = _checked(_Holder, body).conversation
    return Grant(conversation=conversation or uuid4().hex, user=user_in(body))


def activity_in(body: Json) -> Activity:
    """Raises Refused, naming what is wrong."""
    activity = _checked(Activity, body)
    if len(activity.text) > TEXT_LIMIT:
        message = f"text: has {len(activity.text)} characters, {TEXT_LIMIT} are allowed; send the rest as a file."
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
    return activity


def is_private(text: str, role: Role) -> bool:
    """A representative's command is for nobody else's eyes: "/note ..." must not reach the customer."""
    return role is Role.REPRESENTATIVE and command_word(text) is not None


def read_activity(
    activity: Activity,
    *,
    conversation: str,
    user: User,
    role: Role,
    attachments: Sequence[Attachment],
    raw: Json,
) -> Incoming | None:
    """None for what is acknowledged and of no consequence. Raises Refused for a message that says nothing."""
    kind = _kind(activity)
    if kind is None:
        return None
    everything = (*(_attached(link) for link in activity.attachments), *attachments)
    if kind is InboundKind.MESSAGE and is_blank(activity.text) and not everything:
        raise bad_request("text: should not be empty, unless there are attachments.")
    inbound = Inbound(
        channel=CHANNEL,
        category=Category.CHAT,
        account=ACCOUNT,
        conversation_key=conversation,
        external_id=_external_id(conversation, user.id, activity.channel_data.client_id),
        kind=kind,
        author=Author(id=user.id, name=user.name, email=user.email),
        text=_text(activity, kind),
        attachments=everything,
        action=activity.value if kind is InboundKind.ACTION else {},
        sent_at=utcnow(),  # the client's clock is the client's word
        reply_address={"conversation": conversation},
        raw=raw,
    )
    return Incoming(inbound=inbound, post=_post(activity, inbound, role))


def _kind(activity: Activity) -> InboundKind | None:
    match activity.type:
        case "message" if activity.value is not None and not activity.text:
            _check_action(activity.value)
            return InboundKind.ACTION
        case "message":
            return InboundKind.MESSAGE
        case "endOfConversation":
            return InboundKind.ENDED
        case "event" if activity.name == "webchat/join":
            return InboundKind.MEMBERSHIP
        case "conversationUpdate":
            return InboundKind.MEMBERSHIP
        case "event" | "typing":
            return None


def _check_action(value: object) -> None:
    verb = cast("Json", value).get("verb") if isinstance(value, dict) else None
    if not isinstance(verb, str):
        raise bad_request('value: should be an object with a "verb", as our buttons send it.')


def _text(activity: Activity, kind: InboundKind) -> str:
    if kind is InboundKind.MEMBERSHIP:
        return "left" if activity.members_removed else "joined"
    return activity.text if kind is InboundKind.MESSAGE else ""


def _external_id(conversation: str, user_id: str, client_id: str | None) -> str:
    """The same for a retried post; of the user too, so that nobody takes the place of another's post."""
    if client_id is None:
        return f"{conversation}|{uuid4().hex}"
    own = hashlib.blake2b(f"{user_id}\n{client_id}".encode(), digest_size=16)
    return f"{conversation}|{own.hexdigest()}"


def _post(activity: Activity, inbound: Inbound, role: Role) -> Post | None:
    if inbound.kind is InboundKind.MEMBERSHIP:
        return None
    pressed = inbound.kind is InboundKind.ACTION
    channel_data = {"clientActivityID": activity.channel_data.client_id, "role": role, "postBack": pressed or None}
    shown = {
        "type": activity.type,
        "text": inbound.text,
        "name": inbound.author.name,
        "value": inbound.action or None,
        "attachments": [
            {"contentType": each.content_type, "contentUrl": each.url, "name": each.name, "size": each.size}
            for each in inbound.attachments
        ],
        "channelData": {key: value for key, value in channel_data.items() if value is not None},
    }
    return Post(
        conversation_key=inbound.conversation_key,
        key=f"in|{inbound.external_id}",
        author_id=inbound.author.id,
        activity={key: value for key, value in shown.items() if value},
        audience=inbound.author.id if pressed or is_private(inbound.text, role) else None,
    )


def _attached(link: _Link) -> Attachment:
    return Attachment(name=link.name or link.url, content_type=link.content_type, size=0, url=link.url)


def _checked(model: type[_Read], body: Json) -> _Read:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise bad_request(f"{where}: {first['msg'].removeprefix('Value error, ')}.") from None
