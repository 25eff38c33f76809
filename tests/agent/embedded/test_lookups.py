import pytest

from agent.predictor import Abstention
from tests.agent.embedded.talking import answer, field, quotes, value

BIKE = field(
    "lookup",
    "Bike",
    "The one bike that it is about.",
    catalogue=[
        {"value": "Trail 500", "synonyms": ["T500"], "description": "Hardtail with a steel frame.", "parent": "Trail"},
        {"value": "Trail 700", "description": "Full suspension with a carbon frame.", "parent": "Trail"},
        {"value": "Trail 700 Pro", "synonyms": ["Trail Pro"], "description": "As the 700, lighter wheels."},
        {"value": "City 500", "synonyms": ["the runabout"], "description": "Folding bike with mudguards and basket."},
        {"value": "Cargo Duo", "synonyms": ["Duo"], "description": "Cargo bike with two child seats and a rain roof."},
    ],
)


@pytest.mark.parametrize(
    ("lines", "bike"),
    [
        (("the Trail 700 Pro creaks",), "Trail 700 Pro"),
        (("my trail pro creaks",), "Trail 700 Pro"),
        (("my Trail700 creaks",), "Trail 700"),
        (("my Trial 500 creaks",), "Trail 500"),
        (("the runabout rattles",), "City 500"),
        (("the trail seven hundred creaks",), "Trail 700"),
        (("my Trail creaks", "R: The 500 or the 700?", "the 700"), "Trail 700"),
        (("Trail 500 creaks", "sorry, it's the 700, not the 500"), "Trail 700"),
        (("trail 500 creaks", "*700"), "Trail 700"),
        (("it's the trail 500 no hang on it says trail 700",), "Trail 700"),
        (("R: Is that the Cargo Duo?", "yes"), "Cargo Duo"),
        (("R: That would be the Trail 700 then.", "yes that one"), "Trail 700"),
        (("my sister has a Trail 500. My City 500 rattles",), "City 500"),
        (("not the Cargo Duo, the City 500",), "City 500"),
        (("my little boy's Cargo Duo rattles",), "Cargo Duo"),
        (("the Trail 500 is fine, the City 500 rattles",), "City 500"),
        (("the one with the two child seats and the rain roof rattles",), "Cargo Duo"),
    ],
)
def test_the_entry_that_is_meant_is_found(lines: tuple[str, ...], bike: str) -> None:
    assert value(BIKE, *lines) == bike


@pytest.mark.parametrize(
    "lines",
    [
        ("my Trail creaks",),
        ("my bike creaks",),
        ("the Trail 500 creaks and the City 500 rattles",),
        ("R: Is it the Cargo Duo?", "started yesterday"),
        ("R: Is it the Cargo Duo?", "no"),
        ("R: The Cargo Duo or the City 500?", "yes"),
        ("A: Is it the Cargo Duo?", "yes"),
        ("it needs 500 W",),
        ("my sister has a Trail 500",),
        ("Hi\n> my Trail 500 creaks",),
    ],
)
def test_without_a_clear_word_no_entry_is_chosen(lines: tuple[str, ...]) -> None:
    assert value(BIKE, *lines) is None


def test_both_sides_of_a_confirmation_are_evidence() -> None:
    assert quotes(BIKE, "R: Is that the Cargo Duo?", "yes, thanks") == ["Cargo Duo", "yes, thanks"]


def test_an_amendment_and_the_words_it_amends_are_evidence() -> None:
    assert quotes(BIKE, "trail 500 creaks", "*700") == ["*700", "trail 500"]


def test_only_a_line_is_named_says_the_abstention() -> None:
    found = answer(BIKE, "it is the Trail")
    assert isinstance(found, Abstention)
    assert "trail" in found.reason
    assert "3 fit" in found.reason


def test_a_part_of_one_name_alone_is_said_to_be_too_little() -> None:
    found = answer(BIKE, "it is the cargo")
    assert isinstance(found, Abstention)
    assert found.reason == "Only 'cargo' is named, which is too little to be Cargo Duo."


def test_of_names_that_overlap_the_longest_is_meant() -> None:
    toasters = field(
        "lookup", "Toaster", catalogue=[{"value": "Toaster One", "synonyms": ["the Toaster"]}, {"value": "Toaster Duo"}]
    )
    assert value(toasters, "the Toaster Duo sparks") == "Toaster Duo"
    assert value(toasters, "the Toaster sparks") == "Toaster One"


def test_a_catalogue_of_thousands_is_searched_as_well() -> None:
    many = field("lookup", "Part", catalogue=[{"value": f"Gear {number}"} for number in range(5000)])
    assert value(many, "please replace the Gear 4711") == "Gear 4711"
