import pytest

from store import cases
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Database
from store.model import CaseStatus
from tests.bot.cli.conftest import CommandLine
from tests.bot.cli.situation import ANNA, CONTACT, HARMLESS, HOSTILE, Situation


def test_a_case_is_shown_with_its_values_in_the_words_of_the_settings(cli: CommandLine, situation: Situation) -> None:
    done = cli("case", "show", str(situation.number))
    assert done.status == 0
    assert f"Case {situation.number}: {HARMLESS}" in done.out
    assert "Status: New" in done.out
    assert "Owner: nobody has claimed it" in done.out
    assert "  Contact: jane@example.org\n" in done.out
    assert "  Priority: High\n" in done.out
    assert "Priority: Low (confidence 0.70, “leaks”)" in done.out
    assert "History" not in done.out


def test_why_tells_who_wrote_a_value_when_how_sure_and_on_whose_words(cli: CommandLine, situation: Situation) -> None:
    out = cli("case", "show", str(situation.number), "--why").out
    after = out[out.index("  Contact: ") :]
    trail = [line.strip() for line in after.splitlines()[1:4]]
    assert trail[0].startswith("written by Casewright (the agent), 20")
    assert trail[0].endswith(" UTC, confidence 0.98")
    assert trail[1].startswith("because “jane@example.org”, Jane[5m Roe (customer), 2026-11-20 12:00:00 UTC, message ")
    assert trail[1].endswith(f" of conversation {situation.conversation}, edited since")
    assert trail[2] == "update rule “Who it is”, settings 1, predictor embedded 0.1"


def test_why_tells_a_value_set_by_hand_from_a_predicted_one(cli: CommandLine, situation: Situation) -> None:
    out = cli("case", "show", str(situation.number), "--why").out
    after = out[out.index("  Priority: High") :]
    trail = [line.strip() for line in after.splitlines()[1:4]]
    assert trail[0].startswith("written by Anna Berg (a person)")
    assert trail[1:] == ["no words: set by hand", "settings 1"]


def test_why_follows_the_latest_write_of_a_value(cli: CommandLine, database: Database, situation: Situation) -> None:
    by_hand = [FieldWrite(field=CONTACT, value="j.roe@example.org")]
    database.write_now(
        lambda each: cases.write(each, Origin(actor=ANNA), cases.get(each, situation.number), by_hand),
    )
    contact = cli("case", "show", str(situation.number), "--why", "--json").data["values"]["contact"]
    assert (contact["value"], contact["writer"]["name"]) == ("j.roe@example.org", "Anna Berg")
    assert (contact["rule"], contact["predictor"], contact["quotes"]) == (None, None, [])


def test_why_ends_with_the_history_and_the_evaluations(cli: CommandLine, situation: Situation) -> None:
    out = cli("case", "show", str(situation.number), "--why").out
    history, looks = out[out.index("History") :].split("Evaluations")
    events = [line.split("UTC  ")[1] for line in history.splitlines()[1:] if line.strip()]
    assert events[0] == f"Casewright (the agent): opened the case “{HARMLESS}”"
    assert events[1] == f"Casewright (the agent): linked conversation {situation.conversation}"
    assert "Contact: — → jane@example.org (“jane@example.org”, confidence 0.98, update rule “Who it is”)" in events[3]
    assert events[4] == "Anna Berg (a person): Priority: — → High"
    assert events[5] == "Casewright (the agent): suggested Priority Low (“leaks”, confidence 0.70)"
    assert "on message: created. Issue description and Contact resolved." in looks
    assert f"(conversation {situation.conversation}, settings 1, embedded 0.1, 12 ms)" in looks
    assert "    Product: none is named" in looks


def test_json_holds_the_exact_words(cli: CommandLine, situation: Situation) -> None:
    case = cli("case", "show", str(situation.number), "--json").data
    assert case["number"] == situation.number
    assert case["values"]["issue_description"]["value"] == HOSTILE
    assert "history" not in case


