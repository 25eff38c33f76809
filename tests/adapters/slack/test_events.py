"""Every event of Slack's reference is handled, or ignored on purpose; none fails."""

from __future__ import annotations

from itertools import product

from adapters.slack import modals
from adapters.slack.surface import BOT_EVENTS
from store.model import Json
from tests.adapters.slack import events
from tests.adapters.slack.slack import ADA, HELP, SlackRemote

# The events of docs.slack.dev, "Events API reference", that we leave alone.
IGNORED = [
    "app_context_changed",
    "app_deleted",
    "app_installed",
    "app_rate_limited",
    "app_requested",
    "app_uninstalled_team",
    "assistant_thread_context_changed",
    "call_rejected",
    "channel_archive",
    "channel_created",
    "channel_deleted",
    "channel_history_changed",
    "channel_id_changed",
    "channel_left",
    "channel_rename",
    "channel_shared",
    "channel_unarchive",
    "channel_unshared",
    "dnd_updated",
    "dnd_updated_user",
    "email_domain_changed",
    "emoji_changed",
    "entity_details_requested",
    "external_org_migration_finished",
    "external_org_migration_started",
    "file_change",
    "file_comment_added",
    "file_comment_deleted",
    "file_comment_edited",
    "file_created",
    "file_deleted",
    "file_public",
    "file_shared",
    "file_unshared",
    "function_executed",
    "grid_migration_finished",
    "grid_migration_started",
    "group_archive",
    "group_close",
    "group_deleted",
    "group_history_changed",
    "group_left",
    "group_open",
    "group_rename",
    "group_unarchive",
    "im_close",
    "im_created",
    "im_history_changed",
    "im_open",
    "invite_requested",
    "link_shared",
    "member_joined_channel",
    "member_left_channel",
    "message_metadata_deleted",
    "message_metadata_posted",
    "message_metadata_updated",
    "pin_added",
    "pin_removed",
    "reaction_removed",
    "resources_added",
    "resources_removed",
    "scope_denied",
    "scope_granted",
    "shared_channel_invite_accepted",
    "shared_channel_invite_approved",
    "shared_channel_invite_declined",
    "shared_channel_invite_received",
    "shared_channel_invite_requested",
    "star_added",
    "star_removed",
    "subteam_self_added",
    "subteam_self_removed",
    "team_access_granted",
    "team_access_revoked",
    "team_domain_change",
    "team_join",
    "team_rename",
    "user_connection",
    "user_huddle_changed",
    "user_profile_changed",
    "user_status_changed",
    "user_typing",
    "workflow_deleted",
    "workflow_published",
    "workflow_step_deleted",
    "workflow_step_execute",
    "workflow_unpublished",
]
# The subtypes of a message that nobody has said anything with.
SILENT = [
    "assistant_app_thread",
    "bot_add",
    "bot_message",
    "bot_remove",
    "channel_archive",
    "channel_convert_to_private",
    "channel_join",
    "channel_leave",
    "channel_name",
    "channel_posting_permissions",
    "channel_purpose",
    "channel_topic",
    "channel_unarchive",
    "document_mention",
    "ekm_access_denied",
    "file_comment",
    "file_mention",
    "group_archive",
    "group_join",
    "group_leave",
    "group_name",
    "group_purpose",
    "group_topic",
    "group_unarchive",
    "huddle_thread",
    "joiner_notification",
    "joiner_notification_for_inviter",
    "message_replied",
    "pinned_item",
    "reminder_add",
    "reply_broadcast",
    "sh_room_created",
    "tombstone",
    "unpinned_item",
    "channel_canvas_updated",
    "bot_enable",
    "bot_disable",
    "reminder_delete",
]
BODIES: list[Json] = [
    {},
    {"user": ADA, "channel": HELP, "ts": "1700000000.000100", "text": "x"},
    {"user": {"id": ADA}, "channel": {"id": HELP}, "item": {"type": "file"}, "message": [], "event_ts": 5},
]


async def test_an_event_that_is_none_of_ours_is_acknowledged_and_ignored(remote: SlackRemote) -> None:
    for kind, body in product(IGNORED, BODIES):
        assert await remote.deliver(events.envelope({**body, "type": kind})) == 200, kind
    assert remote.inbox.received == []


async def test_a_message_that_nobody_said_is_acknowledged_and_ignored(remote: SlackRemote) -> None:
    for subtype, body in product(SILENT, BODIES):
        event = events.envelope({**body, "type": "message", "subtype": subtype})
        assert await remote.deliver(event) == 200, subtype
    assert remote.inbox.received == []


async def test_an_event_of_ours_that_lacks_everything_is_the_senders_error(remote: SlackRemote) -> None:
    for kind, body in product(sorted({name.partition(".")[0] for name in BOT_EVENTS}), BODIES):
        assert await remote.deliver(events.envelope({**body, "type": kind})) in {200, 400}, kind


async def test_no_event_is_both_handled_and_ignored() -> None:
    assert {name.partition(".")[0] for name in BOT_EVENTS}.isdisjoint(IGNORED)


async def test_an_interaction_of_an_odd_shape_is_no_failure_of_ours(remote: SlackRemote) -> None:
    odd = [
        {"type": "block_actions", "actions": [{"type": "button", "action_id": "someone:elses", "value": "[1]"}]},
        {"type": "view_submission", "view": {"type": "modal", "callback_id": modals.FORM, "private_metadata": "{"}},
        {"type": "view_submission", "view": {"type": "modal", "callback_id": "someone:elses"}},
        {"type": "view_closed", "view": {"type": "modal", "callback_id": modals.FORM}},
        {"type": "message_action", "callback_id": "create_case"},
        {"type": "shortcut", "callback_id": "someone_elses", "trigger_id": "1.1"},
        {"type": "block_suggestion", "action_id": "search:product", "value": "x"},
    ]
    for payload in odd:
        assert await remote.deliver({"team": {"id": "T1"}, "user": {"id": ADA}, **payload}) < 500, payload
    assert remote.inbox.received == []
