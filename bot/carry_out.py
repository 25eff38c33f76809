"""Carries out what a representative typed or pressed.

Reads and predicts what it needs first; then one transaction does all or nothing of it, and answers the representative
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from pydantic import ValidationError

from agent import fields
from agent.decision import Outcome, Trigger
from agent.settings import Feature
from bot import acting, card, evaluation, forms, words
from bot.acting import Acting, NotPossible
from bot.announce import changes
from bot.assignments import Assignment
from bot.commands import (
    LARGEST_NUMBER,
    CancelCase,
    CaseFilter,
    CaseScope,
    ClaimCase,
    Command,
    CommandError,
    CreateCase,
    Help,
    ListCases,
    MergeCase,
    Note,
    OfACase,
    ReopenCase,
    ResolveCase,
    ShowCase,
    UpdateCase,
    help_text,
)
from bot.evaluation import Evaluator, Finding, Question
from bot.forms import SUBMISSION, Answers, EditedCase, NewCase
from bot.opening import beside, open_filled_in
from bot.settings import InForce
from bot.tracker import Reading, Step
from store import audit, cases, conversations, outbox, work
from store.audit import Origin
from store.cases import FieldWrite, UnknownCase
from store.engine import Connection, Transaction
from store.model import Actor, ActorKind, Case, CaseNumber, CaseStatus, Change, ConversationId, FieldId, Inbound, utcnow
from store.work import Claim

LISTED = 20
FAILURES = 3  # marks that a case shows


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A command, who gave it and where."""

    event_id: int
    conversation_id: ConversationId
    inbound: Inbound
    in_force: InForce

    @property
    def actor(self) -> Actor:
        author = self.inbound.author
        return Actor(kind=ActorKind.PERSON, id=author.id, name=author.name or author.id)

    @property
    def origin(self) -> Origin:
        return self.acting.origin

    @property
    def acting(self) -> Acting:
        return Acting(
            key=str(self.event_id),
            actor=self.actor,
            in_force=self.in_force,
            conversation_id=self.conversation_id,
        )


Act = Callable[[Connection], str]
"""Does it all in the final transaction, and returns the answer."""


class CommandRunner:
    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    async def prepare(self, claim: Claim, reading: Reading, in_force: InForce) -> Transaction:
        """Everything slow now; what comes back is the event's final transaction."""
        request = Request(
            event_id=claim.event.id,
            conversation_id=claim.lease.conversation_id,
            inbound=claim.event.inbound,
            in_force=in_force,
        )
        try:
            act = await self._act(request, reading)
        except NotPossible as error:
            act = partial(_say, text=words.not_done(error.args))
        return partial(_carry_out, request=request, act=act)

    async def _act(self, request: Request, reading: Reading) -> Act:
        if reading.step is Step.ACTION:
            return await self._done(request)
        if isinstance(reading.command, CommandError):
            raise NotPossible(*reading.command.problems)
        if isinstance(reading.command, Help):
            return partial(_say, text=help_text(reading.command.topic))
        _require_profile(request)
        if isinstance(reading.command, UpdateCase) and not reading.command.assignments:
            return await self._update_from_conversation(request, reading.command)
        if isinstance(reading.command, CreateCase):
            return await self._create(request, reading.command)
        if reading.command is None:
            raise NotPossible(words.unknown_command("", None))
        return _typed(request, reading.command)

    async def _done(self, request: Request) -> Act:
        """What somebody did without typing: sent a form, pressed a button, reacted to a message."""
        _require_profile(request)
        match request.inbound.action.get("verb"):
            case "create_case" | "update_case":
                return await self._submitted(request)
            case "open_case":
                return partial(_unless_open, request=request, act=await self._create(request, CreateCase()))
            case _:
                return _pressed(request)

    async def _update_from_conversation(self, request: Request, command: UpdateCase) -> Act:
        return partial(_apply_update, request=request, finding=await self._look(request, command.number))

    async def _look(self, request: Request, number: CaseNumber | None) -> Finding:
        """What the agent reads in this conversation for a case of it."""
        question = Question(conversation_id=request.conversation_id, trigger=Trigger.COMMAND, case_number=number)
        try:
            finding = await self._evaluator.find(question)
        except UnknownCase as error:
            raise NotPossible(words.unknown_case(error.number)) from error
        case = finding.snapshot.case
        if case is None:
            raise NotPossible(words.no_case_here())
        acting.require_unmerged(case)
        if request.conversation_id not in case.conversations:
            # Else what one customer wrote would be told to another.
            raise NotPossible(words.another_conversations_case(case.number))
        return finding

    async def _submitted(self, request: Request) -> Act:
        """A form that came back."""
        try:
            submission = SUBMISSION.validate_python(request.inbound.action)
        except ValidationError as error:
            raise NotPossible(words.unknown_button()) from error
        answers = forms.read(submission.values, request.in_force.settings, utcnow())
        if answers.problems:
            raise NotPossible(*answers.problems.values())
        if isinstance(submission, NewCase):
            return await self._fill_in_new(request, answers)
        return await self._fill_in(request, submission, answers)

    async def _fill_in_new(self, request: Request, answers: Answers) -> Act:
        if not answers.say_something:
            raise NotPossible(words.nothing_filled_in())
        question = Question(conversation_id=request.conversation_id, trigger=Trigger.FORM, manual=True)
        finding = await self._evaluator.find(question)
        writes = forms.edits(answers, finding)
        return partial(_apply_new, request=request, finding=finding, writes=writes)

    async def _fill_in(self, request: Request, submission: EditedCase, answers: Answers) -> Act:
        finding = await self._look(request, CaseNumber(submission.case))
        return partial(_apply_edits, request=request, submission=submission, writes=forms.edits(answers, finding))

    async def _create(self, request: Request, command: CreateCase) -> Act:
        writes = _values(request, command.assignments)
        question = Question(conversation_id=request.conversation_id, trigger=Trigger.COMMAND, manual=True)
        finding = await self._evaluator.find(question)
        return partial(_apply_creation, request=request, finding=beside(finding, writes), writes=writes)


