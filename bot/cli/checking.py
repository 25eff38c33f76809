"""`casewright doctor` and `casewright config`: what is set, and whether it can work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer
from rich.text import Text

from bot import doctor as examination
from bot import logs
from bot.cli.opening import configuration
from bot.cli.output import AsJson, safe, show, show_json, show_table
from bot.config import ConfigError, LogLevel, describe, load
from bot.doctor import Check
from bot.text import one_line

app = typer.Typer(add_completion=False)


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Check everything that can be checked without changing anything, and say how to mend it.

    The exit status is 1 when a check failed.
    """
    logs.configure(LogLevel.ERROR, None, sys.stderr)
    try:
        found = examination.checks(load(os.environ, Path.cwd()))
    except ConfigError as error:
        found = examination.misconfigured(error)
    if as_json:
        show_json(found)
    else:
        _show(found)
    if not all(check.ok for check in found):
        raise typer.Exit(1)


def _show(found: list[Check]) -> None:
    for check in found:
        mark = Text("ok      ", "green") if check.ok else Text("FAILED  ", "bold red")
        show(mark + safe(f"{check.name}: {one_line(check.sentence, 1000)}"))
        if check.mend is not None:
            show(safe(one_line(check.mend, 1000)), indent=8)
    failed = sum(not check.ok for check in found)
    show("", f"{failed} of {len(found)} checks failed." if failed else f"All {len(found)} checks are fine.")


@app.command()
def config(*, as_json: AsJson = False) -> None:
    """Show every variable of the environment and what it stands at, secrets masked."""
    described = describe(configuration())
    if as_json:
        show_json(described)
    else:
        show_table(("variable", "value"), [(name, value or None) for name, value in described.items()])
