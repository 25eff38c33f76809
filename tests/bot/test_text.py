import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import listed, nearest, one_line, quoted, shortened, tidy


def test_direction_overrides_and_control_characters_are_removed() -> None:
    assert tidy("a\u202eb\u2066c\x00d\x1b[31me\u200bf\ud800g") == "abcd[31mefg"


def test_blanks_become_spaces_and_line_ends_become_line_feeds() -> None:
    assert tidy("a\u00a0b\tc\u3000d\r\ne\rf\u2028g") == "a b c d\ne\nf\ng"


def test_what_joins_letters_and_emoji_stays() -> None:
    assert tidy("می\u200cخواهم 👩\u200d💻") == "می\u200cخواهم 👩\u200d💻"


@given(st.text())
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(st.text())
def test_a_quotation_is_one_short_line(text: str) -> None:
    assert "\n" not in quoted(text)
    assert len(quoted(text)) <= 122


def test_a_shortened_text_says_so() -> None:
    assert one_line("word " * 100, 20) == "word word word word…"
    assert shortened("exactly so", 10) == "exactly so"


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")],
)
def test_a_list_reads_as_a_sentence(items: list[str], expected: str) -> None:
    assert listed(items) == expected


@pytest.mark.parametrize(("word", "expected"), [("priorty", "priority"), ("prodcut", "product"), ("colour", None)])
def test_a_misspelling_finds_what_was_meant(word: str, expected: str | None) -> None:
    assert nearest(word, ["priority", "product", "contact"]) == expected