def test_json_with_why_adds_the_trail(cli: CommandLine, situation: Situation) -> None:
    case = cli("case", "show", str(situation.number), "--why", "--json").data
    contact = case["values"]["contact"]
    assert (contact["value"], contact["rule"], contact["settings_version"]) == ("jane@example.org", "Who it is", 1)
    assert contact["writer"]["kind"] == "agent"
    (quote,) = contact["quotes"]
    assert (quote["words"], quote["role"], quote["since"]) == ("jane@example.org", "customer", "edited")
    assert [entry["change"]["what"] for entry in case["history"]][:2] == ["created", "linked"]
    assert case["evaluations"][0]["why"] == "Issue description and Contact resolved."


def test_nothing_of_a_customer_reaches_the_terminal_as_control(cli: CommandLine, situation: Situation) -> None:
    for arguments in (
        ["case", "show", str(situation.number), "--why"],
        ["case", "show", str(situation.number), "--why", "--json"],
        ["case", "list"],
        ["conversation", "show", str(situation.conversation)],
        ["conversation", "list"],
    ):
        done = cli(*arguments)
        assert done.status == 0
        assert all(character.isprintable() or character == "\n" for character in done.out)


@pytest.mark.usefixtures("situation")
def test_markup_in_a_title_stays_text(cli: CommandLine) -> None:
    assert "[bold red]My kettle[/] leaks" in cli("case", "list").out


def test_open_cases_are_listed_unless_asked_otherwise(
    cli: CommandLine, database: Database, situation: Situation
) -> None:
    def listed(*options: str) -> list[int]:
        return [case["number"] for case in cli("case", "list", "--json", *options).data]

    assert listed() == listed("--open") == listed("--all") == [situation.number]
    assert listed("--resolved") == []
    database.write_now(
        lambda connection: cases.set_status(
            connection, Origin(actor=ANNA), cases.get(connection, situation.number), CaseStatus.RESOLVED
        )
    )
    assert listed() == []
    assert listed("--resolved") == listed("--all") == [situation.number]
    assert cli("case", "list").out == "There is none.\n"


def test_the_limit_is_kept(cli: CommandLine, situation: Situation, database: Database) -> None:
    def another() -> None:
        database.write_now(
            lambda connection: cases.create(
                connection,
                Origin(actor=ANNA),
                title="Another",
                conversation_id=situation.without_case,
                contact_id=None,
                writes=[],
            )
        )

    another()
    assert [case["title"] for case in cli("case", "list", "--limit", "1", "--json").data] == ["Another"]


@pytest.mark.usefixtures("situation")
def test_an_unknown_number_is_a_mistake_told_in_a_sentence(cli: CommandLine) -> None:
    done = cli("case", "show", "99")
    assert (done.status, done.out) == (2, "")
    assert done.err == "There is no case 99. `casewright case list --all` lists them.\n"


def test_a_number_that_is_none_is_a_mistake(cli: CommandLine) -> None:
    for written in ("abc", "0", "-4", "9" * 40):
        done = cli("case", "show", written)
        assert (done.status, done.out) == (2, "")
        assert len(done.err.splitlines()) == 1


def test_contradicting_options_are_a_mistake(cli: CommandLine) -> None:
    done = cli("case", "list", "--open", "--all")
    assert (done.status, done.err) == (2, "Choose one of --open, --resolved and --all.\n")


def test_a_mistake_is_told_as_json_where_json_was_asked_for(cli: CommandLine, situation: Situation) -> None:
    done = cli("case", "show", str(situation.number + 1), "--json")
    assert done.status == 2
    assert done.data["error"].startswith(f"There is no case {situation.number + 1}")


def test_a_case_says_how_to_see_its_conversations(cli: CommandLine, situation: Situation) -> None:
    shown = cli("case", "show", str(situation.number)).out
    assert f"Conversation: `casewright conversation show {situation.conversation}`" in shown
