import asyncio
import json
import shlex
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from adapters.slack.surface import BOT_SCOPES
from agent.document import starter
from agent.settings import SlackSettings
from bot.config import Config, ConfigError, load
from bot.doctor import Check, checks, disk, misconfigured
from bot.settings import ensure_starter
from manifest.slack import needed
from store import migrations
from store import settings as versions
from store.engine import Connection, Database
from tests.adapters.slack.fake import APP_TOKEN, BOT_TOKEN, FakeSlack

SECRET = "a-secret-of-thirty-two-characters-or-more"


def a_config(tmp_path: Path, **variables: str) -> Config:
    environ = {"CASEWRIGHT_PORT": "0"} | {f"CASEWRIGHT_{name}": value for name, value in variables.items()}
    return load(environ, tmp_path)


def found(config: Config) -> dict[str, Check]:
    return {check.name: check for check in checks(config)}


def opened(url: str) -> closing[Database]:
    return closing(Database(url, threads=1))


@contextmanager
def listening(body: bytes) -> Generator[int]:
    """A web server that answers everything with `body`, on a port of its own."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it so
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_fresh_machine_is_ready_and_nothing_is_made(tmp_path: Path) -> None:
    result = found(a_config(tmp_path))

    assert all(check.ok and check.mend is None for check in result.values()), result
    assert list(result) == [
        "python", "configuration", "web chat", "prediction", "files", "port", "file modes", "sqlite", "disk",
        "write-ahead log",
        "database",
    ]  # fmt: skip
    assert result["database"].sentence.endswith("is made at the first start.")
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_use_is_at_the_schema_and_has_settings(tmp_path: Path) -> None:
    config = a_config(tmp_path, DATABASE_URL="sqlite:///casewright.db")
    with opened(config.database_url.get_secret_value()) as database:
        migrations.upgrade(database)
        ensure_starter(database)

    result = found(config)

    assert all(check.ok for check in result.values()), result
    assert result["schema"].sentence == "The database is at this version's schema."
    assert result["settings"].sentence == "Version 1 is in force and right."


def test_files_that_others_can_read_are_told_with_what_mends_them(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    for name in ("casewright.db", "webchat.secret"):
        (var / name).touch(mode=0o644)

    check = found(a_config(tmp_path))["file modes"]

    assert not check.ok
    assert f"{var} (0755)" in check.sentence
    assert check.mend is not None
    for wrong in check.mend.split("; "):
        subprocess.run(shlex.split(wrong), check=True)
    assert found(a_config(tmp_path))["file modes"].ok


def test_an_older_sqlite_database_is_upgraded_by_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "casewright.db").touch()

    result = found(a_config(tmp_path, DATABASE_URL="sqlite:///casewright.db"))

    assert result["schema"].ok
    assert result["schema"].sentence.endswith("the next start upgrades it.")
    assert "settings" not in result


def test_a_database_of_a_newer_version_is_told_apart(tmp_path: Path) -> None:
    config = a_config(tmp_path, DATABASE_URL="sqlite:///casewright.db")
    with opened(config.database_url.get_secret_value()) as database:
        migrations.upgrade(database)
        database.write_now(partial(_execute, statement="UPDATE alembic_version SET version_num = '9999'"))

    schema = found(config)["schema"]

    assert (schema.ok, schema.mend) == (False, "Upgrade Casewright, or restore a backup.")


def test_a_file_that_is_no_database_is_found(tmp_path: Path) -> None:
    (tmp_path / "casewright.db").write_text("these are my notes " * 100)

    database = found(a_config(tmp_path, DATABASE_URL="sqlite:///casewright.db"))["database"]

    assert not database.ok
    assert database.sentence.endswith("file is not a database")


def test_settings_that_are_wrong_are_found(tmp_path: Path) -> None:
    config = a_config(tmp_path, DATABASE_URL="sqlite:///casewright.db")
    with opened(config.database_url.get_secret_value()) as database:
        migrations.upgrade(database)
        document = {"fields": [], "default_fields": ["contact"]}
        save = partial(versions.save, document=document, author="x", comment="", based_on=0)
        database.write_now(save)

    settings = found(config)["settings"]

    assert not settings.ok
    assert "default_fields" in settings.sentence


def test_a_database_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        port = nobody.getsockname()[1]
        result = found(a_config(tmp_path, DATABASE_URL=f"postgresql://u:hunter2@127.0.0.1:{port}/cases"))

    assert (result["database"].ok, result["database"].mend) == (
        False,
        "Start the database, or mend CASEWRIGHT_DATABASE_URL.",
    )
    assert "schema" not in result
    assert "hunter2" not in repr(result)


def test_an_empty_postgresql_database_is_to_be_upgraded_by_hand(tmp_path: Path, empty_postgres_url: str) -> None:
    result = found(a_config(tmp_path, DATABASE_URL=empty_postgres_url))

    assert result["database"].ok
    assert result["clock"].ok
    assert (result["schema"].ok, result["schema"].mend) == (False, "Run `casewright db upgrade`.")
    assert "sqlite" not in result


def test_a_postgresql_database_in_use_is_right(tmp_path: Path, postgres_url: str) -> None:
    with opened(postgres_url) as database:
        ensure_starter(database)

    result = found(a_config(tmp_path, DATABASE_URL=postgres_url))

    assert all(check.ok for check in result.values()), result
    assert "settings" in result


def test_a_port_that_casewright_has_is_fine(tmp_path: Path) -> None:
    with listening(json.dumps({"status": "ok", "product": "casewright"}).encode()) as port:
        check = found(a_config(tmp_path, PORT=str(port)))["port"]

    assert (check.ok, check.sentence) == (True, f"Casewright is running at 127.0.0.1 port {port}.")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"status": "ok"}', b"\xff"])
def test_a_port_that_another_program_has_is_not(tmp_path: Path, body: bytes) -> None:
    with listening(body) as port:
        check = found(a_config(tmp_path, PORT=str(port)))["port"]

    assert (check.ok, check.sentence) == (False, f"Another program listens at 127.0.0.1 port {port}.")


def test_an_address_of_another_machine_is_found(tmp_path: Path) -> None:
    check = found(a_config(tmp_path, HOST="192.0.2.1", WEBCHAT_SECRET=SECRET))["port"]  # TEST-NET-1, RFC 5737

    assert not check.ok
    assert check.sentence.startswith("Nobody can listen at 192.0.2.1 port 0")


def test_web_chat_needs_a_secret_where_others_can_reach_us(tmp_path: Path) -> None:
    everywhere = "0.0.0.0"  # noqa: S104 -- what the check is about
    without = found(a_config(tmp_path, HOST=everywhere))["web chat"]
    configured = found(a_config(tmp_path, HOST=everywhere, WEBCHAT_SECRET=SECRET))["web chat"]

    assert (without.ok, configured.ok) == (False, True)
    assert without.mend is not None
    assert without.mend.startswith("Set CASEWRIGHT_WEBCHAT_SECRET to at least 32 characters")
    assert SECRET not in repr(configured)


def test_a_place_for_files_that_is_none_is_found(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")

    check = found(a_config(tmp_path))["files"]

    assert (check.ok, check.mend) == (False, f"Let this user write in {tmp_path / 'var'}.")


@pytest.mark.parametrize(
    ("directory", "kind", "ok"),
    [("/srv/casewright", "ext4", True), ("/mnt/team share/cases", "nfs4", False), ("/mnt", "ext4", True)],
)
def test_a_disk_of_another_machine_is_no_place_for_sqlite(
    tmp_path: Path,
    directory: str,
    kind: str,
    ok: bool,  # noqa: FBT001 -- what each example expects
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "36 21 0:30 / /mnt/team\\040share rw,relatime shared:2 - nfs4 files:/team rw\n"
    )

    check = disk(Path(directory), mounts)

    assert check.ok is ok
    assert check.sentence.endswith(f"({kind}).")


def test_every_problem_of_the_environment_is_a_finding() -> None:
    assert [check.sentence for check in misconfigured(ConfigError(("A.", "B.")))] == ["A.", "B."]


def _execute(connection: Connection, *, statement: str) -> None:
    connection.exec_driver_sql(statement)


MAILBOXES = """
mailboxes:
  - name: support
    address: support@example.org
    imap: {host: imap.example.org, port: 993}
    smtp: {host: smtp.example.org, port: 465}
