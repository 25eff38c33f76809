import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.document import starter
from agent.embedded import EmbeddedPredictor
from agent.embedded.model.artefact import shipped
from agent.embedded.predictor import evaluate
from agent.embedded.turn import turn
from agent.evidence import refusal
from agent.predictor import Prediction, PredictionRequest, Sender
from agent.settings import FieldType, Settings
from tests.agent.embedded.talking import NOON, field, said, value

STARTER = starter()
OTHERS = (
    field("text", "Room"),
    field("integer", "Number of guests"),
    field("decimal", "Weight"),
    field("currency", "Refund amount", "The amount that the customer asks to get back."),
    field("datetime", "Appointment", "When they want to be visited."),
    field("yes_no", "Under warranty", "Whether it is, or a representative says so."),
    field("multi_choice", "Extras", options=[{"value": "Breakfast"}, {"value": "Late checkout"}]),
    field(
        "choice",
        "Written language",
        "What the customer writes in.",
        options=[{"value": "English"}, {"value": "French"}],
    ),
    field("identifier", "Careless code", pattern=r"(\w+\s?)*\d"),
)
EVERY = Settings(fields=(*STARTER.fields, *OTHERS), default_fields=("contact",), company="Acme", region="GB")

_WORDS = """
my Espresso 3000 leaks since yesterday *2000 the 200 yes no sorry not jo@x.example at dot example two oh zero dash r v
0161 496 0412 EH24-123456A EH24- 12 31.02.2026 03/04 €12.50 back call me warranty &nbsp; &#0; <b> </p> > ? ! : * {} []
日本語 مرحبا 👍
"""
WORDS = st.sampled_from([*_WORDS.split(), "\n", "\u200f", "\u200b", "\x00", "\ud800"])
TEXT = st.lists(WORDS, max_size=20).map(" ".join) | st.text(max_size=80)


def _repeated(text: str, times: int) -> str:
    return text * times


LONG = st.builds(_repeated, st.text(min_size=1, max_size=3), st.integers(1, 4000))
WHO = st.sampled_from(["", "", "R: ", "A: ", "C2: "])
LINES = st.lists(st.builds("{}{}".format, WHO, TEXT | LONG), max_size=5)


def asked(*lines: str, settings: Settings = EVERY) -> PredictionRequest:
    return PredictionRequest(
        settings=settings, fields=settings.fields, transcript=said(*lines), sender=Sender(), now=NOON
    )


def test_every_type_of_field_is_asked_for_below() -> None:
    assert {each.type for each in EVERY.fields} == set(FieldType)


@given(LINES)
def test_whatever_is_written_each_field_is_answered_once_and_every_quote_stands(lines: list[str]) -> None:
    request = asked(*lines)
    answers = evaluate(request)
    assert [each.field for each in answers] == [each.id for each in EVERY.fields]
    assert evaluate(request) == answers
    for each, wanted in zip(answers, EVERY.fields, strict=True):
        if isinstance(each, Prediction):
            assert refusal(each, request.transcript, wanted, request.sender) is None
            assert 0 < each.confidence < 1
        else:
            assert each.reason.endswith(".")


@pytest.mark.parametrize(
    "piece", ["a", "1 ", "boom 300 ", "3 may ", "$1 ", "<a ", "&", "no ", "a@", "( ", "ن", "my sister has "]
)
def test_a_long_message_costs_no_more_than_its_length(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    started = time.process_time()
    evaluate(asked(text))
    assert time.process_time() - started < 10


def test_a_message_is_read_once_however_often_its_conversation_is_evaluated() -> None:
    lines = [f"message number {number} of a long conversation about the Espresso 3000" for number in range(200)]
    evaluate(asked(*lines))
    before = turn.cache_info().misses
    evaluate(asked(*lines, "one more line that was not there before"))
    assert turn.cache_info().misses == before + 1


def test_what_was_read_under_other_settings_is_not_used() -> None:
    phone = field("phone", "Phone", "On which the customer asks to be called.")
    line = "please call me on 0161 496 0412"
    assert value(phone, line, region="GB") == "+441614960412"
    assert value(phone, line, region="US") is None


async def test_the_predictor_answers_as_its_pure_part_does() -> None:
    predictor = EmbeddedPredictor()
    request = asked("Bonjour, ma machine Espresso 3000 est en panne depuis hier", settings=EVERY)
    assert await predictor.predict(request) == evaluate(request, shipped())
    assert (predictor.name, predictor.version) == ("embedded", "2")


def test_a_deleted_message_is_not_read() -> None:
    request = asked("the pump is broken")
    gone = replace(request, transcript=(replace(request.transcript[0], deleted=True),))
    assert not any(isinstance(each, Prediction) for each in evaluate(gone))


def test_the_starter_settings_work_as_the_manual_shows() -> None:
    request = asked(
        "Hi there",
        "My Espresso 3000 leaks all over the counter, serial EH24-123456A",
        "A: What is your e-mail address?",
        "jo@example.org. it is urgent",
        settings=STARTER,
    )
    written = {each.field: each.value for each in evaluate(request) if isinstance(each, Prediction)}
    assert written == {
        "issue_description": "My Espresso 3000 leaks all over the counter, serial EH24-123456A",
        "contact": "jo@example.org",
        "case_category": "Product defect",
        "product": "Espresso 3000",
        "priority": "Urgent",
        "serial_number": "EH24-123456A",
    }
