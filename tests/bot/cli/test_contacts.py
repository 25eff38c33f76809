"""People's data at the command line: found, handed out, erased, forgotten."""

import json
import stat
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import update

from store.engine import Connection, Database
from store.model import CaseStatus, utcnow
from store.people.expiring import LEAST_DAYS
from store.schema import cases, contacts, conversations, inbox
from tests.bot.cli.conftest import CommandLine
from tests.flow.desk import change_settings
from tests.store.people.scene import WORD, Scene, holding, set_up
from tests.store.people.test_expiring import LONG_AGO


@pytest.fixture
def scene(database: Database) -> Scene:
    return set_up(database)


def age(connection: Connection) -> None:
    long_ago = utcnow() - LONG_AGO
    connection.execute(update(conversations).values(last_message_at=long_ago, ready_at=None))
    connection.execute(update(cases).values(updated_at=long_ago, status=CaseStatus.RESOLVED))
    connection.execute(update(contacts).values(created_at=long_ago))
    connection.execute(inbox.delete().where(inbox.c.status != "dead"))


def test_contacts_are_found_by_a_part_of_a_name_or_an_address(cli: CommandLine, scene: Scene) -> None:
    assert [each["id"] for each in cli("contacts", "list", "ADDRESSzyx", "--json").data] == [scene.ann]
    assert [each["name"] for each in cli("contacts", "list", "bobw", "--json").data] == ["Bob Bobword"]
    assert len(cli("contacts", "list", "--json").data) == 3
    assert cli("contacts", "list", "100%").out == "There is none.\n"


def test_an_export_is_a_file_for_one_reader_and_overwrites_none(cli: CommandLine, scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "ann.zip"
    assert cli("contacts", "export", str(scene.ann), "-o", str(file)).status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert WORD in ZipFile(file).read("contact.json").decode()

    again = cli("contacts", "export", str(scene.ann), "-o", str(file))
    assert again.status == 2
    assert "exists already" in again.err


def test_a_contact_is_erased_as_the_dry_run_told(cli: CommandLine, database: Database, scene: Scene) -> None:
    told = cli("contacts", "erase", str(scene.ann), "--dry-run", "--json").data
    assert told["contacts"] == 1
    assert holding(database, WORD)

    assert cli("contacts", "erase", str(scene.ann), "--json").data == told
    assert holding(database, WORD) == set()
    gone = cli("contacts", "erase", str(scene.ann))
    assert (gone.status, gone.err) == (1, f"There is no contact {scene.ann}.\n")


@pytest.mark.usefixtures("scene")
def test_retention_is_off_until_the_settings_or_the_command_say_how_long(cli: CommandLine, database: Database) -> None:
    database.write_now(age)
    off = cli("retention")
    assert off.status == 2
    assert "forget_after_days" in off.err
    assert cli("retention", "--days", str(LEAST_DAYS - 1)).status == 2

    change_settings(database, lambda settings: settings.update(forget_after_days=365))
    told = cli("retention", "--dry-run", "--json").data
    assert told["conversations"] == 3
    assert cli("retention", "--json").data == told
    assert json.loads(cli("retention", "--json").out)["conversations"] == 0


def test_what_an_erased_case_says_of_itself_is_that_it_was_erased(cli: CommandLine, scene: Scene) -> None:
    cli("contacts", "erase", str(scene.ann))
    out = cli("case", "show", str(scene.case), "--why").out
    assert "erased" in out
    assert "None" not in out
