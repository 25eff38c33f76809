"""`casewright settings`: the administrator's settings document as YAML, and its versions."""

from __future__ import annotations

import json
import re
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from agent import document
from agent.document import Difference, SettingsError
from agent.settings import Problem, Settings
from bot import settings as in_force
from bot.cli.opening import login, opened
from bot.cli.output import AsJson, moment, safe, show, show_json, show_table
from bot.cli.problems import Failure, Mistake
from bot.text import one_line
from store import settings as versions
from store.engine import Connection, Database
from store.settings import SettingsConflict

app = typer.Typer(no_args_is_help=True, add_completion=False)

HEADER = "# Casewright settings, version {number} of {date}."
EXPLANATION = "# Importing this file is refused when somebody saved a newer version in the meantime."
_HEADER = re.compile(r"\ufeff?# Casewright settings, version ([0-9]{1,9})\b")

File = Annotated[str, typer.Argument(metavar="FILE", help="A YAML file; - reads standard input.")]
NUMBER = typer.Argument(min=1, max=10**9, help="A version's number, as `history` prints it.")
Author = Annotated[str | None, typer.Option(help="Who makes the change; without it, your login.")]
Comment = Annotated[str, typer.Option(help="Why; it stands in the history.")]


@app.command()
def export(
    *,
    version: Annotated[int | None, typer.Option(min=1, max=10**9, help="Without it, the version in force.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the settings as YAML, to be changed and imported again."""
    with opened() as database:
        number = version or _latest(database)
        stored = database.read_now(partial(versions.get, version=number))
        settings = database.read_now(partial(_stored, number=number))
    if as_json:
        show_json(settings.model_dump(mode="json"))
        return
    date = f"{stored.created_at:%Y-%m-%d}" if stored else ""
    text = f"{HEADER.format(number=number, date=date)}\n{EXPLANATION}\n{document.dump(settings)}"
    if output is None:
        typer.echo(text, nl=False)
    else:
        _write(output, text)


@app.command("import")
def import_(
    file: File,
    *,
    comment: Comment = "",
    author: Author = None,
    based_on: Annotated[
        int | None, typer.Option(min=0, help="The version that the file started from; its first line says it too.")
    ] = None,
) -> None:
    """Check a settings file, show what it changes, and put it in force as the next version.

    Every problem is named with its path, and nothing is saved then. A file that was exported before somebody else
    saved is refused.
    """
    text = _text(file)
    settings = _checked(text)
    with opened() as database:
        latest = database.read_now(versions.current_number)
        started = _started_from(text) if based_on is None else based_on
        if started is not None and started != latest:
            raise _outdated(started, latest)
        if latest and not _changes(database, latest, settings):
            return
        _save(database, settings, author=author, comment=comment, based_on=latest)


@app.command()
def validate(file: File, *, as_json: AsJson = False) -> None:
    """Check a settings file without saving it; no database is needed.

    Every problem is named with its path. The exit status is 2 when there is one.
    """
    try:
        settings = document.load(_text(file))
    except SettingsError as error:
        if as_json:
            show_json({"valid": False, "problems": [each._asdict() for each in error.problems]})
            raise typer.Exit(2) from error
        raise _mistakes(error) from error
    if as_json:
        show_json({"valid": True, "problems": []})
    else:
        counted = f"{len(settings.fields)} fields, {len(settings.update_rules)} update rules"
        show(f"The settings are right: {counted}.")


@app.command()
def history(*, as_json: AsJson = False) -> None:
    """List every version, newest first: who saved it, when and why."""
    with opened() as database:
        found = database.read_now(versions.history)
    if as_json:
        keys = ("version", "author", "comment", "created_at")
        show_json([{key: getattr(each, key) for key in keys} for each in found])
    elif not found:
        show("There is none yet.")
    else:
        rows = [(each.version, moment(each.created_at), each.author, each.comment) for each in found]
        show_table(("version", "saved", "author", "comment"), rows)


@app.command()
def diff(
    old: Annotated[int | None, NUMBER] = None, new: Annotated[int | None, NUMBER] = None, *, as_json: AsJson = False
) -> None:
    """Compare two versions: without numbers the one before with the one in force, with one number that one with it."""
    with opened() as database:
        after = new or _latest(database)
        before = old or after - 1
        if before == 0:
            raise Mistake("There is only one version: nothing to compare it with.")
        pair = [database.read_now(partial(_stored, number=number)) for number in (before, after)]
    found = document.differences(*pair)
    if as_json:
        show_json(found)
    elif not found:
        show(f"Versions {before} and {after} are the same.")
    else:
        _show_differences(found)


@app.command()
def rollback(number: Annotated[int, NUMBER], *, comment: Comment = "", author: Author = None) -> None:
    """Put an earlier version in force again: it is saved as the next version, and nothing is lost."""
    with opened() as database:
        latest = _latest(database)
        settings = database.read_now(partial(_stored, number=number))
        if _changes(database, latest, settings):
            comment = comment or f"Back to version {number}"
            _save(database, settings, author=author, comment=comment, based_on=latest)


# --- versions in the store --------------------------------------------------------------------------


def _latest(database: Database) -> int:
    """Raises Failure where there is no version yet."""
    number = database.read_now(versions.current_number)
    if number == 0:
        raise Failure("There are no settings yet: the first start saves the starter settings, or import a file.")
    return number


def _stored(connection: Connection, number: int) -> Settings:
    try:
        return in_force.read(connection, number).settings
    except in_force.Unreadable as error:
        raise Failure(f"Version {number} does not fit this version of Casewright; import settings that do.") from error
    except LookupError as error:
        raise Mistake(f"There is no settings version {number}; `casewright settings history` lists them.") from error


def _changes(database: Database, latest: int, settings: Settings) -> bool:
    """Shows what would change; False when nothing would."""
    try:
        found = document.differences(database.read_now(partial(_stored, number=latest)), settings)
    except Failure:
        return True  # settings that can't be read are no reason against better ones
    if found:
        _show_differences(found)
    else:
        show(f"Nothing would change: version {latest} is the same.")
    return bool(found)


def _save(database: Database, settings: Settings, *, author: str | None, comment: str, based_on: int) -> None:
    kept = partial(
        versions.save,
        document=settings.model_dump(mode="json"),
        author=author or login(),
        comment=comment,
        based_on=based_on,
    )
    try:
        number = database.write_now(kept)
    except SettingsConflict as error:
        raise Failure(f"Somebody saved version {based_on + 1} just now; nothing was changed.") from error
    show(f"Version {number} is in force now.")


def _outdated(started: int, latest: int) -> Failure:
    if started > latest:
        return Failure(
            f"The file comes from version {started}, and the latest here is {latest}: is it from elsewhere?"
            f" `--based-on {latest}` imports it all the same."
        )
    return Failure(
        f"The file comes from version {started}, and version {latest} is in force by now; nothing was changed. Look at"
        f" `casewright settings diff {started} {latest}`; `--based-on {latest}` imports the file all the same."
    )


# --- files ------------------------------------------------------------------------------------------


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
    except OSError as error:
        raise Mistake(f"{one_line(file)} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Mistake(f"{one_line(file)} is not text in UTF-8.") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Failure(f"{path} can't be written: {error.strerror}.") from error


def _checked(text: str) -> Settings:
    try:
        return document.load(text)
    except SettingsError as error:
        raise _mistakes(error) from error


def _mistakes(error: SettingsError) -> Mistake:
    return Mistake("\n".join(map(_problem, error.problems)))


def _problem(problem: Problem) -> str:
    return one_line(str(problem) if problem.path else problem.sentence, 1000)


def _started_from(text: str) -> int | None:
    match = _HEADER.match(text)
    return int(match[1]) if match else None


# --- differences ------------------------------------------------------------------------------------


def _show_differences(found: list[Difference]) -> None:
    for each in found:
        show(safe(one_line(each.path, 400), "bold"))
        if each.old is not None:
            show(safe(f"- {_plain(each.old)}", "red"), indent=2)
        if each.new is not None:
            show(safe(f"+ {_plain(each.new)}", "green"), indent=2)


def _plain(value: Any) -> str:
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 2000)
