"""Pictures of figures, as SVG made here: numbers and names of ours, and no word that somebody else wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 180, 40, 16, 12, 24
_GAP = 0.28  # of a day's width, between days
_MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Series:
    """`kind` is a class of the style sheet, which gives it a colour."""

    label: str
    kind: str
    counts: Sequence[int]


def columns(title: str, days: Sequence[str], series: Sequence[Series]) -> Markup:
    """A group of columns for each day; each column says by itself what it is."""
    top = _round_up(max((count for each in series for count in each.counts), default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(days), 1)
    width = step * (1 - _GAP) / max(len(series), 1)
    drawn: list[str] = []
    for position, day in enumerate(days):
        for number, each in enumerate(series):
            count = each.counts[position]
            if count:
                x = _LEFT + position * step + step * _GAP / 2 + number * width
                y = _y(count, top)
                place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_HEIGHT - _BOTTOM - y:.1f}"'
                told = escape(f"{day}: {count} {each.label}")
                drawn.append(f'<rect class="{each.kind}" {place} rx="1.5"><title>{told}</title></rect>')
    return Markup(  # noqa: S704 -- numbers, days, and names of ours
        f'<svg class="figure" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{_grid(top)}{_names(days, step)}{''.join(drawn)}</svg>"
    )


def share(of: float | None) -> Markup:
    """A share as a length; beside it stands the number."""
    filled = "" if of is None else f'<rect class="fill" width="{100 * of:.1f}" height="8" rx="2"/>'
    return Markup(  # noqa: S704 -- numbers alone
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rail" width="100" height="8" rx="2"/>{filled}</svg>'
    )


def _round_up(count: int) -> int:
    """The next even number that people read easily."""
    steps = (base * 10**power for power in range(18) for base in (1, 2, 4, 6))
    return next(step for step in steps if step >= max(count, 4))


def _y(count: int, top: int) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - count / top)


def _grid(top: int) -> str:
    return "".join(
        f'<path class="grid" d="M{_LEFT} {_y(at, top):.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT - 8}" y="{_y(at, top) + 4:.1f}" text-anchor="end">{at}</text>'
        for at in (0, top // 2, top)
    )


def _names(days: Sequence[str], step: float) -> str:
    every = -(-len(days) // _MOST_LABELS) if days else 1
    return "".join(
        f'<text x="{_LEFT + (position + 0.5) * step:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(day)}</text>'
        for position, day in enumerate(days)
        if (len(days) - 1 - position) % every == 0
    )
