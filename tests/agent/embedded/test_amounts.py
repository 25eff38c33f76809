import pytest

from store.model import Value
from tests.agent.embedded.talking import field, value

REFUND = field(
    "currency",
    "Refund amount",
    "The amount that the customer asks to get back. Not for: prices, totals and charges that nobody asks back.",
)
GUESTS = field("integer", "Number of guests", "How many people stay.")
WEIGHT = field("decimal", "Weight", "Weight of the parcel in kilograms.")


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        ("please send me the missing €52.50", "52.50 EUR"),
        ("I paid 119,90 € with postage. I expect a refund of 115 €", "115.00 EUR"),
        ("We would like 260 € back", "260.00 EUR"),
        ("I want my two hundred quid back", "200.00 GBP"),
        ("The lamp was 1&nbsp;299 SEK, so that is what I'd expect back.", "1299.00 SEK"),
        ("I paid 80 EUR for it", None),
        ("please refund me", None),
        ("please refund 10 EUR, no, 12 EUR", "12.00 EUR"),
        ("my neighbour got 30 EUR back", None),
    ],
)
def test_only_money_that_is_asked_back_is_a_refund(line: str, amount: str | None) -> None:
    assert value(REFUND, line) == amount


def test_an_amount_that_only_a_representative_names_is_not_asked_for() -> None:
    assert value(REFUND, "it is broken", "R: You get a refund of 20 EUR.", "ok") is None


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (("there will be 4 guests",), 4),
        (("R: How many guests are you?", "4"), 4),
        (("we were promised 4 towels",), None),
        (("R: How many guests are you?", "we have 2 dogs and they weigh 30 kilos each, is that ok with you"), None),
    ],
)
def test_a_plain_number_needs_the_fields_own_word(lines: tuple[str, ...], number: int | None) -> None:
    assert value(GUESTS, *lines) == number


@pytest.mark.parametrize(("line", "weight"), [("weight: 2.5", "2.5"), ("weight 1,500", None)])
def test_a_number_that_reads_two_ways_is_left_out(line: str, weight: Value | None) -> None:
    assert value(WEIGHT, line) == weight
