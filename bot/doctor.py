"""Looks at everything that can keep Casewright from running, changes nothing, and says how to mend it."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shlex
import shutil
import socket
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from adapters.mail import loading
from adapters.slack.surface import BOT_SCOPES
from agent.embedded.model.artefact import missing
from agent.llm.question import Unanswered
from agent.problems import find_problems
from agent.settings import PredictorChoice, Settings, SlackSettings
from bot.config import (
    PREFIX,
    Config,
    ConfigError,
    describe,
    llm_configuration,
    slack_configuration,
    teams_configuration,
)
from bot.provider import try_out
from bot.secret import FILE
from bot.text import one_line
from manifest.slack import needed
from store import migrations, sql
from store import settings as versions
from store.engine import Database, DatabaseUnavailable
from store.model import Json, utcnow

OLDEST_PYTHON = (3, 11)
OLDEST_SQLITE = (3, 35)  # the first with RETURNING
LEAST_SPACE = 500  # MB free
LARGEST_SKEW = 5.0  # seconds between our clock and the database's
# File systems of other machines: SQLite's locks and shared memory don't work there (sqlite.org/wal.html).
_REMOTE = frozenset(
    {"9p", "afs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    name: str
    ok: bool
    sentence: str  # what was found
    mend: str | None = None  # what to do where it is not ok


def checks(config: Config) -> list[Check]:
    """Blocks for some seconds at most."""
    done = [_python(sys.version_info[:3]), _configuration(config), _web_chat(config), *_mailboxes(config)]
    done += [*_slack(config), *_teams(config), *_llm(config)]
    done.append(_guarded("prediction", partial(_prediction, missing())))
    done += [_guarded("files", partial(_files, config.directory)), _guarded("port", partial(_port, config))]
    done.append(_guarded("file modes", partial(_modes, config)))
    if config.database_file is not None:
        done += _of_file(config.database_file)
        if not config.database_file.exists():
            return [*done, _fine("database", f"{config.database_file} is made at the first start.")]
    return [*done, *_of_database(config)]


def misconfigured(error: ConfigError) -> list[Check]:
    """All that can be said while the environment is wrong."""
    mend = "Change the variable in the environment or in .env."
    return [Check(name="configuration", ok=False, sentence=problem, mend=mend) for problem in error.problems]


def _fine(name: str, sentence: str) -> Check:
    return Check(name=name, ok=True, sentence=sentence)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    """A doctor who faints helps nobody: what a check did not foresee is its finding."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 -- as above
        # The cause is the driver's own words; SQLAlchemy's would add the statement.
        reason = one_line(str(error.__cause__ or error), 200)
        return Check(name=name, ok=False, sentence=f"{type(error).__name__}: {reason}", mend="Look into the reason.")


def _python(version: tuple[int, ...]) -> Check:
    name, ok = ".".join(map(str, version)), version >= OLDEST_PYTHON
    return Check(name="python", ok=ok, sentence=f"This is Python {name}.", mend=None if ok else "Use 3.11 or newer.")


def _configuration(config: Config) -> Check:
    ours = {name: value for name, value in describe(config).items() if value}
    return _fine("configuration", ", ".join(f"{name.removeprefix(PREFIX)}={value}" for name, value in ours.items()))


def _web_chat(config: Config) -> Check:
    if config.webchat_secret is not None:
        length = len(config.webchat_secret.get_secret_value())
        return _fine("web chat", f"The secret is configured, {length} characters long.")
    if config.loopback:
        return _fine("web chat", "Only this machine reaches us: a secret is made at the first start and kept.")
    mend = f"Set CASEWRIGHT_WEBCHAT_SECRET to {Config.model_fields['webchat_secret'].description}."
    return Check(name="web chat", ok=False, sentence="Without a secret the web chat is off.", mend=mend)


