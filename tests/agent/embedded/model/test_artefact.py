"""The network as it ships: what it reads, when it is refused, and what happens without it."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.embedded.model.artefact import FOLDER, NETWORK, Artefact, Unavailable, checked, missing, shipped
from agent.embedded.predictor import evaluate
from agent.evidence import refusal
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField
from store.model import Value
from tests.agent.embedded.talking import NOBODY, field, request

COLOUR = field(
    "choice", "Frame colour", "Colour of the bicycle", options=[{"value": v} for v in ("Red", "Green", "Black")]
)
TRAIL = field("text", "Trail name", "Name of the hiking trail to walk")
FROM = field("text", "Pickup harbour", "Harbour where the boat is picked up")
TO = field("text", "Return harbour", "Harbour where the boat is given back")
BOAT = "I'd like to pick the boat up in Portsmouth and give it back in Cowes"
DOG = field("yes_no", "Dog coming along", "Whether the guest brings a dog")


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    found = shipped()
    assert found is not None, missing()
    return found


def written(wanted: CaseField, artefact: Artefact, *lines: str, others: tuple[CaseField, ...] = ()) -> Value | None:
    asked = request(wanted, *lines, others=others)
    answer = evaluate(asked, artefact)[0]
    if not isinstance(answer, Prediction) or answer.confidence < wanted.threshold:
        return None
    assert refusal(answer, asked.transcript, wanted, NOBODY) is None
    return answer.value


@pytest.mark.parametrize(
    ("wanted", "lines", "value"),
    [
        (
            TRAIL,
            ("R: Which trail would you like to walk?", "I'd love to do the Eagle Ridge trail"),
            "Eagle Ridge",
        ),
        (FROM, (BOAT,), "Portsmouth"),
        (TO, (BOAT,), "Cowes"),
        (COLOUR, ("I'm looking for a bike", "R: Any colour in mind?", "the green one please"), "Green"),
        (DOG, ("R: Will a dog be coming along?", "Yes, he will"), True),
    ],
)
def test_fields_that_nobody_taught_it_are_read(
    wanted: CaseField, lines: tuple[str, ...], value: Value, artefact: Artefact
) -> None:
    others = tuple(other for other in (TRAIL, FROM, TO, COLOUR, DOG) if other is not wanted)
    found = written(wanted, artefact, *lines, others=others)
    assert str(value) in found if isinstance(found, str) else found == value, found


@pytest.mark.parametrize("wanted", [TRAIL, FROM, TO, COLOUR, DOG])
@pytest.mark.parametrize("lines", [("hello there",), ("thanks, bye!",), ("R: Which one?", "not sure yet")])
def test_where_nothing_is_said_nothing_is_written(
    wanted: CaseField, lines: tuple[str, ...], artefact: Artefact
) -> None:
    assert written(wanted, artefact, *lines) is None


def test_a_representatives_words_count_once_the_customer_agrees(artefact: Artefact) -> None:
    confirming = "R: Please confirm: you want to walk the Eagle Ridge trail tomorrow."
    wish = "I want to go for a walk tomorrow"
    assert written(TRAIL, artefact, wish, confirming) is None
    assert written(TRAIL, artefact, wish, confirming, "No, that's not what I want") is None
    assert "Eagle Ridge" in str(written(TRAIL, artefact, wish, confirming, "Yes, that's right"))


def test_an_answer_does_not_hang_on_which_fields_are_asked_for(artefact: Artefact) -> None:
    lines = (BOAT,)
    alone = evaluate(request(FROM, *lines, others=(TO,)), artefact)[0]
    asked = request(FROM, *lines, others=(TO,))
    both = replace(asked, fields=(FROM, TO))
    assert evaluate(both, artefact)[0] == alone


def test_what_the_network_can_not_read_goes_to_the_rules_and_says_so(artefact: Artefact) -> None:
    answer = evaluate(request(TRAIL, "Guten Tag, ich möchte gern den schönsten Wanderweg im Tal gehen"), artefact)[0]
    assert isinstance(answer, Abstention)
    assert answer.reason.endswith("The customer writes German, which rules alone read.")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("",),
        ("\x00\u200b", "\ud800 to Rome"),
        ("R: only a representative speaks",),
        ("to Rome " * 4000,),
        ("x" * 20_000,),
        tuple(f"message {number}" for number in range(60)),
    ],
)
def test_whatever_is_written_every_field_has_an_answer(lines: tuple[str, ...], artefact: Artefact) -> None:
    answers = evaluate(request(TRAIL, *lines, others=(COLOUR, DOG)), artefact)
    assert [answer.field for answer in answers] == ["trail_name"]


# --- without it -------------------------------------------------------------------------------------


def test_a_file_that_is_not_the_one_that_was_built_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(FOLDER, folder)
    with (folder / NETWORK).open("ab") as file:
        file.write(b"!")
    with pytest.raises(Unavailable, match=r"network\.onnx is not the one that was built"):
        Artefact(folder)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"card\.json is not there"):
        checked(tmp_path)


def test_without_what_runs_it_the_doctor_can_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert missing() == "onnxruntime not installed: install casewright[embedded]."


def test_without_what_runs_it_the_rules_answer_alone() -> None:
    script = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "import asyncio\n"
        "from agent.embedded import EmbeddedPredictor\n"
        "from tests.agent.embedded.talking import field, request\n"
        "asked = request(field('text', 'Room'), 'My room: Blue Suite')\n"
        "print(asyncio.run(EmbeddedPredictor().predict(asked))[0].value)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "Blue Suite\n"


def test_importing_the_predictor_opens_nothing() -> None:
    script = "import sys, agent.embedded; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
