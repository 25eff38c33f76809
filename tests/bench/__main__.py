"""Measures Casewright on this machine, on SQLite and PostgreSQL side by side: `python -m tests.bench [--json]`."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Annotated, Any

import typer

from tests.bench import (
    acknowledgement,
    evaluation,
    mails,
    many_cases,
    memory,
    slack,
    start,
    teams,
    throughput,
    workspace,
)
from tests.bench.figures import Figures, as_json, show, table
from tests.bench.places import Place, places
from tests.bench.sizes import FULL, QUICK, Size


class Kind(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


Measured = dict[str, Figures]  # by the database's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    title: str
    measure: Callable[[Place, Size], Awaitable[Figures]]
    together: bool = False  # both databases at once: where nothing is timed


PARTS = {
    "throughput": Part(title="Throughput under load", measure=throughput.measure),
    "acknowledgement": Part(title="Acknowledgement at a steady 50 messages/s", measure=acknowledgement.measure),
    "evaluation": Part(title="Cost of evaluating a growing conversation", measure=evaluation.measure),
    "start": Part(title="Start", measure=start.measure),
    "cases": Part(title="Opening a case among many", measure=many_cases.measure),
    "mails": Part(title="Mails after an outage", measure=mails.measure),
    "slack": Part(title="Signed Slack events", measure=slack.measure),
    "teams": Part(title="Teams' activities", measure=teams.measure),
    "workspace": Part(title="The console's lists among many", measure=workspace.measure),
    "memory": Part(title="Resident memory", measure=memory.measure, together=True),
}
Name = StrEnum("Name", list(PARTS))
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    only: Annotated[list[Name] | None, typer.Option(help="Only this part; may be given several times.")] = None,
    database: Annotated[list[Kind] | None, typer.Option(help="Only this one; may be given several times.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes: does it run? The figures say little.")] = False,
    messages: Annotated[int | None, typer.Option(min=4, help="Messages of the load.")] = None,
    messages_for_memory: Annotated[int | None, typer.Option(min=1, help="Messages until memory is read.")] = None,
    cases: Annotated[int | None, typer.Option(min=1, help="Cases in the store that is full.")] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Measure Casewright, and print each figure beside its aim."""
    given = {"messages": messages, "memory_messages": messages_for_memory, "cases": cases}
    size = replace(QUICK if quick else FULL, **{name: value for name, value in given.items() if value is not None})
    names = [str(each) for each in only or Name]
    machine = _machine()
    with places([each.value for each in database or Kind]) as found:
        measured = asyncio.run(_measured(names, found, size))
    if as_json_:
        parts = {name: as_json(figures) for name, figures in measured.items()}
        print(json.dumps({"machine": machine, "size": asdict(size), "parts": parts}, indent=2))
    else:
        print("\n" + ", ".join(f"{name} {value}" for name, value in machine.items()) + "\n")
        show(table(PARTS[name].title, found, figures) for name, figures in measured.items())
    if missing := [name for name in names if name not in measured]:
        sys.exit(f"Not measured, as the errors above tell: {', '.join(missing)}.")


async def _measured(names: Sequence[str], found: Sequence[Place], size: Size) -> Mapping[str, Measured]:
    """A SIGTERM ends the processes that we started, as Ctrl-C does; a part that fails leaves the others be."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    measured: dict[str, Measured] = {}
    for name in names:
        try:
            measured[name] = await _part(name, found, size)
        except Exception:  # noqa: BLE001 - whatever it was, the figures of the other parts are worth having
            traceback.print_exc()
    return measured


async def _part(name: str, found: Sequence[Place], size: Size) -> Measured:
    started = time.perf_counter()
    part = PARTS[name]
    if part.together:
        figures = await asyncio.gather(*[part.measure(place, size) for place in found])
    else:
        figures = [await part.measure(place, size) for place in found]
    print(f"{part.title}: took {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return {place.name: each for place, each in zip(found, figures, strict=True)}


def _machine() -> dict[str, Any]:
    return {
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
        "load average at the start": round(os.getloadavg()[0], 2),
    }


if __name__ == "__main__":
    app()
