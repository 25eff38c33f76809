"""The inbox worker: claims conversations, has their events handled in order, finishes each in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Protocol
from uuid import uuid4

import structlog

from bot.backoff import Retry, after_failure, described
from bot.metrics import Metrics
from bot.wake import Wake
from store import work
from store.cases import Stale
from store.engine import Connection, Database, DatabaseUnavailable, Transaction
from store.liveness import Liveness
from store.model import ConversationId, utcnow
from store.work import Claim, LostLease

log = structlog.get_logger()

POLL = 1.0  # seconds; hints come sooner, this is what makes losing one harmless
EVENTS_PER_CLAIM = 20  # then another conversation has its turn
STALE_RETRIES = 5


class Handler(Protocol):
    """What happens to an event: everything slow now, and what to write in the final transaction."""

    async def __call__(self, claim: Claim) -> Transaction: ...


class GaveUp(Protocol):
    """What people are told of an event that was given up, in the transaction that lays it out dead."""

    def __call__(self, connection: Connection, *, claim: Claim, error_id: str) -> None: ...


@asynccontextmanager
async def alive(database: Database) -> AsyncGenerator[Liveness]:
    """This process as a worker among others: when it is over, and at its death, what it held is free at once."""
    liveness = await asyncio.to_thread(Liveness, database)
    try:
        yield liveness
    finally:
        await asyncio.to_thread(liveness.let_go)


class Worker:
    """Runs until told to stop; `concurrency` conversations at a time."""

    def __init__(
        self,
        database: Database,
        handler: Handler,
        wake: Wake,
        posts: Wake,
        metrics: Metrics,
        *,
        concurrency: int = 8,
        lease_seconds: float = 30,
        gave_up: GaveUp | None = None,
    ) -> None:
        self._gave_up = gave_up
        self._database = database
        self._handler = handler
        self._wake = wake
        self._posts = posts
        self._metrics = metrics
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._running: dict[asyncio.Task[None], ConversationId] = {}
        self._suspect: asyncio.Task[None] | None = None

    async def run(self, liveness: Liveness, *, stop_seconds: float) -> None:
        """Claims until `stop`, then finishes what it holds within `stop_seconds`, or gives it back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_leases(liveness), name="worker leases")
            try:
                while not self._stopping.is_set():
                    await self._claim_some(liveness.worker)
            finally:
                await self._wind_down(stop_seconds)
                self._over.set()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.up()

    async def _claim_some(self, worker: int) -> None:
        free = self._concurrency - len(self._running)
        claims: list[Claim] = []
        if free:
            async with self._claiming:
                claims = await self._claims(worker, free)
                for claim in claims:
                    self._begin(claim)
        if len(claims) < max(free, 1):
            await self._wake.wait(POLL)

    async def _claims(self, worker: int, limit: int) -> list[Claim]:
        suspects = self._suspect not in self._running
        claim = partial(work.claim, worker=worker, seconds=self._lease_seconds, limit=limit, suspects=suspects)
        try:
            return await self._database.write(claim)
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", error=str(error))
            return []

    def _begin(self, claim: Claim) -> None:
        task = asyncio.create_task(self._handle_line(claim), name=f"conversation {claim.lease.conversation_id}")
        self._running[task] = claim.lease.conversation_id
        if claim.event.suspect:
            self._suspect = task
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and (error := task.exception()):
            log.error("conversation_dropped", exc_info=error)  # its lease is freed at the next renewal
        self._wake.up()

    async def _handle_line(self, claim: Claim) -> None:
        """Handles a conversation's events one after the other, until none is due or it is another's turn."""
        following: Claim | None = claim
        while following is not None:
            following = await self._handle_one(following)

    async def _handle_one(self, claim: Claim) -> Claim | None:
        if self._stopping.is_set():
            await self._quietly(partial(work.give_back, lease=claim.lease, event=claim.event))
            return None
        kind = claim.event.inbound.kind
        try:
            following = await self._finish(claim)
        except LostLease:
            self._metrics.lost_leases.inc()
            log.warning("lease_lost", conversation=claim.lease.conversation_id, event_id=claim.event.id)
            return None
        except asyncio.CancelledError:
            await self._quietly(partial(work.give_back, lease=claim.lease, event=claim.event))
            raise
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", event_id=claim.event.id, error=str(error))
            await asyncio.sleep(POLL)  # it may be back by then; if not, the lease is freed at the next renewal
            await self._quietly(partial(work.give_back, lease=claim.lease, event=claim.event))
            return None
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failure of this event alone
            await self._failed(claim, error)
            return None
        self._metrics.events.labels(kind, "done").inc()
        self._metrics.end_to_end.observe((utcnow() - claim.event.received_at).total_seconds())
        self._posts.up()
        return following

    async def _finish(self, claim: Claim) -> Claim | None:
        for _ in range(STALE_RETRIES):
            apply = await self._handler(claim)
            finish = partial(work.finish, lease=claim.lease, event=claim.event, apply=apply, most=EVENTS_PER_CLAIM)
            with suppress(Stale):  # the case changed while we thought about it: think again
                return await self._database.write(finish)
        raise Stale

    async def _failed(self, claim: Claim, error: Exception) -> None:
        error_id = uuid4().hex
        retry = after_failure(claim.event.attempts, error)
        seconds = retry.after if isinstance(retry, Retry) else None
        result = "dead" if seconds is None else "retried"
        self._metrics.events.labels(claim.event.inbound.kind, result).inc()
        log.error(
            "event_failed",
            error_id=error_id,
            event_id=claim.event.id,
            conversation=claim.lease.conversation_id,
            attempts=claim.event.attempts,
            result=result,
            exc_info=error,
        )
        text = described(error)
        put = partial(work.fail, lease=claim.lease, event=claim.event, error=text, error_id=error_id, retry=seconds)
        if seconds is None and self._gave_up is not None:
            tell = partial(self._gave_up, claim=claim, error_id=error_id)
            put = partial(_in_turn, first=put, then=tell)
        await self._quietly(put)
        self._posts.up()

    async def _quietly(self, transaction: Transaction) -> None:
        """Writes what the next holder of the lease would find out by itself if this failed."""
        with suppress(LostLease, DatabaseUnavailable):
            await self._database.write(transaction)

    async def _keep_leases(self, liveness: Liveness) -> None:
        while not self._over.is_set():
            try:
                await asyncio.to_thread(liveness.hold)
                await self._renew(liveness.worker)
                freed = await asyncio.to_thread(liveness.free_the_dead)
                if freed:
                    self._metrics.stolen_leases.inc(freed)
                    log.warning("leases_of_dead_workers_freed", conversations_and_posts=freed)
                    self._wake.up()
                    self._posts.up()
            except DatabaseUnavailable as error:
                log.warning("database_unavailable", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._lease_seconds / 3, 1.0)):
                    await self._over.wait()

    async def _renew(self, worker: int) -> None:
        async with self._claiming:  # what is being claimed would be taken for lost
            held = set(self._running.values())
            lost = await self._database.write(
                partial(work.renew, worker=worker, seconds=self._lease_seconds, held=held)
            )
        if lost:
            log.warning("own_leases_freed", conversations=lost)
            self._wake.up()

    async def _wind_down(self, seconds: float) -> None:
        if not self._running:
            return
        _, late = await asyncio.wait(list(self._running), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)


def _in_turn(connection: Connection, *, first: Transaction, then: Transaction) -> None:
    first(connection)
    then(connection)
