"""`casewright case`: cases, and the evidence behind their values."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python

from bot.cli import trail
from bot.cli.naming import Naming, naming
from bot.cli.opening import opened
from bot.cli.output import AsJson, moment, safe, show, show_json, show_table
from bot.cli.problems import Mistake
from bot.cli.telling import evaluation_lines, history_line, value_lines, who
from bot.cli.trail import Trail, ValueTrail
from bot.text import one_line, quoted
from bot.words import STATUS_LABELS, status_of
from store import cases
from store.cases import CaseFilter, UnknownCase
from store.engine import Connection
from store.model import Case, CaseStatus

app = typer.Typer(no_args_is_help=True, add_completion=False)

OPEN = tuple(status for status in CaseStatus if status.is_open)
_LARGEST = 2**63 - 1


@app.command("list")
def list_(
    *,
    open_: Annotated[bool, typer.Option("--open", help="Only open cases; this is the default.")] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help="Only resolved cases.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Open and resolved cases.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, newest first."""
    if open_ + resolved + all_ > 1:
        raise Mistake("Choose one of --open, --resolved and --all.")
    statuses = () if all_ else (CaseStatus.RESOLVED,) if resolved else OPEN
    wanted = CaseFilter(statuses=statuses, limit=limit)
    with opened() as database:
        found = database.read_now(partial(cases.listed, wanted=wanted))
    if as_json:
        show_json(found)
    elif not found:
        show("There is none.")
    else:
        show_table(("number", "status", "owner", "updated", "title"), [_row(case) for case in found])


def _row(case: Case) -> tuple[object, ...]:
    owner = case.owner.name if case.owner else None
    return case.number, STATUS_LABELS[case.status], owner, moment(case.updated_at), case.title


@app.command("show")
def show_(
    number: Annotated[int, typer.Argument(min=1, max=_LARGEST, help="The case's number, e.g. 1042.")],
    *,
    why: Annotated[bool, typer.Option("--why", help="Who wrote each value, on whose words, and all that led here.")] = (
        False
    ),
    as_json: AsJson = False,
) -> None:
    """Show a case and its values; with --why, the evidence behind them, its history and its evaluations."""
    with opened() as database:
        try:
            found, names = database.read_now(partial(_read, number=number))
        except UnknownCase as error:
            raise Mistake(f"{error} `casewright case list --all` lists them.") from error
    if as_json:
        show_json(_json(found, why=why))
        return
    _show_head(found.case)
    _show_values(_in_order(found.values, names), names, why=why)
    _show_suggestions(found.case, names)
    if why:
        _show_past(found, names)


def _read(connection: Connection, number: int) -> tuple[Trail, Naming]:
    return trail.follow(connection, number), naming(connection)


def _json(found: Trail, *, why: bool) -> dict[str, Any]:
    """The case; with `why`, its values hold their trail, and `history` and `evaluations` are added."""
    whole: dict[str, Any] = to_jsonable_python(found.case)
    if why:
        whole["values"] = {each.value.field: _json_value(each) for each in found.values}
        whole |= {"history": to_jsonable_python(found.history), "evaluations": to_jsonable_python(found.evaluations)}
    return whole


def _json_value(each: ValueTrail) -> dict[str, Any]:
    """The value's own keys, and beside them those of its trail."""
    value, beside = to_jsonable_python(each.value), to_jsonable_python(replace(each))
    return {**value, **{key: part for key, part in beside.items() if key != "value"}}


def _in_order(values: tuple[ValueTrail, ...], names: Naming) -> list[ValueTrail]:
    """In the order of the settings, then what they don't know any more."""
    order = [field.id for field in names.settings.fields] if names.settings else []
    return sorted(values, key=lambda each: order.index(each.value.field) if each.value.field in order else len(order))


def _show_head(case: Case) -> None:
    show(safe(f"Case {case.number}: {one_line(case.title, 400)}", "bold"))
    show(f"Status: {status_of(case)}" + (f", {quoted(case.resolution, 400)}" if case.resolution else ""))
    show(f"Owner: {who(case.owner) if case.owner else 'nobody has claimed it'}")
    if case.queue is not None:
        show(f"Queue: {case.queue}")
    show(f"Opened: {moment(case.created_at)}, changed: {moment(case.updated_at)}")
    show(*[f"Conversation: `casewright conversation show {each}`" for each in case.conversations])


def _show_values(values: list[ValueTrail], names: Naming, *, why: bool) -> None:
    show("", safe("Values", "bold"))
    for each in values:
        field = each.value.field
        show(f"{one_line(names.label(field))}: {names.value(field, each.value.value)}", indent=2)
        if why:
            show(*value_lines(each), indent=4)


def _show_suggestions(case: Case, names: Naming) -> None:
    if not case.suggestions:
        return
    show("", safe("Suggestions, for a representative to accept or reject", "bold"))
    for each in case.suggestions:
        words = ", ".join(quoted(evidence.quote) for evidence in each.evidence)
        line = f"{one_line(names.label(each.field))}: {names.value(each.field, each.value)}"
        show(f"{line} (confidence {each.confidence:.2f}{f', {words}' if words else ''})", indent=2)


def _show_past(found: Trail, names: Naming) -> None:
    show("", safe("History", "bold"))
    show(*[history_line(entry, names) for entry in found.history], indent=2)
    show("", safe("Evaluations", "bold"))
    for evaluation in found.evaluations:
        first, *rest = evaluation_lines(evaluation, names)
        show(first, indent=2)
        show(*rest, indent=4)
