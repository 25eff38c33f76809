"""Reads what a service sends without trusting its shape: what isn't there, or is something else, is empty."""

from __future__ import annotations

import json
from typing import Any, cast

from store.model import Json

_MOST_LEVELS = 100  # of a payload that is read


def storable(payload: Json) -> Json:
    """Without what no database keeps: NUL, halves of characters, numbers that are none. Raises ValueError."""
    return _storable(payload, _MOST_LEVELS)


def _storable(value: Any, levels: int) -> Any:
    if levels == 0:
        raise ValueError(f"The body is nested deeper than {_MOST_LEVELS} levels.")
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "ignore").decode()
        case list():
            return [_storable(each, levels - 1) for each in cast("list[Any]", value)]
        case dict():
            members = cast("dict[str, Any]", value).items()
            return {_storable(key, 1): _storable(each, levels - 1) for key, each in members}
        case float() if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 -- NaN alone
            return None
        case _:
            return value


def part(payload: Json, name: str) -> Json:
    found = payload.get(name)
    return cast("Json", found) if isinstance(found, dict) else {}


def parts(payload: Json, name: str) -> list[Json]:
    found = payload.get(name)
    listed = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Json", each) for each in listed if isinstance(each, dict)]


def text(payload: Json, name: str) -> str:
    found = payload.get(name)
    return found if isinstance(found, str) else ""


def parsed(payload: Json, name: str) -> Json:
    """A text that holds a JSON object, as buttons and views carry it for us."""
    try:
        found: object = json.loads(text(payload, name) or "{}")
    except ValueError:
        return {}
    return cast("Json", found) if isinstance(found, dict) else {}


def required(payload: Json, *path: str) -> str:
    """A text that the service's reference promises. Raises ValueError."""
    for name in path[:-1]:
        payload = part(payload, name)
    if not (found := text(payload, path[-1])):
        raise ValueError(f"{'.'.join(path)} is missing.")
    return found
