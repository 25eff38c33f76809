"""A calendar invitation as one sentence."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from icalendar import Calendar, Event

from adapters.mail.reading.charsets import clean, decode

_BYTES = 200_000
_LINES = 3_000
_LENGTH = 300  # characters of each value
# Its rules may take icalendar seconds. Time zones are known by their names; else the time is told as it stands.
_TIME_ZONE = re.compile(r"^BEGIN:VTIMEZONE\b.*?^END:VTIMEZONE\s*$", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_METHODS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Another time is proposed",
}


def sentence(content: bytes, charset: str | None) -> str | None:
    """What is to happen, when, where, by whose invitation; None when there is no event to be read."""
    if len(content) > _BYTES or content.count(b"\n") > _LINES:
        return None
    try:
        calendar = Calendar.from_ical(_TIME_ZONE.sub("", decode(content, charset)[0]))
        event = next(iter(calendar.events), None)
        return _told(str(calendar.get("METHOD", "")).upper(), event) if event else None
    # icalendar raises whatever its parsers happen to on what strangers write.
    except Exception:  # noqa: BLE001
        return None


def _told(method: str, event: Event) -> str:
    told = f"[{_METHODS.get(method, 'Calendar entry')}: {_line(event.get('SUMMARY')) or 'without a title'}"
    if start := event.get("DTSTART"):
        told += f", {_moment(start.dt)}"
        if (end := event.get("DTEND")) and end.dt != start.dt:
            told += f" to {_moment(end.dt)}"
    if place := _line(event.get("LOCATION")):
        told += f", at {place}"
    if organiser := _line(event.get("ORGANIZER")):
        told += f", by {organiser.removeprefix('mailto:').removeprefix('MAILTO:')}"
    return f"{told}]"


def _line(value: Any) -> str:
    return " ".join(clean(str(value or "")).split())[:_LENGTH]


def _moment(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is None:
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
