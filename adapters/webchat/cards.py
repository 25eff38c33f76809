"""The case card for web chat: neutral for our own page, and as an Adaptive Card for public clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from store.model import Card, CardField, CardSuggestion, Json

CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"


def for_viewer(card: Card, *, representative: bool) -> Card:
    """Without what only representatives may see."""
    if representative:
        return card
    return replace(card, fields=tuple(each for each in card.fields if not each.internal), suggestions=())


def adaptive(card: Card, fallback: str) -> Json:
    """An Adaptive Card of all that `card` holds.

    What people wrote stands in text runs, never in text blocks or fact sets: those read Markdown, and a value could
    become a link.
    """
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "fallbackText": fallback,
        "body": list(_body(card)),
    }


def _body(card: Card) -> Iterator[Json]:
    yield _line(f"Case {card.number} · {card.status_label}", color="accent", weight="bolder", size="small")
    yield _line(card.title, weight="bolder", size="medium", spacing="small")
    if card.owner:
        yield _row("Owner", card.owner)
    for field in card.fields:
        yield _row(_label(field), field.value)
    if card.changed:
        yield _line(card.changed, isSubtle=True, size="small", spacing="medium")
    for suggestion in card.suggestions:
        yield _suggested(card, suggestion)


def _label(field: CardField) -> str:
    return f"{field.label} (internal)" if field.internal else field.label


def _line(text: str, *, spacing: str = "default", **style: str | bool) -> Json:
    run = {"type": "TextRun", "text": text, **style}
    return {"type": "RichTextBlock", "inlines": [run], "spacing": spacing}


def _row(label: str, value: str) -> Json:
    columns = [
        {"type": "Column", "width": "2", "items": [_line(label, isSubtle=True)]},
        {"type": "Column", "width": "3", "items": [_line(value)]},
    ]
    return {"type": "ColumnSet", "columns": columns, "spacing": "small"}


def _suggested(card: Card, suggestion: CardSuggestion) -> Json:
    items = [_line(f"Suggested {suggestion.label}: {suggestion.value}", weight="bolder")]
    if suggestion.quote:
        items.append(_line(f"“{suggestion.quote}”", isSubtle=True, italic=True, spacing="none"))
    buttons = [
        _button("Accept", "accept_suggestion", card, suggestion),
        _button("Reject", "reject_suggestion", card, suggestion),
    ]
    items.append({"type": "ActionSet", "actions": buttons})
    return {"type": "Container", "separator": True, "spacing": "medium", "items": items}


def _button(title: str, verb: str, card: Card, suggestion: CardSuggestion) -> Json:
    data = {"verb": verb, "case": card.number, "suggestion": suggestion.id}
    return {"type": "Action.Submit", "title": title, "data": data}
