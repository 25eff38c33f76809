from functools import partial

import pytest

from store import examples
from store.engine import Database
from store.examples import ExampleFilter
from tests.bot.cli.conftest import CommandLine
from tests.bot.cli.situation import Situation


def count(database: Database) -> int:
    return len(database.read_now(partial(examples.listed, wanted=ExampleFilter(), limit=9)))


def test_what_a_persons_decision_taught_is_listed_and_shown_with_its_words(
    cli: CommandLine, situation: Situation
) -> None:
    (listed,) = cli("examples", "list", "--json").data
    assert (listed["case_number"], listed["field"]) == (situation.number, "priority")
    assert (listed["value"], listed["wrong"], listed["settings_version"]) == ("High", None, 1)
    assert "gist" not in listed

    shown = cli("examples", "show", str(listed["id"])).out
    assert "right: High" in shown
    assert "I am jane@example.org" in shown
    assert "\x1b" not in cli("examples", "list").out + shown


@pytest.mark.parametrize("option", [("--field", "product"), ("--case", "999"), ("--contact", "999")])
def test_another_fields_cases_or_contacts_examples_are_not_listed(
    cli: CommandLine, situation: Situation, option: tuple[str, str]
) -> None:
    assert cli("examples", "list", "--case", str(situation.number), "--json").data
    assert cli("examples", "list", *option).out == "There is none.\n"


def test_examples_are_erased_for_good(cli: CommandLine, database: Database, situation: Situation) -> None:
    assert cli("examples", "erase", "--case", str(situation.number)).out == "1 example is erased.\n"
    assert count(database) == 0


def test_nothing_is_erased_until_it_is_said_what(cli: CommandLine, database: Database, situation: Situation) -> None:
    refused = cli("examples", "erase")
    assert refused.status == 2
    assert "--field, --contact or --case" in refused.err
    assert cli("examples", "erase", "--all", "--case", str(situation.number)).status == 2
    assert count(database) == 1


def test_an_example_that_is_not_there_is_named(cli: CommandLine, database: Database) -> None:
    assert count(database) == 0
    assert "There is no example 7." in cli("examples", "show", "7").err