"""


def test_mailboxes_that_lack_a_secret_are_found(tmp_path: Path) -> None:
    (tmp_path / "mailboxes.yaml").write_text(MAILBOXES)
    check = found(a_config(tmp_path, MAILBOXES="mailboxes.yaml"))["mailboxes"]
    assert not check.ok
    assert "set CASEWRIGHT_MAILBOX_SUPPORT_PASSWORD" in check.sentence


def test_mailboxes_that_are_described_rightly_are_named(tmp_path: Path) -> None:
    (tmp_path / "mailboxes.yaml").write_text(MAILBOXES)
    config = a_config(tmp_path, MAILBOXES="mailboxes.yaml", MAILBOX_SUPPORT_PASSWORD="hunter2")
    check = found(config)["mailboxes"]
    assert check.ok
    assert "support: described rightly" in check.sentence
    assert "hunter2" not in repr(checks(config))


def test_where_only_the_rules_predict_it_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = found(a_config(tmp_path))["prediction"]
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    without = found(a_config(tmp_path))["prediction"]

    assert whole.sentence == "The embedded predictor's network is there, beside its rules."
    assert without.ok  # a choice, no fault
    assert without.sentence.startswith("The embedded predictor works by its rules alone: onnxruntime not installed")
    assert "casewright[embedded]" in without.sentence


@pytest.mark.parametrize(("representative", "lacks"), [("U012AB3CD", False), ("S0614TZR7", True)])
async def test_of_slack_only_the_scopes_of_the_manifest_are_asked_for(
    tmp_path: Path, representative: str, *, lacks: bool
) -> None:
    slack = FakeSlack(scopes=[*needed(SlackSettings(), BOT_SCOPES)])
    async with slack.serving():
        config = a_config(
            tmp_path, SLACK_BOT_TOKEN=BOT_TOKEN, SLACK_APP_TOKEN=APP_TOKEN, SLACK_API_URL=f"{slack.url}/api"
        )
        await asyncio.to_thread(_represented_by, config, representative)
        (check,) = [each for each in await asyncio.to_thread(checks, config) if each.name == "slack"]
    assert ("usergroups:read" in check.sentence, check.ok) == (lacks, not lacks)


def _represented_by(config: Config, representative: str) -> None:
    document = starter().model_dump(mode="json")
    document["channels"]["slack"]["representatives"] = [representative]
    with opened(config.database_url.get_secret_value()) as database:
        migrations.upgrade(database)
        database.write_now(partial(versions.save, document=document, author="tests", comment="", based_on=0))