def _mailboxes(config: Config) -> Iterator[Check]:
    """Whether they are described rightly; whether they work is for `casewright mail check`, which connects."""
    if config.mailboxes is None:
        return
    secrets = {name: secret.get_secret_value() for name, secret in config.mailbox_secrets.items()}
    try:
        found = loading.load(config.mailboxes, secrets)
    except loading.MailboxesWrong as error:
        mend = f"Change {config.mailboxes.name} or the variable; docs/email.md describes both."
        for problem in error.problems:
            yield Check(name="mailboxes", ok=False, sentence=problem, mend=mend)
        return
    names = ", ".join(mailbox.name for mailbox, _ in found)
    yield _fine("mailboxes", f"{names}: described rightly; `casewright mail check NAME` tries one.")


def _slack(config: Config) -> Iterator[Check]:
    """Asks Slack whether it takes the tokens, and whether a scope is missing."""
    if not config.slack:
        return
    from adapters.slack.checking import check  # noqa: PLC0415 -- the SDK only where it is used

    def asked() -> Check:
        scopes = needed(_slack_settings(config), BOT_SCOPES)
        found, problems = asyncio.run(check(slack_configuration(config), scopes))
        mend = "Compare with `casewright manifest slack`; docs/slack.md says where each token comes from."
        return (
            Check(name="slack", ok=False, sentence=" ".join(problems), mend=mend) if problems else _fine("slack", found)
        )

    yield _guarded("slack", asked)


def _slack_settings(config: Config) -> SlackSettings:
    """Those in force, of which the manifest is made; where there are none to be read, those of the start."""
    if config.database_file is None or config.database_file.exists():
        with suppress(Exception), closing(Database(config.database_url.get_secret_value(), threads=1)) as database:
            stored = database.read_now(lambda connection: versions.get(connection, versions.current_number(connection)))
            if stored is not None:
                return Settings.model_validate(stored.document).channels.slack
    return SlackSettings()


def _teams(config: Config) -> Iterator[Check]:
    """Asks Microsoft for a token, as each post will."""
    if not config.teams or config.teams_playground:
        return
    from adapters.teams.checking import check  # noqa: PLC0415 -- the SDK only where it is used

    def asked() -> Check:
        problem = asyncio.run(check(teams_configuration(config)))
        mend = "Compare with the app registration; docs/teams.md says where each value comes from."
        return (
            Check(name="teams", ok=False, sentence=problem, mend=mend)
            if problem
            else _fine("teams", "Microsoft gives a token.")
        )

    yield _guarded("teams", asked)


def _prediction(problem: str | None) -> Check:
    if problem is None:
        return _fine("prediction", "The embedded predictor's network is there, beside its rules.")
    return _fine("prediction", f"The embedded predictor works by its rules alone: {problem}")


def _llm(config: Config) -> Iterator[Check]:
    """Asks the model one short question, at the provider's usual price."""
    configuration = llm_configuration(config)
    if configuration is None:
        return

    def asked() -> Check:
        try:
            answer = asyncio.run(try_out(configuration))
        except ConfigError as error:
            return Check(
                name="llm", ok=False, sentence=str(error), mend="Install it, or unset CASEWRIGHT_LLM_PROVIDER."
            )
        except Unanswered as unanswered:
            mend = "Look at the CASEWRIGHT_LLM_ variables; until then the embedded predictor answers alone."
            return Check(name="llm", ok=False, sentence=f"{configuration.name}: {unanswered}.", mend=mend)
        return _fine("llm", f"{configuration.name} answers, {answer.usage.tokens} tokens for one question.")

    yield _guarded("llm", asked)


# --- files ------------------------------------------------------------------------------------------