def _carry_out(connection: Connection, *, request: Request, act: Act) -> None:
    try:
        with connection.begin_nested():  # an answer that says «nothing was changed» is true
            answer = act(connection)
    except NotPossible as error:
        answer = words.not_done(error.args)
    except UnknownCase as error:
        answer = words.not_done([words.unknown_case(error.number)])
    author = request.inbound.author.id
    outbox.queue_text(connection, request.conversation_id, f"{request.event_id}:answer", answer, audience=author)


def _typed(request: Request, command: Command) -> Act:
    match command:
        case UpdateCase():
            return partial(_set_fields, request=request, command=command, writes=_values(request, command.assignments))
        case ListCases():
            return partial(_list, wanted=_filter(request, command.filter))
        case MergeCase():
            return partial(_merge, request=request, command=command)
        case ShowCase() | ClaimCase() | ResolveCase() | ReopenCase() | CancelCase() | Note():
            return partial(_for_case, request=request, command=command)
        case CreateCase() | Help():
            raise AssertionError("handled before")
        case _:
            assert_never(command)


def _for_case(connection: Connection, *, request: Request, command: OfACase) -> str:
    case = _case(connection, request, command.number)
    match command:
        case ShowCase():
            return _show(connection, request, case)
        case ClaimCase():
            return acting.claim(connection, request.acting, case)
        case ResolveCase():
            return acting.resolve(connection, request.acting, case, command.text)
        case ReopenCase():
            return acting.reopen(connection, request.acting, case)
        case CancelCase():
            return acting.cancel(connection, request.acting, case, command.reason)
        case Note():
            return acting.note(connection, request.acting, case, command.text)


def _merge(connection: Connection, *, request: Request, command: MergeCase) -> str:
    number = _number(connection, request, command.number)
    return acting.merge(connection, request.acting, *acting.both(connection, number, command.into), ())


def _say(_connection: Connection, *, text: str) -> str:
    return text


def _require_profile(request: Request) -> None:
    if not request.in_force.settings.allows(request.inbound.author, Feature.CASES):
        raise NotPossible(words.not_in_profile())


def _values(request: Request, assignments: tuple[Assignment, ...]) -> list[FieldWrite]:
    """The typed values in canonical form. Raises NotPossible with everything that is wrong with them."""
    settings, problems, writes = request.in_force.settings, list[str](), list[FieldWrite]()
    for each in assignments:
        try:
            value = fields.parse(each.field, each.text, settings, utcnow()) if each.text.strip() else None
            writes.append(FieldWrite(field=FieldId(each.field.id), value=value))
        except fields.BadValue as error:
            problems.append(str(error))
    if problems:
        raise NotPossible(*problems)
    return writes


def _case(connection: Connection, request: Request, number: CaseNumber | None) -> Case:
    """The case that is meant, locked. Raises NotPossible and UnknownCase."""
    return cases.get(connection, _number(connection, request, number), lock=True)


def _number(connection: Connection, request: Request, number: CaseNumber | None) -> CaseNumber:
    """Raises NotPossible."""
    number = number or conversations.get(connection, request.conversation_id).case_number
    if number is None:
        raise NotPossible(words.no_case_here())
    return number


# --- from the conversation --------------------------------------------------------------------------


def _apply_update(connection: Connection, *, request: Request, finding: Finding) -> str:
    number = evaluation.apply(connection, finding, key=str(request.event_id))
    if number == finding.snapshot.conversation.case_number:  # of the live case, it has just been done
        work.cancel_timer(connection, request.conversation_id, Trigger.MESSAGE)
    return words.update_answer(number or 0, finding.decision, request.in_force.settings)


def _unless_open(connection: Connection, *, request: Request, act: Act) -> str:
    number = conversations.get(connection, request.conversation_id).case_number
    if number is not None and cases.get(connection, number).status.is_open:
        return words.open_here(number)
    return act(connection)


