"""From messages to rows of tokens, and from scores back to words."""

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.embedded.model.artefact import FOLDER, WORDS
from agent.embedded.model.decoding import Guess, Place, guesses
from agent.embedded.model.encoding import Kind, Marks, Prompt, Row, Utterance, encode
from agent.embedded.model.windows import Window, windows
from agent.embedded.model.wordpiece import WordPiece
from agent.embedded.talk import Talk
from tests.agent.embedded.talking import field, request

WORDPIECE = WordPiece((FOLDER / WORDS).read_text(encoding="utf-8").splitlines())
MARKS = Marks(1, 2, 3)
CITY = Prompt("city", "Where to go")
CLASS = Prompt("class", "", ("economy", "first class"))


def texts(window: Window) -> list[str]:
    return [piece.utterance.text for piece in window]


def cut(*lines: str) -> list[list[str]]:
    return [texts(window) for window in windows(Talk(request(field("text", "Name"), *lines)).lines, WORDPIECE)]


# --- words ------------------------------------------------------------------------------------------


def test_words_keep_their_places_in_the_text() -> None:
    text = "Café,  naïveté £50"
    places = [text[start:end] for _, start, end in WORDPIECE(text)]
    assert "".join(places) == text.replace(" ", "")
    assert places[:2] == ["Café", ","]


def test_what_is_no_word_is_one_unknown() -> None:
    assert WORDPIECE("x" * 500) == ((WORDPIECE.ids["[UNK]"], 0, 500),)


@pytest.mark.parametrize("text", ["", " \n\t", "\x00\u200b"])
def test_nothing_visible_is_no_word(text: str) -> None:
    assert WORDPIECE(text) == ()


# --- windows ----------------------------------------------------------------------------------------


def test_a_window_ends_with_each_of_the_customers_messages() -> None:
    assert cut("hello", "R: where to?", "to Rome") == [["hello"], ["hello", "where to?", "to Rome"]]


def test_no_window_is_longer_than_the_network_reads_at_once() -> None:
    found = cut(*(f"message number {number} of a long conversation" for number in range(40)))
    assert len(found) == 40
    assert max(map(len, found)) == 7
    assert found[-1][-1] == "message number 39 of a long conversation"


def test_a_long_mail_is_read_in_pieces_to_its_end() -> None:
    sentences = [f"This is sentence number {number} of my long mail to you." for number in range(40)]
    found = cut(" ".join(sentences))
    assert len(found) > 3
    assert " ".join(window[-1] for window in found) == " ".join(sentences)


def test_a_dictated_sentence_without_an_end_is_read_too() -> None:
    found = cut("and then it broke " * 200)
    assert len(found) == 10
    assert found[-1][-1].endswith("it broke")


def test_what_somebody_else_wrote_before_is_not_read_again() -> None:
    assert cut("I want to go to Rome.\n\n> you said Paris\n> and Berlin") == [["I want to go to Rome."]]


# --- rows -------------------------------------------------------------------------------------------


def row(*lines: Utterance) -> Row:
    return encode((CITY, CLASS), lines, WORDPIECE, MARKS)


def test_every_field_option_and_message_has_its_mark() -> None:
    found = row(Utterance("to Rome"), Utterance("when?", is_customer=False))
    assert [found.kinds[at] for at in found.fields] == [Kind.FIELD_MARK] * 2
    assert [len(places) for places in found.options] == [0, 2]
    assert [found.kinds[at] for at in found.lines] == [Kind.CUSTOMER_MARK, Kind.REPRESENTATIVE_MARK]
    assert [(line, start, end) for _, line, start, end in found.words] == [(0, 0, 2), (0, 3, 7), (1, 0, 4), (1, 4, 5)]


# --- scores -----------------------------------------------------------------------------------------


def scores(of: Row, told: float, start: dict[int, float], end: dict[int, float], option: int = 0) -> list[Guess]:
    """`start` and `end` by the number of the word; the same for every field."""
    lines = (Utterance("to Rome or Oslo"), Utterance("Rome then", is_customer=False))

    def at(places: dict[int, float]) -> NDArray[np.float32]:
        values = np.full((2, len(of.ids)), -50, np.float32)
        for word, value in places.items():
            values[:, of.words[word][0]] = value
        return values

    chosen = np.full((2, 2), -50, np.float32)
    chosen[:, option] = 50
    given = {
        "told": np.array([[0, told]] * 2, np.float32),
        "start": at(start),
        "end": at(end),
        "option": chosen,
        "line": np.array([[9, 0]] * 2, np.float32),
    }
    return guesses(of, lines, given)


ROW = row(Utterance("to Rome or Oslo"), Utterance("Rome then", is_customer=False))


def test_a_place_is_the_words_between_the_likeliest_start_and_end() -> None:
    found = scores(ROW, 9, {1: 9}, {1: 9})[0]
    assert found.place == Place(0, 3, 7)
    assert found.confidence == pytest.approx(1, abs=0.01)


def test_a_place_never_spans_two_messages_nor_ends_before_it_starts() -> None:
    assert scores(ROW, 9, {3: 9, 1: 1}, {4: 9, 3: 2})[0].place == Place(0, 11, 15)
    assert scores(ROW, 9, {3: 9, 1: 1}, {1: 9, 3: 2})[0].place in {Place(0, 11, 15), Place(0, 3, 7)}


def test_the_same_words_said_twice_count_together_and_the_customers_are_quoted() -> None:
    found = scores(ROW, 9, {1: 9, 4: 9.1, 3: 9}, {1: 9, 4: 9.1, 3: 5})[0]
    assert found.place == Place(0, 3, 7)
    assert found.sure > 0.6


def test_an_option_is_the_likeliest_of_the_fields_own() -> None:
    found = scores(ROW, 9, {1: 9}, {1: 9}, option=1)[1]
    assert (found.option, found.place, found.line) == (1, None, 0)


def test_what_is_not_told_has_no_confidence_however_clear_its_words() -> None:
    assert scores(ROW, -9, {1: 9}, {1: 9})[0].confidence < 0.01


def test_a_row_without_a_word_says_nothing() -> None:
    silent = row(Utterance("\u200b"))
    given = {name: np.zeros((2, 1), np.float32) for name in ("option", "line")}
    given |= {name: np.zeros((2, len(silent.ids)), np.float32) for name in ("start", "end")}
    given["told"] = np.zeros((2, 2), np.float32)
    assert guesses(silent, (Utterance("\u200b"),), given)[0] == Guess(0.0)
