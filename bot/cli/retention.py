"""`casewright retention`: forgets what was closed long enough ago."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.cli.contacts import DryRun, tell
from bot.cli.opening import opened
from bot.cli.output import AsJson
from bot.cli.problems import Mistake
from bot.forgetting import forget_old
from bot.settings import CurrentSettings
from store.people.expiring import LEAST_DAYS

app = typer.Typer(add_completion=False)


@app.command()
def retention(
    *,
    days: Annotated[
        int | None, typer.Option(min=LEAST_DAYS, max=36500, help="In place of forget_after_days in the settings.")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Forget what was closed long enough ago, as the running process does once a day."""
    with opened() as database:
        limit = days or database.read_now(CurrentSettings()).settings.forget_after_days
        if limit is None:
            raise Mistake("The settings have no forget_after_days: say --days, or import settings that have it.")
        counts = asyncio.run(forget_old(database, limit, dry_run=dry_run))
    tell(counts, as_json=as_json, dry_run=dry_run)
