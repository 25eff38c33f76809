"""The case card in Block Kit (docs.slack.dev, "Block Kit"). What people wrote stands where no markup is read."""

from __future__ import annotations

import json
from collections.abc import Iterator

from adapters.slack.words import run, shortened
from store.model import Card, CardField, CardSuggestion, CaseNumber, Json

VERB = "casewright:"  # before the verb of each button
_HEADER, _LABEL, _TEXT, _QUOTE = 150, 75, 1500, 500  # characters
_SUGGESTED = 8  # suggestions on one card; the form has the others


def card(card: Card, *, internal: bool, thread_url: str | None) -> list[Json]:
    """`internal` where representatives alone read it: with internal fields, suggestions and what can be done."""
    return list(_card(card, internal=internal, thread_url=thread_url))


def fallback(card: Card) -> str:
    """For notifications, and for clients that show no blocks."""
    return f"Case {card.number}: {card.title} – {card.status_label}" + (f". {card.changed}" if card.changed else "")


def _card(card: Card, *, internal: bool, thread_url: str | None) -> Iterator[Json]:
    yield {"type": "header", "text": plain(f"Case {card.number} · {card.status_label}", _HEADER)}
    yield _rich(run(shortened(card.title, _TEXT), bold=True))
    rows = [_row(each) for each in card.fields if internal or not each.internal]
    if card.owner:
        rows.insert(0, _row(CardField(label="Owner", value=card.owner)))
    if rows:
        yield {"type": "rich_text", "elements": rows}
    if card.changed:
        yield {"type": "context", "elements": [plain(card.changed, _TEXT)]}
    if internal:
        for suggestion in card.suggestions[:_SUGGESTED]:
            yield from suggested(card.number, suggestion)
    yield {"type": "actions", "elements": list(_buttons(card, internal=internal, thread_url=thread_url))}


def _rich(*words: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(words)}]}


def _row(field: CardField) -> Json:
    label = f"{field.label} (internal)" if field.internal else field.label
    return {
        "type": "rich_text_section",
        "elements": [run(f"{shortened(label, _LABEL)}: ", bold=True), run(shortened(field.value, _TEXT))],
    }


def suggested(number: CaseNumber, suggestion: CardSuggestion) -> Iterator[Json]:
    words = [run(f"Suggested {shortened(suggestion.label, _LABEL)}: {shortened(suggestion.value, _TEXT)}", bold=True)]
    if suggestion.quote:
        words.append(run(f"\n“{shortened(suggestion.quote, _QUOTE)}”", italic=True))
    yield _rich(*words)
    value = {"case": number, "suggestion": suggestion.id}
    yield {
        "type": "actions",
        "elements": [
            button("Accept", "accept_suggestion", value, style="primary"),
            button("Reject", "reject_suggestion", value),
        ],
    }


def _buttons(card: Card, *, internal: bool, thread_url: str | None) -> Iterator[Json]:
    yield button("Update…", "update", {"case": card.number})
    if not internal:
        return
    if card.owner is None:
        yield button("Claim", "run", {"text": f"/claim {card.number}"})
    if card.status == "resolved":
        yield button("Reopen", "run", {"text": f"/reopen {card.number}"})
    else:
        yield button("Resolve", "run", {"text": f"/resolve {card.number}"})
    if thread_url is not None:
        yield {**button("Open thread", "open_conversation", {}), "url": thread_url}


def button(title: str, verb: str, value: Json, *, style: str | None = None) -> Json:
    """Of several with one verb in a block, each needs an id of its own: the value tells them apart."""
    told = json.dumps(value)
    pressed: Json = {
        "type": "button",
        "text": plain(title, 75),
        "action_id": f"{VERB}{verb}" if verb != "run" else f"{VERB}run:{title.casefold()}",
        "value": told,
    }
    return {**pressed, "style": style} if style else pressed


def plain(said: str, most: int) -> Json:
    return {"type": "plain_text", "text": shortened(" ".join(said.split()) or " ", most), "emoji": False}
