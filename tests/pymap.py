"""A mail server of another make than Dovecot: pymap, in Python and in memory, with STARTTLS and IDLE."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

from imapclient import IMAPClient

from tests.authority import Authority
from tests.dovecot import PASSWORD, PATIENCE, USER, free_ports, listens


class Pymap:
    """Use it as a context manager. It has one mailbox, which is gone when it ends."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        authority.issue(folder, "localhost", "127.0.0.1")
        self._folder = folder
        self._ca_file = authority.certificate_file
        [self._port] = free_ports(1)

    def __enter__(self) -> Self:
        where = ["--host", "127.0.0.1", "--port", str(self._port)]
        tls = ["--cert", str(self._folder / "certificate.pem"), "--key", str(self._folder / "key.pem")]
        user = ["--demo-user", USER, "--demo-password", PASSWORD]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from pymap.main import main; main()", *where, *tls, "dict", *user],
                stdout=log,
                stderr=log,
            )
        deadline = monotonic() + PATIENCE
        while not listens(self._port):
            if monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("pymap did not start: " + (self._folder / "log").read_text())
            sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def imap(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self._port, "security": "starttls", "ca_file": str(self._ca_file)}

    def deliver(self, *mails: bytes, user: str = USER) -> None:
        with self._client(user) as client:
            for mail in mails:
                client.append("INBOX", mail)

    def create(self, folder: str) -> None:
        with self._client(USER) as client:
            client.create_folder(folder)

    def count(self, folder: str) -> int:
        with self._client(USER) as client:
            return client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"]

    @contextmanager
    def _client(self, user: str) -> Generator[IMAPClient]:
        """A connection of the test's own. pymap takes passwords over TLS only."""
        client = IMAPClient("127.0.0.1", self._port, ssl=False, timeout=PATIENCE)
        try:
            client.starttls(ssl.create_default_context(cafile=str(self._ca_file)))
            client.login(user, PASSWORD)
            yield client
        finally:
            client.logout()
