"""What was played is not played again, whatever ended the run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.llm.question import Usage
from agent.predictor import Abstention, Prediction, PredictionRequest
from bot.simulation.figures import Played, Spent, play
from bot.simulation.journal import JournalWrong, as_json, journal_in, restored, without_words
from bot.simulation.labelled import Labelled
from store.cases import Placing
from store.model import Category, Evidence, FieldId
from tests.agent.embedded.talking import NOBODY, NOON, field, request, said

WORDS = "my kettle leaks at the handle"
MANY = 400
EARLIER = '{"journal": "casewright simulate", "form": 1}\n'  # without the queue of a case
LABELLED = Labelled(
    id="x",
    channel="slack",
    tags=(),
    settings=request(field("multiline", "Issue")).settings,
    transcript=said(WORDS),
    sender=NOBODY,
    now=NOON,
    expected={FieldId("issue"): [WORDS]},
    contained={},
    evidence={},
    case=True,
    category=Category.CHAT,
)


def _evaluate(asked: PredictionRequest) -> list[Prediction | Abstention]:
    evidence = Evidence(message_id=asked.transcript[0].id, quote=WORDS, start=0, end=len(WORDS))
    return [Prediction(field=FieldId("issue"), value=WORDS, confidence=0.9, evidence=(evidence,))]


@pytest.fixture
def one() -> Played:
    found = play(LABELLED, _evaluate)
    assert found.course is not None
    course = replace(found.course, placing=Placing(queue="hardware", why="Its conditions hold."))
    return replace(found, course=course, spent=Spent(usage=Usage(requests=1, input=10, output=2), unanswered=1))


def test_a_conversation_comes_back_from_json_as_it_went(one: Played) -> None:
    assert one.course is not None
    assert restored(LABELLED, json.loads(json.dumps(as_json(one)))) == one


def test_what_is_kept_is_found_again_by_the_next_run(one: Played, tmp_path: Path) -> None:
    with journal_in(tmp_path / "journal", "rules 2") as journal:
        assert journal.find(LABELLED) is None
        journal.keep(one, LABELLED)
    with journal_in(tmp_path / "journal", "rules 2") as journal:
        assert journal.find(LABELLED) == one


def test_another_conversation_other_settings_and_another_predictor_are_played_anew(one: Played, tmp_path: Path) -> None:
    with journal_in(tmp_path / "journal", "rules 2") as journal:
        journal.keep(one, LABELLED)
        assert journal.find(replace(LABELLED, transcript=said("it drips"))) is None
        assert journal.find(replace(LABELLED, settings=LABELLED.settings.model_copy(update={"company": "B"}))) is None
    with journal_in(tmp_path / "journal", "rules 3") as journal:
        assert journal.find(LABELLED) is None


def test_a_line_that_was_not_finished_is_cut_off(one: Played, tmp_path: Path) -> None:
    file = tmp_path / "journal"
    with journal_in(file, "rules 2") as journal:
        journal.keep(one, LABELLED)
    whole = file.read_bytes()
    file.write_bytes(whole + whole.splitlines()[-1][:40])
    with journal_in(file, "rules 2") as journal:
        assert journal.find(LABELLED) == one
    assert file.read_bytes() == whole


@pytest.mark.parametrize("content", ["a letter\n", '{"id": "one"}\n', "no end of line", EARLIER])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / "letter.txt"
    file.write_text(content)
    refused = pytest.raises(JournalWrong, match="is no journal of a simulation: name another file")
    with refused, journal_in(file, "rules 2"):
        pass
    assert file.read_text() == content


def test_what_the_figures_need_holds_no_word_of_a_conversation(one: Played) -> None:
    kept = without_words(one)
    assert WORDS not in repr(kept)
    assert (kept.slots[0].value, kept.slots[0].right, kept.opened) == ("", True, one.opened)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path, ending: signal.Signals) -> None:
    told: dict[str, Any] = {
        "fields": [{"id": "email", "description": "The e-mail address to answer to", "type": "email"}],
        "messages": [{"author": "customer", "text": f"Write to bob@example.org please. {WORDS}"}],
        "expected": {"email": ["bob@example.org"]},
    }
    file, journal = tmp_path / "many.jsonl", tmp_path / "journal"
    file.write_text("".join(json.dumps({"id": number, **told}) + "\n" for number in range(MANY)))
    command = [sys.executable, "-m", "bot", "simulate", "--file", str(file), "--journal", str(journal), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while _played(journal) == 0 and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(ending)
        complaint, errors = running.communicate(timeout=60)
    assert 0 < _played(journal) < MANY
    if ending is signal.SIGINT:
        assert (running.returncode, "the same command goes on from there" in complaint) == (1, True), complaint
        assert errors == ""
    before = journal.read_bytes()
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert json.loads(done.stdout)["conversations"] == MANY
    assert journal.read_bytes().startswith(before[: before.rindex(b"\n") + 1])
    keys = [json.loads(line)["key"] for line in journal.read_text().splitlines()[1:]]
    assert len(keys) == len({*keys}) == MANY


def _played(journal: Path) -> int:
    return max(0, journal.read_bytes().count(b"\n") - 1) if journal.exists() else 0
