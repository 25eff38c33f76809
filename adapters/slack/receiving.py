"""Slack's events in our words, stored before they are acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakValueDictionary

import structlog

from adapters.channel import Receive, RetryLater
from adapters.filing import attachment
from adapters.payload import part, parts, text
from adapters.slack import addresses, filing, words
from adapters.slack.api import Api, ApiRefused
from adapters.slack.configuration import InForce, Watching
from adapters.slack.people import People
from adapters.slack.places import Place, Places, follows
from adapters.slack.reading import Happening, Spoken, spoken
from adapters.slack.triage import queue_mirror
from adapters.slack.workspaces import Workspace
from store import slack
from store.commands import command_word
from store.engine import Connection, Database
from store.files import File
from store.files import keep as keep_files
from store.model import Author, Category, Inbound, InboundKind, Json, utcnow
from store.slack import CHANNEL, Placed

log = structlog.get_logger()

_PATIENCE = 1.5  # seconds for that: the message itself must be acknowledged within three
_LATE = 600.0  # seconds after which Slack has given up to send an event again
_BACKFILLED = 200  # messages of an old thread that are fetched


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a payload comes from: `account` is the workspace whose event it is."""

    account: str
    enterprise_id: str | None
    workspace: Workspace


class Receiving:
    def __init__(self, database: Database, api: Api, people: People, places: Places, in_force: InForce) -> None:
        self._database = database
        self._api = api
        self._people = people
        self._places = places
        self._in_force = in_force
        self._lines = WeakValueDictionary[tuple[str, str, str], asyncio.Lock]()
        self.receive: Receive | None = None  # while the channel runs

    async def message(self, origin: Origin, event: Json, event_id: str) -> None:
        """Raises ValueError for an event that is none, and what `Receive` raises."""
        ours = origin.workspace
        if event.get("subtype") == "message_deleted" and not part(event, "previous_message"):
            event = await self._with_who_wrote(origin, event)
        said = spoken(event, app_user=ours.bot_user_id, app_bot=ours.bot_id)
        if said is None:
            return
        watching = await self._in_force()
        if said.channel == watching.triage:
            await self._team_said(origin, said, event_id)
            return
        if said.happening is not Happening.SAID and not await self._overtakes(origin, said):
            await self._changed(origin, said, event_id)
            return
        said = replace(said, happening=Happening.SAID)
        if said.thread_ts is None and follows(said, watching):
            await self._who(origin, said)  # what takes long goes first: between place and store comes nothing else
        async with self._line(origin.account, said):
            await self._said(origin, said, watching, event_id)

    async def _with_who_wrote(self, origin: Origin, event: Json) -> Json:
        """Slack's reference shows a deletion that says no more than which message is gone."""
        author = await self._places.wrote(origin.account, text(event, "channel"), text(event, "deleted_ts"))
        return {**event, "previous_message": {"user": author}} if author else event

    async def _said(self, origin: Origin, said: Spoken, watching: Watching, event_id: str) -> None:
        place = await self._places.of(origin.account, said, watching)
        if place is None:
            return
        if not place.met:  # what was written before comes first
            await self._fetch_the_rest(origin, place)
        inbound, files = await self._inbound(origin, said, place.key, event_id)
        await self.store(inbound, place.placed, files)

    def _line(self, account: str, said: Spoken) -> asyncio.Lock:
        """Where one message belongs hangs on where the one before was put; Slack delivers both at once."""
        return self._lines.setdefault((account, said.channel, said.user), asyncio.Lock())

    async def store(self, inbound: Inbound, placed: Placed | None = None, files: Sequence[File] = ()) -> bool:
        """False when it had been stored before. Raises what `Receive` raises."""
        if self.receive is None:
            raise RetryLater("The Slack channel is not running.")
        mirrored = [inbound] if inbound.kind in _MIRRORED and (await self._in_force()).triage else []
        if not (placed or files or mirrored):
            return await self.receive(inbound)
        kept = partial(_keep, placed=[placed] if placed else [], files=files, mirrored=mirrored)
        return await self.receive(inbound, alongside=kept)

    async def _team_said(self, origin: Origin, said: Spoken, event_id: str) -> None:
        """In the team's own channel, only commands count: they are about the conversation whose thread it is."""
        if said.happening is not Happening.SAID or said.thread_ts is None:
            return
        key = await self._places.known(origin.account, said.channel, said.thread_ts)
        if key is None:
            return
        inbound, _ = await self._inbound(origin, said, key, event_id)
        if command_word(inbound.text) is not None and self.receive is not None:
            await self.receive(replace(inbound, attachments=()))

    async def follow(self, origin: Origin, channel: str, message: Json) -> str | None:
        """Makes a message's thread one of ours, with all of it that Slack tells; its conversation's key.

        None where nobody has said anything there. Raises ValueError, and what `Receive` raises.
        """
        thread_ts = text(message, "thread_ts")
        root = thread_ts or text(message, "ts")
        known = await self._places.known(origin.account, channel, root)
        if known is not None:
            return known
        said = spoken({**message, "channel": channel}, app_user="", app_bot="")
        if said is None:
            return None
        direct = addresses.is_direct(channel) and not thread_ts
        key = addresses.session(channel, root) if direct else addresses.thread(channel, root)
        placed = Placed(account=origin.account, channel=channel, ts=root, author=said.user, conversation_key=key)
        if not await self._fetch_the_rest(origin, Place(key=key, placed=placed, met=False)):
            inbound, files = await self._inbound(origin, said, key, "")
            await self.store(inbound, placed, files)
        return key

    async def _fetch_the_rest(self, origin: Origin, place: Place) -> bool:
        """What was written in a thread before we followed it. False where Slack doesn't tell: we go on without."""
        channel, root = addresses.channel_of(place.key), addresses.root_of(place.key)
        try:
            asked = {"channel": channel, "ts": root, "limit": _BACKFILLED}
            async with asyncio.timeout(_PATIENCE):
                answer = await self._api.read(origin.workspace.token, "conversations.replies", asked) if root else {}
        except (ApiRefused, RetryLater, TimeoutError) as error:
            log.info("slack_thread_not_told", reason=str(error))
            return False
        ours = origin.workspace
        events = [{**each, "channel": channel} for each in parts(answer, "messages")]
        found = [said for each in events if (said := _or_none(each, ours)) is not None]
        await self._people.names(ours, frozenset(each.user for each in found))  # all at once: each is asked for alone
        told = [await self._inbound(origin, said, place.key, "") for said in found]
        if not told or self.receive is None:
            return False
        files = [file for _, mine in told for file in mine]
        inbounds = [each for each, _ in told]
        kept = partial(
            _keep,
            placed=[place.placed] if place.placed else [],
            files=files,
            mirrored=inbounds if (await self._in_force()).triage else [],
        )
        await self.receive.together(inbounds, alongside=kept)
        return True

    async def _overtakes(self, origin: Origin, said: Spoken) -> bool:
        """Whether an edit came before its message, which then says what the edit says; Slack may be late by minutes."""
        late = float(said.event_ts) - float(said.ts) < _LATE
        if said.happening is not Happening.EDITED or not late:
            return False
        return await self._places.known(origin.account, said.channel, said.thread_ts or said.ts) is None

    async def _changed(self, origin: Origin, said: Spoken, event_id: str) -> None:
        """An edit or a deletion counts where we have the message, or would have taken it."""
        root = said.thread_ts or said.ts
        key = await self._places.known(origin.account, said.channel, root)
        if key is None and said.happening is Happening.DELETED:
            key = await self._places.where_it_was_said(origin.account, said.channel, said.ts)
        if key is None:
            return
        inbound, _ = await self._inbound(origin, said, key, event_id)
        await self.store(inbound)

    async def _inbound(self, origin: Origin, said: Spoken, key: str, event_id: str) -> tuple[Inbound, list[File]]:
        author, names = await self._who(origin, said)
        message_id = addresses.message(said.channel, said.ts)
        files = filing.files_of(origin.account, said.message) if said.happening is Happening.SAID else []
        inbound = Inbound(
            channel=CHANNEL,
            category=Category.CHAT,
            account=origin.account,
            conversation_key=key,
            external_id=_external_id(said, message_id),
            kind=_KINDS[said.happening],
            author=author,
            text=""
            if said.happening is Happening.DELETED
            else words.plain(said.message, names=names, app_user=origin.workspace.bot_user_id),
            target=None if said.happening is Happening.SAID else message_id,
            attachments=tuple(attachment(file, size) for file, size in files),
            sent_at=addresses.moment(said.event_ts if said.happening is not Happening.SAID else said.ts),
            reply_address=addresses.reply_address(key, origin.enterprise_id),
            raw={"event_id": event_id, "message": said.message},
            people=not addresses.is_direct(said.channel),
        )
        return inbound, [file for file, _ in files]

    async def _who(self, origin: Origin, said: Spoken) -> tuple[Author, dict[str, str]]:
        """Who wrote it, and the names of those whom it mentions."""
        return await asyncio.gather(
            self._people.author(origin.workspace, said.user),
            self._people.names(origin.workspace, words.mentioned(said.message)),
        )

    def typed(self, origin: Origin, key: str, author: Author, text: str, *, external_id: str) -> Inbound:
        """A command that stands in no message: a slash command, a button, a reaction."""
        return self._by_hand(origin, key, author, external_id, kind=InboundKind.MESSAGE, text=text)

    def pressed(self, origin: Origin, key: str, author: Author, action: Json, *, external_id: str) -> Inbound:
        return self._by_hand(origin, key, author, external_id, kind=InboundKind.ACTION, action=action)

    def _by_hand(
        self,
        origin: Origin,
        key: str,
        author: Author,
        external_id: str,
        *,
        kind: InboundKind,
        text: str = "",
        action: Json | None = None,
    ) -> Inbound:
        return Inbound(
            channel=CHANNEL,
            category=Category.CHAT,
            account=origin.account,
            conversation_key=key,
            external_id=external_id,
            kind=kind,
            author=author,
            text=text,
            action=action or {},
            sent_at=utcnow(),
            reply_address=addresses.reply_address(key, origin.enterprise_id),
            people=not addresses.is_direct(addresses.channel_of(key)),
        )


_MIRRORED = {InboundKind.MESSAGE, InboundKind.EDIT, InboundKind.DELETE}
_KINDS = {
    Happening.SAID: InboundKind.MESSAGE,
    Happening.EDITED: InboundKind.EDIT,
    Happening.DELETED: InboundKind.DELETE,
}


def _external_id(said: Spoken, message_id: str) -> str:
    """The same for a message however often and by whatever event Slack tells of it."""
    match said.happening:
        case Happening.SAID:
            return message_id
        case Happening.EDITED:
            return f"{message_id}:edited:{said.event_ts}"
        case Happening.DELETED:
            return f"{message_id}:deleted"


def _or_none(event: Json, ours: Workspace) -> Spoken | None:
    try:
        return spoken(event, app_user=ours.bot_user_id, app_bot=ours.bot_id)
    except ValueError:
        return None


def _keep(
    connection: Connection, *, placed: Sequence[Placed], files: Sequence[File], mirrored: Sequence[Inbound] = ()
) -> None:
    for each in placed:
        slack.keep(connection, each)
    keep_files(connection, files)
    for inbound in mirrored:
        queue_mirror(connection, inbound)
