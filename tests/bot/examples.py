"""A small support team's settings, and a case of theirs."""

from datetime import UTC, datetime

from agent.settings import CaseField, Creation, FieldType, Option, Settings
from store.model import (
    Actor,
    ActorKind,
    Case,
    CaseNumber,
    CaseStatus,
    ConversationId,
    Evidence,
    FieldId,
    FieldValue,
    MessageId,
    Suggestion,
    Value,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANNA = Actor(kind=ActorKind.PERSON, id="U1", name="Anna Berg")

SETTINGS = Settings(
    fields=(
        CaseField(id="issue_description", label="Issue description", type=FieldType.MULTILINE),
        CaseField(id="contact", label="Contact", type=FieldType.EMAIL, identity=True),
        CaseField(
            id="product",
            label="Product",
            type=FieldType.LOOKUP,
            catalogue=(Option(value="Aria 2000"), Option(value="Aria 3000")),
        ),
        CaseField(
            id="priority",
            label="Priority",
            type=FieldType.CHOICE,
            options=(Option(value="Low"), Option(value="High")),
            internal=True,
        ),
        CaseField(id="serial", label="Serial number", type=FieldType.IDENTIFIER, pattern=r"[A-Z0-9 -]+"),
        CaseField(id="number", label="Number", type=FieldType.INTEGER),
        CaseField(id="warranty", label="Under warranty", type=FieldType.YES_NO),
    ),
    default_fields=("issue_description", "contact"),
    creation=Creation(optional=("product", "priority")),
)


def evidence(quote: str) -> tuple[Evidence, ...]:
    return (Evidence(message_id=MessageId(7), quote=quote, start=0, end=len(quote)),)


def a_case(
    values: dict[str, Value] | None = None,
    *,
    status: CaseStatus = CaseStatus.NEW,
    owner: Actor | None = None,
    title: str = "Headphones crackle",
    suggestions: tuple[Suggestion, ...] = (),
) -> Case:
    held = {
        FieldId(field): FieldValue(field=FieldId(field), value=value, writer=ANNA, written_at=NOON)
        for field, value in (values or {}).items()
    }
    return Case(
        number=CaseNumber(1042),
        title=title,
        status=status,
        owner=owner,
        contact_id=None,
        values=held,
        suggestions=suggestions,
        conversations=(ConversationId(1),),
        resolution=None,
        created_at=NOON,
        updated_at=NOON,
        revision=1,
    )
