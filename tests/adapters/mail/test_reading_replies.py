"""New words apart from quotes, forwards and signatures."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.reading.mail import FoldKind, unfold
from adapters.mail.reading.replies import strip

_PIECES = (
    "Hello",
    "> quoted",
    ">> more",
    "On Mon, 1 Jan 2024 at 10:00, A <a@b.c> wrote:",
    "-- ",
    "",
    " ",
    "\n",
    "\u2028",
)
_MORE = (
    "From: A <a@b.c>",
    "Sent: 1 Jan",
    "To: B",
    "Subject: C",
    "_" * 32,
    "Sent from my iPhone",
    "---- Forwarded message ----",
)


def test_more_than_nine_in_ten_of_the_measured_mails_are_read_as_their_authors_meant(data_dir: Path) -> None:
    expected = sorted((data_dir / "mail" / "replies").glob("*.expected.txt"))
    wrong = [path.name for path in expected if not _reads(path)]
    assert len(expected) == 32
    assert len(wrong) < 0.1 * len(expected), wrong


def _reads(expected: Path) -> bool:
    mail = expected.with_name(expected.name.replace(".expected", "")).read_text(encoding="utf-8")
    return strip(mail).text.strip() == expected.read_text(encoding="utf-8").strip()


@given(st.lists(st.one_of(st.sampled_from(_PIECES + _MORE), st.text(max_size=20))))
def test_text_and_folds_are_the_whole(lines: list[str]) -> None:
    whole = "\n".join(lines)
    reply = strip(whole)
    assert unfold(reply.text, reply.folds) == whole.rstrip().lstrip("\n")
    assert [fold.position for fold in reply.folds] == sorted(fold.position for fold in reply.folds)


@pytest.mark.parametrize(
    "introduction",
    [
        "On Tue, 3 Mar 2026 at 09:15, Ann Bee <ann@shop.example> wrote:",
        "On Tue, 3 Mar 2026 at 09:15, Ann Bee\n<ann@shop.example> wrote:",
        "Am Di., 3. März 2026 um 09:15 Uhr schrieb Ann Bee <ann@shop.example>:",
        "Le mar. 3 mars 2026 à 09:15, Ann Bee <ann@shop.example> a écrit :",
        "El mar, 3 mar 2026 a las 9:15, Ann Bee (<ann@shop.example>) escribió:",
        "Il giorno mar 3 mar 2026 alle ore 09:15 Ann Bee <ann@shop.example> ha scritto:",
        "Op di 3 mrt 2026 om 09:15 schreef Ann Bee <ann@shop.example>:",
        "Den tis 3 mars 2026 kl 09:15 skrev Ann Bee <ann@shop.example>:",
        "wt., 3 mar 2026 o 09:15 Ann Bee <ann@shop.example> napisał(a):",
        "вт, 3 мар. 2026 г. в 09:15, Ann Bee <ann@shop.example>:",
        "2026年3月3日(火) 9:15 Ann Bee <ann@shop.example>:",
        "Ann Bee <ann@shop.example> 于2026年3月3日周二 09:15写道：",
    ],
)
def test_an_introduced_quote_is_folded_in_many_languages(introduction: str) -> None:
    reply = strip(f"Yes, please.\n\n{introduction}\n\n> Shall we send it?\n> Ann\n")
    assert reply.text == "Yes, please."


@pytest.mark.parametrize(
    "block",
    [
        "From: Ann <ann@shop.example>\nSent: Tuesday, 3 March 2026 09:15\nTo: Bob\nSubject: Your order",
        "Von: Ann <ann@shop.example>\nGesendet: Dienstag, 3. März 2026 09:15\nAn: Bob\nBetreff: Ihre Bestellung",
        "De : Ann <ann@shop.example>\nEnvoyé : mardi 3 mars 2026 09:15\nÀ : Bob\nObjet : Votre commande",
        "________________________________\nOd: Ann <ann@shop.example>\nPoslano: 3. 3. 2026\nZa: Bob\nZadeva: Narocilo",
        "-----Original Message-----\nFrom: Ann",
    ],
)
def test_what_stands_under_a_header_block_is_folded(block: str) -> None:
    assert strip(f"Yes, please.\n\n{block}\n\nShall we send it?\n").text == "Yes, please."


def test_answers_between_the_lines_keep_all_of_the_persons_words() -> None:
    whole = "See below.\n\nOn 3 Mar 2026, Ann <a@b.example> wrote:\n> Colour?\n\nRed.\n\n> Size?\n\nTen.\n\n> Bye\n"
    reply = strip(whole)
    assert [word in reply.text for word in ("See below.", "Red.", "Ten.")] == [True, True, True]
    assert "> Colour?" in reply.text
    assert "Bye" not in reply.text


def test_an_answer_below_a_whole_quote_is_the_text() -> None:
    assert strip("On 3 Mar 2026, at 09:15, Ann <a@b.example> wrote:\n> Colour?\n\nRed.").text == "Red."


def test_a_travellers_from_to_and_date_are_no_header_block() -> None:
    whole = "I want to book:\nFrom: Berlin\nTo: Paris\nDate: 3 March\nWindow seat, please."
    assert strip(whole).text == whole


def test_a_sentence_about_what_somebody_wrote_stays() -> None:
    whole = "Hello,\non Monday your colleague wrote:\nthe parcel is lost.\nIs that so?"
    assert strip(whole).text == whole


def test_signatures_are_folded_as_such() -> None:
    reply = strip("Fine.\n\n-- \nBob\nBob & Sons\n")
    assert (reply.text, [fold.kind for fold in reply.folds]) == ("Fine.", [FoldKind.SIGNATURE])
    assert strip("Fine.\n\nSent from my iPhone\n").text == "Fine."


def test_a_long_text_below_two_dashes_is_no_signature() -> None:
    whole = "Before\n--\n" + "\n".join(f"line {number}" for number in range(40))
    assert strip(whole).text == whole


def test_a_mail_that_is_only_quotes_has_no_new_words() -> None:
    assert strip("> one\n> two\n").text == ""


def test_a_forward_without_a_word_is_read_as_what_it_passes_on() -> None:
    reply = strip("---------- Forwarded message ---------\nFrom: Ann <a@b.example>\nDate: 3 Mar\nSubject: x\n\nHello!")
    assert (reply.text, reply.folds[0].kind) == ("Hello!", FoldKind.FORWARD)


def test_a_text_beyond_what_is_looked_at_is_kept_in_a_fold() -> None:
    whole = "word " * 200_000
    reply = strip(whole)
    assert reply.folds[-1].kind is FoldKind.REST
    assert unfold(reply.text, reply.folds) == whole.rstrip()
