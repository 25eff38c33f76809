"""One look at a conversation: read it, predict and decide outside any transaction, write the outcome inside one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from agent import language
from agent.consultation import Consultation
from agent.decide import decide
from agent.decision import Decision, Outcome, Snapshot, Trigger, Write
from agent.examples import usable
from agent.llm.reader import Llm, Reader
from agent.predictor import Predictor, Sender
from agent.queues import queue_for
from agent.rules import facts_of
from agent.settings import Settings
from bot import words
from bot.announce import announce
from bot.learnt import Learnt
from bot.metrics import Metrics
from bot.modelled import Modelled, modelled
from bot.purse import ConversationPurse
from bot.settings import CurrentSettings
from store import audit, cases, conversations, evaluations, outbox
from store.audit import Origin
from store.cases import FieldWrite, Placing
from store.engine import Connection, Database
from store.evaluations import Evaluation
from store.model import (
    Actor,
    ActorKind,
    Case,
    CaseNumber,
    Category,
    Change,
    ContactId,
    Conversation,
    ConversationId,
    FieldValue,
    Json,
    MessageId,
    utcnow,
)

log = structlog.get_logger()

AGENT = Actor(kind=ActorKind.AGENT, id="agent", name="Casewright")


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is to be evaluated, and for whom."""

    conversation_id: ConversationId
    trigger: Trigger
    manual: bool = False  # open a case by a representative's hand
    case_number: CaseNumber | None = None  # None: the conversation's live case


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A decision and all that its record says. Applied at most once, in the event's final transaction."""

    snapshot: Snapshot
    contact_id: ContactId | None  # the customer's
    decision: Decision
    predictor: str
    model: Modelled
    milliseconds: float
    by_hand: tuple[FieldWrite, ...] = ()  # what a person sets besides, as soon as the case is open


