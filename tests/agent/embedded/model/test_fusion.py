"""One answer from rules and network."""

import pytest

from agent.embedded.fusion import foreign, fused
from agent.embedded.model.calibration import Calibration
from agent.embedded.model.proposals import Proposal
from agent.embedded.talk import Talk
from agent.predictor import Abstention, Prediction
from store.model import Evidence, FieldId, MessageId, Value
from tests.agent.embedded.talking import field, request

CITY = field("text", "City")
WORDS = (Evidence(message_id=MessageId(0), quote="Rome", start=0, end=4),)
WORTH = Calibration(agreed=[(0.5, 0.95)], proposed=[(0.0, 0.0), (1.0, 1.0)], ruled=[(0.0, 0.0), (1.0, 0.8)])
NOTHING = Abstention(field=FieldId("city"), reason="Nothing says it.")


def ruled(value: Value, confidence: float) -> Prediction:
    return Prediction(field=FieldId("city"), value=value, confidence=confidence, evidence=WORDS)


def proposal(value: Value, score: float) -> Proposal:
    return Proposal(value, score, WORDS)


@pytest.mark.parametrize(
    ("by_rules", "by_network", "value", "confidence"),
    [
        (ruled("Rome", 0.7), proposal("rome", 0.6), "Rome", 0.95),
        (ruled("Rome", 0.7), proposal("Oslo", 0.9), "Oslo", 0.9),
        (ruled("Rome", 0.7), proposal("Oslo", 0.3), "Rome", 0.56),
        (ruled("Rome", 0.5), None, "Rome", 0.4),
        (NOTHING, proposal("Oslo", 0.3), "Oslo", 0.3),
        (ruled("Rome", 0.5), proposal("x" * 5000, 0.9), "Rome", 0.4),
    ],
)
def test_the_likelier_value_is_given_with_what_its_kind_has_been_worth(
    by_rules: Prediction | Abstention, by_network: Proposal | None, value: str, confidence: float
) -> None:
    answer = fused(CITY, by_rules, by_network, WORTH)
    assert isinstance(answer, Prediction)
    assert (answer.value, answer.confidence) == (value, pytest.approx(confidence))


def test_rules_that_a_description_steers_keep_their_own_confidence() -> None:
    steered = field("text", "City", "Where to. Not for: where they live.")
    assert fused(steered, ruled("Rome", 0.7), None, WORTH) == ruled("Rome", 0.7)
    assert fused(steered, ruled("Rome", 0.7), proposal("Oslo", 0.6), WORTH) == ruled("Rome", 0.7)


def test_where_neither_finds_anything_the_rules_say_why() -> None:
    assert fused(CITY, NOTHING, None, WORTH) is NOTHING


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hallo, ich möchte bitte nach München fahren, am liebsten morgen früh um neun Uhr", "German"),
        ("Bonjour, je voudrais réserver une table pour deux personnes demain soir", "French"),
        ("Hello, I would like to book a table for two people tomorrow evening, please", None),
        ("nach Rom", None),
    ],
)
def test_the_language_is_told_once_enough_is_written(text: str, language: str | None) -> None:
    assert foreign(Talk(request(CITY, text))) == language
