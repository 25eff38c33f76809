from store import conversations
from store.engine import Database
from tests.bot.cli.conftest import CommandLine
from tests.bot.cli.situation import HARMLESS, HOSTILE, Situation


def test_the_list_says_why_a_conversation_has_no_case(cli: CommandLine, situation: Situation) -> None:
    newest, oldest = cli("conversation", "list", "--json").data
    assert (newest["id"], newest["case_number"], newest["outcome"]) == (situation.without_case, None, "not_created")
    assert newest["why"] == "No case because Contact did not resolve."
    assert (oldest["id"], oldest["case_number"], oldest["messages"]) == (situation.conversation, situation.number, 2)
    assert "not_created: No case because Contact did not resolve." in cli("conversation", "list").out


def test_those_without_a_case_can_be_listed_alone(cli: CommandLine, situation: Situation) -> None:
    listed = cli("conversation", "list", "--without-case", "--json").data
    assert [each["id"] for each in listed] == [situation.without_case]
    assert len(cli("conversation", "list", "--limit", "1", "--json").data) == 1


def test_a_conversation_is_shown_with_its_edits_and_evaluations(cli: CommandLine, situation: Situation) -> None:
    out = cli("conversation", "show", str(situation.conversation)).out
    assert f"Conversation {situation.conversation} on webchat\nCase: {situation.number}\n" in out
    assert "Jane[5m Roe (customer), message" in out
    assert f"      {HARMLESS}\n" in out
    assert "      I am j.roe@example.org\n      before: I am jane@example.org\n" in out
    assert "on message: created. Issue description and Contact resolved." in out


def test_one_without_a_case_says_which_field_kept_it_so(cli: CommandLine, situation: Situation) -> None:
    out = cli("conversation", "show", str(situation.without_case)).out
    assert "Case: none" in out
    assert "[noise]" in out
    assert "not_created. No case because Contact did not resolve." in out
    assert "    Contact: no address" in out


def test_a_deleted_message_is_marked(cli: CommandLine, database: Database, situation: Situation) -> None:
    database.write_now(
        lambda connection: conversations.delete(connection, situation.conversation, "m1", "customer-1"),
    )
    assert "[deleted]" in cli("conversation", "show", str(situation.conversation)).out
    trail = cli("case", "show", str(situation.number), "--why", "--json").data["values"]["issue_description"]
    assert trail["quotes"][0]["since"] == "deleted"


def test_json_holds_the_exact_words(cli: CommandLine, situation: Situation) -> None:
    record = cli("conversation", "show", str(situation.conversation), "--json").data
    first, second = record["messages"]
    assert (first["message"]["text"], first["earlier"]) == (HOSTILE, [])
    assert second["earlier"] == ["I am jane@example.org"]
    assert record["evaluations"][0]["case_number"] == situation.number


def test_an_unknown_id_is_a_mistake(cli: CommandLine, situation: Situation) -> None:
    done = cli("conversation", "show", str(situation.without_case + 1))
    assert (done.status, done.out) == (2, "")
    assert "`casewright conversation list` lists them." in done.err