class Evaluator:
    """`predictor` always answers; `llm` is asked as well where the settings say so."""

    def __init__(
        self,
        database: Database,
        settings: CurrentSettings,
        predictor: Predictor,
        metrics: Metrics,
        llm: Llm | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._predictor = predictor
        self._metrics = metrics
        self._llm = llm
        self._learnt = Learnt()

    async def find(self, question: Question) -> Finding:
        snapshot, contact_id, reading = await self._database.read(partial(self._read, question=question))
        if snapshot.conversation.language is None and _language_matters(snapshot):
            snapshot = await asyncio.to_thread(_with_language, snapshot)
        consultation = Consultation(self._predictor, self._llm, self._reader(snapshot, reading))
        started = time.perf_counter()
        decision = await decide(snapshot, consultation)
        milliseconds = (time.perf_counter() - started) * 1000
        self._metrics.evaluations.labels(decision.outcome).inc()
        if consultation.unanswered is not None:
            log.warning("llm_unanswered", provider=consultation.provider, why=str(consultation.unanswered))
        model = modelled(consultation, snapshot.settings.prediction.prices)
        self._metrics.observe_model(model)
        return Finding(
            snapshot=snapshot,
            contact_id=contact_id,
            decision=decision,
            predictor=consultation.said_by,
            model=model,
            milliseconds=milliseconds,
        )

    def _reader(self, snapshot: Snapshot, reading: Json | None) -> Reader | None:
        if self._llm is None:
            return None
        return Reader(
            self._llm, ConversationPurse(self._database, snapshot.conversation.id, snapshot.settings), reading
        )

    def _read(self, connection: Connection, question: Question) -> tuple[Snapshot, ContactId | None, Json | None]:
        conversation = conversations.get(connection, question.conversation_id)
        number = question.case_number or conversation.case_number
        case = None if number is None or question.manual else cases.get(connection, number)
        in_force = self._settings(connection)
        customer = conversations.customer(connection, conversation.id)
        contact_id = customer.contact_id if customer else None
        cited = _cited(case) | evaluations.last_cited(connection, conversation.id)
        snapshot = Snapshot(
            settings=in_force.settings,
            settings_version=in_force.version,
            conversation=conversation,
            transcript=conversations.window(connection, conversation.id, cited),
            sender=Sender(name=customer.name, verified_email=customer.email) if customer else Sender(),
            case=case,
            trigger=question.trigger,
            now=utcnow(),
            manual=question.manual,
            rejected=cases.rejected(connection, case.number) if case else frozenset(),
            human_cleared=cases.cleared_by_people(connection, case.number) if case else frozenset(),
            examples=usable(
                self._learnt(connection, in_force), in_force.settings, contact_id, case.number if case else None
            ),
        )
        reading = evaluations.last_reading(connection, conversation.id)
        return snapshot, contact_id, reading


def _language_matters(snapshot: Snapshot) -> bool:
    """To a rule, or to the mails we write."""
    return snapshot.conversation.category is Category.EMAIL or language.wanted(snapshot.settings)


def _with_language(snapshot: Snapshot) -> Snapshot:
    spoken = language.spoken(snapshot.transcript)
    return replace(snapshot, conversation=replace(snapshot.conversation, language=spoken))


def apply(
    connection: Connection, finding: Finding, *, key: str, representatives: Sequence[str] = ()
) -> CaseNumber | None:
    """Writes what was decided, queues what people are to hear, keeps the evaluation; returns the case's number.

    `key` is unique to the event; `representatives`, as native user ids, are those who hear of a proposed case. Raises
    Stale when the case changed since the snapshot was read.
    """
    case = finding.snapshot.case
    if case is not None:
        cases.get_unchanged(connection, case)
    conversations.set_language(connection, finding.snapshot.conversation.id, finding.snapshot.conversation.language)
    number = _write(connection, finding, key=key)
    if number is None and finding.decision.outcome is Outcome.PROPOSED:
        _propose(connection, finding, key=key, representatives=representatives)
    evaluations.keep(connection, _evaluation(finding, number))
    if finding.decision.ask:
        _ask(connection, finding, key=key)
    return number


def _write(connection: Connection, finding: Finding, *, key: str) -> CaseNumber | None:
    case, decision = finding.snapshot.case, finding.decision
    if decision.outcome is Outcome.CREATED:
        return _open(connection, finding, key=key)
    if case is None:
        return None
    changed = decision.outcome in {Outcome.UPDATED, Outcome.PROPOSED}
    if changed:
        _change(connection, finding, case)
    opened = finding.snapshot.trigger is Trigger.OPENED
    if opened and case.queue is None:
        _place(connection, finding, case)
    if changed or opened:
        after = cases.get(connection, case.number)
        announce(connection, finding.snapshot.settings, after, key=key, before=None if opened else case)
    return case.number


def _open(connection: Connection, finding: Finding, *, key: str) -> CaseNumber:
    conversation = finding.snapshot.conversation
    number = cases.create(
        connection,
        origin(finding),
        title=finding.decision.title or words.UNTITLED,
        conversation_id=conversation.id,
        contact_id=finding.contact_id,
        writes=_field_writes(finding.decision.writes),
        placing=placing(finding.snapshot.settings, conversation, [*finding.decision.writes, *finding.by_hand]),
    )
    announce(connection, finding.snapshot.settings, cases.get(connection, number), key=key, before=None)
    return number


def _place(connection: Connection, finding: Finding, case: Case) -> None:
    """A case that a record-creation rule opened has little to go by until this, its first fill."""
    snapshot, values = finding.snapshot, cases.get(connection, case.number).values
    if place := placing(snapshot.settings, snapshot.conversation, list(values.values())):
        cases.set_queue(connection, origin(finding), case, place.queue, why=place.why)


def placing(
    settings: Settings, conversation: Conversation | None, values: Sequence[Write | FieldWrite | FieldValue]
) -> Placing | None:
    """Where a new case goes."""
    held = {each.field: each.value for each in values if each.value is not None}
    queue = queue_for(settings, facts_of(conversation, held))
    return None if queue is None else Placing(queue=queue.id, why=words.queue_fits(queue))


def _change(connection: Connection, finding: Finding, case: Case) -> None:
    if finding.decision.writes:
        cases.write(connection, origin(finding), case, _field_writes(finding.decision.writes))
    if finding.decision.suggestions:
        cases.suggest(connection, origin(finding), case, _field_writes(finding.decision.suggestions))


def _propose(connection: Connection, finding: Finding, *, key: str, representatives: Sequence[str]) -> None:
    """Tells each representative alone, and again only when something else is proposed than the last time."""
    conversation_id, decision = finding.snapshot.conversation.id, finding.decision
    proposed = {str(each.field): each.value for each in decision.writes}
    if evaluations.last_proposed(connection, conversation_id) == proposed:
        return
    entries = [
        Change(what="proposed", field=each.field, new=each.value, confidence=each.confidence, evidence=each.evidence)
        for each in decision.writes
    ]
    audit.record(connection, None, origin(finding), entries)
    text = words.case_proposed(decision, finding.snapshot.settings)
    for each in representatives:
        outbox.queue_text(connection, conversation_id, f"{key}:proposed:{each}", text, audience=each)


def _ask(connection: Connection, finding: Finding, *, key: str) -> None:
    conversation = finding.snapshot.conversation
    question = words.missing_question(finding.decision.missing, finding.snapshot.settings)
    if question is not None:
        outbox.queue_text(connection, conversation.id, f"{key}:ask", question)
        conversations.mark_asked(connection, conversation.id)


def origin(finding: Finding) -> Origin:
    return Origin(
        actor=AGENT,
        conversation_id=finding.snapshot.conversation.id,
        settings_version=finding.snapshot.settings_version,
        predictor=finding.predictor,
    )


def _field_writes(writes: Sequence[Write]) -> list[FieldWrite]:
    return [
        FieldWrite(
            field=each.field, value=each.value, confidence=each.confidence, evidence=each.evidence, rule=each.rule
        )
        for each in writes
    ]


def _evaluation(finding: Finding, number: CaseNumber | None) -> Evaluation:
    snapshot, decision = finding.snapshot, finding.decision
    return Evaluation(
        conversation_id=snapshot.conversation.id,
        case_number=number,
        trigger=snapshot.trigger,
        outcome=decision.outcome,
        why=decision.why,
        detail=_detail(decision, finding.model),
        predictor=finding.predictor,
        settings_version=snapshot.settings_version,
        milliseconds=finding.milliseconds,
    )


def _detail(decision: Decision, model: Modelled) -> dict[str, object]:
    resolved = [*decision.writes, *decision.suggestions]
    cited = {evidence.message_id for each in resolved for evidence in each.evidence}
    return {
        "passes": decision.passes,
        "fields": dict(decision.fields),
        "written": {each.field: {"value": each.value, "confidence": each.confidence} for each in decision.writes},
        "suggested": {each.field: each.value for each in decision.suggestions},
        "unchanged": list(decision.unchanged),
        "missing": list(decision.missing),
        "refused": {
            each.field: {"reason": each.reason, "value": each.value, "confidence": each.confidence}
            for each in decision.refusals
        },
        "cited": sorted(cited | model.cited),
        **model.detail,
    }


def _cited(case: Case | None) -> frozenset[MessageId]:
    if case is None:
        return frozenset()
    return frozenset(evidence.message_id for value in case.values.values() for evidence in value.evidence)
