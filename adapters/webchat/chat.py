"""A web chat's conversations: what is posted is committed first and shown after; what is read comes from the feed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from adapters.channel import Receive
from adapters.webchat.http import unavailable
from adapters.webchat.hub import Hub
from adapters.webchat.incoming import Activity, Incoming, read_activity
from adapters.webchat.outgoing import FileUrl, Viewer, activity_for, is_for, sender
from adapters.webchat.tokens import User
from store import webchat as feed
from store.engine import Connection, Database
from store.model import Attachment, Json, Role
from store.webchat import File, Post, UnknownConversation

IsRepresentative = Callable[[str], Awaitable[bool]]
"""Whether a native user id is a representative's."""
_PAGE = 100  # entries


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What came after a watermark, for one viewer; `after` counts also what was not for them."""

    activities: list[Json]
    after: int
    more: bool  # read on at once

    def activity_set(self) -> Json:
        return {"activities": self.activities, "watermark": str(self.after)}


class Chat:
    def __init__(self, database: Database, is_representative: IsRepresentative) -> None:
        self.database = database
        self.hub = Hub()
        self.receive: Receive | None = None  # while we run
        self._is_representative = is_representative

    async def start(self, conversation: str) -> bool:
        """False when it had been started before."""
        return await self.database.write(partial(feed.start, conversation_key=conversation))

    async def check(self, conversation: str) -> None:
        """Raises UnknownConversation."""
        if not await self.database.read(partial(feed.started, conversation_key=conversation)):
            raise UnknownConversation

    async def viewer(self, user: User | None) -> Viewer:
        if user is None:
            return Viewer(user_id=None, representative=False)
        return Viewer(user_id=user.id, representative=await self._is_representative(user.id))

    async def role(self, user: User) -> Role:
        return Role.REPRESENTATIVE if await self._is_representative(user.id) else Role.CUSTOMER

    async def post(
        self,
        conversation: str,
        user: User,
        activity: Activity,
        *,
        raw: Json,
        attachments: Sequence[Attachment] = (),
        files: Sequence[File] = (),
    ) -> str:
        """The activity's id, once it is stored. Raises Refused, UnknownConversation, and what `receive` raises."""
        if self.receive is None:
            raise unavailable("The web chat is starting or stopping; try again shortly.")
        role = await self.role(user)
        incoming = read_activity(
            activity,
            conversation=conversation,
            user=user,
            role=role,
            attachments=attachments,
            raw=raw,
        )
        if incoming is None:
            await self._show(conversation, user, activity, role)
            return uuid4().hex
        return await self._keep(self.receive, incoming, files)

    async def say(self, post: Post) -> str:
        """Puts our own post into the feed, once for its key. Raises UnknownConversation."""
        activity_id = await self.database.write(partial(feed.append, post=post))
        self.hub.wake(post.conversation_key)
        return activity_id

    async def page(self, conversation: str, viewer: Viewer, *, after: int, file_url: FileUrl) -> Page:
        """Raises UnknownConversation."""
        read = partial(feed.read, conversation_key=conversation, after=after, limit=_PAGE)
        entries = await self.database.read(read)
        return Page(
            activities=[activity_for(entry, viewer, file_url) for entry in entries if is_for(entry, viewer)],
            after=entries[-1].seq if entries else after,
            more=len(entries) == _PAGE,
        )

    async def hear_others(self) -> None:
        """Wakes those who listen here to what another process wrote."""
        if watched := self.hub.watched():
            self.hub.heard(await self.database.read(partial(feed.newest, conversation_keys=watched)))

    async def _show(self, conversation: str, user: User, activity: Activity, role: Role) -> None:
        if activity.type != "typing":
            return
        others = Viewer(user_id=None, representative=False)
        shown = {
            "type": "typing",
            "from": sender(user.id, user.name, others),
            "conversation": {"id": conversation},
            "channelData": {"role": role},
        }
        self.hub.show(conversation, user.id, shown)

    async def _keep(self, receive: Receive, incoming: Incoming, files: Sequence[File]) -> str:
        inbound, post = incoming.inbound, incoming.post
        if post is None:
            await self.check(inbound.conversation_key)
            await receive(inbound)
            return inbound.external_id
        appended: list[str] = []

        def append(connection: Connection) -> None:
            appended[:] = [feed.append(connection, post, files)]

        if not await receive(inbound, alongside=append):
            find = partial(feed.find, conversation_key=post.conversation_key, post_key=post.key)
            return await self.database.read(find) or inbound.external_id
        self.hub.wake(post.conversation_key)
        return appended[0]
