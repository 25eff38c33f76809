"""The case card as an Adaptive Card (adaptivecards.io, schema 1.5), for the channels that show those.

What people wrote stands in text runs, never in text blocks or fact sets: those read Markdown, and a value could become
a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from store.model import Card, CardField, CardSuggestion, Json

CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"

Button = Callable[[str, str, Json], Json]
"""An action from its title, its verb and what comes back with it."""


_FORMATTED = re.compile(r"\{\{(?=(?:DATE|TIME)\()")  # of this, clients make a date even in a text run


def document(body: Sequence[Json], *, fallback: str, actions: Sequence[Json] = ()) -> Json:
    shown: Json = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "fallbackText": _literal(fallback),
        "body": list(body),
    }
    return {**shown, "actions": list(actions)} if actions else shown


def body(card: Card, button: Button) -> Iterator[Json]:
    yield line(f"Case {card.number} · {card.status_label}", color="accent", weight="bolder", size="small")
    yield line(card.title, weight="bolder", size="medium", spacing="small")
    if card.owner:
        yield row("Owner", card.owner)
    for field in card.fields:
        yield row(_label(field), field.value)
    if card.changed:
        yield line(card.changed, isSubtle=True, size="small", spacing="medium")
    for suggestion in card.suggestions:
        yield suggested(card, suggestion, button)


def line(text: str, *, spacing: str = "default", **style: str | bool) -> Json:
    run = {"type": "TextRun", "text": _FORMATTED.sub("{\N{WORD JOINER}{", text), **style}
    return {"type": "RichTextBlock", "inlines": [run], "spacing": spacing}


def row(label: str, value: str) -> Json:
    columns = [
        {"type": "Column", "width": "2", "items": [line(label, isSubtle=True)]},
        {"type": "Column", "width": "3", "items": [line(value)]},
    ]
    return {"type": "ColumnSet", "columns": columns, "spacing": "small"}


def suggested(card: Card, suggestion: CardSuggestion, button: Button) -> Json:
    items = [line(f"Suggested {suggestion.label}: {suggestion.value}", weight="bolder")]
    if suggestion.quote:
        items.append(line(f"“{suggestion.quote}”", isSubtle=True, italic=True, spacing="none"))
    about: Json = {"case": card.number, "suggestion": suggestion.id}
    buttons = [button("Accept", "accept_suggestion", about), button("Reject", "reject_suggestion", about)]
    items.append({"type": "ActionSet", "actions": buttons})
    return {"type": "Container", "separator": True, "spacing": "medium", "items": items}


def _literal(words: str) -> str:
    """Where there are no text runs: what would be Markdown is escaped."""
    return "".join(f"\\{each}" if each in "\\`*_[]()#>" else each for each in words)


def _label(field: CardField) -> str:
    return f"{field.label} (internal)" if field.internal else field.label
