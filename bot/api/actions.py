"""What can be done to a case, as by the commands of the channels and at the console."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import structlog
from aiohttp import web
from pydantic import BaseModel, Field, RootModel

from agent.decision import Trigger
from agent.definitions import Identifier
from bot import acting, evaluation, words
from bot.access.rights import READ_EVALUATIONS, READ_INTERNAL_FIELDS, WORK_ON_CASES
from bot.access.routes import Refused, Visit
from bot.acting import Acting, NotPossible, UnknownQueue
from bot.announce import changes
from bot.api import body, etags, idempotency
from bot.api.calls import Body, Call
from bot.api.cases import OF_A_CASE, PATH, CaseRead, HiddenFields, Id, Login, shown
from bot.api.changing import Changing, somebody, wrong
from bot.api.evaluations import EvaluationRead, described
from bot.evaluation import Evaluator, Finding, Question
from bot.text import listed
from store import audit, cases, evaluations, work
from store.cases import Stale, UnknownCase
from store.engine import Connection, Database
from store.model import Case, CaseNumber, ConversationId, FieldId, Json, Value

log = structlog.get_logger()

_LONGEST = 20_000  # characters of a text
_STALE_RETRIES = 5

Text = Annotated[str, Field(min_length=1, max_length=_LONGEST, pattern=r"\S")]


class Enrich(Body):
    """Reads the conversation now, and updates the case by it. Of a case with several, it has to be named."""

    action: Literal["enrich"]
    conversation: Id | None = None


class Claim(Body):
    """Makes the case the caller's."""

    action: Literal["claim"]


class Assign(Body):
    """Makes the case somebody's; `to` is the login of their account."""

    action: Literal["assign"]
    to: Login


class Move(Body):
    """To another queue, by its id; null: out of the one it is in. Of an API key it takes the scope `cases:internal`."""

    action: Literal["move"]
    queue: Identifier | None


class Resolve(Body):
    """`text`: how it was resolved."""

    action: Literal["resolve"]
    text: Annotated[str, Field(max_length=_LONGEST)] = ""


class Reopen(Body):
    action: Literal["reopen"]


class Cancel(Body):
    """Closes the case as one that needs nothing; `text`: why."""

    action: Literal["cancel"]
    text: Text


class Merge(Body):
    """The case ends in `into`, which has all conversations then. There is no way back.

    `take`: fields whose values the other case takes over where it has none.
    """

    action: Literal["merge"]
    into: Id
    take: list[str] = Field(default_factory=list[str])


class SplitOff(Body):
    """The conversation leaves the case, and what the agent had read in it alone goes with it."""

    action: Literal["split_off"]
    conversation: Id


class Note(Body):
    """Kept with the case, and never told to customers."""

    action: Literal["note"]
    text: Text


class Reply(Body):
    """Posted into a thread of the case. Of a case with several, the conversation has to be named."""

    action: Literal["reply"]
    text: Text
    conversation: Id | None = None


class Decide(Body):
    """A suggestion, or all that wait."""

    action: Literal["accept", "reject"]
    suggestion: Id | Literal["all"]


class Undo(Body):
    """Takes a change of the agent back; `entry` is its id in the audit."""

    action: Literal["undo"]
    entry: Id


_Given = Enrich | Claim | Assign | Move | Resolve | Reopen | Cancel | Merge | SplitOff | Note | Reply | Decide | Undo


class Action(RootModel[Annotated[_Given, Field(discriminator="action")]]):
    """One thing to do."""


class CaseChange(BaseModel):
    """`what`: field, status, owner or queue."""

    what: str
    field: str | None
    old: Value | None
    new: Value | None


class Done(BaseModel):
    """`revision`: of the case's ETag. `evaluation`: of `enrich`, for callers who may read it."""

    changes: list[CaseChange]
    case: CaseRead
    evaluation: EvaluationRead | None
    revision: int


_UNCHECKED = Note | Reply | Enrich
"""These are no less true where something else has changed."""


