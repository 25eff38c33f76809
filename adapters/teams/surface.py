"""What Teams is told of us: the names that the app package and the code share."""

from __future__ import annotations

MESSAGES = "/api/messages"
CREATE, UPDATE, SEARCH = "createCase", "updateCase", "searchCases"
# Resource-specific consent: all that is said in the chats and channels we were added to, not mentions alone.
CONSENTS = {
    "ChannelMessage.Read.Group": "Customers write in a channel without mentioning the app.",
    "ChatMessage.Read.Chat": "Customers write in a group chat without mentioning the app.",
}
