"""What the app shows in Slack, may do there and hears of: the least that the code uses. The manifest is made of it."""

from __future__ import annotations

BOT_SCOPES: dict[str, str] = {
    "app_mentions:read": "hear when somebody mentions the app",
    "assistant:write": "suggest first words in the assistant pane",
    "channels:history": "read messages in public channels that it is in",
    "chat:write": "post answers and case cards",
    "commands": "offer /update-case and the other commands, and the shortcuts",
    "files:read": "copy the files that customers attach",
    "groups:history": "read messages in private channels that it is in",
    "im:history": "read direct messages to the app",
    "im:write": "open a direct message where somebody can't be answered in the channel",
    "mpim:history": "read group direct messages that it is in",
    "reactions:read": "see the reaction with which a representative opens a case",
    "usergroups:read": "know who is in a group of representatives",
    "users:read": "know the names of those who write",
    "users:read.email": "find the contact behind a member by the verified address",
}

BOT_EVENTS: dict[str, str] = {
    "app_home_opened": "shows the app's page",
    "app_mention": "starts a conversation",
    "app_uninstalled": "forgets the workspace's token",
    "assistant_thread_started": "suggests first words",
    "message.channels": "messages in public channels",
    "message.groups": "messages in private channels",
    "message.im": "direct messages",
    "message.mpim": "group direct messages",
    "reaction_added": "opens a case by emoji",
    "subteam_created": "a new group",
    "subteam_members_changed": "who is in a group",
    "subteam_updated": "a changed group",
    "tokens_revoked": "forgets the workspace's token",
    "user_change": "a new name or address",
}

EVENTS = "/slack/events"  # where Slack sends events, interactivity and slash commands
INSTALL = "/slack/install"
REDIRECT = "/slack/oauth_redirect"

CREATE, UPDATE = "create_case", "update_case"
SHORTCUTS = {
    CREATE: ("Create case", "Open a case from this conversation, with what it says filled in."),
    UPDATE: ("Update case", "Update this conversation's case with what it says."),
}
"""By callback id: name (24 characters) and description of each message shortcut."""

FIRST_WORDS = (
    ("Report a problem", "I have a problem with a product."),
    ("Ask about my case", "What is the state of my case?"),
)
"""Title and message of what the assistant pane suggests."""
