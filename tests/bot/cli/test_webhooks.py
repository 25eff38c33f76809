import pytest

from store import webhooks
from store.engine import Database
from store.webhooks import Event
from tests.bot.cli.conftest import CommandLine
from tests.bot.cli.situation import Situation
from tests.store.examples import opened

URL = "https://example.org/casewright"


def test_an_endpoint_is_made_listed_and_ended(cli: CommandLine, database: Database) -> None:
    assert "There is none yet" in cli("webhooks", "list").out
    told = cli("webhooks", "add", URL, "--event", "case.created").out
    assert "whsec_" in told
    (listed,) = cli("webhooks", "list", "--json").data
    assert (listed["url"], listed["events"], listed["internal"]) == (URL, ["case.created"], False)
    assert "whsec_" not in cli("webhooks", "list", "--json").out + cli("webhooks", "list").out
    assert cli("webhooks", "end", "1").out == "Endpoint 1 is told nothing any more.\n"
    assert database.read_now(webhooks.endpoints)[0].ended_at is not None


def test_without_a_choice_it_is_told_of_everything(cli: CommandLine, database: Database) -> None:
    cli("webhooks", "add", URL)
    assert set(database.read_now(webhooks.endpoints)[0].events) == set(Event)


@pytest.mark.parametrize("url", ["http://example.org/", "https://10.0.0.1/", "nonsense"])
def test_an_address_where_webhooks_do_not_go_is_refused(cli: CommandLine, database: Database, url: str) -> None:
    refused = cli("webhooks", "add", url)
    assert refused.status == 2
    assert "should" in refused.err
    assert database.read_now(webhooks.endpoints) == []


def test_what_was_given_up_is_listed_and_tried_again(cli: CommandLine, database: Database) -> None:
    cli("webhooks", "add", URL)
    opened(database, key="told")
    [delivery] = database.write_now(lambda connection: webhooks.claim(connection, worker=1, seconds=60, limit=1))
    dead = webhooks.DeliveryStatus.DEAD
    database.write_now(
        lambda connection: webhooks.settle(connection, delivery, dead, answered=500, error="It answered 500.")
    )
    (listed,) = cli("webhooks", "deliveries", "--status", "dead", "--json").data
    assert (listed["event"], listed["answered"]) == ("case.created", 500)
    assert "It answered 500." in cli("webhooks", "deliveries").out
    assert cli("webhooks", "retry", str(listed["id"])).out == "1 to be tried again.\n"
    assert cli("webhooks", "retry", str(listed["id"])).status == 1
    assert cli("webhooks", "retry", "--all").out == "0 to be tried again.\n"


def test_nothing_is_tried_again_until_it_is_said_what(cli: CommandLine, situation: Situation) -> None:
    assert situation.number
    assert cli("webhooks", "retry").status == 2
    assert cli("webhooks", "end", "9").status == 2


@pytest.mark.usefixtures("database")
def test_an_endpoint_is_changed_and_its_secret_replaced(cli: CommandLine) -> None:
    first = cli("webhooks", "add", URL).out.split()[-1]
    told = cli("webhooks", "change", "1", "--event", "case.created", "--internal").out
    assert told == "Endpoint 1 is told of case.created, internal fields and notes too.\n"
    assert cli("webhooks", "change", "1", "--no-internal").out == "Endpoint 1 is told of case.created.\n"
    rotated = cli("webhooks", "rotate", "1").out
    assert "The secret of before signs until" in rotated
    assert rotated.split()[-1].startswith("whsec_")
    assert rotated.split()[-1] != first
    cli("webhooks", "end", "1")
    assert "has ended" in cli("webhooks", "rotate", "1").err
    assert "There is no endpoint 9" in cli("webhooks", "change", "9").err
