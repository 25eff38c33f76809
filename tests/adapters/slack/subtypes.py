"""Every subtype of `message` in Slack's public reference, and those seen beside it, in its shape."""

from __future__ import annotations

from store.model import Json
from tests.adapters.slack.reference import TS, alike

HANDLED_SUBTYPES = {"file_share", "me_message", "message_changed", "message_deleted", "thread_broadcast"}
LATER = "1700000009.000200"
_WRITTEN: Json = {"type": "message", "user": "U1", "text": "It leaks", "ts": TS, "team": "T1"}
_FILE: Json = {
    "id": "F1",
    "name": "pump.txt",
    "title": "pump.txt",
    "mimetype": "text/plain",
    "filetype": "text",
    "size": 4,
    "mode": "hosted",
    "is_external": False,
    "file_access": "visible",
    "user": "U1",
    "url_private": "https://files.slack.com/files-pri/T1-F1/pump.txt",
    "url_private_download": "https://files.slack.com/files-pri/T1-F1/download/pump.txt",
    "permalink": "https://example.slack.com/files/U1/F1/pump.txt",
}
_ROOT: Json = _WRITTEN | {"thread_ts": TS, "reply_count": 1, "reply_users": ["U1"], "latest_reply": LATER}
_PANE: Json = _WRITTEN | {
    "subtype": "assistant_app_thread",
    "user": "UBOT",
    "thread_ts": TS,
    "assistant_app_thread": {"title": "A new chat", "title_blocks": list[Json](), "artifacts": list[Json]()},
}
_COMMENT: Json = {"id": "Fc1", "created": 1700000000, "user": "U1", "comment": "Look here"}

_BY_REASON: dict[str, dict[str, Json]] = {
    "": {
        "file_share": {"files": [_FILE], "upload": False, "display_as_bot": False},
        "me_message": {},
        "message_changed": {
            "hidden": True,
            "message": _WRITTEN | {"text": "It drips", "edited": {"user": "U1", "ts": LATER}},
            "previous_message": _WRITTEN,
        },
        "message_deleted": {"hidden": True, "deleted_ts": TS, "previous_message": _WRITTEN},
        "thread_broadcast": {"thread_ts": TS, "root": _ROOT, "client_msg_id": "9cbd4c5b-7ddf-4ede-b479-ad21fca66d63"},
    },
    "apps are no customers": {
        "bot_message": {"bot_id": "BOTHER", "username": "Build", "icons": {"emoji": ":gear:"}, "attachments": [{}]},
        **alike("bot_add", "bot_remove", "bot_enable", "bot_disable", bot_id="BOTHER"),
        "slackbot_response": {"user": "USLACKBOT"},
        "assistant_app_thread": _PANE,
        "reminder_add": {},
        "reminder_delete": {"user": "USLACKBOT"},
    },
    "a channel's own news": {
        **alike("channel_join", "group_join", inviter="U2"),
        **alike("channel_leave", "group_leave", "app_conversation_leave"),
        **alike("channel_archive", "group_archive", members=["U1"]),
        **alike("channel_unarchive", "group_unarchive"),
        **alike("channel_name", "group_name", name="help", old_name="helpdesk"),
        **alike("channel_purpose", "group_purpose", purpose="Help"),
        **alike("channel_topic", "group_topic", topic="Pumps"),
        **alike("channel_convert_to_private", "channel_convert_to_public", "channel_posting_permissions"),
        **alike("channel_canvas_updated", "tabbed_canvas_updated", canvas_creator_id="U1"),
        "joiner_notification": {},
        **alike("sh_room_created", "sh_room_shared", "huddle_thread", room={"id": "R1"}),
    },
    "nobody wrote anything new": {
        "message_replied": {"hidden": True, "message": _ROOT | {"replies": [{"user": "U1", "ts": LATER}]}},
        "reply_broadcast": {"thread_ts": TS},  # a notice of old; the message itself is a thread_broadcast
        "document_mention": {},
        **alike("pinned_item", "unpinned_item", item_type="F", item={"id": "F1"}),
        **alike("file_mention", "share_shortcut", file=_FILE),
        "file_comment": {"file": _FILE, "comment": _COMMENT},
        "tombstone": {"user": "USLACKBOT", "hidden": True, "text": "This message was deleted."},
    },
    "its key is withdrawn: there is no text": {"ekm_access_denied": {"user": "UREVOKEDU", "text": ""}},
}

SUBTYPES: dict[str, Json] = {
    subtype: _WRITTEN
    | {"channel": "C1", "channel_type": "channel", "event_ts": TS}
    | ({"ts": LATER} if "message" in more or "deleted_ts" in more or "root" in more else {})
    | more
    | {"subtype": subtype}
    for messages in _BY_REASON.values()
    for subtype, more in messages.items()
}
IGNORED_SUBTYPES: dict[str, str] = {name: why for why, messages in _BY_REASON.items() if why for name in messages}

# Shapes within `message_changed` that are nobody's edit.
CHANGES_NOT_OF_TEXT: dict[str, Json] = {
    "the assistant pane's thread gets its title": SUBTYPES["message_changed"]
    | {"message": _PANE | {"text": "Pumps"}, "previous_message": _PANE},
    "a deleted root that had replies": SUBTYPES["message_changed"]
    | {"message": _ROOT | {"subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT"}},
    "a link gets its preview": SUBTYPES["message_changed"]
    | {"message": _WRITTEN | {"attachments": [{"from_url": "https://example.org", "text": "Example"}]}},
    "a thread gets a reply": SUBTYPES["message_changed"] | {"message": _ROOT, "previous_message": _WRITTEN},
}
assert set(_BY_REASON[""]) == HANDLED_SUBTYPES
