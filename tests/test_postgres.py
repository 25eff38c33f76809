"""The crash tests are worth what their server is: real, durable, alone and gone afterwards."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.postgres import PostgresServer


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def tables(url: str) -> list[tuple[str]]:
    with psycopg.connect(plain(url)) as connection:
        return connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()


def test_a_crash_loses_what_was_open_and_keeps_what_was_committed(
    postgres_server: PostgresServer, empty_postgres_url: str
) -> None:
    open_transaction = psycopg.connect(plain(empty_postgres_url))
    with psycopg.connect(plain(empty_postgres_url)) as committed:
        committed.execute("CREATE TABLE kept (name text)")
        committed.execute("INSERT INTO kept VALUES ('committed')")
    open_transaction.execute("INSERT INTO kept VALUES ('open')")

    postgres_server.restart_immediate()

    with pytest.raises(psycopg.OperationalError):
        open_transaction.execute("SELECT 1")
    with psycopg.connect(plain(empty_postgres_url)) as after:
        assert after.execute("SELECT name FROM kept").fetchall() == [("committed",)]


def test_it_syncs_to_disk_and_listens_on_loopback_alone(empty_postgres_url: str) -> None:
    with psycopg.connect(plain(empty_postgres_url)) as connection:
        shown = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in ("fsync", "synchronous_commit", "listen_addresses", "unix_socket_directories")
        }
    assert shown == {
        "fsync": ("on",),
        "synchronous_commit": ("on",),
        "listen_addresses": ("127.0.0.1",),
        "unix_socket_directories": ("",),
    }


def test_databases_in_use_share_nothing(postgres_server: PostgresServer, empty_postgres_url: str) -> None:
    other = postgres_server.fresh_database()
    with psycopg.connect(plain(empty_postgres_url)) as connection:
        connection.execute("CREATE TABLE only_here ()")

    assert tables(other) == []
    postgres_server.release_database(other)


def test_a_released_database_comes_back_empty_and_without_connections(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.fresh_database()
    left_open = psycopg.connect(plain(url))
    left_open.execute("CREATE TABLE left_behind ()")
    left_open.commit()
    left_open.execute("LOCK TABLE left_behind")

    postgres_server.release_database(url)

    assert postgres_server.fresh_database() == url
    assert tables(url) == []
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    postgres_server.release_database(url)


def test_a_missing_system_package_is_named_and_fails_in_ci_alone(tmp_path: Path) -> None:
    script = Path(__file__).with_name("setup.sh")
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)

    for ci, code in (("", 0), ("true", 1)):
        environment = {"PATH": str(tmp_path), "CI": ci}
        done = subprocess.run(["/bin/sh", script], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert "nodejs" in done.stderr
