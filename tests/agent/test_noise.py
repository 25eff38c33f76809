import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.noise import is_noise

NOISE = """
hi | Hello! | hello?? | HEY | hiiii | Good morning team | hi there everyone | Hi, how are you? | Is anyone there?
thanks | Thank you so much! | thx :) | ty 🙏 | many thanks for your help | Thanks a lot, have a nice weekend! | you too!
bye | ok bye, see you later | Have a good Monday!! | all good, thanks! | ok | okay cool | no worries | Kind regards
👍 | ☕☕☕ | :wave: | :D | <3 | ... | ??? | lol | hahaha | haha 😂 | test | Testing 1 2 3
this is just a test, please ignore
omg | hmmm | morning all ☀️ | sorry | just kidding
Hallo zusammen | Guten Tag! | vielen Dank für Ihre Hilfe | Tschüss | Mit freundlichen Grüßen | Grüß Gott | alles klar
Bonjour à tous | merci beaucoup ! | Au revoir | bonne journée | d'accord | d’accord
¡Hola! | Buenos días | muchas gracias | ¿Qué tal? | hasta luego
Ciao | Buongiorno a tutti | grazie mille | arrivederci
Hoi | goedemorgen allemaal | dank je wel | tot ziens
Olá, bom dia! | muito obrigada | até logo
こんにちは | Спасибо! | dziękuję
"""
SUBSTANCE = """
hi, my printer is broken | thanks, but it still leaks | help | I need help please
hello, can you call me? | hi HE25-440917R
hey what are your opening hours | thanks, when will it arrive? | ok so it is the 3000
yes | no | ja | jo@example.org | 4711
good morning, order 12 is late | lol my screen is dead | test failed again on my device | the test button does not work
Guten Tag, mein Gerät ist kaputt | Bonjour, ma commande n'est pas arrivée | Hola, no funciona | Ciao, non si accende
Hoi, hij doet het niet | Olá, não liga | not yet | all of them | please
https://example.org | $5 | 🔥 smoke
hi Refund | broken | nothing works | it is not ok | is it ok to open it?
"""


def listed(text: str) -> list[str]:
    return [each.strip() for line in text.strip().splitlines() for each in line.split(" | ")]


@pytest.mark.parametrize("text", [*listed(NOISE), "", "  \n", "\u200b"])
def test_greetings_thanks_and_the_like_are_noise(text: str) -> None:
    assert is_noise(text)


@pytest.mark.parametrize("text", listed(SUBSTANCE))
def test_a_message_that_says_anything_else_is_not(text: str) -> None:
    assert not is_noise(text)


@pytest.mark.parametrize("text", ["all", "you", "everyone again", "the team"])
def test_words_that_only_stand_between_phrases_are_no_noise_by_themselves(text: str) -> None:
    assert not is_noise(text)


@given(noise=st.sampled_from(listed(NOISE)), substance=st.sampled_from(listed(SUBSTANCE)))
def test_polite_words_around_a_problem_do_not_make_it_noise(noise: str, substance: str) -> None:
    assert not is_noise(f"{noise}\n{substance}")
    assert not is_noise(f"{substance} {noise}")


@given(st.text(max_size=200))
def test_any_text_can_be_judged(text: str) -> None:
    assert is_noise(text) in {True, False}


def test_a_text_too_long_for_a_greeting_is_left_to_the_predictor() -> None:
    assert is_noise("thanks " * 70)
    assert not is_noise("thanks " * 10_000)


def support(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / "support" / "conversations.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def cited(conversation: dict[str, Any]) -> set[int]:
    """The messages that hold a labelled place."""
    labels = conversation["evidence"].values()
    return {place["message"] for label in labels for place in (label, *label.get("also", ()))}


def test_no_message_that_supports_a_labelled_value_is_called_noise(data_dir: Path) -> None:
    wrong = [
        (conversation["id"], message["text"])
        for conversation in support(data_dir)
        for index, message in enumerate(conversation["messages"])
        if index in cited(conversation) and is_noise(message["text"])
    ]
    assert wrong == []


def test_greetings_and_thanks_of_the_noise_conversations_are_recognised(data_dir: Path) -> None:
    """9 of 36; the others are jokes, sales pitches and automatic mail: for the predictor to abstain from."""
    texts = [
        message["text"]
        for conversation in support(data_dir)
        if "noise" in conversation["tags"]
        for message in conversation["messages"]
        if message["author"] == "customer"
    ]
    assert sum(map(is_noise, texts)) >= 9


def test_no_message_with_a_labelled_span_of_the_public_set_is_called_noise(data_dir: Path) -> None:
    with gzip.open(data_dir / "conversations" / "multidogo_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        messages = [message for line in lines for message in json.loads(line)["messages"]]
    labelled = [message["text"] for message in messages if message.get("spans")]
    assert len(labelled) > 5000
    assert [text for text in labelled if is_noise(text)] == []
