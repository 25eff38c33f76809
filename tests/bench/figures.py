"""What a measurement gives: figures, some of them with an aim. Printed side by side, or as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.bench.places import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """Where a value should be; one of the two is given."""

    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        return value >= (self.at_least or -math.inf) and value <= (self.at_most or math.inf)

    def __str__(self) -> str:
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return f"at most {self.at_most:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`name` reads as words with its underscores taken out, and is the key in the JSON."""

    name: str
    value: float
    unit: str = ""
    aim: Aim | None = None

    @property
    def met(self) -> bool | None:
        return None if self.aim is None else self.aim.met(self.value)

    def __str__(self) -> str:
        return f"{self.value:,.0f}" if abs(self.value) >= 100 or self.value.is_integer() else f"{self.value:.3g}"


Figures = Sequence[Figure]


def table(title: str, places: Sequence[Place], measured: Mapping[str, Figures]) -> Table:
    """A row a figure, a column a database; the databases give the same figures in the same order."""
    shown = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    shown.add_column("")
    for place in places:
        shown.add_column(place.title, justify="right")
    shown.add_column("")
    shown.add_column("Aim")
    for row in zip(*(measured[place.name] for place in places), strict=True):
        aim = str(row[0].aim or "")
        shown.add_row(row[0].name.replace("_", " "), *[_cell(each) for each in row], row[0].unit, aim)
    return shown


def _cell(figure: Figure) -> Text:
    if figure.met is None:
        return Text(str(figure))
    return Text(f"{figure} {'met' if figure.met else 'not met'}", style="green" if figure.met else "red")


def as_json(measured: Mapping[str, Figures]) -> dict[str, Any]:
    return {place: {each.name: _plain(each) for each in figures} for place, figures in measured.items()}


def _plain(figure: Figure) -> dict[str, Any]:
    given = {"value": figure.value, "unit": figure.unit}
    return given if figure.aim is None else given | {"aim": asdict(figure.aim), "met": figure.met}


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that so many per cent of all don't exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def show(tables: Iterable[Table]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120
    for each in tables:
        console.print(each, end="\n\n")
