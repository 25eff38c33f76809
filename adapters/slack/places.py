"""Which conversation a message is part of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from adapters.slack import addresses
from adapters.slack.configuration import Watching
from adapters.slack.reading import Spoken
from store import conversations, slack
from store.engine import Connection, Database
from store.slack import CHANNEL, Placed

_MOST = 50_000  # threads that are remembered


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    key: str  # of the conversation
    placed: Placed | None  # to be kept together with the message; None: known already
    met: bool  # whether the conversation was known before, so that nothing of it needs to be fetched


def follows(spoken: Spoken, watching: Watching) -> bool:
    """Whether a conversation may begin with it; a thread in a direct message is the assistant's."""
    wanted = addresses.is_direct(spoken.channel) or watching.watches(spoken.channel) or spoken.mentions_us
    return wanted and spoken.channel != watching.triage


class Places:
    """Decides by what was kept; what is decided is kept in the transaction that stores the message."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads: dict[tuple[str, str, str], str] = {}  # never changes once it is known

    async def of(self, account: str, spoken: Spoken, watching: Watching) -> Place | None:
        """None where we don't follow: nobody mentioned us, and the channel is not watched."""
        if spoken.thread_ts is not None:
            return await self._in_thread(account, spoken, watching)
        if not follows(spoken, watching):
            return None
        return await self._on_top(account, spoken, watching, direct=addresses.is_direct(spoken.channel))

    async def known(self, account: str, channel: str, ts: str) -> str | None:
        """The conversation of a message that stands in no thread, or of one that we posted."""
        place = (account, channel, ts)
        if place not in self._threads:
            key = await self._database.read(partial(slack.key_of, account=account, channel=channel, ts=ts))
            if key is None:
                return None
            if len(self._threads) >= _MOST:
                self._threads.clear()
            self._threads[place] = key
        return self._threads[place]

    async def where_it_was_said(self, account: str, channel: str, ts: str) -> str | None:
        """The conversation of any message that we were told of in the last days, in a thread or not."""
        external_id = addresses.message(channel, ts)
        return await self.known(account, channel, ts) or await self._database.read(
            partial(slack.heard_in, account=account, external_id=external_id)
        )

    async def wrote(self, account: str, channel: str, ts: str) -> str | None:
        """Who wrote a message that we have."""
        key = await self.where_it_was_said(account, channel, ts)
        if key is None:
            return None

        def look(connection: Connection) -> str | None:
            found = conversations.find(connection, CHANNEL, account, key)
            author_of = conversations.author_of
            return None if found is None else author_of(connection, found, addresses.message(channel, ts))

        return await self._database.read(look)

    async def _in_thread(self, account: str, spoken: Spoken, watching: Watching) -> Place | None:
        root = spoken.thread_ts or spoken.ts
        known = await self.known(account, spoken.channel, root)
        if known is not None:
            return Place(key=known, placed=None, met=True)
        if not follows(spoken, watching):
            return None
        key = addresses.thread(spoken.channel, root)
        return Place(key=key, placed=_placed(account, spoken, key, ts=root), met=False)

    async def _on_top(self, account: str, spoken: Spoken, watching: Watching, *, direct: bool) -> Place:
        """A direct message goes on until it was quiet for long; in a channel, what one person writes on joins.

        Deliveries may come in any order.
        """
        before = watching.session_hours * 3600 if direct else watching.grouping_seconds
        first = addresses.earlier(spoken.ts, before)
        last = spoken.ts if direct else addresses.earlier(spoken.ts, -before)
        author = None if direct else spoken.user

        def look(connection: Connection) -> tuple[str | None, str | None]:
            known = slack.key_of(connection, account, spoken.channel, spoken.ts)
            if known is not None or not before:
                return known, None
            return None, slack.recent(connection, account, spoken.channel, first=first, last=last, author=author)

        known, near = await self._database.read(look)
        if known is not None:
            return Place(key=known, placed=None, met=True)
        key = near or (addresses.session if direct else addresses.thread)(spoken.channel, spoken.ts)
        return Place(key=key, placed=_placed(account, spoken, key), met=True)


def _placed(account: str, spoken: Spoken, key: str, *, ts: str | None = None) -> Placed:
    return Placed(account=account, channel=spoken.channel, ts=ts or spoken.ts, author=spoken.user, conversation_key=key)
