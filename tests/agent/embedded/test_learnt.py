"""What people decided on like words makes the next answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.embedded.model.artefact import Artefact, shipped
from agent.embedded.predictor import evaluate
from agent.embedded.taught import gist
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField
from store.examples import BETWEEN, Example
from store.model import CaseNumber, FieldId, Value
from tests.agent.embedded.talking import NOON, field, request

TOPIC = field(
    "choice",
    "Topic",
    "What it is about. Leave empty when nothing is reported.",
    options=[{"value": value} for value in ("Loyalty points", "Gift cards", "Opening hours")],
)
DEPOT = field("text", "Depot", "Where the lorry stands.")
MODEL = field("lookup", "Model", catalogue=[{"value": "Aria 2000"}, {"value": "Aria 3000"}, {"value": "Breva Mini"}])
STAMPS = ("My stamps from the summer are gone from the app", "The stamps I collected have vanished from my account")
VOUCHER = ("The voucher my aunt bought is refused at the till", "The till does not take the voucher that I was given")


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    found = shipped()
    assert found is not None
    return found


def decided(about: CaseField, *lessons: tuple[str, Value | None], wrong: Value | None = None) -> tuple[Example, ...]:
    return tuple(
        Example(
            id=number,
            case_number=CaseNumber(number),
            contact_id=None,
            field=FieldId(about.id),
            words=words,
            value=value,
            wrong=wrong,
            settings_version=1,
            learnt_at=NOON,
        )
        for number, (words, value) in enumerate(lessons, start=1)
    )


TAUGHT = decided(
    TOPIC,
    *((words, "Loyalty points") for words in STAMPS),
    *((words, "Gift cards") for words in VOUCHER),
)


def answer(
    about: CaseField, *lines: str, knowing: tuple[Example, ...] = (), artefact: Artefact | None = None
) -> Prediction | Abstention:
    return evaluate(replace(request(about, *lines), examples=knowing), artefact)[0]


@pytest.mark.parametrize(
    ("line", "topic"),
    [
        ("Half of my stamps have vanished from the app", "Loyalty points"),
        ("A voucher that I bought is refused at your till", "Gift cards"),
    ],
)
def test_like_words_get_the_value_that_people_gave_before(artefact: Artefact, line: str, topic: str) -> None:
    assert isinstance(answer(TOPIC, line, artefact=artefact), Abstention)
    found = answer(TOPIC, "Good morning!", line, "Thanks!", knowing=TAUGHT, artefact=artefact)
    assert isinstance(found, Prediction)
    assert found.value == topic
    assert found.confidence >= TOPIC.threshold
    (evidence,) = found.evidence
    assert evidence.quote == line


@pytest.mark.parametrize("line", ["Hello there", "My kettle leaks on the table", "Is the shop in Graz open on Sunday?"])
def test_other_words_get_nothing_from_it(artefact: Artefact, line: str) -> None:
    found = answer(TOPIC, line, knowing=TAUGHT, artefact=artefact)
    assert isinstance(found, Abstention) or found.confidence < TOPIC.threshold


def test_what_the_customer_names_outright_outweighs_what_was_learnt(artefact: Artefact) -> None:
    line = "My stamps from the summer are gone from the app: it is about gift cards"
    found = answer(TOPIC, line, artefact=artefact)
    assert isinstance(found, Prediction)
    assert found.value == "Gift cards"
    assert answer(TOPIC, line, knowing=TAUGHT[:2], artefact=artefact) == found


def test_a_value_that_people_turned_down_for_such_words_is_not_given_again(artefact: Artefact) -> None:
    line = "It is the Aria 3000 on the poster in your window that I talk about"
    before = answer(MODEL, line, artefact=artefact)
    assert isinstance(before, Prediction)
    refused = decided(MODEL, ("It's the Aria 3000 on the poster in your window I talk about", None), wrong="Aria 3000")
    after = answer(MODEL, line, knowing=refused, artefact=artefact)
    assert isinstance(after, Abstention)
    assert "turned this value down" in after.reason


def test_a_catalogues_entry_is_learnt_by_what_customers_call_it(artefact: Artefact) -> None:
    knowing = decided(
        MODEL,
        ("the little red one keeps beeping", "Breva Mini"),
        ("my little red one will not stop beeping", "Breva Mini"),
    )
    found = answer(MODEL, "the little red one will not stop beeping at night", knowing=knowing, artefact=artefact)
    assert isinstance(found, Prediction)
    assert found.value == "Breva Mini"


@pytest.mark.parametrize("denial", [", and no, it is not the Breva Mini", ". It is not a Breva Mini."])
def test_what_the_customer_says_it_is_not_is_not_proposed(artefact: Artefact, denial: str) -> None:
    line = "the little red one keeps beeping"
    knowing = decided(MODEL, (line, "Breva Mini"), (f"my {line}", "Breva Mini"))
    assert isinstance(answer(MODEL, line, knowing=knowing, artefact=artefact), Prediction)
    assert isinstance(answer(MODEL, line + denial, knowing=knowing, artefact=artefact), Abstention)


def test_what_does_not_work_is_not_denied_by_that(artefact: Artefact) -> None:
    topic = field("choice", "Topic", options=[{"value": "Activate my card"}, {"value": "Gift cards"}])
    lines = "I can't activate my card here", "In this app I can't activate my card"
    knowing = decided(topic, *((line, "Activate my card") for line in lines))
    found = answer(topic, "I can't activate my card at home", knowing=knowing, artefact=artefact)
    assert isinstance(found, Prediction)
    assert found.confidence > 0.9


def test_a_field_that_was_emptied_and_nothing_more_teaches_nothing(artefact: Artefact) -> None:
    line = "It is the Aria 3000 on the poster"
    emptied = decided(MODEL, (line, None))
    assert answer(MODEL, line, knowing=emptied, artefact=artefact) == answer(MODEL, line, artefact=artefact)


PARKED = decided(
    DEPOT,
    ("The lorry is parked at Rosenheim since noon.", "Rosenheim"),
    ("Mine is parked at Bad Ischl, please hurry", "Bad Ischl"),
    ("it stays parked at Ulm", "Ulm"),
)


def test_a_text_is_found_by_the_words_that_came_before_others_even_without_the_network() -> None:
    line = "My truck has been parked at Sankt Anton, and the tyre is flat"
    assert isinstance(answer(DEPOT, line), Abstention)
    found = answer(DEPOT, line, knowing=PARKED)
    assert isinstance(found, Prediction)
    assert found.value == "Sankt Anton"
    assert [each.quote for each in found.evidence] == ["Sankt Anton"]


@pytest.mark.parametrize(
    ("line", "knowing"),
    [
        ("My truck is parked at Sankt Anton", PARKED[:1]),  # one decision is no custom
        ("My truck is parked at noon", decided(DEPOT, ("It is parked at Rosenheim. " * 20, "Rosenheim"))),  # nor here
        ("Nobody is parked at. Hello", PARKED),
        ("I parked the truck somewhere", PARKED),
    ],
)
def test_a_text_is_not_learnt_from_less(line: str, knowing: tuple[Example, ...]) -> None:
    found = answer(DEPOT, line, knowing=knowing)
    assert isinstance(found, Abstention) or found.confidence < DEPOT.threshold


QUOTING = "Please hurry\n\nOn Monday Ben wrote:\n> My truck is parked at Sankt Anton"
SIGNED = "Please hurry\nBest regards\nBen, parked at Sankt Anton"


@pytest.mark.parametrize("mail", [QUOTING, SIGNED])
def test_a_text_is_not_taken_from_quoted_words_or_a_signature(mail: str) -> None:
    assert isinstance(answer(DEPOT, mail, knowing=PARKED), Abstention)
    knowing = decided(DEPOT, (mail, "Sankt Anton"), (mail.replace("hurry", "come"), "Sankt Anton"))
    assert isinstance(answer(DEPOT, "My truck is parked at Rosenheim", knowing=knowing), Abstention)


def test_a_thank_you_ends_a_message_and_no_example(artefact: Artefact) -> None:
    knowing = decided(TOPIC, *((f"Hi\nThanks\nAda{BETWEEN}{words}", "Loyalty points") for words in STAMPS))
    found = answer(TOPIC, "Half of my stamps have vanished from the app", knowing=knowing, artefact=artefact)
    assert isinstance(found, Prediction)
    assert found.value == "Loyalty points"


def test_gists_from_the_store_answer_as_those_that_are_made_at_once(artefact: Artefact) -> None:
    line = "Half of my stamps have vanished from the app"
    kept = tuple(replace(each, gist=gist(each.words, artefact)) for each in TAUGHT)
    read = artefact.sense.cache_info().misses
    found = answer(TOPIC, line, knowing=kept, artefact=artefact)
    assert found == answer(TOPIC, line, knowing=TAUGHT, artefact=artefact)
    assert artefact.sense.cache_info().misses - read <= 1 + len(TOPIC.options)


def test_words_that_say_nothing_have_an_empty_gist_and_teach_nothing(artefact: Artefact) -> None:
    quoting, line = f"> {STAMPS[0]}\n> {STAMPS[1]}", "Half of my stamps have vanished from the app"
    assert gist(quoting, artefact) == b""
    knowing = decided(TOPIC, (quoting, "Loyalty points"), (quoting, "Loyalty points"))
    assert answer(TOPIC, line, knowing=knowing, artefact=artefact) == answer(TOPIC, line, artefact=artefact)


def test_few_examples_wait_for_a_gist_where_a_new_network_has_made_none(artefact: Artefact) -> None:
    many = decided(TOPIC, *((f"My stamps number {number} are gone", "Loyalty points") for number in range(400)))
    before = artefact.sense.cache_info().misses
    answer(TOPIC, "My stamps are gone", knowing=many, artefact=artefact)
    assert artefact.sense.cache_info().misses - before < 70


def test_an_examples_words_are_no_evidence(artefact: Artefact) -> None:
    assert isinstance(answer(TOPIC, "Hm.", knowing=TAUGHT, artefact=artefact), Abstention)


def test_the_cost_of_long_words_is_bounded(artefact: Artefact) -> None:
    story = " ".join(f"On day {number} my stamps were gone from the app." for number in range(600))
    before = artefact.sense.cache_info().misses
    answer(TOPIC, story, knowing=decided(TOPIC, (story[:2000], "Loyalty points")), artefact=artefact)
    assert artefact.sense.cache_info().misses - before < 40
