"""Every event of Slack's public reference (Events API), in its shape.

Each is handled, or ignored on purpose for the reason that stands over it.
"""

from __future__ import annotations

from typing import Any

from store.model import Json

TS = "1700000000.000100"
HANDLED = {
    *("message.channels", "message.groups", "message.im", "message.mpim", "app_mention", "reaction_added"),
    "message.app_home",  # of the oldest apps: a direct message by another name
    *("app_home_opened", "tokens_revoked", "app_uninstalled", "assistant_thread_started"),
    *("subteam_members_changed", "subteam_updated", "user_change"),
}

_CHANNEL = {"id": "C1", "name": "help", "name_normalized": "help", "created": 1700000000, "creator": "U1"}
_USER: Json = {
    "id": "U1",
    "team_id": "T1",
    "name": "ada",
    "real_name": "Ada Lovelace",
    "deleted": False,
    "is_bot": False,
    "profile": {"email": "ada@example.org", "real_name": "Ada Lovelace", "display_name": "ada", "team": "T1"},
    "updated": 1700000000,
}
_APP: Json = {"app_id": "A1", "app_name": "Casewright", "app_owner_id": "U1", "team_id": "T1", "team_domain": "example"}
_GROUP: Json = {
    "id": "S1",
    "team_id": "T1",
    "is_usergroup": True,
    "name": "Support",
    "handle": "support",
    "date_create": 1700000000,
    "date_update": 1700000000,
    "date_delete": 0,
    "users": ["U1"],
    "user_count": 1,
}
_ITEM = {"type": "message", "channel": "C1", "ts": TS}
_PINNED: Json = {"type": "message", "channel": "C1", "created_by": "U1", "message": {"type": "message", "ts": TS}}
_PIN: Json = {"user": "U1", "channel_id": "C1", "item": _PINNED, "item_user": "U1"}
_INVITE: Json = {
    "id": "I1",
    "date_created": 1700000000,
    "date_invalid": 1701000000,
    "inviting_team": {"id": "T1", "name": "Example", "domain": "example"},
    "inviting_user": _USER,
    "recipient_email": "eve@other.example",
}
_SHARED: Json = {"invite": _INVITE, "channel": {"id": "C1", "is_private": False, "is_im": False, "name": "help"}}
_METADATA: Json = {"event_type": "order", "event_payload": {"id": "7"}}
_WITH_METADATA: Json = {
    "app_id": "A2",
    "bot_id": "B2",
    "user_id": "U2",
    "team_id": "T1",
    "channel_id": "C1",
    "message_ts": TS,
}
_STEP = {"app_id": "A1", "workflow_step_id": "w1", "callback_id": "step"}
_STEPS: Json = {"version_id": "1", "app_steps": [_STEP]}
_THREAD: Json = {
    "assistant_thread": {
        "user_id": "U1",
        "context": {"channel_id": "C1", "team_id": "T1", "enterprise_id": None},
        "channel_id": "D1",
        "thread_ts": TS,
    }
}
_QUIET = {"dnd_enabled": True, "next_dnd_start_ts": 1700000000, "next_dnd_end_ts": 1700030000}


def _message(channel: str, channel_type: str, **more: Any) -> Json:
    message: Json = {"type": "message", "user": "U1", "text": "It leaks", "ts": TS, "team": "T1", "event_ts": TS}
    return message | {"channel": channel, "channel_type": channel_type} | more


def alike(*names: str, **fields: Any) -> dict[str, Json]:
    """Events of one shape."""
    return dict.fromkeys(names, fields)


