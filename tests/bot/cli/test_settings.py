import getpass
import re
from functools import partial
from pathlib import Path

import pytest
import yaml

from agent import document
from store import settings as versions
from store.engine import Database
from tests.bot.cli.conftest import CommandLine

STARTER_COMPANY = document.starter().company


@pytest.fixture
def starter(cli: CommandLine, database: Database, tmp_path: Path) -> Path:
    """The starter settings, exported."""
    assert database.read_now(versions.current_number) == 1
    path = tmp_path / "settings.yaml"
    assert cli("settings", "export", "-o", str(path)).status == 0
    return path


def renamed(path: Path, company: str) -> str:
    """Changes the company in an exported file."""
    path.write_text(named(path.read_text("utf-8"), company), "utf-8")
    return str(path)


def named(text: str, company: str) -> str:
    return re.sub(r"^company: .*$", f"company: {company}", text, flags=re.MULTILINE)


def in_force(database: Database) -> tuple[int, str]:
    newest = database.read_now(versions.history)[0]
    stored = database.read_now(partial(versions.get, version=newest.version))
    assert stored is not None
    return newest.version, stored.document["company"]


def test_what_is_exported_is_the_document_in_force(cli: CommandLine, starter: Path) -> None:
    text = starter.read_text("utf-8")
    assert text.startswith("# Casewright settings, version 1 of 20")
    assert document.load(text) == document.starter()
    assert cli("settings", "export").out == text
    assert cli("settings", "export", "--json").data == document.starter().model_dump(mode="json")


def test_an_import_shows_the_difference_and_is_the_next_version(
    cli: CommandLine, database: Database, starter: Path
) -> None:
    done = cli("settings", "import", renamed(starter, "Kettle & Co"), "--comment", "New name", "--author", "Anna")
    assert (done.status, done.err) == (0, "")
    assert done.out == f"company\n  - {STARTER_COMPANY}\n  + Kettle & Co\nVersion 2 is in force now.\n"
    assert in_force(database) == (2, "Kettle & Co")
    newest = database.read_now(versions.history)[0]
    assert (newest.author, newest.comment) == ("Anna", "New name")


def test_an_import_reads_standard_input_and_names_the_login(
    cli: CommandLine, database: Database, starter: Path
) -> None:
    text = Path(renamed(starter, "Piped")).read_text("utf-8")
    assert cli("settings", "import", "-", stdin=text).status == 0
    assert in_force(database) == (2, "Piped")
    assert database.read_now(versions.history)[0].author == getpass.getuser()


def test_an_import_that_changes_nothing_saves_nothing(cli: CommandLine, database: Database, starter: Path) -> None:
    done = cli("settings", "import", str(starter))
    assert (done.status, done.out) == (0, "Nothing would change: version 1 is the same.\n")
    assert in_force(database)[0] == 1


