"""The outbox worker: sends what was decided, in order within a conversation, and settles each post."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from uuid import uuid4

import structlog

from adapters.channel import Channel, PartlyDelivered, RetryLater
from bot import card, words
from bot.acting import CONSOLE
from bot.backoff import Retry, after_refusal, described
from bot.evaluation import AGENT
from bot.metrics import Metrics
from bot.settings import CurrentSettings
from bot.wake import Wake
from store import cases, conversations, outbox
from store.audit import Origin
from store.engine import Connection, Database, DatabaseUnavailable, Transaction
from store.model import CaseNumber, Outbound
from store.outbox import Post

log = structlog.get_logger()

POLL = 1.0  # seconds
SEND_LIMIT = 200.0  # seconds that a channel may take for one post: a mail's files take minutes over a slow line
LEASE = 240.0  # seconds: longer than SEND_LIMIT and the settling together


class Delivery:
    """Runs until told to stop; at most `concurrency` posts at a time, and one per conversation."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        settings: CurrentSettings,
        wake: Wake,
        metrics: Metrics,
        *,
        concurrency: int = 16,
        lease_seconds: float = LEASE,
    ) -> None:
        self._database = database
        self._channels = channels
        self._settings = settings
        self._wake = wake
        self._metrics = metrics
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, *, worker: int) -> None:
        """Finishes the posts that are on their way before it returns; none is begun after `stop`.

        `worker` is the number under which this process is known to live (`store.liveness`).
        """
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping.is_set():
                free = self._concurrency - len(self._running)
                posts = await self._claims(worker, free) if free else []
                for post in posts:
                    task = tasks.create_task(self._deliver(post), name=f"post {post.id}")
                    self._running.add(task)
                    task.add_done_callback(self._finished)
                if len(posts) < max(free, 1):
                    await self._wake.wait(POLL)

    def stop(self) -> None:
        self._stopping.set()
        self._wake.up()

    async def _claims(self, worker: int, limit: int) -> list[Post]:
        claim = partial(outbox.claim, worker=worker, seconds=self._lease_seconds, limit=limit)
        try:
            return await self._database.write(claim)
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", error=str(error))
            return []

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.up()  # the next post of the same conversation is free to go

    async def _deliver(self, post: Post) -> None:
        settle = await self._sent(post)
        with suppress(DatabaseUnavailable):  # it stays `sending` until its lease ends, then is sent as uncertain
            await self._database.write(settle)

    async def _sent(self, post: Post) -> Transaction:
        """Sends; what comes back writes down how that went."""
        try:
            outbound = await self._outbound(post)
            async with asyncio.timeout(SEND_LIMIT):
                native_id = await self._channel(post).send(outbound)
        except PartlyDelivered as error:
            log.warning("post_partly_delivered", post=post.id, channel=post.channel, error=described(error))
            return self._delivered(post, error.native_id, missed=str(error))
        except Exception as error:  # noqa: BLE001 - whatever a channel raises is a failure of this post alone
            return self._refused(post, error)
        return self._delivered(post, native_id)

    def _delivered(self, post: Post, native_id: str, *, missed: str | None = None) -> Transaction:
        self._metrics.posts.labels(post.channel, "delivered").inc()
        self._metrics.post_wait.observe(post.waited)
        return partial(_delivered, post=post, native_id=native_id, missed=missed)

    async def _outbound(self, post: Post) -> Outbound:
        if post.kind == "text":
            said = post.payload
            return replace(
                _bare(post),
                text=said["text"],
                audience=said["audience"],
                relay=said["relay"],
                internal=said.get("internal", False),  # those queued by an earlier version lack it
            )
        return await self._database.read(partial(_with_card, post=post, settings=self._settings))

    def _channel(self, post: Post) -> Channel:
        if post.channel not in self._channels:
            raise RetryLater(f"The channel {post.channel} is not running.", nothing_posted=True)
        return self._channels[post.channel]

    def _refused(self, post: Post, error: Exception) -> Transaction:
        verdict = after_refusal(post.attempts, error)
        text = described(error)
        if isinstance(verdict, Retry):
            self._metrics.posts.labels(post.channel, "retried").inc()
            log.warning("post_put_back", post=post.id, channel=post.channel, after=verdict.after, error=text)
            # Only a channel that says so has surely not posted; after anything else it may have.
            uncertain = not (isinstance(error, RetryLater) and error.nothing_posted)
            return partial(outbox.put_back, post=post, after=verdict.after, error=text, uncertain=uncertain)
        error_id = uuid4().hex
        self._metrics.posts.labels(post.channel, "dead").inc()
        log.error("post_given_up", error_id=error_id, post=post.id, channel=post.channel, exc_info=error)
        return partial(_buried, post=post, error=text, error_id=error_id, reason=verdict.reason)


def _delivered(connection: Connection, *, post: Post, native_id: str, missed: str | None) -> None:
    if outbox.delivered(connection, post, native_id) and missed is not None:
        _tell(connection, post, words.reached_not_everybody(missed))


def _buried(connection: Connection, *, post: Post, error: str, error_id: str, reason: str) -> None:
    if outbox.bury(connection, post, error=error, error_id=error_id):
        _tell(connection, post, words.not_delivered(reason, error_id))


def _tell(connection: Connection, post: Post, text: str) -> None:
    """The case carries a mark for its representative; who wrote what should have been passed on hears of it, too."""
    conversation = conversations.get(connection, post.conversation_id)
    number = post.payload["case"] if post.kind == "card" else conversation.case_number
    if number is not None:
        cases.add_failure(connection, Origin(actor=AGENT, conversation_id=conversation.id), CaseNumber(number), text)
    relayed = post.payload.get("relay")
    if relayed and relayed.startswith(CONSOLE):  # its writer sees the mark there
        return
    writer = conversations.author_of(connection, conversation.id, relayed) if relayed else None
    if writer is not None:
        outbox.queue_text(connection, conversation.id, f"{post.key}:told:{post.attempts}", text, audience=writer)


def _bare(post: Post) -> Outbound:
    return Outbound(
        key=post.key,
        channel=post.channel,
        account=post.account,
        conversation_key=post.conversation_key,
        reply_address=post.reply_address,
        language=post.language,
        uncertain=post.uncertain,
    )


def _with_card(connection: Connection, *, post: Post, settings: CurrentSettings) -> Outbound:
    number = CaseNumber(post.payload["case"])
    case = cases.get(connection, number)
    owner = case.owner.name if case.owner else None
    shown = card.build(case, settings(connection).settings, owner_name=owner, changed=post.payload["changed"])
    place = outbox.card_place(connection, post.conversation_id, number)
    return replace(_bare(post), card=shown, text=words.card_text(shown, internal=False), edit=place)