class Actions:
    def __init__(self, database: Database, changing: Changing, evaluator: Evaluator) -> None:
        self._database = database
        self._changing = changing
        self._evaluator = evaluator

    def calls(self) -> list[Call]:
        return [
            Call(
                method="POST",
                path=f"{PATH}/actions",
                right=WORK_ON_CASES,
                handler=self._do,
                summary="Do something to a case",
                answer=Done,
                body=Action,
                parameters=(OF_A_CASE, _MATCH, idempotency.PARAMETER),
                hidden=True,
            )
        ]

    async def _do(self, visit: Visit) -> web.StreamResponse:
        given = (await body.read(visit.request, Action)).root
        if isinstance(given, Enrich):
            return await self._enrich(visit, given)
        act = partial(_act, given=given, visit=visit)
        if isinstance(given, Merge):
            lock = partial(_both, into=CaseNumber(given.into))
            return await self._changing.do(visit, given.action, act, must_match=True, lock=lock)
        return await self._changing.do(visit, given.action, act, must_match=not isinstance(given, _UNCHECKED))

    async def _enrich(self, visit: Visit, given: Enrich) -> web.StreamResponse:
        """Predicts first, then writes what came of it, unless the case has changed meanwhile: then all over again."""
        number = CaseNumber(int(visit.request.match_info["number"]))
        for _ in range(_STALE_RETRIES):
            try:
                place = await self._database.read(partial(_place, number=number, wanted=given.conversation))
                question = Question(conversation_id=place, trigger=Trigger.COMMAND, case_number=number)
                finding = await self._evaluator.find(question)
                act = partial(_enriched, finding=finding, visit=visit)
                return await self._changing.do(visit, given.action, act, must_match=False)
            except UnknownCase:
                raise Refused(HTTPStatus.NOT_FOUND) from None
            except NotPossible as error:
                raise Refused(HTTPStatus.CONFLICT, " ".join(map(str, error.args))) from None
            except Stale:
                log.info("enrich_again", case=number)
        raise Refused(HTTPStatus.CONFLICT, words.changed_meanwhile(number))


_MATCH = etags.Parameter(
    name=etags.HEADER,
    place="header",
    schema={"type": "string"},
    description="The case's ETag as you have read it. Required, except to enrich, note and reply.",
)


def _place(connection: Connection, *, number: CaseNumber, wanted: int | None) -> ConversationId:
    """Raises UnknownCase and NotPossible."""
    return _of(cases.get(connection, number), wanted)


def _of(case: Case, wanted: int | None) -> ConversationId:
    """Raises NotPossible, and Refused where it has to be said which: the others may be with other people.

    What one customer wrote is no reason to change another's case.
    """
    if wanted is None and len(case.conversations) > 1:
        ids = listed([str(each) for each in case.conversations])
        raise wrong("conversation", f"Case {case.number} has the conversations {ids}: name one of them.")
    chosen = case.conversations[0] if wanted is None and case.conversations else wanted
    if chosen is None or chosen not in case.conversations:
        is_none = f"This is no conversation of case {case.number}."
        raise NotPossible(is_none if case.conversations else f"Case {case.number} has no conversation.")
    return ConversationId(chosen)


def _act(connection: Connection, who: Acting, case: Case, *, given: _Given, visit: Visit) -> Json:
    hidden = HiddenFields(who.in_force.settings, internal=visit.may(READ_INTERNAL_FIELDS))
    match given:
        case Claim() | Assign() | Resolve() | Reopen() | Cancel():
            _take_or_close(connection, who, case, given)
        case Move():
            _move(connection, who, case, given.queue, hidden)
        case Merge():
            _merge(connection, who, case, given, hidden)
        case SplitOff():
            acting.split_off(connection, who, case, ConversationId(given.conversation))
        case Note():
            acting.note(connection, who, case, given.text.strip())
        case Reply():
            acting.reply(connection, who, _of(case, given.conversation), given.text.strip())
        case Decide():
            _decide(connection, who, case, given, hidden)
        case Undo():
            _undo(connection, who, case, given.entry, hidden)
        case Enrich():
            raise AssertionError("handled with its prediction")
    return _done(connection, case, visit)


