"""A case's page, and what people do there: the same as by the commands of the channels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from uuid import uuid4

import structlog
from aiohttp import web

from agent import fields
from agent.decision import Trigger
from agent.settings import Settings
from bot import acting, evaluation, forms, words
from bot.access import reads
from bot.access.rights import READ_CASES, SEE_OPERATIONS, WORK_ON_CASES
from bot.access.routes import Refused, Route, Visit
from bot.acting import Acting, NotPossible
from bot.console import case_view, filters, operations
from bot.console.lists import CASES, INBOX
from bot.console.rendering import Pages, seen
from bot.console.sent import Form, acting_as, digits, form_sent, one
from bot.console.transcripts import Place
from bot.evaluation import Evaluator, Finding, Question
from bot.text import one_line
from store import accounts, audit, cases, work
from store.accounts import UnknownAccount
from store.audit import Entry
from store.cases import FieldWrite, Stale, UnknownCase
from store.engine import Connection, Database
from store.model import Actor, ActorKind, Case, CaseNumber, ConversationId, FieldId, utcnow

log = structlog.get_logger()

ONE = f"{CASES}/{{number:[0-9]{{1,18}}}}"
_LONGEST = 20_000  # characters of a note or an answer
_TOLD = 5  # changes that a conflict names
_READ_TOO_EARLY = "The case has changed while the agent read the conversation, so nothing was done: try again."

Act = Callable[[Connection, Acting, Case, Form], object]


class Conflict(Exception):
    """The case changed since the page was made."""

    def __init__(self, entries: list[Entry]) -> None:
        super().__init__()
        self.entries = entries


class CasePage:
    def __init__(self, database: Database, pages: Pages, evaluator: Evaluator, posts: Callable[[], None]) -> None:
        """`posts` is called when there is something to send."""
        self._database = database
        self._pages = pages
        self._evaluator = evaluator
        self._posts = posts

    def routes(self) -> list[Route]:
        acts: dict[str, Act] = {
            "field": _set_field,
            "decide": _decide,
            "claim": lambda connection, who, case, _: acting.claim(connection, who, case),
            "assign": _assign,
            "move": lambda connection, who, case, form: acting.move(connection, who, case, one(form, "queue") or None),
            "note": _note,
            "resolve": _resolve,
            "cancel": _cancel,
            "split": lambda connection, who, case, form: acting.split_off(connection, who, case, _place(form)),
            "reopen": lambda connection, who, case, _: acting.reopen(connection, who, case),
            "undo": _undo,
            "reply": _reply,
        }
        return [
            Route(method="GET", path=ONE, right=READ_CASES, handler=self._show, hidden=True),
            Route(method="GET", path=f"{ONE}/live", right=READ_CASES, handler=self._live, hidden=True, by_itself=True),
            Route(method="POST", path=f"{ONE}/update", right=WORK_ON_CASES, handler=self._update, hidden=True),
            *(
                Route(
                    method="POST",
                    path=f"{ONE}/{name}",
                    right=WORK_ON_CASES,
                    handler=partial(self._do, name=name, act=act),
                    hidden=True,
                )
                for name, act in acts.items()
            ),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _live(self, visit: Visit) -> web.StreamResponse:
        """The page again, for one that is open, if there is something new."""
        shown = await self._read(visit)
        tag = f'"{shown.version}"'
        if visit.request.headers.get("If-None-Match") == tag:
            return web.Response(status=HTTPStatus.NOT_MODIFIED)
        await reads.keep(self._database, visit, shown.case.number, "console")
        response = self._rendered(visit, shown)
        response.headers["ETag"] = tag
        return response

    async def _do(self, visit: Visit, *, name: str, act: Act) -> web.StreamResponse:
        form, number, who = await form_sent(visit), number_of(visit), acting_as(visit)
        checked = name not in {"note", "reply"}  # these are no less true where something else has changed
        try:
            await self._database.write(partial(_act, number=number, acting_=who, form=form, act=act, checked=checked))
        except UnknownCase:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        except Conflict as conflict:
            problem = told_changes(conflict.entries, visit)
            return await self._page(visit, problem, HTTPStatus.CONFLICT, form, tried=name)
        except NotPossible as error:
            told = " ".join(map(str, error.args))
            return await self._page(visit, told, HTTPStatus.UNPROCESSABLE_ENTITY, form, tried=name)
        self._posts()
        log.info("case_changed", case=number, what=name, by=visit.visitor.id)
        return seen(f"{INBOX}/{_place(form)}" if name == "split" else f"{CASES}/{number}", name)

    async def _update(self, visit: Visit) -> web.StreamResponse:
        """By what the agent reads in a conversation now, as the command of the channels does."""
        form, number = await form_sent(visit), number_of(visit)
        try:
            case = await self._database.read(partial(cases.get, number=number))
            finding = await self._evaluator.find(_question(case, _place(form)))
            await self._database.write(partial(_apply, finding=finding))
        except UnknownCase:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        except NotPossible as error:
            return await self._page(visit, " ".join(map(str, error.args)), HTTPStatus.UNPROCESSABLE_ENTITY)
        except Stale:
            return await self._page(visit, _READ_TOO_EARLY, HTTPStatus.CONFLICT)
        self._posts()
        log.info("case_changed", case=number, what="update", by=visit.visitor.id)
        return seen(f"{CASES}/{number}", f"update_{finding.decision.outcome}")

    async def _read(self, visit: Visit) -> case_view.CaseShown:
        """Raises Refused."""
        read = partial(
            case_view.read,
            number=number_of(visit),
            settings=visit.in_force.settings,
            place=Place.of(visit),
            past=operations.number_of(visit.request.query.get("past")),
            audits=visit.may(SEE_OPERATIONS),
        )
        try:
            return await self._database.read(read)
        except UnknownCase:
            raise Refused(HTTPStatus.NOT_FOUND) from None

    async def _page(
        self,
        visit: Visit,
        problem: str = "",
        status: HTTPStatus = HTTPStatus.OK,
        form: Form | None = None,
        *,
        tried: str = "",
    ) -> web.Response:
        shown = await self._read(visit)
        await reads.keep(self._database, visit, shown.case.number, "console")
        return self._rendered(visit, shown, problem, status, form, tried=tried)

    def _rendered(
        self,
        visit: Visit,
        shown: case_view.CaseShown,
        problem: str = "",
        status: HTTPStatus = HTTPStatus.OK,
        form: Form | None = None,
        *,
        tried: str = "",
    ) -> web.Response:
        """`form` is what was sent and did not do; `tried` what by it."""
        return self._pages.show(
            visit,
            "case.html",
            title=f"Case {shown.case.number}",
            status=status,
            shown=shown,
            case=shown.case,
            base=f"{CASES}/{shown.case.number}",
            problem=problem,
            queues=_queues(shown.case, visit.in_force.settings),
            queue_of=partial(words.queue_of, settings=visit.in_force.settings),
            form=form or {},
            tried=tried,
            channels=filters.CHANNEL_LABELS,
            labels=words.STATUS_LABELS,
            one_line=one_line,
        )


def _act(connection: Connection, *, number: CaseNumber, acting_: Acting, form: Form, act: Act, checked: bool) -> None:
    """Raises UnknownCase, Conflict, NotPossible; nothing is done then."""
    case = cases.get(connection, number, lock=True)
    if checked and str(case.revision) != one(form, "revision"):
        raise Conflict(since(connection, number, digits(form, "seen")))
    act(connection, acting_, case, form)


def since(connection: Connection, number: CaseNumber, entry_id: int) -> list[Entry]:
    """What happened to a case after an entry, as far as it is told."""
    return audit.since(connection, number, entry_id, limit=_TOLD)


def _question(case: Case, place: ConversationId) -> Question:
    """Raises NotPossible."""
    if not case.status.is_open:
        raise NotPossible(words.is_closed(case))
    if place not in case.conversations:
        raise NotPossible(words.not_of_the_case(case.number))
    return Question(conversation_id=place, trigger=Trigger.COMMAND, case_number=case.number)


def _apply(connection: Connection, *, finding: Finding) -> None:
    """Raises Stale."""
    number, place = evaluation.apply(connection, finding, key=uuid4().hex), finding.snapshot.conversation
    if number == place.case_number:  # of the live case, it has just been done
        work.cancel_timer(connection, place.id, Trigger.MESSAGE)


# --- what can be done -------------------------------------------------------------------------------


def _set_field(connection: Connection, who: Acting, case: Case, form: Form) -> None:
    settings = who.in_force.settings
    field = settings.field(one(form, "field"))
    if field is None:
        raise NotPossible(words.field_gone(one(form, "field")))
    if not case.status.is_open:
        raise NotPossible(words.is_closed(case))
    try:
        value = forms.parsed(field, form.get("value", []), settings, utcnow())
    except fields.BadValue as error:
        raise NotPossible(str(error)) from error
    acting.write(connection, who, case, [FieldWrite(field=FieldId(field.id), value=value)])


def _decide(connection: Connection, who: Acting, case: Case, form: Form) -> None:
    """`accept` or `reject` names the suggestion, or "all"."""
    accept = "accept" in form
    chosen = one(form, "accept" if accept else "reject")
    if chosen == "all":
        acting.decide_all(connection, who, case, accept=accept)
    elif not chosen.isdigit() or int(chosen) not in {each.id for each in case.suggestions}:
        raise NotPossible(words.suggestion_gone())
    else:
        acting.decide(connection, who, case, int(chosen), accept=accept)


def _assign(connection: Connection, who: Acting, case: Case, form: Form) -> None:
    try:
        to = accounts.get(connection, digits(form, "to"))
    except UnknownAccount:
        raise NotPossible("Choose somebody from the list.") from None
    if not to.enabled:
        raise NotPossible("Choose somebody from the list.")
    acting.assign(connection, who, case, Actor(kind=ActorKind.PERSON, id=f"account {to.id}", name=to.name))


def _resolve(connection: Connection, who: Acting, case: Case, form: Form) -> None:
    _require_open(case)
    acting.resolve(connection, who, case, _text(form))


def _cancel(connection: Connection, who: Acting, case: Case, form: Form) -> None:
    _require_open(case)
    acting.cancel(connection, who, case, _text(form))


def _require_open(case: Case) -> None:
    """Somebody else's words about the end of the case stand already. Raises NotPossible."""
    acting.require_unmerged(case)
    if not case.status.is_open:
        raise NotPossible(words.status_already(case.number, case.status))


