import pytest

from tests.agent.embedded.talking import field, quotes, value

WARRANTY = field(
    "yes_no",
    "Under warranty",
    "Whether it is under warranty. Use when: the customer says so, or a representative says so and the customer does"
    " not object. Not for: a question about it.",
)
PETS = field("yes_no", "Brings pets", "Whether the guest brings pets.")
PLATE = field("text", "Licence plate", "Of the car.")


@pytest.mark.parametrize(
    ("lines", "holds"),
    [
        (("it is still under warranty",), True),
        (("Garantie besteht noch",), True),
        (("the warranty ran out in april",), False),
        (("it is out of warranty",), False),
        (("is it under warranty?",), None),
        (("not sure if it is under warranty",), None),
        (("my sister's is under warranty",), None),
        (("R: It's under warranty.", "great"), True),
        (("R: It is out of warranty, I'm afraid.", "yeah i figured"), False),
        (("R: It's under warranty.", "no it isn't"), None),
        (("R: It's under warranty.",), None),
        (("R: Is it still under warranty?", "yes"), True),
        (("R: Is it still under warranty?", "nope"), False),
        (("R: Is it still under warranty?", "you tell me"), None),
        (("R: Is it under warranty? And is it the red one?", "yes"), None),
        (("it is under warranty", "sorry, no, the warranty is over"), False),
    ],
)
def test_yes_and_no_are_told_from_statements_and_answers(lines: tuple[str, ...], *, holds: bool | None) -> None:
    assert value(WARRANTY, *lines) is holds


def test_a_representatives_word_alone_counts_only_where_the_description_says_so() -> None:
    assert value(PETS, "R: You bring pets.", "great") is None


def test_an_answer_to_our_own_question_is_the_customers_word_alone() -> None:
    assert value(PETS, "A: Do you bring any pets?", "yes, one") is True
    assert quotes(PETS, "A: Do you bring any pets?", "yes, one") == ["yes, one"]


@pytest.mark.parametrize(
    ("lines", "plate"),
    [
        (("licence plate: B-XY 12",), "B-XY 12"),
        (("my licence plate is BXY 12 and it is red",), "BXY 12"),
        (("R: What is your licence plate?", "BXY 12"), "BXY 12"),
        (("R: What is your licence plate?", "I don't know that by heart, sorry"), None),
        (("R: What is your licence plate?", "why?"), None),
        (("the plate is hot",), None),
    ],
)
def test_a_short_text_follows_its_name_or_answers_the_question_for_it(
    lines: tuple[str, ...], plate: str | None
) -> None:
    assert value(PLATE, *lines) == plate
