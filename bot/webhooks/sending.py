"""Sends what is queued for webhooks, and tries again what did not arrive."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import ClientConnectorDNSError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from bot.backoff import described
from bot.metrics import Metrics
from bot.settings import CurrentSettings
from bot.wake import Wake
from bot.webhooks.messages import Sealed, sealed
from bot.webhooks.targets import ForbiddenTarget, PublicAlone, complaint
from store import webhooks
from store.engine import Connection, Database, DatabaseUnavailable, Transaction
from store.model import utcnow
from store.webhooks import Delivery, DeliveryStatus

log = structlog.get_logger()

POLL = 1.0  # seconds
CONCURRENCY = 8  # endpoints at a time
LIMIT = 15.0  # seconds that an endpoint may take
LEASE = 45.0  # seconds: longer than LIMIT and the settling together
WAITS = (5.0, 30.0, 120.0, 600.0, 3600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)  # seconds after each failure
LONGEST_WAIT = 86_400.0  # that an endpoint may ask for
_LONGEST = 500  # characters that are kept of an error


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """How an endpoint answered; with no status, not at all."""

    status: int | None = None
    retry_after: float | None = None
    error: str = ""
    hopeless: bool = False  # sending it again would be no better

    @property
    def arrived(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def next_wait(attempts: int, answer: Answered) -> float | None:
    """Seconds until it is sent again; None when it is given up. `attempts` counts the one that just failed."""
    if answer.hopeless or attempts > len(WAITS):
        return None
    usual = WAITS[attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads retries, keeps no secret
    return max(usual, min(answer.retry_after or 0, LONGEST_WAIT))


class WebhookSender:
    """Runs until told to stop; one delivery at a time to each endpoint."""

    def __init__(self, database: Database, settings: CurrentSettings, metrics: Metrics, *, private: bool) -> None:
        """`private`: whether they may go to this network, and without TLS."""
        self._database = database
        self._settings = settings
        self._metrics = metrics
        self._private = private
        self._wake = Wake()
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, *, worker: int) -> None:
        """Finishes what is on its way before it returns; `worker` is the number under which this process lives."""
        resolver = None if self._private else PublicAlone()
        connector = TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True)
        # No cookies, and no proxy that the environment names: it would look names up in our place.
        async with (
            ClientSession(
                connector=connector, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=LIMIT), trust_env=False
            ) as http,
            asyncio.TaskGroup() as tasks,
        ):
            while not self._stopping.is_set():
                free = CONCURRENCY - len(self._running)
                deliveries = await self._claims(worker, free) if free else []
                for each in deliveries:
                    task = tasks.create_task(self._deliver(http, each), name=f"webhook {each.id}")
                    self._running.add(task)
                    task.add_done_callback(self._finished)
                if not deliveries:
                    await self._wake.wait(POLL)

    def stop(self) -> None:
        self._stopping.set()
        self._wake.up()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.up()  # the endpoint's next one is free to go

    async def _claims(self, worker: int, limit: int) -> list[Delivery]:
        claim = partial(webhooks.claim, worker=worker, seconds=LEASE, limit=limit)
        try:
            return await self._database.write(claim)
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", error=str(error))
            return []

    async def _deliver(self, http: ClientSession, delivery: Delivery) -> None:
        with suppress(DatabaseUnavailable):  # it stays `sending` until its lease ends, then is sent again
            answer = await self._sent(http, delivery)
            await self._database.write(self._settled(delivery, answer))

    async def _sent(self, http: ClientSession, delivery: Delivery) -> Answered | None:
        """None where there was nothing to send."""
        try:
            in_force = await self._settings.recently(self._database)
            message = await self._database.read(partial(sealed, delivery=delivery, settings=in_force.settings))
            return None if message is None else await self._answer(http, message)
        except DatabaseUnavailable:
            raise
        except (ForbiddenTarget, ClientConnectorDNSError) as error:
            forbidden = isinstance(error, ForbiddenTarget) or isinstance(error.__cause__, ForbiddenTarget)
            return Answered(error=str(error.__cause__ or error)[:_LONGEST], hopeless=forbidden)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is a failure of this delivery alone
            return Answered(error=described(error)[:_LONGEST])

    async def _answer(self, http: ClientSession, message: Sealed) -> Answered:
        if (wrong := complaint(message.url, private=self._private)) is not None:
            return Answered(error=f"The address {wrong}.", hopeless=True)
        async with http.post(
            message.url, data=message.body, headers=message.headers(utcnow()), allow_redirects=False
        ) as response:  # nobody reads what it says beside the status
            return _answered(response.status, response.headers)

    def _settled(self, delivery: Delivery, answer: Answered | None) -> Transaction:
        settle = partial(webhooks.settle, delivery=delivery, error=None)
        if answer is None:
            self._metrics.webhooks.labels("skipped").inc()
            return partial(settle, status=DeliveryStatus.SKIPPED, answered=None)
        if answer.arrived:
            self._metrics.webhooks.labels("delivered").inc()
            return partial(settle, status=DeliveryStatus.DELIVERED, answered=answer.status)
        wait = next_wait(delivery.attempts, answer)
        self._metrics.webhooks.labels("dead" if wait is None else "retried").inc()
        log.warning("webhook_failed", delivery=delivery.id, status=answer.status, error=answer.error, after=wait)
        return partial(_failed, delivery=delivery, answer=answer, wait=wait)


def _failed(connection: Connection, *, delivery: Delivery, answer: Answered, wait: float | None) -> None:
    if wait is not None:
        webhooks.put_back(connection, delivery, after=wait, answered=answer.status, error=answer.error)
        return
    dead = DeliveryStatus.DEAD
    settled = webhooks.settle(connection, delivery, dead, answered=answer.status, error=answer.error)
    if settled and answer.status == HTTPStatus.GONE:
        webhooks.end(connection, delivery.endpoint_id, because=answer.error)


def _answered(status: int, headers: Mapping[str, str]) -> Answered:
    if status == HTTPStatus.GONE:
        return Answered(status=status, error="It answered 410: nobody is there any more.", hopeless=True)
    seconds = headers.get("Retry-After", "")
    asked = float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 10 else None  # noqa: PLR2004
    redirects = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    error = f"It answered {status}" + (", and redirects are not followed." if redirects else ".")
    return Answered(status=status, retry_after=asked, error=error)
