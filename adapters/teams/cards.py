"""The case card in Teams: one for everybody, which each reader's client asks us to redraw for them alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from adapters import adaptive
from store.model import Card, CaseStatus, Json

MOST = 24_000  # bytes of a card: Teams takes 28 kB of an activity (learn.microsoft.com, "Limits and specifications")
_SHORTER = ((120, 30), (60, 20), (25, 10))  # characters of a value, and fields, where there is not room for all
_SUGGESTED = 5  # on such a card


def case_card(card: Card, *, representative: bool) -> Json:
    """The content of an Adaptive Card; without internal fields and suggestions for anybody else."""
    seen = card if representative else _public(card)
    shorter = (_shortened(seen, characters, fields) for characters, fields in _SHORTER)
    return fitting(_card(each, representative=representative) for each in chain([seen], shorter))


def fitting(shapes: Iterable[Json]) -> Json:
    """The first that Teams takes, or the last, which is the shortest; no more are made than are tried."""
    shown: Json = {}
    for shown in shapes:
        if len(json.dumps(shown)) <= MOST:
            break
    return shown


def attachment(content: Json) -> Json:
    return {"contentType": adaptive.CONTENT_TYPE, "content": content}


def fallback(card: Card) -> str:
    """For notifications, and for clients that show no cards."""
    return f"Case {card.number}: {card.title} – {card.status_label}" + (f". {card.changed}" if card.changed else "")


def execute(title: str, verb: str, about: Json) -> Json:
    """For clients that know no Action.Execute, the same as a submission."""
    submission = {"type": "Action.Submit", "title": title, "data": {"verb": verb, **about}}
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": about, "fallback": submission}


def _card(card: Card, *, representative: bool) -> Json:
    body = list(adaptive.body(card, execute))
    shown = adaptive.document(body, fallback=fallback(card), actions=list(_actions(card)) if representative else ())
    redraw = {"type": "Action.Execute", "title": "Refresh", "verb": "refresh", "data": {"case": card.number}}
    # No `userIds`: they matter among more than 60 people alone, and want Teams' own ids of representatives ("29:…"),
    # where the settings have the directory's. The others redraw the card from its menu.
    return {**shown, "refresh": {"action": redraw}, "msteams": {"width": "Full"}}


def _actions(card: Card) -> Iterator[Json]:
    opens: Json = {"msteams": {"type": "task/fetch"}, "verb": "update", "case": card.number}
    status = CaseStatus(card.status)
    if status is CaseStatus.MERGED:
        return
    yield {"type": "Action.Submit", "title": "Update…", "data": opens}
    if card.owner is None and status.is_open:
        yield execute("Claim", "run", {"text": f"/claim {card.number}"})
    verb = "resolve" if status.is_open else "reopen"
    yield execute(verb.capitalize(), "run", {"text": f"/{verb} {card.number}"})


def _public(card: Card) -> Card:
    return replace(card, fields=tuple(each for each in card.fields if not each.internal), suggestions=())


def _shortened(card: Card, characters: int, most: int) -> Card:
    def short(text: str) -> str:
        return text if len(text) <= characters else f"{text[: characters - 1]}…"

    fields = [replace(each, label=short(each.label), value=short(each.value)) for each in card.fields[:most]]
    suggestions = [replace(each, value=short(each.value), quote=short(each.quote)) for each in card.suggestions]
    return replace(
        card,
        title=short(card.title),
        owner=card.owner and short(card.owner),
        changed=card.changed and short(card.changed),
        fields=tuple(fields),
        suggestions=tuple(suggestions[:_SUGGESTED]),
    )
