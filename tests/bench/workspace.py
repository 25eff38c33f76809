"""Every list and search of the console and its API, among a hundred thousand cases with ten messages each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import quantiles

from aiohttp import ClientSession, CookieJar
from sqlalchemy import Connection
from yarl import URL

from bot.access.cookies import SESSION
from store import accounts, sessions
from store import settings as versions
from store.model import AccountRole
from tests.bench.bulk import store_cases, store_talk
from tests.bench.children import casewright
from tests.bench.figures import Aim, Figure, Figures
from tests.bench.places import Place, opened, prepare
from tests.bench.sizes import Size

_LOOKS = 40  # at each page, after one that is not counted
_QUICK = Aim(at_most=200)
_EACH = 10  # messages of a conversation
LOGIN = "robin"
PAGES: Mapping[str, str] = {
    "inbox": "/console/inbox",
    "inbox_of_mine": "/console/inbox?status=open&assignee=me",
    "inbox_of_nobody": "/console/inbox?status=open&assignee=nobody",
    "inbox_without_a_case": "/console/inbox?case=none",
    "inbox_of_a_rare_channel": "/console/inbox?channel=slack",
    "inbox_of_a_queue": "/console/inbox?queue=hardware",
    "inbox_of_a_small_queue": "/console/inbox?queue=press",
    "inbox_of_my_queues": "/console/inbox?status=open&assignee=nobody&queue=mine",
    "inbox_of_a_queue_without_open_ones": "/console/inbox?status=open&assignee=nobody&queue=billing",
    "inbox_with_a_common_word": "/console/inbox?q=kettle",
    "inbox_with_a_rare_word": "/console/inbox?q=r4711",
    "cases": "/console/cases",
    "cases_open": "/console/cases?status=open",
    "cases_of_mine": "/console/cases?status=open&assignee=me",
    "cases_of_nobody": "/console/cases?status=open&assignee=nobody",
    "cases_to_decide": "/console/cases?status=open&waiting=yes",
    "cases_resolved": "/console/cases?status=resolved",
    "cases_of_a_rare_channel": "/console/cases?channel=slack",
    "cases_of_a_queue": "/console/cases?queue=hardware",
    "cases_of_a_small_queue": "/console/cases?queue=press",
    "cases_of_my_queues": "/console/cases?status=open&assignee=nobody&queue=mine",
    "cases_of_a_queue_without_open_ones": "/console/cases?status=open&assignee=nobody&queue=billing",
    "cases_in_no_queue": "/console/cases?queue=none",
    "cases_far_down": "/console/cases?after=2000",
    "cases_with_a_common_word": "/console/cases?q=kettle",
    "cases_with_two_words": "/console/cases?q=leaks+lot77",
    "cases_with_a_rare_word": "/console/cases?q=r4711",
    "cases_with_the_beginning_of_a_word": "/console/cases?q=r47",
    "cases_with_no_such_word": "/console/cases?q=nowhere",
    "a_case": "/console/cases/1500",
    "operations": "/console/operations",
    "operations_of_a_month": "/console/operations?days=30",
    "work_given_up": "/console/operations/work",
    "mails": "/console/operations/mails",
    "peoples_data": "/console/people",
    "peoples_data_by_name": "/console/people?q=ann",
    "accounts": "/console/accounts",
    "versions": "/console/agent/versions",
    "api_cases": "/api/v1/cases?limit=200",
    "api_cases_with_a_word": "/api/v1/cases?q=kettle",
    "api_conversations": "/api/v1/conversations?limit=200",
    "api_messages": "/api/v1/conversations/1500/messages",
    "api_evaluations": "/api/v1/evaluations?limit=200",
    "api_evaluations_of_a_case": "/api/v1/evaluations?case=1500",
    "api_contacts": "/api/v1/contacts?limit=200",
    "api_audit": "/api/v1/audit?limit=200",
    "api_audit_of_a_case": "/api/v1/audit?case=1500",
}


async def measure(place: Place, size: Size) -> Figures:
    with place.fresh() as url:
        prepare(url)
        with opened(url) as database:
            store_cases(database, size.cases)
            store_talk(database, size.cases, _EACH, mine=LOGIN)
            database.write_now(_with_queues)
            token = database.write_now(_logged_in)
        async with (
            casewright(url) as child,
            ClientSession(cookie_jar=CookieJar(unsafe=True)) as session,
        ):
            session.cookie_jar.update_cookies({SESSION: token}, URL(child.base))
            figures = [await _looked_at(session, child.base.rstrip("/"), name) for name in PAGES]
    return [
        Figure(name="stored_cases", value=float(size.cases)),
        Figure(name="stored_messages", value=float(size.cases * _EACH)),
        *figures,
    ]


def _with_queues(connection: Connection) -> None:
    number = versions.current_number(connection)
    stored = versions.get(connection, number)
    queues = [{"id": each, "name": each.capitalize()} for each in ("hardware", "billing", "press")]
    document = {**(stored.document if stored else {}), "queues": queues}
    versions.save(connection, document, author="bench", comment="Queues", based_on=number)


def _logged_in(connection: Connection) -> str:
    made = accounts.add(connection, login=LOGIN, name="Robin", role=AccountRole.ADMINISTRATOR)
    return sessions.start(connection, account_id=made.id, address="192.0.2.1", browser="bench")


async def _looked_at(session: ClientSession, base: str, name: str) -> Figure:
    """The 95th percentile of the time until the page is there."""
    taken: list[float] = []
    for _ in range(_LOOKS + 1):
        started = time.perf_counter()
        async with session.get(f"{base}{PAGES[name]}", allow_redirects=False) as response:
            await response.read()
            if response.status != 200:
                raise RuntimeError(f"{PAGES[name]} answered with {response.status}.")
        taken.append(1000 * (time.perf_counter() - started))
    return Figure(name=f"{name}_p95", value=quantiles(taken[1:], n=20)[-1], unit="ms", aim=_QUICK)
