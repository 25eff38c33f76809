"""Opening a case from a conversation: a form that the agent has filled in, for a person to change and to save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from uuid import uuid4

import structlog
from aiohttp import web

from adapters.desk import Target
from agent.creation import predictable_fields
from agent.decision import Trigger
from bot import forms
from bot.access.rights import WORK_ON_CASES
from bot.access.routes import Refused, Route, Visit
from bot.acting import NotPossible
from bot.console import case_form
from bot.console.lists import CASES, INBOX
from bot.console.rendering import Pages, seen
from bot.console.sent import Form, acting_as, digits, form_sent
from bot.desk import nothing_to_show
from bot.evaluation import Evaluator, Finding, Question
from bot.opening import open_filled_in
from bot.text import one_line
from store import conversations, overview
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Connection, Database
from store.model import CaseNumber, ConversationId

log = structlog.get_logger()

_PATH = f"{INBOX}/{{id:[0-9]{{1,18}}}}/case"


class Creating:
    def __init__(self, database: Database, pages: Pages, evaluator: Evaluator, posts: Callable[[], None]) -> None:
        """`posts` is called when there is something to send."""
        self._database = database
        self._pages = pages
        self._evaluator = evaluator
        self._posts = posts

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path=_PATH, right=WORK_ON_CASES, handler=self._show, hidden=True),
            Route(method="POST", path=_PATH, right=WORK_ON_CASES, handler=self._create, hidden=True),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return self._page(visit, await self._find(visit))

    async def _create(self, visit: Visit) -> web.StreamResponse:
        form, finding = await form_sent(visit), await self._find(visit)
        settings = finding.snapshot.settings
        answers, problem = case_form.read(form, predictable_fields(settings), settings)
        if problem:
            return self._page(visit, finding, problem, form=form, wrong=answers.problems)
        origin, writes = acting_as(visit).origin, forms.edits(answers, finding)
        try:
            number = await self._database.write(
                partial(_opened, finding=finding, writes=writes, origin=origin, live=digits(form, "live"))
            )
        except NotPossible as error:
            return self._page(visit, finding, " ".join(map(str, error.args)), form=form)
        self._posts()
        log.info("case_opened", case=number, by=visit.visitor.id)
        return seen(f"{CASES}/{number}", "create")

    async def _find(self, visit: Visit) -> Finding:
        """What the agent reads in the conversation. Raises Refused."""
        place = ConversationId(int(visit.request.match_info["id"]))
        if not await self._database.read(partial(overview.has_conversation, conversation_id=place)):
            raise Refused(HTTPStatus.NOT_FOUND)
        return await self._evaluator.find(Question(conversation_id=place, trigger=Trigger.FORM, manual=True))

    def _page(
        self,
        visit: Visit,
        finding: Finding,
        problem: str = "",
        *,
        form: Form | None = None,
        wrong: Mapping[str, str] | None = None,
    ) -> web.Response:
        talk = finding.snapshot.conversation
        nothing = nothing_to_show(finding.snapshot)
        target = Target(channel=talk.channel, account=talk.account, conversation_key=talk.key)
        filled = forms.form(target, finding)
        return self._pages.show(
            visit,
            "create.html",
            title="New case",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problem or nothing else HTTPStatus.OK,
            problem=nothing or problem,
            possible=nothing is None,
            talk=talk,
            path_back=f"{INBOX}/{talk.id}",
            name=case_form.NAME,
            form=filled,
            typed=case_form.typed(form, (each.id for each in filled.fields)),
            errors=wrong or {},
            one_line=one_line,
        )


def _opened(
    connection: Connection, *, finding: Finding, writes: list[FieldWrite], origin: Origin, live: int
) -> CaseNumber:
    """`live`: the conversation's case when the form was made, 0 for none. Raises NotPossible."""
    talk = conversations.hold(connection, finding.snapshot.conversation.id)  # somebody else may be opening one, too
    now = talk and talk.case_number
    if now is not None and now != live:
        raise NotPossible(f"Case {now} was opened from this conversation meanwhile; save again to open one beside it.")
    opened = open_filled_in(connection, finding, writes, origin=origin, key=uuid4().hex)
    if opened is None:
        raise NotPossible(finding.decision.why)
    return opened.number
