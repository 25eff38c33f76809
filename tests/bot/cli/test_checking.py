from pathlib import Path

import pytest

from store.engine import Database
from tests.bot.cli.conftest import CommandLine

HUSH = "hush-hush-hush-hush-hush-hush-hush-hush"


def test_the_configuration_is_shown_with_secrets_masked(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEWRIGHT_WEBCHAT_SECRET", HUSH)
    monkeypatch.setenv("CASEWRIGHT_DATABASE_URL", f"postgresql://anna:{HUSH}@db/casewright")
    monkeypatch.setenv("CASEWRIGHT_PORT", "4000")
    data = cli("config", "--json").data
    assert data["CASEWRIGHT_PORT"] == "4000"
    assert data["CASEWRIGHT_DATABASE_URL"].startswith("postgresql://anna:")
    out = cli("config").out
    assert "CASEWRIGHT_PORT" in out
    assert HUSH not in out + str(data)


def test_a_wrong_configuration_names_every_problem_and_shows_no_secret(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEWRIGHT_PORT", "many\x1b[31m")
    monkeypatch.setenv("CASEWRIGHT_HOTS", "0.0.0.0")  # noqa: S104 -- a misspelt variable
    monkeypatch.setenv("CASEWRIGHT_WEBCHAT_SECRET", "hush")
    for command in (["config"], ["case", "list"], ["db", "upgrade"], ["run"]):
        done = cli(*command)
        assert done.status == 2
        told = str(done.data["error"]) if "--json" in command else done.err
        assert len(told.splitlines()) == 3
        for name in ("CASEWRIGHT_PORT", "CASEWRIGHT_HOTS", "CASEWRIGHT_WEBCHAT_SECRET"):
            assert name in told
        assert "hush" not in done.out + done.err
        assert "\x1b" not in done.out + done.err


def test_the_doctor_works_on_a_wrong_configuration_too(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEWRIGHT_PORT", "many")
    monkeypatch.setenv("CASEWRIGHT_DEMO", "perhaps")
    done = cli("doctor")
    assert done.status == 1
    assert done.out.count("FAILED  configuration: ") == 2
    assert "2 of 2 checks failed." in done.out
    data = cli("doctor", "--json").data
    assert [check["ok"] for check in data] == [False, False]


def test_the_doctor_is_content_where_all_is_well(
    cli: CommandLine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEWRIGHT_PORT", "0")
    done = cli("doctor", "--json")
    assert (done.status, [check["name"] for check in done.data if not check["ok"]]) == (0, [])
    out = cli("doctor").out
    assert "ok      schema: " in out
    assert out.endswith("checks are fine.\n")
    assert database.url.password is None


def test_the_doctor_says_how_to_mend_what_failed(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEWRIGHT_DATABASE_URL", "postgresql://anna:hush@127.0.0.1:1/casewright")
    done = cli("doctor")
    assert done.status == 1
    lines = done.out.splitlines()
    failed = next(position for position, line in enumerate(lines) if line.startswith("FAILED  database: "))
    assert lines[failed + 1] == "        Start the database, or mend CASEWRIGHT_DATABASE_URL."
    assert "hush" not in done.out
    assert list(tmp_path.iterdir()) == []
