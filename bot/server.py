"""The web application: the channels' routes, and what operators look at."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import uuid4

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError

from adapters.channel import Channel, State
from bot.metrics import Metrics
from bot.text import one_line
from store.engine import Connection, Database, DatabaseUnavailable

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(
    database: Database,
    channels: Mapping[str, Channel],
    metrics: Metrics,
    *,
    body_limit: int,
    guarded: Sequence[web.AbstractRouteDef] = (),
) -> web.Application:
    """`guarded`: the console and the API, as `bot.access` lets people in."""
    app = web.Application(middlewares=[_errors], client_max_size=body_limit)
    operations = Operations(database, channels, metrics)
    app.add_routes(operations.routes())
    for channel in channels.values():
        app.add_routes(channel.routes())
    app.add_routes(guarded)
    return app


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What goes wrong on our side is logged under an id, and the sender is told no more than that id."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except web.RequestPayloadError:
        return web.json_response({"error": "The body can't be read: it is not packed as it says."}, status=400)
    except DatabaseUnavailable as error:
        log.warning("database_unavailable", error=str(error))
        return web.json_response(
            {"error": "The database can't be reached; try again in a moment."}, status=503, headers={"Retry-After": "5"}
        )
    except Exception:
        error_id = uuid4().hex
        log.exception("request_failed", error_id=error_id, method=request.method, route=_route(request))
        return web.json_response({"error": f"Something went wrong on our side (reference {error_id})."}, status=500)


def _route(request: web.Request) -> str:
    """The pattern, not the path: a path may hold a token."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


class _MalformedRequests(logging.Filter):
    """What is no HTTP is its sender's mistake, and on the open internet an everyday one: a line and no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args, record.exc_info = "malformed_request: %s", (one_line(error.message),), None
        return True


logging.getLogger("aiohttp.server").addFilter(_MalformedRequests())


class Operations:
    def __init__(self, database: Database, channels: Mapping[str, Channel], metrics: Metrics) -> None:
        self._database = database
        self._channels = channels
        self._metrics = metrics

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self._healthy),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._scrape),
        ]

    async def _healthy(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "product": "casewright"})

    async def _ready(self, _request: web.Request) -> web.Response:
        """200 when this process can do its work; 503 names the part that can't.

        A mailbox or workspace out of reach is told, and no reason to take the process out of service.
        """
        parts = {name: f"{channel.health.state}: {channel.health.sentence}" for name, channel in self._channels.items()}
        parts["database"] = await self._database_state()
        broken = parts["database"] != "connected" or any(
            channel.health.state in {State.STARTING, State.BROKEN} for channel in self._channels.values()
        )
        return web.json_response({"ready": not broken, "parts": parts}, status=503 if broken else 200)

    async def _database_state(self) -> str:
        try:
            await self._database.read(_reachable)
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", error=str(error))
            return "unreachable"
        return "connected"

    async def _scrape(self, _request: web.Request) -> web.Response:
        self._metrics.observe_accounts({name: channel.health.accounts for name, channel in self._channels.items()})
        return web.Response(body=self._metrics.rendered(), headers={"Content-Type": "text/plain; version=0.0.4"})


def _reachable(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")
