"""What a client reads: an entry of the feed becomes a Bot Framework activity, as this viewer may see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapters.webchat import cards
from adapters.webchat.incoming import AGENT
from store.model import Json, Outbound, Role
from store.webchat import CARD, Entry, Post

AGENT_NAME = "Casewright"
FileUrl = Callable[[str], str]
"""The address under which this viewer can load a file that is kept under the given path of ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """Who reads. Without a user (a server that holds the secret) it is what any customer may see."""

    user_id: str | None
    representative: bool


def post_of(outbound: Outbound) -> Post:
    shown = {
        "type": "message",
        "name": AGENT_NAME,
        "text": outbound.text,
        "channelData": {"role": Role.AGENT},
    }
    return Post(
        conversation_key=outbound.conversation_key,
        key=f"out|{outbound.key}",
        author_id=AGENT,
        activity={key: value for key, value in shown.items() if value},
        card=outbound.card,
        audience=outbound.audience,
        edit=outbound.edit,
    )


def is_for(entry: Entry, viewer: Viewer) -> bool:
    return entry.audience is None or entry.audience == viewer.user_id


def activity_for(entry: Entry, viewer: Viewer, file_url: FileUrl) -> Json:
    activity = entry.activity
    channel_data = {**activity.get("channelData", {}), **({"private": True} if entry.audience else {})}
    shown: Json = {
        "type": activity["type"],
        "id": entry.activity_id,
        "timestamp": entry.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "channelId": "directline",
        "from": sender(entry.author_id, activity.get("name", ""), viewer),
        "conversation": {"id": entry.activity_id.partition("|")[0]},
        "channelData": channel_data,
    }
    if activity["type"] != "message":
        return shown
    shown |= {"text": activity.get("text", ""), "textFormat": "plain"}
    if "value" in activity:
        shown["value"] = activity["value"]
    if attachments := activity.get("attachments"):
        shown["attachments"] = [_attachment(each, file_url) for each in attachments]
        channel_data["attachmentSizes"] = [each.get("size", 0) for each in attachments]
    return shown if entry.card is None else _with_card(shown, entry, viewer)


def sender(user_id: str, name: str, viewer: Viewer) -> Json:
    """To public clients everybody but oneself is a bot: they show users on one's own side."""
    return {"id": user_id, "name": name, "role": "user" if user_id == viewer.user_id else "bot"}


def _attachment(kept: Json, file_url: FileUrl) -> Json:
    shown = {key: kept[key] for key in ("contentType", "contentUrl", "name") if key in kept}
    return {**shown, "contentUrl": file_url(shown["contentUrl"])}


def _with_card(shown: Json, entry: Entry, viewer: Viewer) -> Json:
    """The text of a post with a card is its fallback: shown beside it, everything would stand there twice."""
    if entry.card is None:
        return shown
    card = cards.for_viewer(entry.card, representative=viewer.representative)
    text = shown.pop("text")
    return {
        **shown,
        "summary": text,
        "attachments": [{"contentType": cards.CONTENT_TYPE, "content": cards.adaptive(card, text)}],
        "channelData": {**shown["channelData"], "card": CARD.dump_python(card, mode="json")},
    }
