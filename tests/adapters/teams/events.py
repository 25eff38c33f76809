"""Activities as Teams sends them (learn.microsoft.com, "Messages in bot conversations", and recorded ones)."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from store.model import Json
from tests.adapters.teams.fake import BOT, TENANT, FakeTeams

ADA, ROBIN = "29:ada", "29:robin"
AAD = {ADA: "aaaaaaaa-0000-4000-8000-000000000001", ROBIN: "bbbbbbbb-0000-4000-8000-000000000002"}
NAMES = {ADA: "Ada Example", ROBIN: "Robin Example"}
CHAT, GROUP, HELP = "a:chat-of-ada", "19:group@thread.v2", "19:help@thread.tacv2"


def activity(teams: FakeTeams, kind: str, *, user: str = ADA, conversation: str = CHAT, **more: Any) -> Json:
    conversation_type = {CHAT: "personal", GROUP: "groupChat"}.get(conversation, "channel")
    return {
        "type": kind,
        "id": "1700000000000",
        "timestamp": "2026-11-25T10:00:00.123Z",
        "channelId": "msteams",
        "serviceUrl": teams.service_url,
        "from": {"id": user, "name": NAMES[user], "aadObjectId": AAD[user]},
        "conversation": {"id": conversation, "conversationType": conversation_type, "tenantId": TENANT},
        "recipient": BOT,
        "channelData": {"tenant": {"id": TENANT}},
        **more,
    }


def said(teams: FakeTeams, text: str, *, root: str | None = None, **more: Any) -> Json:
    """The same text has the same id. `root` is the post in whose thread it stands."""
    number = str(1_700_000_000_000 + int(sha256(text.encode()).hexdigest()[:8], 16))
    told = activity(teams, "message", **{"id": number, "text": text, "textFormat": "plain", **more})
    if told["conversation"]["conversationType"] == "channel":
        told["conversation"]["id"] += f";messageid={root or number}"
    return told


def mentioning(told: Json) -> Json:
    """With the app's mention in front."""
    entity = {"type": "mention", "mentioned": BOT, "text": "<at>Casewright</at>"}
    return {**told, "text": f"<at>Casewright</at> {told['text']}", "entities": [entity]}


def changed(told: Json, event: str, text: str = "") -> Json:
    kind = "messageDelete" if event == "softDeleteMessage" else "messageUpdate"
    at = {"editMessage": "05", "undeleteMessage": "07", "softDeleteMessage": "06"}[event]
    data = {**told["channelData"], "eventType": event}
    return {**told, "type": kind, "text": text, "timestamp": f"2026-11-25T10:00:{at}.000Z", "channelData": data}


def invoke(teams: FakeTeams, name: str, value: Json, **more: Any) -> Json:
    return activity(teams, "invoke", name=name, value=value, **{"id": "f:1234", **more})
