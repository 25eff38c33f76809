"""The team's own channel: a thread for each conversation, with the case as representatives see it on top.

One way: what is written there stays there, but for commands, which are about the conversation it mirrors.
"""

from __future__ import annotations

from functools import partial

from adapters.payload import text
from adapters.slack import addresses, blocks, words
from adapters.slack.api import Api
from adapters.slack.workspaces import Workspace
from store import conversations, outbox, slack
from store.engine import Connection, Database
from store.model import Card, Inbound, InboundKind, Json, Outbound
from store.slack import Placed

_SAID = {InboundKind.MESSAGE: "", InboundKind.EDIT: " (edited)", InboundKind.DELETE: " (deleted)"}


def queue_mirror(connection: Connection, inbound: Inbound) -> None:
    """In the transaction that stores the message: the team reads every word, in order."""
    conversation_id = conversations.find(connection, inbound.channel, inbound.account, inbound.conversation_key)
    if conversation_id is not None:
        said = f"{inbound.author.name or inbound.author.id}{_SAID[inbound.kind]}: {inbound.text}"
        outbox.queue_text(connection, conversation_id, f"triage:{inbound.external_id}", said, internal=True)


def queue_later(connection: Connection, outbound: Outbound, said: str) -> None:
    """What we said in the customers' thread, and could not say to the team just then."""
    found = conversations.find(connection, outbound.channel, outbound.account, outbound.conversation_key)
    if found is not None:
        outbox.queue_text(connection, found, f"triage:{outbound.key}", said, internal=True)


class Triage:
    def __init__(self, database: Database, api: Api) -> None:
        self._database = database
        self._api = api

    async def tell(self, workspace: Workspace, channel: str, outbound: Outbound) -> str:
        """Says something in the conversation's thread. Raises ApiRefused and RetryLater."""
        root = await self._root(workspace, channel, outbound)
        answer = await self._api.write(
            workspace.token,
            "chat.postMessage",
            {"channel": channel, "thread_ts": root, **words.post(outbound.text), **words.NO_PREVIEWS},
        )
        return addresses.message(channel, text(answer, "ts"))

    async def show(self, workspace: Workspace, channel: str, outbound: Outbound, card: Card) -> None:
        """The case, with what only representatives may see. Raises ApiRefused and RetryLater."""
        root = await self._root(workspace, channel, outbound)
        shown = blocks.card(card, internal=True, thread_url=addresses.link(outbound.account, outbound.conversation_key))
        edit = {"channel": channel, "ts": root, "text": words.mrkdwn(blocks.fallback(card)), "blocks": shown}
        await self._api.write(workspace.token, "chat.update", edit)

    async def _root(self, workspace: Workspace, channel: str, outbound: Outbound) -> str:
        """The first post of the conversation's thread; a second one only where a process died between two lines."""
        where = {"account": outbound.account, "channel": channel, "conversation_key": outbound.conversation_key}
        known = await self._database.read(partial(slack.first_of, **where))
        if known is not None:
            return known
        answer = await self._api.write(workspace.token, "chat.postMessage", {"channel": channel, **_opening(outbound)})
        placed = Placed(**where, ts=text(answer, "ts"), author=workspace.bot_user_id)
        await self._database.write(partial(slack.keep, placed=placed))
        return placed.ts


def _opening(outbound: Outbound) -> Json:
    said = "A conversation without a case yet."
    link = {
        **blocks.button("Open thread", "open_conversation", {}),
        "url": addresses.link(outbound.account, outbound.conversation_key),
    }
    return {"text": said, "blocks": [*words.rich(said), {"type": "actions", "elements": [link]}], **words.NO_PREVIEWS}