def test_a_file_exported_before_somebody_else_saved_is_refused(
    cli: CommandLine, database: Database, starter: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs.yaml"
    theirs.write_bytes(starter.read_bytes())
    assert cli("settings", "import", renamed(theirs, "Theirs")).status == 0
    done = cli("settings", "import", renamed(starter, "Mine"))
    assert (done.status, done.out) == (1, "")
    assert "comes from version 1, and version 2 is in force by now" in done.err
    assert "casewright settings diff 1 2" in done.err
    assert in_force(database) == (2, "Theirs")
    assert cli("settings", "import", str(starter), "--based-on", "2").status == 0
    assert in_force(database) == (3, "Mine")


def test_a_file_from_elsewhere_is_recognised(cli: CommandLine, starter: Path) -> None:
    starter.write_text(starter.read_text("utf-8").replace("version 1 of", "version 7 of"), "utf-8")
    assert "comes from version 7, and the latest here is 1" in cli("settings", "import", str(starter)).err


def test_a_file_without_a_first_line_of_ours_starts_from_what_is_in_force(
    cli: CommandLine, database: Database, starter: Path
) -> None:
    starter.write_text(starter.read_text("utf-8").split("\n", 2)[2], "utf-8")
    assert cli("settings", "import", renamed(starter, "Handmade")).status == 0
    assert in_force(database) == (2, "Handmade")


def test_a_store_without_settings_takes_the_first_ones(
    cli: CommandLine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CASEWRIGHT_DATABASE_URL", sqlite_url)
    done = cli("settings", "export")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("There are no settings yet")
    path = tmp_path / "first.yaml"
    path.write_text(document.dump(document.starter()), "utf-8")
    assert cli("settings", "import", str(path)).out == "Version 1 is in force now.\n"


def wrong(path: Path) -> Path:
    data = yaml.safe_load(path.read_text("utf-8"))
    data["override_human_edits"] = "perhaps"
    data["update_rules"][0]["fields"].append("\x1b[31mpriorty")
    path.write_text(yaml.safe_dump(data), "utf-8")
    return path


def test_every_problem_is_named_with_its_path_and_nothing_is_saved(
    cli: CommandLine, database: Database, starter: Path
) -> None:
    for command in ("import", "validate"):
        done = cli("settings", command, str(wrong(starter)))
        assert (done.status, done.out) == (2, "")
        lines = done.err.splitlines()
        assert any(line.startswith("override_human_edits: ") for line in lines)
        assert any(line.startswith("update_rules[0].fields[") for line in lines)
        assert "\x1b" not in done.err
    assert in_force(database)[0] == 1


def test_validating_needs_no_database(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(document.dump(document.starter()), "utf-8-sig")
    done = cli("settings", "validate", str(path))
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("The settings are right: ")
    assert not (tmp_path / "var").exists()


def test_validating_speaks_json(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(document.dump(document.starter()), "utf-8")
    assert cli("settings", "validate", str(path), "--json").data == {"valid": True, "problems": []}
    done = cli("settings", "validate", str(wrong(path)), "--json")
    assert done.status == 2
    assert done.data["valid"] is False
    assert "override_human_edits" in [problem["path"] for problem in done.data["problems"]]


@pytest.mark.parametrize("content", [b"", b"fields: [", b"- 1", b"\xff\xfe\x00", b"a: &x 1\nb: *x", b"fields: 3"])
def test_a_file_that_is_no_settings_document_is_a_mistake(cli: CommandLine, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(content)
    done = cli("settings", "validate", str(path))
    assert (done.status, done.out) == (2, "")
    assert done.err.strip()
    assert "Traceback" not in done.err


def test_a_file_that_is_not_there_is_a_mistake(cli: CommandLine, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere.yaml"):
        done = cli("settings", "validate", str(place))
        assert (done.status, done.out) == (2, "")
        assert "can't be read" in done.err


def test_a_place_that_can_not_be_written_is_told(cli: CommandLine, starter: Path) -> None:
    done = cli("settings", "export", "-o", str(starter.parent))
    assert (done.status, done.out) == (1, "")
    assert "can't be written" in done.err


def test_the_history_names_who_and_why(cli: CommandLine, starter: Path) -> None:
    cli("settings", "import", renamed(starter, "Two"), "--comment", "\x1b[31mred\nline", "--author", "Anna")
    newest, oldest = cli("settings", "history", "--json").data
    assert (newest["version"], newest["author"], newest["comment"]) == (2, "Anna", "\x1b[31mred\nline")
    assert (oldest["version"], oldest["comment"]) == (1, "Starter settings")
    assert "document" not in newest
    header, first, second = cli("settings", "history").out.splitlines()
    assert header.split() == ["version", "saved", "author", "comment"]
    assert first.startswith("2 ")
    assert first.split()[4:] == ["Anna", "[31mred", "line"]
    assert second.startswith("1 ")


def test_diff_compares_with_the_version_before_unless_told(cli: CommandLine, starter: Path) -> None:
    for company in ("Two", "Three"):
        text = named(document.dump(document.starter()), company)
        assert cli("settings", "import", "-", stdin=text).status == 0

    def companies(*numbers: str) -> tuple[str, str]:
        (difference,) = cli("settings", "diff", *numbers, "--json").data
        return difference["old"], difference["new"]

    assert companies() == ("Two", "Three")
    assert companies("1") == (STARTER_COMPANY, "Three")
    assert companies("1", "2") == (STARTER_COMPANY, "Two")
    assert companies("2", "1") == ("Two", STARTER_COMPANY)
    assert cli("settings", "diff").out == "company\n  - Two\n  + Three\n"
    assert cli("settings", "diff", "2", "2").out == "Versions 2 and 2 are the same.\n"
    assert cli("settings", "diff", "2", "2", "--json").data == []
    assert starter.exists()


def test_rolling_back_saves_the_old_document_as_a_new_version(
    cli: CommandLine, database: Database, starter: Path
) -> None:
    cli("settings", "import", renamed(starter, "Two"))
    done = cli("settings", "rollback", "1")
    assert (done.status, done.out) == (0, f"company\n  - Two\n  + {STARTER_COMPANY}\nVersion 3 is in force now.\n")
    assert in_force(database) == (3, STARTER_COMPANY)
    assert database.read_now(versions.history)[0].comment == "Back to version 1"
    assert cli("settings", "rollback", "1").out == "Nothing would change: version 3 is the same.\n"
    assert in_force(database)[0] == 3


@pytest.mark.usefixtures("database")
def test_a_version_that_is_not_there_is_a_mistake(cli: CommandLine) -> None:
    for arguments in (["rollback", "9"], ["diff", "9"], ["export", "--version", "9"], ["diff"], ["rollback", "0"]):
        done = cli("settings", *arguments)
        assert (done.status, done.out) == (2, "")
        assert len(done.err.splitlines()) == 1


def test_a_version_that_no_longer_fits_the_program_stops_nobody_from_importing_a_better_one(
    cli: CommandLine, database: Database, starter: Path
) -> None:
    database.write_now(
        lambda connection: versions.save(connection, {"of": "old"}, author="x", comment="", based_on=1),
    )
    done = cli("settings", "export")
    assert (done.status, done.out) == (1, "")
    assert "does not fit this version of Casewright" in done.err
    assert cli("settings", "import", str(starter), "--based-on", "2").out == "Version 3 is in force now.\n"
