"""`casewright examples`: what people's decisions taught, to look at and to erase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from bot.cli.opening import opened
from bot.cli.output import AsJson, moment, safe, show, show_json, show_table
from bot.cli.problems import Failure, Mistake
from store import examples
from store.examples import Example, ExampleFilter
from store.model import CaseNumber, ContactId, FieldId

app = typer.Typer(no_args_is_help=True, add_completion=False)

_LARGEST = 2**63 - 1
_Field = Annotated[str | None, typer.Option(help="Only of this field, by its id.")]
_Contact = Annotated[int | None, typer.Option(min=1, max=_LARGEST, help="Only of this contact's words, by its id.")]
_Case = Annotated[int | None, typer.Option(min=1, max=_LARGEST, help="Only of this case, by its number.")]


@app.command("list")
def list_(
    *,
    field: _Field = None,
    contact: _Contact = None,
    case: _Case = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List examples, newest first."""
    wanted = _filter(field, contact, case)
    with opened() as database:
        found = database.read_now(partial(examples.listed, wanted=wanted, limit=limit))
    if as_json:
        show_json([_document(each) for each in found])
    elif not found:
        show("There is none.")
    else:
        headers = ("id", "learnt", "case", "contact", "settings", "field", "right", "wrong", "words")
        show_table(headers, [_row(each) for each in found])


def _document(example: Example) -> dict[str, object]:
    """Without what is for machines alone."""
    return {name: value for name, value in asdict(example).items() if name != "gist"}


def _row(example: Example) -> Sequence[object]:
    return (
        example.id,
        moment(example.learnt_at),
        example.case_number,
        example.contact_id,
        example.settings_version,
        example.field,
        example.value,
        example.wrong,
        example.words,
    )


@app.command("show")
def show_(
    example_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=_LARGEST, help="As `casewright examples list` prints it.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one example with all of the words that it was learnt from."""
    with opened() as database:
        found = database.read_now(partial(examples.get, example_id=example_id))
    if found is None:
        raise Failure(f"There is no example {example_id}.")
    if as_json:
        show_json(_document(found))
        return
    show(safe(f"Example {found.id}: {found.field}, of case {found.case_number}, learnt {moment(found.learnt_at)}"))
    show(safe(f"right: {_told(found.value)}"), safe(f"wrong: {_told(found.wrong)}"))
    show(safe(found.words), indent=2)


def _told(value: object) -> str:
    return "–" if value is None else str(value)


@app.command()
def erase(
    *,
    field: _Field = None,
    contact: _Contact = None,
    case: _Case = None,
    all_: Annotated[bool, typer.Option("--all", help="Every example there is.")] = False,
) -> None:
    """Erase examples for good. Cases and their history stay as they are."""
    wanted = _filter(field, contact, case)
    if all_ == (wanted != ExampleFilter()):
        raise Mistake("Say which examples are to be erased: --field, --contact or --case, or else --all.")
    with opened() as database:
        count = database.write_now(partial(examples.erase, wanted=wanted))
    show(f"{count} {'example is' if count == 1 else 'examples are'} erased.")


def _filter(field: str | None, contact: int | None, case: int | None) -> ExampleFilter:
    return ExampleFilter(
        field=None if field is None else FieldId(field),
        contact_id=None if contact is None else ContactId(contact),
        case_number=None if case is None else CaseNumber(case),
    )
