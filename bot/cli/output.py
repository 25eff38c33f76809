"""What commands print: JSON for programs, lines and tables for people, one sentence for what went wrong.

Words of other people come in as `Text` made of `tidy` text, never as markup: no colour, cursor or title of theirs
reaches the terminal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.text import one_line, tidy

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

_PIPED = 10_000  # columns: what a program reads is neither cut nor wrapped


def show_json(value: object) -> None:
    """ASCII, so that every reader takes it and no control character reaches a terminal."""
    typer.echo(json.dumps(to_jsonable_python(value), indent=2))


def show(*lines: Text | str, indent: int = 0) -> None:
    """Lines of our own wording; other people's words in them went through `safe`."""
    console = _console()
    for line in lines:
        console.print(Padding(line, (0, 0, 0, indent), expand=False) if indent else line)


def show_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A cell is on one line of text, and wraps where the terminal ends; None is a dash."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*[Text("–" if cell is None else one_line(str(cell), 400)) for cell in row])
    _console().print(table)


def complain(text: str) -> None:
    """To standard error, a sentence a line."""
    if text:  # nothing, where typer has printed a help page already
        typer.echo(tidy(text), err=True)


def safe(text: str, style: str = "") -> Text:
    return Text(tidy(text), style=style)


def moment(at: datetime) -> str:
    """UTC, as in the log."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _console() -> Console:
    plain = bool(os.environ.get("NO_COLOR"))  # rich would still print bold
    console = Console(highlight=False, markup=False, emoji=False, color_system=None if plain else "auto")
    if not console.is_terminal:
        console.width = _PIPED
    return console
