"""A real, throw-away Dovecot on loopback, which tests may also kill, freeze and confuse."""

from __future__ import annotations

import grp
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

import jwt
from imapclient import IMAPClient

from tests.authority import Authority

USER = "support@example.org"
PASSWORD = "correct horse"
TOKEN_KEY = b"the key with which the tests sign their tokens"
PORTS = range(20_000, 32_000)  # below those of outgoing connections, see tests/postgres.py
PATIENCE = 20.0  # seconds
CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
ssl = {ssl}
ssl_cert = <{folder}/tls/certificate.pem
ssl_key = <{folder}/tls/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_max_userip_connections = 500
mail_fsync = never
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={mail} gid={mail_group} home={folder}/home/%u allow_all_users=yes
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap {{
  process_limit = 500
}}
service stats {{
  chroot =
}}
protocol imap {{
  imap_idle_notify_interval = 29 mins
  {imap_options}
}}
"""
OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
"""


def dovecot_program() -> str | None:
    """A person's PATH may lack sbin."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Dovecot:
    """Use it as a context manager. TLS at `tls_port`, plain text and STARTTLS at `plain_port`."""

    def __init__(self, program: str, authority: Authority) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="casewright-dovecot-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.ca_file = authority.certificate_file
        self.plain_port, self.tls_port = free_ports(2)
        self._ssl = "yes"
        self._imap_options: dict[str, str] = {}
        self._lay_out(authority)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def start(self, *, ssl: str = "yes", **imap_options: str) -> None:
        """Returns when connections are greeted. The options (imap_capability) last until the next start."""
        self._ssl = ssl
        self._imap_options = imap_options
        self._write_configuration()
        self._process = subprocess.Popen(
            [self._program, "-F", "-c", str(self._folder / "dovecot.conf")], start_new_session=True
        )
        deadline = monotonic() + PATIENCE
        while not self._greets():
            if monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("dovecot did not start: " + self.log())
            sleep(0.02)

    @property
    def imap(self) -> dict[str, Any]:
        """Where it is, as a mailbox's settings say it."""
        return {"host": "127.0.0.1", "port": self.tls_port, "ca_file": str(self.ca_file)}

    def log(self) -> str:
        file = self._folder / "log"
        return file.read_text() if file.exists() else ""

    def kill(self) -> None:
        """All of its processes at once: a crash."""
        if self._process:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
            while listens(self.plain_port) or listens(self.tls_port):  # its other processes end in their own time
                sleep(0.01)

    def restart(self, *, ssl: str = "yes", **imap_options: str) -> None:
        self.kill()
        self.start(ssl=ssl, **imap_options)

    def freeze(self) -> None:
        """Connections stay, the kernel even accepts new ones, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def maildir(self, user: str = USER, folder: str = "INBOX") -> Path:
        path = self._folder / "home" / user / "Maildir"
        return path if folder == "INBOX" else path / f".{folder}"

    @contextmanager
    def client(self, user: str = USER) -> Generator[IMAPClient]:
        """A bare connection of the test's own, signed in."""
        client = IMAPClient("127.0.0.1", self.plain_port, ssl=False, timeout=PATIENCE)
        client.normalise_times = False
        try:
            client.login(user, PASSWORD)
            yield client
        finally:
            client.logout()

    def deliver(self, *mails: bytes, folder: str = "INBOX", user: str = USER, at: datetime | None = None) -> None:
        with self.client(user) as client:
            for mail in mails:
                client.append(folder, mail, msg_time=at)

    def create(self, folder: str, user: str = USER) -> None:
        with self.client(user) as client:
            client.create_folder(folder)

    def recreate(self, folder: str, mails: Iterable[tuple[bytes, datetime]] = (), user: str = USER) -> None:
        """The folder anew, as after a restored backup: another UIDVALIDITY, and uids that begin again.

        Whoever watches it sees it with all its mails at once.
        """
        anew = f"{folder} anew"
        with self.client(user) as client:
            before = client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"]
            client.create_folder(anew)
            for mail, at in mails:
                client.append(anew, mail, msg_time=at)
            client.delete_folder(folder)
            client.rename_folder(anew, folder)
            after = client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"]
            if before == after:
                raise RuntimeError("the folder kept its UIDVALIDITY")

    def fill(self, mails: Iterable[bytes], user: str = USER) -> None:
        """Straight into the maildir of a user, in order, which is quicker than to deliver thousands."""
        folder = self.maildir(user)
        parts = [folder / part for part in ("cur", "new", "tmp")]
        for part in parts:
            part.mkdir(parents=True, exist_ok=True)
        self._give_away(folder.parent, folder, *parts)
        start = sum(1 for _ in (folder / "cur").iterdir())
        for number, mail in enumerate(mails, start):
            written = folder / "tmp" / f"{1_700_000_000 + number}.M{number}.test:2,"
            written.write_bytes(mail)
            self._give_away(written)
            written.rename(folder / "cur" / written.name)  # whole, where a running server sees it

    def fill_numbered(self, count: int, user: str = USER) -> None:
        """Mails whose text is a number, from 0."""
        self.fill((f"Subject: {number}\n\n{number}\n".encode() for number in range(count)), user)

    def expunge(self, *uids: int) -> None:
        with self.client() as client:
            client.select_folder("INBOX")
            client.add_flags(uids, [rb"\Deleted"])
            client.uid_expunge(uids)

    def flags(self, folder: str = "INBOX") -> dict[int, set[bytes]]:
        r"""By uid, without \Recent, which any session sets."""
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            found = client.get_flags(client.search(["ALL"]))
        return {uid: {*flags} - {rb"\Recent"} for uid, flags in found.items()}

    def texts(self, folder: str) -> list[str]:
        """What the mails of a folder say, in its order."""
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            bodies = client.fetch(client.search(["ALL"]), ["BODY.PEEK[TEXT]"])
        return [found[b"BODY[TEXT]"].decode().strip() for _, found in sorted(bodies.items())]

    @staticmethod
    def token(user: str = USER, *, expires: datetime) -> str:
        claims = {"sub": user, "email": user, "exp": expires, "iat": datetime.now(UTC)}
        return jwt.encode(claims, TOKEN_KEY, algorithm="HS256", headers={"kid": "tests"})

    def _lay_out(self, authority: Authority) -> None:
        authority.issue(self._folder / "tls", "localhost", "127.0.0.1")
        (self._folder / "home").mkdir()
        users = [USER, "other@example.org", "thousand@example.org", "many@example.org"]
        (self._folder / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}::::::\n" for user in users))
        (self._folder / "oauth2.conf").write_text(OAUTH2.format(folder=self._folder))
        key = self._folder / "keys" / "default" / "HS256" / "tests"
        key.parent.mkdir(parents=True)
        key.write_text(b64encode(TOKEN_KEY).decode())
        self._folder.chmod(0o755)
        self._give_away(self._folder / "home")

    def _write_configuration(self) -> None:
        mail, internal, login = _users()
        options = "\n  ".join(f"{name} = {value}" for name, value in self._imap_options.items())
        text = CONFIGURATION.format(
            folder=self._folder,
            ssl=self._ssl,
            internal=internal.pw_name,
            internal_group=_group(internal),
            login=login.pw_name,
            mail=mail.pw_uid,
            mail_group=mail.pw_gid,
            plain_port=self.plain_port,
            tls_port=self.tls_port,
            imap_options=options,
        )
        (self._folder / "dovecot.conf").write_text(text)

    def _give_away(self, *paths: Path) -> None:
        mail, _, _ = _users()
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, mail.pw_uid, mail.pw_gid)

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.plain_port), timeout=PATIENCE) as probe:
                return probe.recv(4) == b"* OK"
        except OSError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        os.killpg(self._process.pid, number)


def _users() -> tuple[pwd.struct_passwd, pwd.struct_passwd, pwd.struct_passwd]:
    """Who owns the mail, runs the server's inner processes, and those that talk to strangers."""
    if os.geteuid() == 0:
        return pwd.getpwnam("nobody"), pwd.getpwnam("dovecot"), pwd.getpwnam("dovenull")
    me = pwd.getpwuid(os.geteuid())
    return me, me, me


def _group(user: pwd.struct_passwd) -> str:
    return grp.getgrgid(user.pw_gid).gr_name


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_ports(count: int) -> list[int]:
    free: list[int] = []
    for port in random.sample(PORTS, k=100):
        if not listens(port):
            free.append(port)
        if len(free) == count:
            return free
    raise RuntimeError(f"no free port among 100 tried from {PORTS.start} to {PORTS.stop}")
