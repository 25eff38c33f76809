"""`casewright simulate`: what the agent would have made of conversations that are over."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.evaluation import AGENT
from store import cases, evaluations
from store.audit import Origin
from store.engine import Connection, Database
from store.model import Json
from tests.bot.cli.conftest import CommandLine, Done
from tests.bot.cli.situation import Situation, seed
from tests.flow.desk import change_settings

KEYS = {
    "precision", "recall", "f1", "coverage", "wrong_when_silent", "whole", "recall_at_p90", "recall_at_p95",
    "ms_median",
}  # fmt: skip
FIELDS = {
    "company": "Example",
    "require": ["contact"],
    "fields": [
        {"id": "contact", "label": "Contact", "type": "email", "description": "Whose case it is."},
        {"id": "priority", "label": "Priority", "type": "choice", "description": "How urgent it is.",
         "options": [{"value": "High", "synonyms": ["urgent"]}, {"value": "Low"}]},
    ],
}  # fmt: skip
CASE: dict[str, Any] = {
    "id": "one",
    "channel": "slack",
    "now": "2026-11-20",
    "sender": {"name": "Ann", "verified_email": "ann@example.org"},
    "messages": [
        {"author": "customer", "text": "Hello!"},
        {"author": "customer", "text": "My kettle leaks, priority urgent please."},
    ],
    "case": True,
    "case_after": 0,
    "expected": {"contact": ["ann@example.org"], "priority": ["High"]},
}
OWN: dict[str, Any] = {
    "id": "two",
    "service": "Kettles",
    "fields": [{"id": "email", "description": "The e-mail address to answer to", "type": "text"}],
    "messages": [{"author": "customer", "text": "Write to bob@example.org please."}],
    "expected": {},
}


@pytest.fixture
def fields(cli: CommandLine) -> Path:
    del cli  # which has gone to an empty directory
    file = Path("fields.json")
    file.write_text(json.dumps(FIELDS))
    return file


def lines(name: str, *conversations: Any) -> Path:
    file = Path(name)
    told = "".join(json.dumps(each) + "\n" for each in conversations)
    file.write_bytes(gzip.compress(told.encode()) if name.endswith(".gz") else told.encode())
    return file


@pytest.mark.parametrize("name", ["labelled.jsonl", "labelled.jsonl.gz"])
def test_a_file_is_played_with_the_fields_beside_it(cli: CommandLine, fields: Path, name: str) -> None:
    file = lines(name, CASE)
    told = cli("simulate", "--file", str(file), "--fields", str(fields), "--json").data
    assert set(told) >= KEYS
    assert (told["precision"], told["recall"], told["f1"], told["whole"]) == (1.0, 1.0, 1.0, 1.0)
    assert (told["case_decisions"], told["cases_too_early"], told["conversations"]) == (1.0, 0, 1)
    assert set(told["fields"]) == {"contact", "priority"}


def test_conversations_with_fields_of_their_own_need_no_others(cli: CommandLine) -> None:
    told = cli("simulate", "--file", str(lines("own.jsonl", OWN)), "--predictor", "rules", "--json").data
    assert set(told) >= KEYS
    assert "case_decisions" not in told


def test_many_are_played_side_by_side_to_the_same_end(cli: CommandLine, fields: Path) -> None:
    file = lines("many.jsonl", *({**CASE, "id": str(number)} for number in range(45)))
    told = cli("simulate", "--file", str(file), "--fields", str(fields), "--predictor", "rules", "--json").data
    assert (told["conversations"], told["f1"]) == (45, 1.0)


def test_a_spreadsheet_of_messages_is_played(cli: CommandLine, fields: Path) -> None:
    file = Path("past.csv")
    file.write_text(
        "conversation,author,text,expected:priority,expected:contact\n"
        '1,customer,"My kettle leaks, priority urgent.",High,\n1,representative,"Whose is it?",,\n'
        "1,customer,ann@example.org is mine,,ann@example.org\n"
    )
    told = cli("simulate", "--file", str(file), "--fields", str(fields), "--json").data
    assert told["conversations"] == 1
    assert told["fields"]["priority"]["recall"] == 1.0


def test_the_details_say_what_was_predicted_and_why_beside_what_is_so(cli: CommandLine, fields: Path) -> None:
    file = lines(
        "labelled.jsonl", {**CASE, "messages": CASE["messages"][:1], "expected": {"contact": ["x@example.org"]}}
    )
    done = cli("simulate", "--file", str(file), "--fields", str(fields), "--details", "details.jsonl")
    assert done.status == 0
    [told] = [json.loads(line) for line in Path("details.jsonl").read_text().splitlines()]
    assert told["fields"]["contact"]["predicted"] == "ann@example.org"
    assert told["fields"]["contact"]["actual"] == ["x@example.org"]
    assert told["fields"]["contact"]["right"] is False
    assert told["fields"]["priority"]["why_not"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}\n", "wrong.jsonl, line 1: it has no `fields` of its own"),
        (json.dumps(OWN).encode() + b"\n\n{nonsense\n", "wrong.jsonl, line 3 is no JSON"),
        (b"[1]\n", "wrong.jsonl, line 1: a conversation should be a JSON object"),
        (b"\xff\xfe\n", "can't be read to its end"),
        (gzip.compress(json.dumps(OWN).encode())[:-9], "can't be read to its end"),
    ],
)
def test_what_is_no_conversation_is_named_with_its_line(cli: CommandLine, content: bytes, said: str) -> None:
    Path("wrong.jsonl").write_bytes(content)
    refused(cli("simulate", "--file", "wrong.jsonl"), said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"messages": []}, "`messages` is empty: there should be at least one."),
        ({"messages": "hello"}, "`messages` should be a list"),
        ({"messages": [{"text": "x"}]}, "`messages[0].author` is missing."),
        (
            {"messages": [{"author": "bot", "text": "x"}]},
            "`messages[0].author` should be 'customer', 'representative' or 'agent'; it is \"bot\".",
        ),
        ({"messages": [{"author": "customer", "text": None}]}, "`messages[0].text` should be a text"),
        ({"sender": "Ann"}, "`sender` should be an object"),
        ({"now": "tomorrow"}, '`now` should be a day such as 2026-03-12; it is "tomorrow".'),
        (
            {"expected": {"prioritty": ["High"]}},
            "`expected.prioritty` is no field of the settings; did you mean 'priority'?",
        ),
        ({"expected": {"priority": []}}, "`expected.priority` is empty: there should be at least one."),
        ({"expected_contains": {"colour": ["x"]}}, "`expected_contains.colour` is no field of the settings"),
        ({"case": "yes"}, '`case` should be true or false, or left out; it is "yes".'),
        ({"case_after": "nonsense"}, '`case_after` should be a whole number; it is "nonsense".'),
        ({"case_after": 2}, "`case_after` should be the index of a message, at most 1; it is 2."),
        ({"case_after": -1}, "`case_after` should be greater than or equal to 0"),
        (
            {"evidence": {"priority": {"message": 9, "quote": "x"}}},
            "`evidence.priority` names a message that is not there",
        ),
        ({"fields": []}, "`fields` is empty: there should be at least one."),
        ({"fields": {}}, "`fields` should be a list"),
        ({"fields": [{"id": "a", "type": "colour"}]}, "`fields[0].type` should be one of text, multiline, choice"),
        ({"fields": [{"id": "a", "type": "choice", "options": "x"}]}, "`fields[0].options` should be a list"),
    ],
)
def test_what_is_wrong_in_a_conversation_is_told_with_file_line_and_field(
    cli: CommandLine, fields: Path, changed: dict[str, Any], said: str
) -> None:
    file = lines("wrong.jsonl", CASE, {**CASE, **changed})
    refused(cli("simulate", "--file", str(file), "--fields", str(fields)), f"wrong.jsonl, line 2: {said}")


def test_a_packed_file_that_is_none_is_refused(cli: CommandLine) -> None:
    Path("plain.jsonl.gz").write_text(json.dumps(OWN))
    refused(cli("simulate", "--file", "plain.jsonl.gz"), "plain.jsonl.gz is no gzip file, though its name says so")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("conversation,text\n", "past.csv, line 1 should name the columns conversation, author, text: author missing."),
        ("conversation,author,text\n1,customer,Hi\n1,boss,Ho\n", "past.csv, line 3: `author` should be 'customer'"),
        ("conversation,author,text\n1,customer\n", "past.csv, line 2: `text` should be a text"),
        ("conversation,author,text,expected:colour\n1,customer,Hi,red\n", "line 2: `expected.colour` is no field"),
    ],
)
def test_what_is_wrong_in_a_spreadsheet_is_told_with_its_line(
    cli: CommandLine, fields: Path, rows: str, said: str
) -> None:
    Path("past.csv").write_text(rows)
    refused(cli("simulate", "--file", "past.csv", "--fields", str(fields)), said)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "fields.json: should be an object"),
        ({}, "fields.json: `fields` is missing."),
        (
            {**FIELDS, "require": ["contct"]},
            "`require[0]` names no field: there is no 'contct'; did you mean 'contact'?",
        ),
        ({**FIELDS, "region": "Atlantis"}, "`region` there is no region 'Atlantis'"),
    ],
)
def test_what_is_wrong_with_a_document_of_fields_is_told(cli: CommandLine, document: Any, said: str) -> None:
    Path("fields.json").write_text(json.dumps(document))
    file = lines("labelled.jsonl", CASE)
    refused(cli("simulate", "--file", str(file), "--fields", "fields.json"), said)


def refused(done: Done, said: str) -> None:
    assert (done.status, said in done.err, done.err) == (2, True, done.err)
    assert "Traceback" not in done.err


def test_options_that_do_not_fit_are_refused(cli: CommandLine, fields: Path) -> None:
    file = lines("labelled.jsonl", CASE)
    both = cli("simulate", "--file", str(file), "--fields", str(fields), "--settings", str(fields))
    refused(both, "Give --settings or --fields, not both.")


def test_past_conversations_of_the_store_are_played_and_nothing_is_written(
    cli: CommandLine, database: Database
) -> None:
    seed(database)
    before = database.read_now(_everything)
    told = cli("simulate", "--json").data
    assert told["conversations"] == told["cases_created"] + told["cases_not_created"] + told["cases_off"] > 0
    assert told["match_rate"] is None or 0 <= told["match_rate"] <= 1
    assert database.read_now(_everything) == before


def test_one_more_conversation_of_a_case_joins_it_and_is_no_decision(cli: CommandLine, database: Database) -> None:
    situation = seed(database)
    by_hand = Origin(actor=AGENT, conversation_id=situation.without_case, settings_version=1)
    database.write_now(partial(_link, situation=situation, origin=by_hand))
    told = cli("simulate", "--json", "--details", "details.jsonl").data
    details = [json.loads(line) for line in Path("details.jsonl").read_text().splitlines()]
    fates = {each["id"]: (each["fate"], each["case"]) for each in details}
    assert fates[str(situation.without_case)] == ("joined", None)
    assert (told["cases_joined"], len(details)) == (1, 2)


def _link(connection: Connection, situation: Situation, origin: Origin) -> None:
    cases.link(connection, origin, situation.number, situation.without_case)


def _everything(connection: Any) -> list[int]:
    tables = ("cases", "evaluations", "audit", "messages", "outbox")
    return [connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in tables]  # noqa: S608


def test_a_draft_of_the_settings_says_what_would_have_become_of_each_conversation(
    cli: CommandLine, fields: Path
) -> None:
    del fields
    draft = {"fields": FIELDS["fields"], "default_fields": ["contact", "priority"], "creation": {"require": "all"}}
    told = {name: _fate(cli, draft | changed) for name, changed in DRAFTS.items()}
    assert told == {
        "all": ("not_created", None),
        "any": ("created", 1),
        "confirmed": ("proposed", 1),
    }


DRAFTS: dict[str, dict[str, Any]] = {
    "all": {},
    "any": {"creation": {"require": "any"}},
    "confirmed": {"creation": {"require": "any"}, "automation": {"create": "confirm"}},
}


def _fate(cli: CommandLine, draft: dict[str, Any]) -> tuple[str, int | None]:
    Path("draft.yaml").write_text(json.dumps(draft))
    file = lines("one.jsonl", {**CASE, "sender": {}})
    told = cli("simulate", "--file", str(file), "--settings", "draft.yaml", "--details", "d.jsonl", "--json").data
    [detail] = [json.loads(line) for line in Path("d.jsonl").read_text().splitlines()]
    assert told[f"cases_{detail['fate']}"] == 1
    return detail["fate"], detail["opened_after"]


def test_what_comes_of_conversations_says_in_which_queue_each_case_would_land(cli: CommandLine) -> None:
    urgent = {"field": "priority", "operator": "equals", "value": "High"}
    hot = {"id": "hot", "name": "Burning <b>things</b>", "when": urgent}
    closed = {"id": "closed", "name": "Closed", "active": False}
    fields: Any = FIELDS["fields"]
    contact, priority = fields
    draft: dict[str, Any] = {
        "fields": [{**contact, "identity": True}, priority],
        "default_fields": ["contact"],
        "creation": {"optional": ["priority"]},
        "queues": [hot, closed],
    }
    Path("draft.yaml").write_text(json.dumps(draft))
    calm = [{"author": "customer", "text": "My kettle leaks a little."}]
    silent = [{"author": "customer", "text": "Hello!"}]
    lines("three.jsonl", CASE, {**CASE, "id": "calm", "messages": calm}, {**CASE, "id": "silent", "messages": silent})
    command = ("simulate", "--file", "three.jsonl", "--settings", "draft.yaml", "--predictor", "rules")
    told = cli(*command, "--details", "d.jsonl", "--html", "report.html", "--json").data
    assert told["queues"] == {"hot": 1, "none": 1}
    details = [json.loads(line) for line in Path("d.jsonl").read_text().splitlines()]
    why = "The conditions of the queue “Burning <b>things</b>” hold."
    assert [(each["queue"], each["queue_why"]) for each in details] == [("hot", why), (None, None), (None, None)]
    report = Path("report.html").read_text()
    assert report.count("<td>Burning &lt;b&gt;things&lt;/b&gt;</td>") == 1
    assert "<b>things" not in report
    table = cli(*command).out.partition("queue")[2]
    assert [line.split()[:2] for line in table.splitlines() if "hot" in line or "none" in line] == [
        ["hot", "1"],
        ["none", "1"],
    ]


def test_without_queues_a_simulation_says_nothing_of_them(cli: CommandLine, fields: Path) -> None:
    file = lines("labelled.jsonl", CASE)
    command = ("simulate", "--file", str(file), "--fields", str(fields), "--predictor", "rules")
    assert cli(*command, "--html", "report.html", "--json").data["queues"] == {}
    assert "Queue" not in Path("report.html").read_text()
    assert "queue" not in cli(*command).out


def test_the_report_is_written_beside_the_figures(cli: CommandLine, fields: Path) -> None:
    file = lines("labelled.jsonl", CASE)
    done = cli("simulate", "--file", str(file), "--fields", str(fields), "--html", "report.html")
    assert "report.html shows it all" in done.out
    assert "ann@example.org" in Path("report.html").read_text()
    refused(
        cli("simulate", "--file", str(file), "--fields", str(fields), "--html", "no/where.html"), "can't be written"
    )


@pytest.mark.parametrize("number", [3, 45])
def test_what_the_journal_holds_is_not_played_again(cli: CommandLine, fields: Path, number: int) -> None:
    file = lines("many.jsonl", *({**CASE, "id": str(each)} for each in range(number)))
    command = ("simulate", "--file", str(file), "--fields", str(fields), "--predictor", "rules", "--json")
    first = cli(*command, "--journal", "journal").data
    assert cli(*command, "--journal", "journal").data == first  # the milliseconds, too
    lines("many.jsonl", *({**CASE, "id": str(each)} for each in range(number + 1)))
    assert cli(*command, "--journal", "journal").data["conversations"] == number + 1
    assert len(Path("journal").read_text().splitlines()) == 1 + number + 1


def test_a_journal_that_is_none_is_refused(cli: CommandLine, fields: Path) -> None:
    file = lines("labelled.jsonl", CASE)
    command = ("simulate", "--file", str(file), "--fields", str(fields))
    refused(cli(*command, "--journal", str(fields)), "fields.json is no journal of a simulation: name another file.")
    refused(cli(*command, "--journal", "no/where"), "no/where can't be used: No such file or directory.")


def test_what_was_watched_is_read_from_the_record_alone(cli: CommandLine, database: Database) -> None:
    nothing = cli("simulate", "--shadow")
    assert nothing.status != 0
    assert "create: shadow" in nothing.err

    def shadow(connection: Connection, situation: Situation) -> None:
        watched = evaluations.of_conversation(connection, situation.conversation)[0]
        written = {"priority": {"value": "High", "confidence": 0.9}}
        detail: Json = {**watched.detail, "written": written, "suggested": {}, "unchanged": []}
        evaluations.keep(connection, replace(watched, outcome="shadow", detail=detail))

    database.write_now(partial(shadow, situation=seed(database)))
    told = cli("simulate", "--shadow", "--json").data
    assert (told["conversations"], told["fields"]["priority"]["precision"]) == (1, 1.0)


def test_what_was_watched_would_have_landed_in_the_queue_that_the_settings_say(
    cli: CommandLine, database: Database
) -> None:
    def shadow(connection: Connection, situation: Situation) -> None:
        seeded = evaluations.of_conversation(connection, situation.conversation)[0]
        written = {"priority": {"value": "High", "confidence": 0.9}}
        detail: Json = {**seeded.detail, "written": written, "suggested": {}, "unchanged": []}
        record = replace(seeded, outcome="shadow", detail=detail, case_number=None)
        evaluations.keep(connection, replace(record, conversation_id=situation.without_case))

    database.write_now(partial(shadow, situation=seed(database)))
    urgent = {"field": "priority", "operator": "equals", "value": "High"}
    queues = [{"id": "hot", "name": "Hot", "when": urgent}, {"id": "rest", "name": "The rest"}]
    change_settings(database, lambda document: document.update(queues=queues))
    assert cli("simulate", "--shadow", "--json").data["queues"] == {"hot": 1, "rest": 0, "none": 0}


def test_a_record_is_not_played_by_something_else(cli: CommandLine, database: Database) -> None:
    del database
    refused = cli("simulate", "--shadow", "--predictor", "rules")
    assert refused.status == 2
    assert "leave out" in refused.err
