"""Paging through a long list: a cursor says after which entry the next page begins, whatever comes in between."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from bot.access.routes import Refused
from bot.api.calls import Parameter

T = TypeVar("T")

MOST = 200
USUAL = 50
_AS_IT_IS = "`next` of an earlier page, as it is"
PARAMETERS = (
    Parameter(
        name="limit",
        place="query",
        schema={"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        description="At most so many.",
    ),
    Parameter(
        name="after",
        place="query",
        schema={"type": "string"},
        description="`next` of the page before; without it, the first page.",
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    limit: int
    after: tuple[int, ...] | None  # where the page before ended


def wanted(query: Mapping[str, str], *, parts: int = 1) -> Wanted:
    """`parts`: numbers that say where an entry stands. Raises Refused, which names the parameter."""
    limit = query.get("limit", str(USUAL))
    if not (limit.isascii() and limit.isdigit() and len(limit) < len(str(MOST)) + 1 and 1 <= int(limit) <= MOST):
        raise _wrong("limit", f"a whole number from 1 to {MOST}")
    return Wanted(limit=int(limit), after=_position(query["after"], parts) if "after" in query else None)


def cursor(*position: int) -> str:
    """Opaque, so that what it holds may change."""
    return base64.urlsafe_b64encode(json.dumps({"after": position}).encode()).decode().rstrip("=")


def cut(found: Sequence[T], page: Wanted, position: Callable[[T], tuple[int, ...]]) -> tuple[Sequence[T], str | None]:
    """The page out of one entry more than it holds, and the cursor of the next where there is one."""
    rows = found[: page.limit]
    return rows, cursor(*position(rows[-1])) if len(found) > page.limit else None


def _position(text: str, parts: int) -> tuple[int, ...]:
    try:
        held = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        position = tuple(held["after"])
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError):
        raise _wrong("after", _AS_IT_IS) from None
    if len(position) != parts or not all(type(each) is int and 0 <= each < 2**63 for each in position):
        raise _wrong("after", _AS_IT_IS)
    return position


def _wrong(name: str, right: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, f"{name} should be {right}.", errors={name: f"should be {right}"})
