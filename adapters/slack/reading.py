"""Slack's message events, read for what they say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapters.payload import part, text
from adapters.slack import words
from store.model import Json

# Everything else that Slack calls a message is somebody joining, a topic, a pin: nobody has said anything.
_SPOKEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})


class Happening(StrEnum):
    SAID = "said"
    EDITED = "edited"
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """Something that was written, or became of what was written."""

    happening: Happening
    channel: str
    ts: str  # of the message
    thread_ts: str | None  # of the message whose thread it stands in; None: in the channel itself
    user: str
    message: Json  # as Slack tells of it now
    event_ts: str  # of the change, where it is one
    mentions_us: bool


def spoken(event: Json, *, app_user: str, app_bot: str) -> Spoken | None:
    """None for what is left alone on purpose: bots, ourselves, what nobody said, edits that change no word.

    Raises ValueError for an event that lacks what every message has.
    """
    subtype = event.get("subtype")
    if subtype == "message_changed":
        return _changed(event, app_user, app_bot)
    if subtype == "message_deleted":
        return _gone(event, part(event, "previous_message"), app_user, app_bot)
    if subtype not in _SPOKEN:
        return None
    return _spoken(Happening.SAID, event, event, app_user, app_bot)


def _changed(event: Json, app_user: str, app_bot: str) -> Spoken | None:
    message, before = part(event, "message"), part(event, "previous_message")
    if message.get("subtype") == "tombstone":  # deleted, while others had answered in its thread
        return _gone(event, before or message, app_user, app_bot)
    if message.get("subtype") not in _SPOKEN or not message.get("edited"):
        return None  # a link was unfolded, a thread grew
    return _spoken(Happening.EDITED, event, message, app_user, app_bot)


def _gone(event: Json, before: Json, app_user: str, app_bot: str) -> Spoken | None:
    message: Json = {**before, "ts": event.get("deleted_ts") or before.get("ts")}
    return _spoken(Happening.DELETED, event, message, app_user, app_bot) if message.get("user") else None


def _spoken(happening: Happening, event: Json, message: Json, app_user: str, app_bot: str) -> Spoken | None:
    user = message.get("user")
    if message.get("bot_id") or message.get("bot_profile") or user in {app_user, "USLACKBOT"} or app_bot == user:
        return None
    channel, ts = event.get("channel"), message.get("ts")
    if not (isinstance(user, str) and isinstance(channel, str) and isinstance(ts, str) and _is_ts(ts)):
        raise ValueError("A message names its user, its channel and its ts.")
    thread_ts = message.get("thread_ts")
    return Spoken(
        happening=happening,
        channel=channel,
        ts=ts,
        thread_ts=thread_ts if isinstance(thread_ts, str) and thread_ts != ts else None,
        user=user,
        message=message,
        event_ts=text(part(message, "edited"), "ts") or text(event, "event_ts") or ts,
        mentions_us=app_user in words.mentioned(message),
    )


def _is_ts(ts: str) -> bool:
    whole, dot, part = ts.partition(".")
    return bool(dot) and whole.isascii() and part.isascii() and whole.isdigit() and part.isdigit()