def _enriched(connection: Connection, who: Acting, case: Case, *, finding: Finding, visit: Visit) -> Json:
    """Raises Stale."""
    place = finding.snapshot.conversation
    evaluation.apply(connection, finding, key=who.key)
    if place.case_number == case.number:  # of the live case, it has just been done
        work.cancel_timer(connection, place.id, Trigger.MESSAGE)
    found = evaluations.of_conversation(connection, place.id, limit=1)[0]
    return _done(connection, case, visit, described(found) if visit.may(READ_EVALUATIONS) else None)


def _done(connection: Connection, before: Case, visit: Visit, found: EvaluationRead | None = None) -> Json:
    settings, internal = visit.in_force.settings, visit.may(READ_INTERNAL_FIELDS)
    after = cases.get(connection, before.number)
    hidden = HiddenFields(settings, internal=internal)
    told = [
        CaseChange(what=each.what, field=each.field, old=each.old, new=each.new)
        for each in changes(settings, before, after)
        if (each.field is None or each.field not in hidden) and not (hidden.queue and each.what == "queue")
    ]
    case = shown(after, settings, internal=internal)
    return Done(changes=told, case=case, evaluation=found, revision=after.revision).model_dump(mode="json")


# --- each of them -----------------------------------------------------------------------------------


def _take_or_close(
    connection: Connection, who: Acting, case: Case, given: Claim | Assign | Resolve | Reopen | Cancel
) -> None:
    """To another owner, or another status."""
    match given:
        case Claim():
            acting.claim(connection, who, case)
        case Assign():
            acting.assign(connection, who, case, somebody(connection, given.to, "to"))
        case Resolve():
            _require(case, is_open=True)
            acting.resolve(connection, who, case, given.text.strip())
        case Cancel():
            _require(case, is_open=True)
            acting.cancel(connection, who, case, given.text.strip())
        case Reopen():
            _require(case, is_open=False)
            acting.reopen(connection, who, case)


def _require(case: Case, *, is_open: bool) -> None:
    """Raises NotPossible."""
    if case.status.is_open is not is_open:
        raise NotPossible(words.status_already(case.number, case.status))


def _both(connection: Connection, number: CaseNumber, *, into: CaseNumber) -> Case:
    """The case, with the other one locked as well. Raises UnknownCase, and Refused where there is no other."""
    cases.get(connection, number)
    try:
        return acting.both(connection, number, into)[0]
    except UnknownCase as error:
        raise wrong("into", str(error)) from None


def _merge(connection: Connection, who: Acting, case: Case, given: Merge, hidden: HiddenFields) -> None:
    settings = who.in_force.settings
    for name in given.take:
        if settings.field(name) is None or name in hidden:
            raise wrong("take", words.no_field(name))
    acting.merge(connection, who, case, cases.get(connection, given.into), [FieldId(each) for each in given.take])


def _decide(connection: Connection, who: Acting, case: Case, given: Decide, hidden: HiddenFields) -> None:
    """Of what the caller may see."""
    seen = replace(case, suggestions=tuple(each for each in case.suggestions if each.field not in hidden))
    accept = given.action == "accept"
    if given.suggestion == "all":
        acting.decide_all(connection, who, seen, accept=accept)
    elif given.suggestion not in {each.id for each in seen.suggestions}:
        raise NotPossible(words.suggestion_gone())
    else:
        acting.decide(connection, who, seen, given.suggestion, accept=accept)


def _move(connection: Connection, who: Acting, case: Case, queue: str | None, hidden: HiddenFields) -> None:
    if hidden.queue:
        detail = f"To move a case, the key needs the scope {READ_INTERNAL_FIELDS.scope}."
        raise Refused(HTTPStatus.FORBIDDEN, detail)
    try:
        acting.move(connection, who, case, queue)
    except UnknownQueue as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors={"queue": str(error)}) from None


def _undo(connection: Connection, who: Acting, case: Case, entry_id: int, hidden: HiddenFields) -> None:
    entry = audit.get(connection, case.number, entry_id)
    if entry is not None and (entry.change.field in hidden or (hidden.queue and entry.change.what == "queue")):
        raise NotPossible(words.nothing_to_undo())
    acting.undo(connection, who, case, entry_id)
