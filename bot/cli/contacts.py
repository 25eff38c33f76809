"""`casewright contacts`: what is held of people, handed out and erased."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.opening import login, opened
from bot.cli.output import AsJson, moment, show, show_json, show_table
from bot.cli.problems import Failure, Mistake
from bot.forgetting import erase_contact, told
from store import contacts
from store.model import Actor, ActorKind
from store.people import exporting
from store.people.erasing import Counts, OnItsWay
from store.people.reach import UnknownContact

app = typer.Typer(no_args_is_help=True, add_completion=False)

_Id = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="As `casewright contacts list` prints it.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; tell exactly what would be erased.")]


@app.command("list")
def list_(
    text: Annotated[str, typer.Argument(help="Part of a name, an address or a channel's id.")] = "",
    *,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List contacts, newest first."""
    with opened() as database:
        found = database.read_now(partial(contacts.listed, text=text, before=None, limit=limit))
    if as_json:
        show_json(found)
    elif not found:
        show("There is none.")
    else:
        rows = [
            (each.id, each.name, ", ".join(": ".join(known) for known in each.known_as), moment(each.created_at))
            for each in found
        ]
        show_table(("id", "name", "known as", "since"), rows)


@app.command()
def export(
    contact_id: _Id,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip file to write.")],
) -> None:
    """Write everything that is held of a contact into a zip file: contact.json, their files, their mails."""
    with opened() as database:
        try:
            exported = database.read_now(partial(exporting.export, contact_id=contact_id))
        except UnknownContact as error:
            raise Failure(str(error)) from error
    try:
        with output.open("xb") as file:
            output.chmod(0o600)  # theirs, and nobody else's on this machine
            exporting.write_zip(exported, file)
    except FileExistsError:
        raise Mistake(f"{output} exists already: name a file that does not.") from None
    except OSError as error:
        raise Failure(f"{output} can't be written: {error.strerror}.") from error
    show(f"Contact {contact_id} is in {output}.")


@app.command()
def erase(contact_id: _Id, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Erase a contact for good: messages, names, files, values and their evidence, examples.

    Numbers, and the fact of each change, stay; so does what other people wrote to them.
    """
    name = login()
    by = Actor(kind=ActorKind.PERSON, id=f"cli:{name}", name=name)
    with opened() as database:
        try:
            counts = asyncio.run(erase_contact(database, contact_id, by, dry_run=dry_run))
        except (UnknownContact, OnItsWay) as error:
            raise Failure(str(error)) from error
    tell(counts, as_json=as_json, dry_run=dry_run)


def tell(counts: Counts, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        show_json(told(counts))
        return
    show("Nothing was changed. It would be:" if dry_run else "Erased:")
    show_table(("what", "how many"), [(kind, count) for kind, count in told(counts).items() if count])
