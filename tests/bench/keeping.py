"""Conversations that are kept without a server: what the inbox and its worker would do with a message."""

from __future__ import annotations

from adapters.webchat.incoming import ACCOUNT, CHANNEL
from store import contacts, conversations, work
from store.engine import Connection
from store.model import Author, Category, ConversationId, Inbound, InboundKind, Role, utcnow


def begin(connection: Connection, inbound: Inbound) -> ConversationId:
    """The row of a new conversation, which is the inbox's to make."""
    work.accept(connection, inbound)
    return work.claim(connection, worker=0, seconds=3600, limit=1)[0].lease.conversation_id


def keep(connection: Connection, conversation_id: ConversationId, inbound: Inbound) -> None:
    contact_id = contacts.identify(connection, inbound.channel, inbound.account, inbound.author)
    participant_id = conversations.join(connection, conversation_id, inbound, Role.CUSTOMER, contact_id)
    conversations.append(connection, conversation_id, participant_id, inbound, noise=False)


def written(conversation: str, at: int, text: str) -> Inbound:
    """The message at this place of a conversation."""
    return Inbound(
        channel=CHANNEL,
        category=Category.CHAT,
        account=ACCOUNT,
        conversation_key=conversation,
        external_id=f"{conversation}|{at}",
        kind=InboundKind.MESSAGE,
        author=Author(id=f"customer of {conversation}", name="Ann Abel"),
        text=text,
        sent_at=utcnow(),
        reply_address={"conversation": conversation},
    )
