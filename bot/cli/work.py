"""`casewright work`: what waits, what was given up, and trying it again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Annotated

import typer
from pydantic_core import to_jsonable_python

from bot.cli.opening import opened
from bot.cli.output import AsJson, moment, show, show_json, show_table
from bot.cli.problems import Failure, Mistake
from bot.text import listed as in_words
from bot.text import one_line
from store import outbox, work
from store.engine import Connection, Database
from store.work import Work

app = typer.Typer(no_args_is_help=True, add_completion=False)

DEAD = ("dead",)
WAITING = ("ready", "queued", "sending")
_LARGEST = 2**63 - 1
_AT_ONCE = 500  # revived in one transaction


@app.command("list")
def list_(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only what was given up.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many events, and so many posts.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List events that wait to be handled and posts that wait to go out, and those that were given up.

    Oldest first, events before posts. `casewright work retry` takes the ids printed here.
    """
    if dead and waiting:
        raise Mistake("Choose one of --dead and --waiting; without them, both are listed.")
    statuses = DEAD if dead else WAITING if waiting else (*WAITING, *DEAD)
    with opened() as database:
        found = database.read_now(partial(work.listed, statuses=statuses, limit=limit))
    if as_json:
        show_json([{**to_jsonable_python(each), "id": _name(each)} for each in found])
    else:
        _show(found)


def _show(found: list[Work]) -> None:
    if not found:
        show("There is none.")
        return
    headers = ("id", "status", "what", "conversation", "attempts", "since", "error", "reference")
    show_table(
        headers,
        [
            (_name(w), w.status, w.what, w.conversation_id, w.attempts, moment(w.since), w.error, w.error_id)
            for w in found
        ],
    )


@app.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="As listed: event:12, post:7.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
) -> None:
    """Give work that was given up a fresh set of attempts. The running process takes it up within seconds."""
    if all_ == bool(ids):
        raise Mistake("Name what to try again, as `casewright work list --dead` prints it, or say --all.")
    wanted = [_parsed(each) for each in ids or ()]
    with opened() as database:
        if all_:
            _say(_revive_all(database))
            return
        missed = [f"{kind}:{id_}" for kind, id_ in wanted if not database.write_now(partial(_revive, kind, id_))]
    _say(len(wanted) - len(missed))
    if missed:
        verb = "is" if len(missed) == 1 else "are"
        raise Failure(f"{in_words(missed)} {verb} not among the work that was given up.")


def _revive_all(database: Database) -> int:
    revived = 0
    while dead := database.read_now(partial(work.listed, statuses=DEAD, limit=_AT_ONCE)):
        revived += database.write_now(partial(_revive_each, dead))
    return revived


def _revive_each(dead: Iterable[Work], connection: Connection) -> int:
    return sum(_revive(each.kind, each.id, connection) for each in dead)


def _revive(kind: str, id_: int, connection: Connection) -> bool:
    return work.revive(connection, id_) if kind == "event" else outbox.revive(connection, id_)


def _parsed(written: str) -> tuple[str, int]:
    match = re.fullmatch(r"(event|post):([0-9]{1,19})", written)
    if match is None or int(match[2]) > _LARGEST:
        raise Mistake(f"“{one_line(written, 40)}” is no id of work: write event:12 or post:7, as listed.")
    return match[1], int(match[2])


def _name(work: Work) -> str:
    return f"{work.kind}:{work.id}"


def _say(revived: int) -> None:
    show("Nothing is tried again." if revived == 0 else f"{revived} to be tried again.")
