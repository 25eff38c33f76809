"""A number of ours in the query of a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from bot.access.routes import Refused
from bot.api.calls import NUMBER


def number_in(query: Mapping[str, str], name: str) -> int | None:
    """None where it is not there. Raises Refused, which names it."""
    given = query.get(name)
    if given is None:
        return None
    if re.fullmatch(NUMBER, given) is None:
        right = "should be a whole number of at most 18 digits"
        raise Refused(HTTPStatus.BAD_REQUEST, f"{name} {right}.", errors={name: right})
    return int(given)
