"""A change of a case by a call: as a representative's at the console, through `bot.acting`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from uuid import uuid4

import structlog
from aiohttp import web

from bot.access.routes import Refused, Visit
from bot.acting import Acting, NotPossible
from bot.api.etags import check_match, sends_match
from bot.api.idempotency import once
from store import accounts, cases
from store.api_answers import Answer
from store.cases import UnknownCase
from store.engine import Connection, Database
from store.model import Actor, ActorKind, Case, CaseNumber, Json

log = structlog.get_logger()

Act = Callable[[Connection, Acting, Case], Json]
"""Changes the case, which is locked, and gives the answer."""
Lock = Callable[[Connection, CaseNumber], Case]
"""Reads the case and locks it. Raises UnknownCase, and Refused."""


def _alone(connection: Connection, number: CaseNumber) -> Case:
    return cases.get(connection, number, lock=True)


class Changing:
    def __init__(self, database: Database, posts: Callable[[], None]) -> None:
        """`posts` is called when there is something to send."""
        self._database = database
        self._posts = posts

    async def do(self, visit: Visit, what: str, act: Act, *, must_match: bool, lock: Lock = _alone) -> web.Response:
        """Raises Refused. An If-Match that is sent counts, whether or not there must be one."""
        number = CaseNumber(int(visit.request.match_info["number"]))
        work = partial(_work, visit=visit, number=number, act=act, must_match=must_match, lock=lock)
        response = await once(self._database, visit, work)
        self._posts()
        log.info("case_changed", case=number, what=what, by=visit.visitor.id)
        return response


def acting_for(visit: Visit) -> Acting:
    actor = Actor(kind=ActorKind.PERSON, id=visit.visitor.id, name=visit.visitor.name)
    return Acting(key=uuid4().hex, actor=actor, in_force=visit.in_force)


def somebody(connection: Connection, login: str, place: str) -> Actor:
    """To whom a case can be given. Raises Refused, which names the place in the body."""
    to = accounts.by_login(connection, login)
    if to is None or not to.enabled:
        raise wrong(place, "This should be the login of an account that is enabled.")
    return Actor(kind=ActorKind.PERSON, id=f"account {to.id}", name=to.name)


def wrong(place: str, told: str) -> Refused:
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, told, errors={place: told})


def _work(
    connection: Connection, *, visit: Visit, number: CaseNumber, act: Act, must_match: bool, lock: Lock
) -> Answer:
    try:
        case = lock(connection, number)
    except UnknownCase:
        raise Refused(HTTPStatus.NOT_FOUND) from None
    if must_match or sends_match(visit.request):
        check_match(visit.request, case.revision)
    try:
        return Answer(status=HTTPStatus.OK, body=act(connection, acting_for(visit), case))
    except NotPossible as error:
        raise Refused(HTTPStatus.CONFLICT, " ".join(map(str, error.args))) from None