def _apply_creation(connection: Connection, *, request: Request, finding: Finding, writes: list[FieldWrite]) -> str:
    number = evaluation.apply(connection, finding, key=str(request.event_id))
    if number is None or finding.decision.outcome is not Outcome.CREATED:
        raise NotPossible(finding.decision.why)
    settings = request.in_force.settings
    answer = words.update_answer(number, finding.decision, settings)
    if not writes:
        return answer
    before = cases.get(connection, number, lock=True)
    cases.write(connection, request.origin, before, writes)
    set_by_hand = changes(settings, before, cases.get(connection, number))
    return f"{answer}\n{words.fields_set(number, set_by_hand, settings)}"


# --- forms ------------------------------------------------------------------------------------------


def _apply_new(connection: Connection, *, request: Request, finding: Finding, writes: list[FieldWrite]) -> str:
    opened = open_filled_in(connection, finding, writes, origin=request.origin, key=str(request.event_id))
    if opened is None:
        raise NotPossible(finding.decision.why)
    return words.opened(opened.number, _set(opened, writes), request.in_force.settings)


def _apply_edits(connection: Connection, *, request: Request, submission: EditedCase, writes: list[FieldWrite]) -> str:
    before = cases.get(connection, submission.case, lock=True)
    if problem := forms.outdated(before, submission.revision):
        raise NotPossible(problem)
    if writes:
        cases.write(connection, request.origin, before, writes)
        acting.tell(connection, request.acting, before)
    return words.fields_set(before.number, _set(before, writes), request.in_force.settings)


def _set(before: Case, writes: list[FieldWrite]) -> list[Change]:
    """Each write as a difference; to a person, capitals and line breaks are one."""
    held = {name: each.value for name, each in before.values.items()}
    return [Change(what="field", field=each.field, old=held.get(each.field), new=each.value) for each in writes]


# --- by hand ----------------------------------------------------------------------------------------


def _set_fields(connection: Connection, *, request: Request, command: UpdateCase, writes: list[FieldWrite]) -> str:
    before, settings = _case(connection, request, command.number), request.in_force.settings
    acting.require_unmerged(before)
    same = [each for each in writes if _says_the_same(before, each)]
    cleared = cases.cleared_by_people(connection, before.number)
    already = [each for each in same if _is_a_persons(before, each, cleared)]
    written = [each for each in writes if each not in already]
    if not written:
        return words.fields_set(before.number, (), settings, already=already)
    cases.write(connection, request.origin, before, written)
    after = acting.tell(connection, request.acting, before)
    confirmed = [each for each in same if each not in already]
    return words.fields_set(
        before.number, changes(settings, before, after), settings, already=already, confirmed=confirmed
    )


def _says_the_same(case: Case, write: FieldWrite) -> bool:
    held = case.values.get(write.field)
    return (held.value if held else None) == write.value


def _is_a_persons(case: Case, write: FieldWrite, cleared: frozenset[FieldId]) -> bool:
    """Whether what stands there is kept from the agent already: by a person's value, or by one who emptied it."""
    held = case.values.get(write.field)
    return held.writer.kind is ActorKind.PERSON if held else write.field in cleared


def _show(connection: Connection, request: Request, case: Case) -> str:
    owner = case.owner.name if case.owner else None
    shown = card.build(case, request.in_force.settings, owner_name=owner, changed=None)
    failed = [each.change.reason or "" for each in audit.failures_of(connection, case.number, limit=FAILURES)]
    return "\n".join([words.card_text(shown, internal=True), *map(words.failed, failed)])


def _list(connection: Connection, *, wanted: cases.CaseFilter) -> str:
    found = cases.listed(connection, wanted)
    return words.case_list(found[:LISTED], more=len(found) > LISTED)


def _filter(request: Request, wanted: CaseFilter) -> cases.CaseFilter:
    open_ones = tuple(status for status in CaseStatus if status.is_open)
    statuses = {CaseScope.OPEN: open_ones, CaseScope.RESOLVED: (CaseStatus.RESOLVED,), CaseScope.ALL: ()}
    return cases.CaseFilter(
        statuses=statuses[wanted.scope],
        owner_id=request.actor.id if wanted.mine else None,
        unclaimed=wanted.unclaimed,
        fields=tuple((each.field, each.value) for each in _values(request, wanted.fields)),
        words=wanted.words,
        limit=LISTED + 1,
    )


# --- buttons ----------------------------------------------------------------------------------------


def _pressed(request: Request) -> Act:
    match request.inbound.action:
        case {
            "verb": "accept_suggestion" | "reject_suggestion" as verb,
            "case": int(number),
            "suggestion": int(chosen),
        }:
            if isinstance(number, bool) or not 0 < number <= LARGEST_NUMBER or not 0 < chosen <= LARGEST_NUMBER:
                raise NotPossible(words.unknown_button())
            accept = verb == "accept_suggestion"
            return partial(_decide, request=request, number=CaseNumber(number), chosen=chosen, accept=accept)
        case _:
            raise NotPossible(words.unknown_button())


def _decide(connection: Connection, *, request: Request, number: CaseNumber, chosen: int, accept: bool) -> str:
    before = cases.get(connection, number, lock=True)
    return acting.decide(connection, request.acting, before, chosen, accept=accept)