def _files(directory: Path) -> Check:
    there = next(each for each in (directory.absolute(), *directory.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free // 10**6
    except OSError as error:
        sentence = f"Nothing can be written in {there}: {error.strerror}."
        return Check(name="files", ok=False, sentence=sentence, mend=f"Let this user write in {directory}.")
    sentence = (
        f"{directory} {'can be written' if there == directory.absolute() else 'can be made'}, {free} MB are free."
    )
    ok = free >= LEAST_SPACE
    return Check(name="files", ok=ok, sentence=sentence, mend=None if ok else f"Make room: {LEAST_SPACE} MB at least.")


def _modes(config: Config) -> Check:
    """Conversations and secrets are for the user that runs us. Windows has no such modes: there, all look alike."""
    database = config.database_file
    journals = [database.with_name(database.name + end) for end in ("", "-wal", "-shm")] if database else []
    wanted = dict.fromkeys([config.directory / FILE, *journals], 0o600)
    if not Path.cwd().is_relative_to(config.directory):  # a directory that is ours
        wanted = {config.directory: 0o700, **wanted}
    if os.name != "posix":
        return _fine("file modes", "Who may read our files is not looked at on this system.")
    open_ones = {path: mode for path, mode in wanted.items() if path.exists() and _mode(path) & 0o077}
    if not open_ones:
        return _fine("file modes", "Our files are for this user alone.")
    sentence = ", ".join(f"{path} ({_mode(path):04o})" for path in open_ones)
    mend = "; ".join(f"chmod {mode:o} {shlex.quote(str(path))}" for path, mode in open_ones.items())
    return Check(name="file modes", ok=False, sentence=f"Other users of this machine may get at {sentence}.", mend=mend)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _of_file(file: Path) -> Iterator[Check]:
    there = next(each for each in file.absolute().parents if each.exists())
    yield _guarded("sqlite", partial(_sqlite, sqlite3.sqlite_version_info))
    yield _guarded("disk", partial(disk, there, Path("/proc/self/mountinfo")))
    yield _guarded("write-ahead log", partial(_write_ahead_log, there))


def _sqlite(version: tuple[int, ...]) -> Check:
    name, ok = ".".join(map(str, version)), version >= OLDEST_SQLITE
    mend = None if ok else "Use a Python with SQLite 3.35 or newer, or PostgreSQL."
    return Check(name="sqlite", ok=ok, sentence=f"This is SQLite {name}.", mend=mend)


def disk(directory: Path, mounts: Path) -> Check:
    """`mounts` is a list as in /proc/self/mountinfo, which only Linux has."""
    kind = _file_system(directory.resolve(), mounts)
    if kind is None:
        return _fine("disk", "What kind of disk this is can't be told here; it has to be one of this machine.")
    ok = kind not in _REMOTE
    sentence = f"The database's disk is {'one of this machine' if ok else 'of another machine'} ({kind})."
    mend = None if ok else "Keep the SQLite file on a disk of this machine, or use PostgreSQL."
    return Check(name="disk", ok=ok, sentence=sentence, mend=mend)


def _file_system(directory: Path, mounts: Path) -> str | None:
    """The kind of file system, by the innermost mount (proc_pid_mountinfo(5)); None where there is no such list."""
    found: dict[Path, str] = {}
    with suppress(OSError):
        for line in mounts.read_text().splitlines():
            place, _, kind = line.partition(" - ")
            found[Path(place.split()[4].replace("\\040", " "))] = kind.split()[0]
    return next((found[each] for each in (directory, *directory.parents) if each in found), None)


def _write_ahead_log(directory: Path) -> Check:
    with tempfile.TemporaryDirectory(dir=directory) as aside, closing(sqlite3.connect(Path(aside) / "try.db")) as trial:
        (mode,) = trial.execute("PRAGMA journal_mode=WAL").fetchone()
    ok = mode == "wal"
    mend = None if ok else "Keep the SQLite file on a local disk, or use PostgreSQL."
    return Check(name="write-ahead log", ok=ok, sentence=f"SQLite's journal is {mode} here.", mend=mend)


# --- the port ---------------------------------------------------------------------------------------


def _port(config: Config) -> Check:
    place = f"{config.host} port {config.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            # As our server does: what an earlier one left in TIME_WAIT is no hindrance.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen()
    except OSError as error:
        return _taken(config, place) if error.errno == errno.EADDRINUSE else _closed(place, error)
    return _fine("port", f"{place} is free.")


def _taken(config: Config, place: str) -> Check:
    if _is_casewright(config):
        return _fine("port", f"Casewright is running at {place}.")
    mend = "Stop the other program, or set CASEWRIGHT_PORT to another port."
    return Check(name="port", ok=False, sentence=f"Another program listens at {place}.", mend=mend)


def _closed(place: str, error: OSError) -> Check:
    mend = "Set CASEWRIGHT_HOST to an address of this machine, and CASEWRIGHT_PORT to one above 1023."
    return Check(name="port", ok=False, sentence=f"Nobody can listen at {place}: {error.strerror}.", mend=mend)


def _is_casewright(config: Config) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104 -- where it listens
    with closing(HTTPConnection(host, config.port, timeout=2)) as connection:
        try:
            connection.request("GET", "/healthz")
            answer = json.loads(connection.getresponse().read(10_000))
        except (OSError, HTTPException, ValueError):
            return False
    return isinstance(answer, dict) and "casewright" in answer.values()


# --- the database -----------------------------------------------------------------------------------


def _of_database(config: Config) -> Iterator[Check]:
    with closing(Database(config.database_url.get_secret_value(), threads=1)) as database:
        reached = _guarded("database", partial(_reached, database))
        yield reached
        if not reached.ok:
            return
        if not database.is_sqlite:
            yield _guarded("clock", partial(_clock, database))
        schema = _guarded("schema", partial(_schema, database))
        yield schema
        if schema.ok and migrations.is_current(database):
            yield _guarded("settings", partial(_settings, database, config))


def _reached(database: Database) -> Check:
    try:
        database.read_now(lambda connection: connection.exec_driver_sql("SELECT 1").scalar_one())
    except DatabaseUnavailable as error:
        mend = "Start the database, or mend CASEWRIGHT_DATABASE_URL."
        return Check(name="database", ok=False, sentence=f"No answer: {one_line(str(error), 200)}", mend=mend)
    return _fine("database", "The database answers.")


def _clock(database: Database) -> Check:
    skew = abs((database.read_now(sql.now) - utcnow()).total_seconds())
    ok = skew < LARGEST_SKEW
    mend = None if ok else "Let both machines take their time from the network (NTP)."
    return Check(name="clock", ok=ok, sentence=f"Our clock and the database's are {skew:.1f} s apart.", mend=mend)


def _schema(database: Database) -> Check:
    try:
        if migrations.is_current(database):
            return _fine("schema", "The database is at this version's schema.")
    except migrations.DatabaseTooNew as error:
        return Check(name="schema", ok=False, sentence=str(error), mend="Upgrade Casewright, or restore a backup.")
    if database.is_sqlite:
        return _fine("schema", "The database is older than this version; the next start upgrades it.")
    return Check(name="schema", ok=False, sentence="The database is older.", mend="Run `casewright db upgrade`.")


def _settings(database: Database, config: Config) -> Check:
    number = database.read_now(versions.current_number)
    stored = database.read_now(partial(versions.get, version=number))
    if stored is None:
        return _fine("settings", "There are none yet; the first start begins with the starter settings.")
    problems = [str(problem) for problem in find_problems(stored.document)]
    if not problems and _wants_a_model(stored.document) and llm_configuration(config) is None:
        sentence = f"Version {number} has a model asked, and no provider is configured: it is done without."
        mend = "Set CASEWRIGHT_LLM_PROVIDER, or `prediction.predictor: embedded` in the settings; see docs/llm.md."
        return Check(name="settings", ok=False, sentence=sentence, mend=mend)
    if not problems:
        return _fine("settings", f"Version {number} is in force and right.")
    mend = "Export them, mend them and import them again: `casewright settings export`."
    return Check(name="settings", ok=False, sentence=f"Version {number}: {'; '.join(problems)}", mend=mend)


def _wants_a_model(document: Json) -> bool:
    return Settings.model_validate(document).prediction.predictor is not PredictorChoice.EMBEDDED