_BY_REASON: dict[str, dict[str, Json]] = {
    "": {
        "message.channels": _message("C1", "channel"),
        "message.groups": _message("G1", "group"),
        "message.im": _message("D1", "im"),
        "message.mpim": _message("G2", "mpim"),
        "app_mention": {"user": "U1", "text": "<@UBOT> it leaks", "ts": TS, "channel": "C1", "team": "T1"},
        "reaction_added": {"user": "U1", "reaction": "ticket", "item": _ITEM, "item_user": "U1"},
        "app_home_opened": {"user": "U1", "channel": "D1", "tab": "home"},
        "tokens_revoked": {"tokens": {"oauth": ["U1"], "bot": ["UBOT"]}},
        "app_uninstalled": {},
        "assistant_thread_started": _THREAD,
        "subteam_members_changed": {
            "subteam_id": "S1",
            "team_id": "T1",
            "date_previous_update": 1700000000,
            "date_update": 1700000001,
            "added_users": ["U1"],
            "added_users_count": 1,
            "removed_users": list[str](),
            "removed_users_count": 0,
        },
        "subteam_updated": {"subteam": _GROUP},
        "user_change": {"user": _USER, "cache_ts": 1700000000},
        "message.app_home": _message("D1", "app_home"),
    },
    "what a person looks at says nothing of their problem": {
        "assistant_thread_context_changed": _THREAD,
        "app_context_changed": {"user": "U1", "channel": "D1", "context": {"entities": list[Json]()}},
    },
    "who is where is asked of Slack when it matters": {
        **alike("member_joined_channel", "member_left_channel", user="U1", channel="C1", channel_type="C", team="T1"),
        "team_join": {"user": _USER},
        **alike("team_access_granted", "team_access_revoked", team_ids=["T1"]),
    },
    "a reaction opens a case, and taking it back does not undo that": {
        "reaction_removed": {"user": "U1", "reaction": "ticket", "item": _ITEM, "item_user": "U1"}
    },
    "a channel's name and state don't touch its conversations": {
        **alike("channel_archive", "channel_unarchive", "group_archive", channel="C1", user="U1"),
        **alike("channel_created", channel=_CHANNEL),
        **alike("channel_deleted", channel="C1"),
        **alike("channel_left", "group_left", "group_unarchive", channel="C1", actor_id="U1"),
        **alike("channel_rename", "group_rename", channel=_CHANNEL),
        **alike("channel_history_changed", "group_history_changed", "im_history_changed", latest=TS, ts=TS),
        "channel_id_changed": {"old_channel_id": "G1", "new_channel_id": "C1"},
        "channel_shared": {"connected_team_id": "T9", "channel": "C1"},
        "channel_unshared": {"previously_connected_team_id": "T9", "channel": "C1", "is_ext_shared": False},
        "channel_posting_permissions": {"channel": "C1", "user": "U1"},
        "group_deleted": {"channel": "G1", "date_deleted": 1700000000, "actor_id": "U1"},
        **alike("group_open", "group_close", user="U1", channel="G1"),
        **alike("im_open", "im_close", user="U1", channel="D1"),
        "im_created": {"user": "U1", "channel": {"id": "D1"}},
    },
    "an invitation is answered by an administrator": {
        "shared_channel_invite_accepted": _SHARED | {"approval_required": False, "accepting_user": _USER},
        "shared_channel_invite_approved": _SHARED | {"approving_team_id": "T9", "approving_user": _USER},
        "shared_channel_invite_declined": _SHARED | {"declining_team_id": "T9", "declining_user": _USER},
        "shared_channel_invite_received": _SHARED,
        "shared_channel_invite_requested": {
            "actor": {"id": "U1", "name": "ada", "is_bot": False, "team_id": "T1"},
            "channel_id": "C1",
            "event_type": "slack#/events/shared_channel_invite_requested",
            "channel_name": "help",
            "channel_type": "public",
            "target_users": [{"email": "eve@other.example", "invite_id": "I1"}],
        },
        "invite_requested": {
            "invite_request": {
                "id": "12",
                "email": "bob@example.org",
                "date_created": 1700000000,
                "requester_ids": ["U1"],
                "channel_ids": ["C1"],
                "invite_type": "full_member",
                "team": {"id": "T1", "name": "Example", "domain": "example"},
            }
        },
    },
    "files come with the message that shares them": {
        **alike("file_change", file_id="F1", file={"id": "F1"}),
        **alike("file_created", "file_public", file_id="F1", user_id="U1", file={"id": "F1"}),
        **alike("file_shared", "file_unshared", file_id="F1", user_id="U1", file={"id": "F1"}, channel_id="C1"),
        "file_deleted": {"file_id": "F1", "channel_ids": ["C1"]},
        **alike("file_comment_added", "file_comment_edited", file_id="F1", file={"id": "F1"}, comment={"id": "Fc1"}),
        "file_comment_deleted": {"file_id": "F1", "file": {"id": "F1"}, "comment": "Fc1"},
    },
    "not about a conversation": {
        **alike("app_deleted", "app_installed", "app_uninstalled_team", user_id="U1", **_APP),
        "app_requested": {
            "app_request": {
                "id": "1",
                "app": {"id": "A1", "name": "Casewright", "is_internal": True},
                "previous_resolution": None,
                "user": {"id": "U1", "name": "ada", "email": "ada@example.org"},
                "team": {"id": "T1", "name": "Example", "domain": "example"},
                "scopes": [{"name": "chat:write", "description": "", "is_dangerous": False, "token_type": "bot"}],
                "message": "Please",
            }
        },
        "call_rejected": {"call_id": "R1", "user_id": "U1", "channel_id": "D1", "external_unique_id": "1"},
        "dnd_updated": {"user": "U1", "dnd_status": _QUIET | {"snooze_enabled": False}},
        "dnd_updated_user": {"user": "U1", "dnd_status": _QUIET},
        "email_domain_changed": {"email_domain": "example.org"},
        "emoji_changed": {"subtype": "add", "name": "pump", "value": "https://emoji.example/pump.png"},
        **alike("grid_migration_started", "grid_migration_finished", enterprise_id="E1"),
        **alike("pin_added", "pin_removed", **_PIN),
        **alike("star_added", "star_removed", user="U1", item=_PINNED),
        "subteam_created": {"subteam": _GROUP},
        **alike("subteam_self_added", "subteam_self_removed", subteam_id="S1"),
        "team_domain_change": {"url": "https://example.slack.com", "domain": "example"},
        "team_rename": {"name": "Example"},
        **alike("user_huddle_changed", "user_profile_changed", "user_status_changed", user=_USER, cache_ts=1700000000),
    },
    "made for apps of another kind": {
        "entity_details_requested": {
            "user": "U1",
            "trigger_id": "1.2.3",
            "link": {"url": "https://example.org/7", "domain": "example.org"},
            "entity_url": "https://example.org/7",
            "user_locale": "en-US",
        },
        "function_executed": {
            "function": {"id": "Fn1", "callback_id": "f", "title": "F", "type": "app", "app_id": "A1"},
            "inputs": {"user": "U1"},
            "function_execution_id": "Fx1",
            "workflow_execution_id": "Wx1",
            "bot_access_token": "xwfp-1",
        },
        "link_shared": {
            "channel": "C1",
            "is_bot_user_member": True,
            "user": "U1",
            "message_ts": TS,
            "unfurl_id": "C1.1",
            "source": "conversations_history",
            "links": [{"domain": "example.org", "url": "https://example.org/7"}],
        },
        "message_metadata_posted": _WITH_METADATA | {"metadata": _METADATA},
        "message_metadata_updated": _WITH_METADATA | {"metadata": _METADATA, "previous_metadata": _METADATA},
        "message_metadata_deleted": _WITH_METADATA | {"previous_metadata": _METADATA, "deleted_ts": TS},
        **alike("workflow_deleted", "workflow_unpublished", workflow_id="w", workflow_draft_configuration=_STEPS),
        "workflow_published": {"workflow_id": "w", "workflow_published_configuration": _STEPS},
        "workflow_step_deleted": {"workflow_id": "w", "workflow_draft_configuration": _STEPS},
        "workflow_step_execute": {
            "callback_id": "step",
            "workflow_step": {"workflow_step_execute_id": "1", "workflow_id": "w", "inputs": {}, "outputs": []},
        },
    },
    "withdrawn by Slack with the workspace apps": {
        **alike(
            "resources_added", "resources_removed", resources=[{"resource": {"type": "im"}, "scopes": ["im:read"]}]
        ),
        **alike("scope_granted", "scope_denied", scopes=["files:read"], trigger_id="1.2.3"),
        **alike("user_resource_granted", "user_resource_denied", user="U1", scopes=["files:read"], trigger_id="1.2.3"),
        "user_resource_removed": {"user": "U1", "trigger_id": "1.2.3"},
    },
}

EVENTS: dict[str, Json] = {
    name: {"type": name.partition(".")[0], "event_ts": TS, **event}
    for events in _BY_REASON.values()
    for name, event in events.items()
}
IGNORED: dict[str, str] = {name: why for why, events in _BY_REASON.items() if why for name in events}

# It has an envelope of its own, around no event.
APP_RATE_LIMITED: Json = {
    "type": "app_rate_limited",
    "token": "a verification token",
    "team_id": "T1",
    "minute_rate_limited": 1700000000,
    "api_app_id": "A1",
}