def _note(connection: Connection, who: Acting, case: Case, form: Form) -> None:
    acting.note(connection, who, case, _said(form, "A note"))


def _undo(connection: Connection, who: Acting, case: Case, form: Form) -> None:
    acting.undo(connection, who, case, digits(form, "entry"))


def _reply(connection: Connection, who: Acting, case: Case, form: Form) -> None:
    text, place = _said(form, "An answer"), _place(form)
    if place not in case.conversations:
        raise NotPossible(words.not_of_the_case(case.number))
    acting.reply(connection, who, place, text)


# --- what was sent ----------------------------------------------------------------------------------


def _place(form: Form) -> ConversationId:
    return ConversationId(digits(form, "conversation"))


def _said(form: Form, what: str) -> str:
    text = _text(form)
    if not text:
        raise NotPossible(f"{what} needs a text.")
    return text


def _text(form: Form) -> str:
    text = one(form, "text").replace("\r\n", "\n").strip()
    if len(text) > _LONGEST:
        raise NotPossible(f"Write at most {_LONGEST} characters, these are {len(text)}.")
    return text


def _queues(case: Case, settings: Settings) -> dict[str, str]:
    """Those that take cases, and the one that it is in."""
    active = {each.id: each.name for each in settings.queues if each.active}
    return {"": "None", **active, **({case.queue: words.queue_of(case.queue, settings)} if case.queue else {})}


def number_of(visit: Visit) -> CaseNumber:
    return CaseNumber(int(visit.request.match_info["number"]))


def told_changes(entries: list[Entry], visit: Visit) -> str:
    """Who changed what, since the page was made."""
    settings = visit.in_force.settings
    told = [
        f"{one_line(each.origin.actor.name, 60)}: {one_line(case_view.told(each, settings), 400)}." for each in entries
    ]
    return " ".join(["The case has changed meanwhile, so nothing of yours was done.", *told])
