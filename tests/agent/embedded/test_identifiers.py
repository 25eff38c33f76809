import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.embedded.talking import answer, field, quotes, value

FRAME = field(
    "identifier",
    "Frame number",
    "Number on the frame of the bike, such as KX21-004417B. Not for: order numbers, invoice numbers, examples.",
    pattern=r"[A-HJ-NP-Z]{2}\d{2}-\d{6}[A-HJ-NP-Z]",
)


@pytest.mark.parametrize(
    "lines",
    [
        ("it is KX21-004417B.",),
        ("kx21-004417b",),
        ("number KX21 004417B on the tube",),
        ("KX21-OO4417B if I read that right",),
        ("um it's k x two one dash double oh four four one seven b b for bravo",),
        ("KX21-0044", "oops, the rest is 17B"),
        ("KX21-004417C", "sorry, KX21-004417B"),
        ("R: Is it KX21-004417B?", "yes"),
        ("<p>KX21-&#48;04417B</p>",),
        ("my sister's is KX21-111111B, mine is KX21-004417B",),
        ("the old one was KX20-111111B, the new one is KX21-004417B",),
        ("KX21-004417A", "*KX21-004417B"),
    ],
)
def test_the_number_is_found_however_it_is_said(lines: tuple[str, ...]) -> None:
    assert value(FRAME, *lines) == "KX21-004417B"


@pytest.mark.parametrize(
    "lines",
    [
        ("no number here, only KX21-0044",),
        ("XKX21-004417B",),
        ("it looks like KX21-004417B",),
        ("see invoice KX21-004417B",),
        ("it is not KX21-004417B",),
        ("her number is KX21-004417B",),
        ("R: I have KX21-004417B here.",),
        ("R: Is it KX21-004417B?", "no"),
        ("A: Is it KX21-004417B?", "yes"),
        ("set frame_number=KX21-004417B",),
        ("I have two: KX21-004417B, KX21-004417C",),
        ("Hi\n\nOn Monday Anna wrote:\n> it is KX21-004417B",),
        ("hello", "C2: mine is KX21-004417B"),
    ],
)
def test_a_number_that_is_not_the_customers_own_word_is_not_taken(lines: tuple[str, ...]) -> None:
    assert value(FRAME, *lines) is None


def test_the_evidence_are_the_words_as_they_were_spoken() -> None:
    assert quotes(FRAME, "so k x two one dash zero zero four four one seven b") == [
        "k x two one dash zero zero four four one seven b"
    ]


def test_a_number_in_pieces_has_all_its_pieces_as_evidence() -> None:
    assert quotes(FRAME, "KX21-0044", "rest is 17B") == ["KX21-0044", "17B"]


@given(st.sampled_from([r"(a+)+b", r"(\w+\s?)*\d", r"(a|a)*c", r"([a-z]+)*\d"]), st.text("ab1 ", max_size=300))
def test_a_costly_pattern_costs_little(pattern: str, text: str) -> None:
    started = time.process_time()
    answer(field("identifier", "Code", pattern=pattern), "a" * 10_000 + text)
    assert time.process_time() - started < 5
