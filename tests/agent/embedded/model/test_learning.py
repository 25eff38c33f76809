"""What the network is taught, and what its scores turn out to be worth."""

import json
from pathlib import Path

import pytest

from agent.embedded.model.calibration import probability
from agent.embedded.model.encoding import Utterance
from agent.embedded.training.base import Refused, expected, kept
from agent.embedded.training.calibrate import Outcome, curve
from agent.embedded.training.windows import Conversation, Cutter, Target, Window, joined, target

TEXT = {"id": "city", "description": "Where to go", "type": "text"}
SEATS = {"id": "seats", "description": "How many", "type": "choice", "options": ["1", "2", "3"]}
DIRECT = {"id": "direct", "description": "Without a stop", "type": "boolean"}
TRIP = Conversation(
    service="Trips_1",
    about="Books trips",
    fields={"city": TEXT, "seats": SEATS, "direct": DIRECT},
    lines=(
        Utterance("I want to go to Rome"),
        Utterance("Direct to Rome, for two?", is_customer=False),
        Utterance("Yes"),
        Utterance("Or shall it be Oslo?", is_customer=False),
        Utterance("No, and make it three seats"),
    ),
    spans=((("city", 16, 20),), (("city", 10, 14),), (), (("city", 15, 19),), ()),
    states=(
        {"city": ["Rome"]},
        None,
        {"city": ["Rome"], "seats": ["2"], "direct": ["True"]},
        None,
        {"city": ["Rome"], "seats": ["3"], "direct": ["True"]},
    ),
)


def test_every_place_that_says_the_value_is_right() -> None:
    assert target(TRIP, "city", 0, 2) == Target(known=True, spans=((0, 16, 20), (1, 10, 14)), line=0)


def test_what_the_representative_only_offered_is_no_value() -> None:
    assert target(TRIP, "city", 3, 4) == Target(known=False)


def test_a_value_from_before_the_window_that_only_the_representative_repeats_teaches_nothing() -> None:
    assert target(TRIP, "city", 1, 2).known is None


def test_an_option_is_told_where_it_came_to_hold() -> None:
    assert target(TRIP, "seats", 0, 4) == Target(known=True, option=2, line=4)
    assert target(TRIP, "seats", 0, 2) == Target(known=True, option=1, line=2)
    assert target(TRIP, "direct", 0, 2) == Target(known=True, option=0, line=2)
    assert target(TRIP, "seats", 0, 0) == Target(known=False)


def test_messages_written_as_one_keep_their_places() -> None:
    lines = (Utterance("hi"), Utterance("to Rome"))
    one = joined(Window((), lines, (Target(known=True, spans=((1, 3, 7),), line=1),)))
    assert [line.text for line in one.lines] == ["hi\nto Rome"]
    assert one.targets == (Target(known=True, spans=((0, 6, 10),), line=0),)


def test_the_same_seed_draws_the_same_windows() -> None:
    first, second = (Cutter([TRIP, OTHER], {}, 5) for _ in range(2))
    assert [first.cut(TRIP) for _ in range(20)] == [second.cut(TRIP) for _ in range(20)]


OTHER = Conversation("Zoos_1", "Shows animals", {"animal": {**TEXT, "id": "animal"}}, (Utterance("hi"),), ((),), ({},))


def test_windows_ask_with_other_words_options_and_fields() -> None:
    others = {"Trips_1": {"city": [{"id": "to_where", "description": "The goal"}]}}
    cutter = Cutter([TRIP, OTHER], others, 1)
    drawn = [window for _ in range(200) if (window := cutter.cut(TRIP))]
    names = {prompt.name for window in drawn for prompt in window.prompts}
    assert {"city", "to where", "The goal", "seats", "animal"} <= names
    orders = {prompt.options for window in drawn for prompt in window.prompts if prompt.name == "seats"}
    assert len(orders) > 6
    strange = [wanted for w in drawn for p, wanted in zip(w.prompts, w.targets, strict=True) if p.name == "animal"]
    assert all(wanted.known is False for wanted in strange)


# --- the base ---------------------------------------------------------------------------------------


def test_weights_that_are_not_the_expected_ones_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"something else")
    with pytest.raises(Refused, match="expected is 53aa"):
        expected(weights, "53aa")


def test_the_rarest_words_go_first_and_no_piece_goes() -> None:
    words = ["[PAD]", "[unused1]", "[UNK]", "a", "##b", "often", "東", "seldom"]
    assert [words[at] for at in kept(words, 5)] == ["[PAD]", "[UNK]", "a", "##b", "often"]


# --- calibration ------------------------------------------------------------------------------------


def test_a_curve_never_falls_and_lies_where_the_shares_lie() -> None:
    outcomes = [Outcome(score / 100, score % 10 < score // 10) for score in range(100) for _ in range(5)]
    found = curve(outcomes)
    shares = [share for _, share in found]
    assert shares == sorted(shares)
    assert probability(found, 0.05) < 0.15
    assert probability(found, 0.95) > 0.85


def test_between_two_points_lies_a_straight_line_and_beyond_them_nothing_new() -> None:
    line = [(0.2, 0.1), (0.6, 0.9)]
    assert [probability(line, score) for score in (0.0, 0.2, 0.4, 0.6, 1.0)] == [0.1, 0.1, 0.5, 0.9, 0.9]


def test_few_cases_prove_little() -> None:
    three_wrong = curve([Outcome(0.85, right=False)] * 3)
    assert probability(three_wrong, 0.85) == pytest.approx(0.65, abs=0.01)
    assert probability(curve([]), 0.9) == 0.9


def test_a_card_names_what_it_was_made_of() -> None:
    from agent.embedded.model.artefact import CARD, FOLDER  # noqa: PLC0415

    card = json.loads((FOLDER / CARD).read_text(encoding="utf-8"))
    assert set(card["sha256"]) == {"network.onnx", "words.txt"}
    assert card["base"]["sha256"].startswith("53aa5117")
    assert set(card["calibration"]) == {"text", "choice", "yes_no"}
