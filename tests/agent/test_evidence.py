from dataclasses import replace
from typing import Any

import pytest

from agent.evidence import refusal, stands, vouched
from agent.predictor import Prediction, Sender
from agent.settings import CaseField, FieldType
from store.model import Evidence, FieldId, Message, MessageId, Participant, Role, Value
from tests.agent.examples import SETTINGS, VERIFIED, message, quote, said

TRANSCRIPT = said("it is the Aria 2000", "R: the Aria 3000, you mean?", "yes")
BOT = Participant(author_id="A", name="Casewright", role=Role.AGENT)


def refused(field: str, value: Value, *evidence: Evidence, sender: Sender = VERIFIED, **changes: Any) -> str | None:
    prediction = Prediction(field=FieldId(field), value=value, confidence=0.9, evidence=evidence)
    definition = SETTINGS.field(field)
    assert definition is not None
    return refusal(replace(prediction, **changes), TRANSCRIPT, definition, sender)


ARIA_2000 = quote(TRANSCRIPT[0], "Aria 2000")
ARIA_3000 = quote(TRANSCRIPT[1], "Aria 3000")
YES = quote(TRANSCRIPT[2], "yes")


def test_a_customers_literal_words_are_evidence() -> None:
    assert refused("product", "Aria 2000", ARIA_2000) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"quote": "Aria 3000"},
        {"quote": "aria 2000"},
        {"start": ARIA_2000.start + 1},
        {"end": 99},
        {"start": -9, "end": -1},
        {"message_id": MessageId(99)},
        {"message_id": MessageId(3)},
    ],
)
def test_words_that_do_not_stand_where_they_are_said_to_stand_are_refused(changes: dict[str, Any]) -> None:
    assert "do not stand" in (refused("product", "Aria 2000", replace(ARIA_2000, **changes)) or "")


@pytest.mark.parametrize(("words", "start", "end"), [("", 0, 0), (" ", 2, 3)])
def test_a_blank_quote_stands_nowhere(words: str, start: int, end: int) -> None:
    assert not stands(Evidence(message_id=MessageId(1), quote=words, start=start, end=end), TRANSCRIPT[0])


def test_words_of_a_deleted_message_do_not_stand() -> None:
    assert not stands(ARIA_2000, replace(TRANSCRIPT[0], deleted=True))


def test_one_false_quote_among_true_ones_is_enough_to_refuse() -> None:
    assert refused("product", "Aria 2000", ARIA_2000, replace(YES, quote="no!")) is not None


def test_a_representatives_words_count_once_the_customer_confirmed_them() -> None:
    assert refused("product", "Aria 3000", ARIA_3000, YES) is None
    assert refused("product", "Aria 3000", YES, ARIA_3000) is None


@pytest.mark.parametrize("evidence", [(ARIA_3000,), (ARIA_2000, ARIA_3000)])
def test_a_representatives_words_do_not_count_by_themselves(evidence: tuple[Evidence, ...]) -> None:
    assert "confirmed" in (refused("product", "Aria 3000", *evidence) or "")


def test_the_agents_own_words_never_count() -> None:
    transcript: tuple[Message, ...] = (message(1, "Aria 3000", BOT), message(2, "yes"))
    evidence = (quote(transcript[0], "Aria 3000"), quote(transcript[1], "yes"))
    prediction = Prediction(field=FieldId("product"), value="Aria 3000", confidence=1.0, evidence=evidence)
    definition = SETTINGS.field("product")
    assert definition is not None
    assert refusal(prediction, transcript, definition, VERIFIED) == "The agent's own words are no evidence."


def test_the_verified_sender_needs_no_words() -> None:
    assert refused("contact", "JO@example.org") is None


@pytest.mark.parametrize(
    ("field", "value", "sender"),
    [
        ("contact", "eve@example.org", VERIFIED),
        ("contact", "jo@example.org", Sender(name="jo@example.org")),
        ("product", "Aria 2000", VERIFIED),
    ],
)
def test_nothing_else_is_believed_without_words(field: str, value: Value, sender: Sender) -> None:
    assert refused(field, value, sender=sender) == "No words of the conversation are given for it."


def test_a_value_that_does_not_fit_its_field_is_refused_whatever_its_words() -> None:
    assert refused("product", "aria", ARIA_2000) == "Product: 'aria' is not a valid lookup value."


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_an_impossible_confidence_is_refused(confidence: float) -> None:
    assert refused("product", "Aria 2000", ARIA_2000, confidence=confidence) is not None


def test_an_address_field_that_is_no_identity_is_not_filled_from_the_sender() -> None:
    other = CaseField(id="reply_to", label="Reply to", type=FieldType.EMAIL)
    assert vouched(other, VERIFIED) is None
