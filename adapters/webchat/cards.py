"""The case card for web chat: neutral for our own page, and as an Adaptive Card for public clients."""

from __future__ import annotations

from dataclasses import replace

from adapters.adaptive import CONTENT_TYPE, body, document
from store.model import Card, Json

__all__ = ["CONTENT_TYPE", "adaptive", "for_viewer"]


def for_viewer(card: Card, *, representative: bool) -> Card:
    """Without what only representatives may see."""
    if representative:
        return card
    return replace(card, fields=tuple(each for each in card.fields if not each.internal), suggestions=())


def adaptive(card: Card, fallback: str) -> Json:
    """An Adaptive Card of all that `card` holds."""
    return document(list(body(card, _button)), fallback=fallback)


def _button(title: str, verb: str, about: Json) -> Json:
    return {"type": "Action.Submit", "title": title, "data": {"verb": verb, **about}}
