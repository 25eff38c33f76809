import pytest

from agent.predictor import Abstention
from tests.agent.embedded.talking import answer, field, quotes, value

TOPIC = field(
    "choice",
    "Topic",
    "What it is about. Leave empty when nothing is reported.",
    options=[
        {"value": "Technical", "description": "Something does not work, shows an error. Not for: late parcels."},
        {"value": "Shipping", "synonyms": ["parcel"], "description": "A parcel that is late, lost or incomplete."},
        {"value": "Accounts", "synonyms": ["invoice"], "description": "A charge or an invoice that is wrong."},
        {"value": "Advice", "description": "The customer wants to know how to do something."},
    ],
)
URGENCY = field(
    "choice",
    "Urgency",
    "By what happens, not by words such as 'urgent' or 'ASAP' alone.",
    options=[
        {"value": "Later", "description": "Use when: no rush, take your time."},
        {"value": "Soon", "description": "The customer can manage for now, uses the old one in the meantime."},
        {"value": "Now", "synonyms": ["urgent"], "description": "Danger: smoke, fire, electric shock."},
    ],
)
ROOM = field(
    "choice", "Room type", options=[{"value": "Single"}, {"value": "Double", "synonyms": ["twin"]}, {"value": "Other"}]
)
EXTRAS = field(
    "multi_choice", "Extras", options=[{"value": "Breakfast"}, {"value": "Parking"}, {"value": "Late checkout"}]
)
MATERIAL = field(
    "choice",
    "Surface",
    options=[
        {"value": "A", "description": "Oiled walnut veneer on plywood."},
        {"value": "B", "description": "Brushed aluminium with rubber feet."},
    ],
)


@pytest.mark.parametrize(
    ("line", "topic"),
    [
        ("my pump stopped working and shows an error", "Technical"),
        ("the parcel never arrived", "Shipping"),
        ("I was charged twice this month", "Accounts"),
        ("how do I pair the remote with the pump?", "Advice"),
        ("nothing is broken here, all good", None),
        ("hello there", None),
        ("the parcel came and the pump leaks and I was charged twice", None),
    ],
)
def test_descriptions_steer_which_option_is_chosen(line: str, topic: str | None) -> None:
    assert value(TOPIC, line) == topic


@pytest.mark.parametrize(
    ("line", "urgency"),
    [
        ("no rush btw", "Later"),
        ("Eilig ist es nicht", "Later"),
        ("I can manage with the old one for now", "Soon"),
        ("there is smoke coming out of it", "Now"),
        ("URGENT!!! please answer asap", None),
        ("there is no smoke", None),
        ("it is blue", None),
    ],
)
def test_what_waiting_does_is_told_from_words_of_haste(line: str, urgency: str | None) -> None:
    assert value(URGENCY, line) == urgency


@pytest.mark.parametrize(
    ("lines", "room"),
    [
        (("a double please",), "Double"),
        (("we need a twin",), "Double"),
        (("not a double, a single please",), "Single"),
        (("is there any other way?",), None),
        (("single or double, we don't mind",), None),
        (("R: Would you like a double?", "yes"), "Double"),
        (("R: Would you like a double?", "no"), None),
        (("R: Would you like a double?",), None),
        (("my sister has a double",), None),
        (("is it a double?",), None),
    ],
)
def test_an_option_is_taken_when_the_customer_names_it_as_theirs(lines: tuple[str, ...], room: str | None) -> None:
    assert value(ROOM, *lines) == room


def test_several_options_can_be_named() -> None:
    assert value(EXTRAS, "parking please", "and late checkout") == ["Parking", "Late checkout"]
    assert value(EXTRAS, "just a bed") is None


def test_rare_words_of_a_description_find_an_option_that_has_no_telling_name() -> None:
    assert value(MATERIAL, "we would like the oiled walnut veneer") == "A"


def test_the_quote_is_the_clause_that_speaks_for_the_option() -> None:
    assert quotes(TOPIC, "Hello, the parcel never arrived, sadly.") == ["the parcel never arrived"]


def test_an_abstention_names_the_options_between_which_it_cannot_decide() -> None:
    found = answer(ROOM, "single or double, we don't mind")
    assert isinstance(found, Abstention)
    assert "Single" in found.reason
    assert "Double" in found.reason


LANGUAGES = [{"value": name} for name in ("English", "German", "Portuguese", "Japanese")]
ASKED = field("choice", "Reply language", "The language in which the customer asks to be answered.", options=LANGUAGES)
WRITTEN = field("choice", "Language", "The language that the customer writes in.", options=LANGUAGES)


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("please answer in German", "German"),
        ("bitte auf Deutsch", "German"),
        ("You have someone that write portuguese? is better for me", "Portuguese"),
        ("ご返信は日本語でお願いいたします", "Japanese"),
        ("sorry for my English", None),
        ("please don't call, my husband speaks only German", None),
        ("Guten Tag, meine Lampe ist kaputt", None),
    ],
)
def test_a_language_is_the_one_that_is_asked_for(line: str, language: str | None) -> None:
    assert value(ASKED, line) == language


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("Guten Tag, meine Lampe ist seit gestern kaputt, können Sie mir helfen?", "German"),
        ("Hello, my lamp has been broken since yesterday, can you help me please?", "English"),
        ("Guten Tag, meine Lampe ist kaputt. Please answer in English", "English"),
        ("ok", None),
    ],
)
def test_a_language_is_told_from_the_words_where_that_is_what_is_wanted(line: str, language: str | None) -> None:
    assert value(WRITTEN, line) == language
