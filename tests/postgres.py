"""A real, throw-away PostgreSQL server on loopback, which tests may also crash."""

import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Literal, Self

import psycopg
from psycopg import sql

from store.schema import metadata

DEBIAN = Path("/usr/lib/postgresql")
ROLE = "casewright"
# Below the range from which systems take the ports of outgoing connections, so
# that none of those sits on ours while the server is down between crash and restart.
PORTS = range(20_000, 32_000)
CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = {port}
max_connections = 200
"""
END_OTHER_CONNECTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def server_programs() -> Path | None:
    """The folder of initdb and pg_ctl, of the newest PostgreSQL if there are several."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = [folder for folder in DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    return max(installed, key=lambda folder: float(folder.parent.name), default=None)


class PostgresServer:
    """Use it as a context manager, or call `start` and, at the end, `close`."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._owner = _server_user() if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="casewright-postgres-"))
        self._data = self._folder / "data"
        self._port = free_port()
        self._idle: list[str] = []
        self._names = (f"test_{number}" for number in count(1))
        self._initialise()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Returns when connections are accepted."""
        self._pg_ctl("start", "-l", str(self._folder / "log"))

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """`immediate` is a crash: connections break, nothing is flushed, the next start recovers."""
        self._pg_ctl("stop", "-m", mode)

    def restart_immediate(self) -> None:
        self.stop("immediate")
        self.start()

    def close(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self._folder)

    def fresh_database(self) -> str:
        """The SQLAlchemy URL of an empty database; `release_database` gives it back."""
        if self._idle:
            return self._idle.pop()
        name = next(self._names)
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._address(name).replace("postgresql:", "postgresql+psycopg:")

    def release_database(self, url: str) -> None:
        """Ends the connections to it and empties it.

        For the next test, since DROP DATABASE forces a checkpoint: 0.3 s instead of 0.01 s.
        """
        with psycopg.connect(self._address(url.rpartition("/")[2]), autocommit=True) as connection:
            connection.execute(END_OTHER_CONNECTIONS)
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        self._idle.append(url)

    def _address(self, database: str) -> str:
        return f"postgresql://{ROLE}@127.0.0.1:{self._port}/{database}"

    def _initialise(self) -> None:
        if self._owner:
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)
        options = ["--auth=trust", f"--username={ROLE}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", f"--pgdata={self._data}", *options)
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION.format(port=self._port))

    def _pg_ctl(self, action: str, *options: str) -> None:
        self._run("pg_ctl", action, "-w", "-D", str(self._data), *options)

    def _run(self, program: str, *arguments: str) -> None:
        """Raises RuntimeError with what the program printed."""
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self._folder,
            user=self._owner and self._owner.pw_uid,
            group=self._owner and self._owner.pw_gid,
            extra_groups=[] if self._owner else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            message = f"{program} failed: {done.stdout}{done.stderr}"
            raise RuntimeError(message)


def empty(url: str) -> None:
    """Ends the connections to a migrated database, and makes it what it was after migrating."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(END_OTHER_CONNECTIONS)
        # Foreign keys and the audit's triggers are for applications.
        connection.execute("SET session_replication_role = replica")
        for table in metadata.sorted_tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        connection.execute("SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence")


def _server_user() -> pwd.struct_passwd:
    """Whom the server runs as for root, as which it refuses to run."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def free_port() -> int:
    for port in random.sample(PORTS, k=100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    message = f"no free port among 100 tried from {PORTS.start} to {PORTS.stop}"
    raise RuntimeError(message)
