"""The report's pictures: one small function each, from figures to an SVG without a word that somebody else wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from bot.simulation.figures import Slot

_SIDE = 200  # of a plot's square, in its own units
_MARGIN = 34
_BINS = 10
_LARGEST, _SMALLEST = 9.0, 2.5  # radius of a dot


def reliability(slots: Iterable[Slot]) -> Markup:
    """Of the values of a confidence, the share that is right: on the diagonal where the confidence keeps its word."""
    written = [slot for slot in slots if slot.value is not None]
    dots: list[str] = []
    for number in range(_BINS):
        inside = [slot for slot in written if min(int(slot.confidence * _BINS), _BINS - 1) == number]
        if inside:
            confidence = sum(slot.confidence for slot in inside) / len(inside)
            share = sum(slot.right for slot in inside) / len(inside)
            radius = max(_SMALLEST, _LARGEST * (len(inside) / len(written)) ** 0.5)
            said = f"{len(inside)} values at {confidence:.2f}: {share:.2f} right"
            place = f'cx="{_x(confidence)}" cy="{_y(share)}" r="{radius:.1f}"'
            dots.append(f'<circle class="dot" {place}><title>{said}</title></circle>')
    diagonal = f'<path class="ideal" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>'
    return _plot("Confidence", "Share right", diagonal + "".join(dots))


def precision_against_coverage(slots: Iterable[Slot]) -> Markup:
    """From the surest value downwards: what is found of what is so, and how much of it is right."""
    path = "L".join(f"{_x(coverage)} {_y(precision)}" for coverage, precision in _curve(list(slots)))
    return _plot("Coverage", "Precision", f'<path class="curve" d="M{path}"/>' if path else "")


def _curve(slots: Sequence[Slot]) -> Iterator[tuple[float, float]]:
    """A point where the confidence falls: values of one confidence stand or fall together."""
    written = sorted((slot for slot in slots if slot.value is not None), key=lambda slot: -slot.confidence)
    expected = sum(slot.expected for slot in slots)
    right = covered = 0
    for number, slot in enumerate(written, 1):
        right += slot.right
        covered += slot.expected
        if expected and (number == len(written) or written[number].confidence < slot.confidence):
            yield covered / expected, right / number


def bar(share: float | None) -> Markup:
    """A share as a length; nothing where there is nothing to share."""
    filled = "" if share is None else f'<rect class="fill" width="{100 * share:.1f}" height="8" rx="2"/>'
    return Markup(  # noqa: S704 -- numbers alone
        f'<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rail" width="100" height="8" rx="2"/>{filled}</svg>'
    )


def _plot(across: str, up: str, inside: str) -> Markup:
    size = _SIDE + 2 * _MARGIN
    ticks = "".join(
        f'<path class="grid" d="M{_x(0)} {_y(at)}H{_x(1)}M{_x(at)} {_y(0)}V{_y(1)}"/>'
        f'<text x="{_x(0) - 6}" y="{_y(at) + 4}" text-anchor="end">{at:g}</text>'
        f'<text x="{_x(at)}" y="{_y(0) + 15}" text-anchor="middle">{at:g}</text>'
        for at in (0, 0.5, 1)
    )
    names = (
        f'<text class="axis" x="{_x(0.5)}" y="{size - 4}" text-anchor="middle">{across}</text>'
        f'<text class="axis" x="{_x(0)}" y="{_MARGIN - 12}" text-anchor="start">{up}</text>'
    )
    return Markup(  # noqa: S704 -- numbers, and the names above
        f'<svg class="plot" viewBox="0 0 {size} {size}" role="img" aria-label="{up} against {across.lower()}">'
        f"{ticks}{names}{inside}</svg>"
    )


def _x(share: float) -> float:
    return round(_MARGIN + _SIDE * share, 1)


def _y(share: float) -> float:
    return round(_MARGIN + _SIDE * (1 - share), 1)
