"""`casewright webhooks`: who is told of cases, and what they were told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

import typer
from pydantic_core import to_jsonable_python

from bot.cli.opening import configuration, login, opened
from bot.cli.output import AsJson, moment, show, show_json, show_table
from bot.cli.problems import Failure, Mistake
from bot.text import one_line
from bot.webhooks.targets import complaint
from store import webhooks
from store.engine import Connection
from store.webhooks import Delivery, DeliveryStatus, Endpoint, EndpointEnded, Event, UnknownEndpoint

app = typer.Typer(no_args_is_help=True, add_completion=False)

_LARGEST = 2**63 - 1
_AT_ONCE = 500  # tried again in one transaction
Number = Annotated[int, typer.Argument(min=1, max=_LARGEST, help="The endpoint's number, as listed.")]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the endpoints, newest first, the ended ones too."""
    with opened() as database:
        found = database.read_now(webhooks.endpoints)
    if as_json:
        show_json(to_jsonable_python(found))
    elif not found:
        show("There is none yet: `casewright webhooks add` makes one.")
    else:
        headers = ("id", "address", "events", "internal", "made by", "since", "ended")
        show_table(headers, [_endpoint_row(each) for each in found])


def _endpoint_row(each: Endpoint) -> tuple[object, ...]:
    internal = "yes" if each.internal else "no"
    ended = f"{moment(each.ended_at)}: {each.ended_because}" if each.ended_at else None
    return each.id, each.url, ", ".join(each.events), internal, each.made_by, moment(each.created_at), ended


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="An https address.")],
    *,
    events: Annotated[
        list[Event] | None, typer.Option("--event", help="What it is told of; without this option, everything.")
    ] = None,
    internal: Annotated[bool, typer.Option("--internal", help="Tell it of internal fields and notes as well.")] = False,
) -> None:
    """Tell an address of cases from now on, and print the secret by which it checks our signatures.

    The secret is printed once. Whoever has it can forge what we say.
    """
    if (wrong := complaint(url, private=configuration().webhooks_private)) is not None:
        raise Mistake(f"“{one_line(url, 200)}” {wrong}.")
    made = partial(webhooks.add, url=url, events=events or list(Event), internal=internal, made_by=login())
    with opened() as database:
        endpoint, secret = database.write_now(made)
    show(f"Endpoint {endpoint.id} is told of {', '.join(endpoint.events)}. Its secret:")
    typer.echo(secret)


@app.command()
def change(
    endpoint: Number,
    *,
    events: Annotated[
        list[Event] | None, typer.Option("--event", help="What it is told of; without this option, as before.")
    ] = None,
    internal: Annotated[
        bool | None, typer.Option("--internal/--no-internal", help="Tell it of internal fields and notes, or not.")
    ] = None,
) -> None:
    """Say what an endpoint is told of from now on."""
    changed = _done(partial(webhooks.change, endpoint_id=endpoint, events=events or None, internal=internal), endpoint)
    internally = ", internal fields and notes too" if changed.internal else ""
    show(f"Endpoint {endpoint} is told of {', '.join(changed.events)}{internally}.")


@app.command()
def rotate(endpoint: Number) -> None:
    """Make an endpoint a new secret, and print it, once; for 24 hours, the one of before signs as well."""
    changed, secret = _done(partial(webhooks.rotate, endpoint_id=endpoint), endpoint)
    if changed.old_secret_until is not None:
        show(f"The secret of before signs until {moment(changed.old_secret_until)}. The new one:")
    typer.echo(secret)


Result = TypeVar("Result")


def _done(write: Callable[[Connection], Result], endpoint: int) -> Result:
    with opened() as database:
        try:
            return database.write_now(write)
        except UnknownEndpoint:
            raise _unknown(endpoint) from None
        except EndpointEnded:
            raise Mistake(f"Endpoint {endpoint} has ended: `casewright webhooks add` makes another.") from None


def _unknown(endpoint: int) -> Mistake:
    return Mistake(f"There is no endpoint {endpoint}; `casewright webhooks list` lists them.")


@app.command()
def end(endpoint: Number) -> None:
    """Tell an endpoint nothing any more; what waits for it is given up, and its log stays."""
    with opened() as database:
        try:
            database.read_now(partial(webhooks.get, endpoint_id=endpoint))
        except UnknownEndpoint:
            raise _unknown(endpoint) from None
        database.write_now(partial(webhooks.end, endpoint_id=endpoint, because=f"{login()} ended it."))
    show(f"Endpoint {endpoint} is told nothing any more.")


@app.command()
def deliveries(
    *,
    endpoint: Annotated[int | None, typer.Option(min=1, max=_LARGEST, help="Only those to this endpoint.")] = None,
    status: Annotated[DeliveryStatus | None, typer.Option(help="Only those of this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what endpoints were told, or are to be told, newest first."""
    with opened() as database:
        found = database.read_now(partial(webhooks.page, endpoint_id=endpoint, status=status, limit=limit))
    if as_json:
        show_json(to_jsonable_python(found))
    elif not found:
        show("There is none.")
    else:
        headers = ("id", "endpoint", "status", "event", "case", "attempts", "answered", "since", "error")
        show_table(headers, [_delivery_row(each) for each in found])


def _delivery_row(each: Delivery) -> tuple[object, ...]:
    since = moment(each.created_at)
    told = (each.id, each.endpoint_id, each.status, each.event, each.case_number, each.attempts)
    return (*told, each.answered, since, each.error)


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="Deliveries, as listed.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
) -> None:
    """Give deliveries that were given up a fresh set of attempts. The running process sends them within seconds."""
    if all_ == bool(ids):
        raise Mistake(
            "Name what to try again, as `casewright webhooks deliveries --status dead` lists it, or say --all."
        )
    with opened() as database:
        wanted = ids or [each.id for each in database.read_now(_dead)]
        revived = [each for each in wanted if database.write_now(partial(webhooks.revive, delivery_id=each))]
    show(f"{len(revived)} to be tried again.")
    if ids and len(revived) < len(ids):
        raise Failure("The others were not given up, or their endpoint has ended.")


_dead = partial(webhooks.page, status=DeliveryStatus.DEAD, limit=_AT_ONCE)
