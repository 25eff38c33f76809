"""A small support team's settings, conversations made of a few words, and predictors that say what they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agent.decision import Decision, Snapshot, Trigger
from agent.predictor import Abstention, Prediction, PredictionRequest, Sender
from agent.settings import CaseField, Condition, Creation, FieldType, Operator, Option, Settings, UpdateRule
from store.model import (
    Actor,
    ActorKind,
    Case,
    CaseNumber,
    CaseStatus,
    Category,
    Conversation,
    ConversationId,
    Evidence,
    FieldId,
    FieldValue,
    Message,
    MessageId,
    Participant,
    Role,
    Suggestion,
    Value,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AGENT = Actor(kind=ActorKind.AGENT, id="agent", name="Casewright")
ANNA = Actor(kind=ActorKind.PERSON, id="U1", name="Anna Berg")
INTAKE = Actor(kind=ActorKind.RULE, id="intake", name="Mailbox rule")
CUSTOMER = Participant(author_id="C1", name="Jo", role=Role.CUSTOMER)
REPRESENTATIVE = Participant(author_id="R1", name="Sam", role=Role.REPRESENTATIVE)
VERIFIED = Sender(name="Jo", verified_email="jo@example.org")


def options(*values: str) -> tuple[Option, ...]:
    return tuple(Option(value=value) for value in values)


SETTINGS = Settings(
    fields=(
        CaseField(id="issue_description", label="Issue description", type=FieldType.MULTILINE),
        CaseField(id="contact", label="Contact", type=FieldType.EMAIL, identity=True),
        CaseField(
            id="case_category",
            label="Case category",
            type=FieldType.CHOICE,
            options=options("Product defect", "Billing"),
        ),
        CaseField(id="product", label="Product", type=FieldType.LOOKUP, catalogue=options("Aria 2000", "Aria 3000")),
        CaseField(id="priority", label="Priority", type=FieldType.CHOICE, options=options("Low", "High")),
        CaseField(id="serial_number", label="Serial number", type=FieldType.IDENTIFIER, pattern="[A-Z]{2}[0-9]{4}"),
        CaseField(id="language", label="Language", type=FieldType.CHOICE, options=options("German", "French")),
    ),
    default_fields=("issue_description", "contact"),
    creation=Creation(optional=("case_category", "language")),
    update_rules=(
        UpdateRule(
            name="Product defect",
            when=Condition(field="case_category", operator=Operator.EQUALS, value="Product defect"),
            fields=("product", "priority", "serial_number"),
        ),
    ),
)


def with_settings(**changes: Any) -> Settings:
    """The settings above with some keys changed, validated anew."""
    return Settings.model_validate({**SETTINGS.model_dump(), **changes})


def names(*fields: str) -> tuple[FieldId, ...]:
    return tuple(FieldId(name) for name in fields)


def message(number: int, text: str, author: Participant = CUSTOMER, *, deleted: bool = False) -> Message:
    return Message(
        id=MessageId(number), external_id=f"m{number}", author=author, text=text, sent_at=NOON, deleted=deleted
    )


def said(*lines: str) -> tuple[Message, ...]:
    """A transcript; what a representative says begins with "R: ". Messages are numbered from 1."""
    return tuple(
        message(number, line.removeprefix("R: "), REPRESENTATIVE if line.startswith("R: ") else CUSTOMER)
        for number, line in enumerate(lines, start=1)
    )


CONVERSATION = Conversation(
    id=ConversationId(7),
    channel="webchat",
    category=Category.CHAT,
    account="demo",
    key="k7",
    reply_address={},
    people=False,
    language="en",
    ended=False,
    asked=False,
    case_number=None,
)

CASE = Case(
    number=CaseNumber(1042),
    title="It leaks",
    status=CaseStatus.NEW,
    owner=None,
    contact_id=None,
    values={},
    suggestions=(),
    conversations=(ConversationId(7),),
    resolution=None,
    created_at=NOON,
    updated_at=NOON,
    revision=1,
)


def stored(name: str, value: Value, writer: Actor = AGENT, *evidence: Evidence) -> FieldValue:
    return FieldValue(field=FieldId(name), value=value, writer=writer, written_at=NOON, evidence=evidence)


def case(*values: FieldValue, **changes: Any) -> Case:
    return replace(CASE, values={each.field: each for each in values}, **changes)


def snapshot(*lines: str, settings: Settings = SETTINGS, **changes: Any) -> Snapshot:
    start = Snapshot(
        settings=settings,
        settings_version=1,
        conversation=CONVERSATION,
        transcript=said(*lines),
        sender=Sender(),
        case=None,
        trigger=Trigger.MESSAGE,
        now=NOON,
    )
    return replace(start, **changes)


@dataclass
class Script:
    """A predictor that finds the words it was told to look for, wherever a customer says them."""

    reads: Mapping[str, tuple[str, Value]]  # field -> (words, value)
    confidence: Mapping[str, float] = field(default_factory=dict[str, float])
    requests: list[PredictionRequest] = field(default_factory=list[PredictionRequest])
    name: str = "script"
    version: str = "1"

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        self.requests.append(request)
        return [self._answer(FieldId(each.id), request.transcript) for each in request.fields]

    @property
    def asked(self) -> list[tuple[str, ...]]:
        """The fields of each request."""
        return [tuple(each.id for each in request.fields) for request in self.requests]

    def _answer(self, name: FieldId, transcript: Sequence[Message]) -> Prediction | Abstention:
        words, value = self.reads.get(name, ("", ""))
        for each in reversed(transcript):
            if words and each.author.role is Role.CUSTOMER and words in each.text:
                evidence = quote(each, words)
                confidence = self.confidence.get(name, 0.9)
                return Prediction(field=name, value=value, confidence=confidence, evidence=(evidence,))
        return Abstention(field=name, reason="Nothing is said about it.")


def quote(said_in: Message, words: str) -> Evidence:
    start = said_in.text.index(words)
    return Evidence(message_id=said_in.id, quote=words, start=start, end=start + len(words))


def applied(before: Snapshot, decision: Decision) -> Snapshot:
    """The snapshot as it reads after a decision on an update was carried out."""
    assert before.case is not None
    values = dict(before.case.values)
    for write in decision.writes:
        values.pop(write.field, None)
        if write.value is not None:
            values[write.field] = stored(write.field, write.value, AGENT, *write.evidence)
    waiting = tuple(
        Suggestion(id=position, field=each.field, value=each.value, confidence=each.confidence)
        for position, each in enumerate(decision.suggestions)
        if each.value is not None
    )
    after = replace(before.case, values=values, suggestions=before.case.suggestions + waiting)
    return replace(before, case=after)


def written(decision: Decision) -> dict[str, Value | None]:
    return {write.field: write.value for write in decision.writes}


LEAK = Script({"issue_description": ("it leaks", "it leaks"), "contact": ("jo@example.org", "jo@example.org")})
DEFECT = Script(
    {
        "issue_description": ("it leaks", "it leaks"),
        "contact": ("jo@example.org", "jo@example.org"),
        "case_category": ("it leaks", "Product defect"),
        "product": ("Aria 3000", "Aria 3000"),
        "priority": ("no rush", "Low"),
        "serial_number": ("AB1234", "AB1234"),
    }
)
ALL_SAID = ("it leaks", "my mail is jo@example.org", "the Aria 3000, AB1234", "no rush")


def automation(**levels: str) -> Settings:
    return with_settings(automation=levels)


DEFECT_CASE = case(
    stored("issue_description", "it leaks"),
    stored("contact", "jo@example.org"),
    stored("case_category", "Product defect"),
)
