"""Operations: how the channels do, what waits, what was given up, and what the agent did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp import web

from adapters.channel import Channel
from agent.settings import Settings
from bot.access.rights import SEE_OPERATIONS
from bot.access.routes import Refused, Route, Visit
from bot.console import plots
from bot.console.filters import CHANNEL_LABELS
from bot.console.plots import Series
from bot.console.rendering import Pages, form_of, seen
from bot.text import one_line
from store import figures, mail, operations
from store.engine import Connection, Database
from store.figures import Figure, Tally, What
from store.mail import MailboxReport
from store.model import utcnow
from store.operations import Kind, State

log = structlog.get_logger()

PATH = "/console/operations"
_WORK = f"{PATH}/work"
_PERIODS = {"7": 7, "30": 30}
_KINDS = {"event": "Events", "post": "Posts"}
_SHOWN = 50
_LARGEST = 10**18 - 1
_AT_ONCE = 500  # tried again in one transaction
NOTHING = Tally(counts=figures.Counter())


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What the process knows of itself: its channels, and how its parts are told that there is something to do."""

    channels: Mapping[str, Channel]
    work: Callable[[], None]
    posts: Callable[[], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldFigures:
    label: str
    tally: Tally
    bar: object


class Operations:
    def __init__(self, database: Database, pages: Pages, running: Running) -> None:
        self._database = database
        self._pages = pages
        self._running = running

    def routes(self) -> list[Route]:
        right = SEE_OPERATIONS
        return [
            Route(method="GET", path=PATH, right=right, handler=self._show),
            Route(method="GET", path=_WORK, right=right, handler=self._dead),
            Route(method="POST", path=f"{_WORK}/retry", right=right, handler=self._retry),
            Route(method="POST", path=f"{_WORK}/retry-all", right=right, handler=self._retry_all),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        days = _PERIODS.get(visit.request.query.get("days", "7"))
        if days is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "“days” in the address should be 7 or 30.")
        today = utcnow().date()
        first = today - timedelta(days=days - 1)
        state, last, reports, counted = await self._database.read(partial(_read, first=first))
        return self._pages.show(
            visit,
            "operations.html",
            title="Operations",
            state=state,
            health={name: channel.health for name, channel in self._running.channels.items()},
            last=last,
            mailboxes=reports,
            days=days,
            age=_age,
            figures=_Figures(counted, visit.in_force.settings, [first + timedelta(days=each) for each in range(days)]),
            **_shared(),
        )

    async def _dead(self, visit: Visit) -> web.StreamResponse:
        kind = _kind(visit.request.query.get("kind", "event"))
        before = number_of(visit.request.query.get("after"))
        look = partial(operations.dead, kind=kind, before=before, limit=_SHOWN + 1)
        found = await self._database.read(look)
        return self._pages.show(
            visit,
            "dead_work.html",
            title="Given up",
            state=await self._database.read(operations.state),
            rows=found[:_SHOWN],
            after=found[_SHOWN - 1].id if len(found) > _SHOWN else None,
            kind=kind,
            kinds=_KINDS,
            **_shared(),
        )

    async def _retry(self, visit: Visit) -> web.StreamResponse:
        form = await form_of(visit)
        kind, number = _kind(form.get("kind", "")), number_of(form.get("id", ""))
        if number is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "“id” should be the number of what is to be tried again.")
        revived = await self._database.write(partial(operations.revive, kind=kind, id_=number))
        if not revived:
            raise Refused(HTTPStatus.CONFLICT, "It is not among the work that was given up: somebody was quicker.")
        return self._tried(visit, kind, 1)

    async def _retry_all(self, visit: Visit) -> web.StreamResponse:
        kind = _kind((await form_of(visit)).get("kind", ""))
        total, before = 0, None
        while True:
            some = partial(operations.revive_some, kind=kind, before=before, most=_AT_ONCE)
            revived, before = await self._database.write(some)
            total += revived
            if before is None:
                break
        return self._tried(visit, kind, total)

    def _tried(self, visit: Visit, kind: Kind, count: int) -> web.Response:
        log.info("work_revived", kind=kind, count=count, by=visit.visitor.id)
        (self._running.work if kind == "event" else self._running.posts)()
        return seen(_WORK, kind)


class _Figures:
    """What the page shows of the counts."""

    def __init__(self, counted: list[tuple[Figure, int]], settings: Settings, days: list[date]) -> None:
        self.total = figures.tallied(counted, lambda _: "all").get("all", NOTHING)
        labels = {field.id: field.label for field in settings.fields}
        of_fields = [each for each in counted if each[0].field in labels]
        by_field = figures.tallied(of_fields, lambda each: each.field)
        self.fields = [_row(label, by_field.get(name, NOTHING)) for name, label in labels.items()]
        by_channel = figures.tallied(counted, lambda each: each.channel)
        self.channels = [
            _row(CHANNEL_LABELS.get(name, "Elsewhere"), tally) for name, tally in sorted(by_channel.items())
        ]
        by_day = figures.tallied(counted, lambda each: each.day)
        self.days = [(f"{day.day} {day:%b}", by_day.get(day.isoformat(), NOTHING)) for day in days]
        names = [name for name, _ in self.days]
        tallies = [tally for _, tally in self.days]
        self.cases = plots.columns("Cases opened, by day", names, [_series("cases opened", What.CREATED, tallies)])
        self.values = plots.columns(
            "Values written and values corrected, by day",
            names,
            [_series("values written", What.WRITTEN, tallies), _series("values corrected", What.CORRECTED, tallies)],
        )


def _series(label: str, what: What, tallies: list[Tally]) -> Series:
    return Series(label, what.value, [tally[what] for tally in tallies])


def _row(label: str, tally: Tally) -> FieldFigures:
    return FieldFigures(label=label, tally=tally, bar=plots.share(tally.match))


def _read(
    connection: Connection, *, first: date
) -> tuple[State, dict[str, object], list[MailboxReport], list[tuple[Figure, int]]]:
    return (
        operations.state(connection),
        cast("dict[str, object]", operations.last_messages(connection)),
        mail.mailbox_reports(connection),
        figures.since(connection, first),
    )


def _shared() -> dict[str, Any]:
    return {"labels": CHANNEL_LABELS, "one_line": one_line, "What": What}


def _kind(text: str) -> Kind:
    if text not in _KINDS:
        raise Refused(HTTPStatus.BAD_REQUEST, "“kind” should be event or post.")
    return cast("Kind", text)


def number_of(text: str | None) -> int | None:
    """Raises Refused."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST)) or int(text) > _LARGEST:
        raise Refused(HTTPStatus.BAD_REQUEST, "That is no number as the page has it.")
    return int(text)


def _age(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
