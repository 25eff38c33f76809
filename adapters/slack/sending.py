"""Our posts in Slack: into the thread, edited in place, or for one person's eyes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from adapters.channel import RetryLater, Undeliverable
from adapters.desk import Desk
from adapters.pacing import Pacing
from adapters.payload import part, parts, text
from adapters.slack import addresses, blocks, words
from adapters.slack.api import Api, ApiRefused
from adapters.slack.configuration import InForce
from adapters.slack.people import People
from adapters.slack.triage import Triage, queue_later
from adapters.slack.workspaces import Workspace, Workspaces
from store import slack
from store.engine import Database, DatabaseUnavailable
from store.model import Json, Outbound
from store.slack import CHANNEL, Placed

log = structlog.get_logger()

EVENT_TYPE = "casewright_post"  # of the metadata by which we know a post again
_LOOKED_THROUGH = 100  # posts, newest first, when one may have got through
# Nobody can be reached there any more; everything else that Slack refuses may be mended by an administrator.
_GONE = {
    "channel_not_found", "is_archived", "thread_not_found", "user_not_found", "user_disabled", "cannot_dm_bot",
    "msg_too_long", "invalid_blocks", "no_text", "restricted_action_thread_locked", "messages_tab_disabled",
}  # fmt: skip
_NOT_AMONG_THEM = {"user_not_in_channel", "not_in_channel", "channel_not_found"}


class Sending:
    def __init__(  # noqa: PLR0917 -- its parts, each once
        self,
        database: Database,
        api: Api,
        workspaces: Workspaces,
        people: People,
        desk: Desk,
        in_force: InForce,
        pacing: Pacing,
    ) -> None:
        self._database = database
        self._api = api
        self._workspaces = workspaces
        self._people = people
        self._desk = desk
        self._in_force = in_force
        self._pacing = pacing
        self._triage = Triage(database, api)
        self.triage_problem: str | None = None  # for people, until a post there succeeds

    async def send(self, outbound: Outbound) -> str:
        """Returns `channel:ts`. Raises RetryLater and Undeliverable."""
        address = outbound.reply_address
        workspace = await self._workspaces.of(outbound.account, address.get("enterprise"))
        triage = (await self._in_force()).triage
        try:
            if triage is not None and await self._is_for_the_team(workspace, outbound):
                return await self._told_the_team(workspace, outbound, triage)
            if outbound.internal:  # the team's channel was switched off meanwhile
                return outbound.key
            native_id = await self._sent_in_turn(workspace, outbound)
        except ApiRefused as error:
            if error.error in _GONE:
                raise Undeliverable(str(error)) from error
            raise RetryLater(f"{error} An administrator may have to mend that.", nothing_posted=True) from error
        if triage is not None and outbound.audience is None:
            await self._mirrored(workspace, outbound, triage)
        return native_id

    async def _sent_in_turn(self, workspace: Workspace, outbound: Outbound) -> str:
        async with self._pacing.turn(str(outbound.reply_address["channel"]), outbound.key):
            return await self._sent(workspace, outbound)

    async def _is_for_the_team(self, workspace: Workspace, outbound: Outbound) -> bool:
        if outbound.internal or outbound.audience is None:
            return outbound.internal
        author = await self._people.author(workspace, outbound.audience)
        return await self._desk.is_representative(CHANNEL, author)

    async def _told_the_team(self, workspace: Workspace, outbound: Outbound, triage: str) -> str:
        said = outbound
        if outbound.audience is not None:
            names = await self._people.names(workspace, frozenset({outbound.audience}))
            said = replace(outbound, text=f"To {names.get(outbound.audience, outbound.audience)}: {outbound.text}")
        try:
            async with self._pacing.turn(triage, outbound.key):
                place = await self._triage.tell(workspace, triage, said)
        except ApiRefused as error:  # the customer's thread must not wait until somebody mends it
            self._triage_refuses(error)
            return outbound.key if outbound.internal else await self._sent_in_turn(workspace, outbound)
        self.triage_problem = None
        return place

    async def _mirrored(self, workspace: Workspace, outbound: Outbound, triage: str) -> None:
        """What is in the thread, is: a team's channel that makes us wait is no reason to say it there again."""
        said = f"Casewright: {outbound.text if outbound.card is None else blocks.fallback(outbound.card)}"
        try:
            async with self._pacing.turn(triage, outbound.key):
                if outbound.card is not None:
                    await self._triage.show(workspace, triage, outbound, outbound.card)
                else:
                    await self._triage.tell(workspace, triage, replace(outbound, text=said))
        except ApiRefused as error:
            self._triage_refuses(error)
        except (RetryLater, DatabaseUnavailable) as error:
            log.info("slack_triage_told_later", error=str(error))
            with suppress(DatabaseUnavailable):  # without it, the post itself is not marked as sent, and comes again
                await self._database.write(partial(queue_later, outbound=outbound, said=said))

    def _triage_refuses(self, error: ApiRefused) -> None:
        log.warning("slack_triage_not_told", error=str(error))
        self.triage_problem = f"The triage channel can't be written to: {error.error}."

    async def _sent(self, workspace: Workspace, outbound: Outbound) -> str:
        if outbound.audience is not None:
            return await self._whispered(workspace, outbound, outbound.audience)
        if outbound.edit is not None and (edited := await self._edited(workspace, outbound, outbound.edit)):
            return edited
        if outbound.uncertain and (found := await self._found(workspace, outbound)):
            return found
        return await self._posted(workspace, outbound)

    async def _posted(self, workspace: Workspace, outbound: Outbound) -> str:
        channel, thread_ts = str(outbound.reply_address["channel"]), outbound.reply_address.get("thread_ts")
        post = {
            "channel": channel,
            "thread_ts": thread_ts,
            **_content(outbound),
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": outbound.key}},
            **words.NO_PREVIEWS,
        }
        answer = await self._api.write(workspace.token, "chat.postMessage", post)
        ts = str(answer["ts"])
        if thread_ts is None:
            await self._place(outbound, channel, ts, workspace)
        return addresses.message(str(answer.get("channel") or channel), ts)

    async def _place(self, outbound: Outbound, channel: str, ts: str, workspace: Workspace) -> None:
        """Whoever answers in the post's own thread goes on with its conversation."""
        placed = Placed(
            account=outbound.account,
            channel=channel,
            ts=ts,
            author=workspace.bot_user_id,
            conversation_key=outbound.conversation_key,
        )
        try:
            await self._database.write(partial(slack.keep, placed=placed))
        except DatabaseUnavailable as error:  # posted it is: to say otherwise would post it twice
            log.warning("slack_post_not_placed", error=str(error))

    async def _edited(self, workspace: Workspace, outbound: Outbound, place: str) -> str | None:
        """None where the earlier post is gone: it is posted anew."""
        channel, _, ts = place.partition(":")
        try:
            edit = {"channel": channel, "ts": ts, **_content(outbound)}
            await self._api.write(workspace.token, "chat.update", edit)
        except ApiRefused as error:
            if error.error in {"message_not_found", "cant_update_message", "edit_window_closed"}:
                return None
            raise
        return place

    async def _found(self, workspace: Workspace, outbound: Outbound) -> str | None:
        """An earlier attempt's post, known by its metadata."""
        channel, thread_ts = str(outbound.reply_address["channel"]), outbound.reply_address.get("thread_ts")
        asked: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": _LOOKED_THROUGH}
        method = "conversations.history"
        if thread_ts is not None:
            method, asked = "conversations.replies", {**asked, "ts": thread_ts}
        cursor: str | None = None
        while True:
            answer = await self._api.read(workspace.token, method, {**asked, "cursor": cursor})
            for each in parts(answer, "messages"):
                if part(part(each, "metadata"), "event_payload").get("key") == outbound.key:
                    return addresses.message(channel, text(each, "ts"))
            cursor = text(part(answer, "response_metadata"), "next_cursor")
            if not cursor or method == "conversations.history":  # a thread tells its oldest first
                return None

    async def _whispered(self, workspace: Workspace, outbound: Outbound, user: str) -> str:
        channel = str(outbound.reply_address["channel"])
        if user.startswith("S"):  # a group of representatives
            for member in sorted(await self._people.members(workspace, user)):
                await self._whispered(workspace, outbound, member)
            return outbound.key
        if addresses.is_direct(channel):
            return await self._told_alone(workspace, outbound, user)
        whisper = {
            "channel": channel,
            "user": user,
            "thread_ts": outbound.reply_address.get("thread_ts"),
            **_content(outbound),
        }
        try:
            answer = await self._api.write(workspace.token, "chat.postEphemeral", whisper)
        except ApiRefused as error:
            if error.error not in _NOT_AMONG_THEM:
                raise
            return await self._told_alone(workspace, outbound, user)
        return addresses.message(channel, str(answer.get("message_ts") or outbound.key))

    async def _told_alone(self, workspace: Workspace, outbound: Outbound, user: str) -> str:
        """Where somebody can't be whispered to, they are written to: whom a direct message is with, its id hides."""
        answer = await self._api.write(workspace.token, "conversations.open", {"users": user})
        direct = str(answer["channel"]["id"])
        if direct == outbound.reply_address["channel"]:  # in the thread, where there is one
            return await self._posted(workspace, outbound)
        post = {"channel": direct, **_content(outbound), **words.NO_PREVIEWS}
        posted = await self._api.write(workspace.token, "chat.postMessage", post)
        return addresses.message(direct, str(posted["ts"]))


def _content(outbound: Outbound) -> Json:
    """What people wrote stands in plain and rich text elements, which read no markup; `text` is for notifications."""
    if outbound.card is not None:
        shown = blocks.card(outbound.card, internal=False, thread_url=None)
        return {"text": words.mrkdwn(blocks.fallback(outbound.card)), "blocks": shown}
    return words.post(outbound.text)
