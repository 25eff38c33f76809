"""The case card in Block Kit (docs.slack.dev, "Block Kit"). What people wrote stands where no markup is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from adapters.slack.words import run, shortened
from store.model import Card, CardField, CardSuggestion, CaseNumber, CaseStatus, Json

VERB = "casewright:"  # before the verb of each button
_HEADER, _BUTTON, _LABEL, _TITLE, _TEXT, _QUOTE = 150, 75, 75, 300, 1500, 300  # characters
_ROWS, _SUGGESTED = 30, 5  # on one card; the form has the others
_ROOM = 3_500  # characters of all values together: with the rest, what a message holds


def card(card: Card, *, internal: bool, thread_url: str | None) -> list[Json]:
    """`internal` where representatives alone read it: with internal fields, suggestions and what can be done."""
    return list(_card(card, internal=internal, thread_url=thread_url))


def fallback(card: Card) -> str:
    """For notifications, and for clients that show no blocks."""
    return f"Case {card.number}: {card.title} – {card.status_label}" + (f". {card.changed}" if card.changed else "")


def _card(card: Card, *, internal: bool, thread_url: str | None) -> Iterator[Json]:
    yield {"type": "header", "text": plain(f"Case {card.number} · {card.status_label}", _HEADER)}
    if card.title.strip():
        yield rich_text(run(shortened(card.title, _TITLE), bold=True))
    if rows := _rows(card, internal=internal):
        yield {"type": "rich_text", "elements": rows}
    if internal:
        for suggestion in card.suggestions[:_SUGGESTED]:
            yield from suggested(card.number, suggestion)
    changed = [plain(card.changed, _TITLE)] if card.changed else []
    yield {"type": "context", "elements": [*changed, moment("Updated", card.updated_at)]}
    if buttons := list(_buttons(card, internal=internal, thread_url=thread_url)):
        yield {"type": "actions", "elements": buttons}


def rich_text(*words: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(words)}]}


def _rows(card: Card, *, internal: bool) -> list[Json]:
    owner = [CardField(label="Owner", value=card.owner)] if card.owner else []
    shown = [*owner, *(each for each in card.fields if internal or not each.internal)]
    room = min(_TEXT, _ROOM // max(len(shown[:_ROWS]), 1))
    rows = [_row(each, room) for each in shown[:_ROWS]]
    if more := len(shown) - len(rows):
        rows.append({"type": "rich_text_section", "elements": [run(f"… and {more} more fields", italic=True)]})
    return rows


def _row(field: CardField, room: int) -> Json:
    mark = " (internal)" if field.internal else ""
    return {
        "type": "rich_text_section",
        "elements": [run(f"{shortened(field.label, _LABEL)}{mark}: ", bold=True), run(shortened(field.value, room))],
    }


def moment(before: str, at: datetime) -> Json:
    """A time as each reader's own clock shows it. The only markup of ours; `before` is our word, never theirs."""
    elsewhere = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    shown = f"{before} <!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{elsewhere}>"
    return {"type": "mrkdwn", "text": shown}


def suggested(number: CaseNumber, suggestion: CardSuggestion) -> Iterator[Json]:
    words = [run(f"Suggested {shortened(suggestion.label, _LABEL)}: {shortened(suggestion.value, _QUOTE)}", bold=True)]
    if suggestion.quote:
        words.append(run(f"\n“{shortened(suggestion.quote, _QUOTE)}”", italic=True))
    yield rich_text(*words)
    value = {"case": number, "suggestion": suggestion.id}
    yield {
        "type": "actions",
        "elements": [
            button("Accept", "accept_suggestion", value, style="primary"),
            button("Reject", "reject_suggestion", value),
        ],
    }


def _buttons(card: Card, *, internal: bool, thread_url: str | None) -> Iterator[Json]:
    status = CaseStatus(card.status)
    if status is not CaseStatus.MERGED:
        yield button("Update…", "update", {"case": card.number})
    if not internal:
        return
    if card.owner is None and status.is_open:
        yield button("Claim", "run", {"text": f"/claim {card.number}"})
    if status.reopens:
        yield button("Reopen", "run", {"text": f"/reopen {card.number}"})
    if status.is_open:
        yield button("Resolve", "run", {"text": f"/resolve {card.number}"})
    if thread_url is not None:
        yield {**button("Open thread", "open_conversation", {}), "url": thread_url}


def button(title: str, verb: str, value: Json, *, style: str | None = None) -> Json:
    """Of several with one verb in a block, each needs an id of its own: the value tells them apart."""
    told = json.dumps(value)
    pressed: Json = {
        "type": "button",
        "text": plain(title, _BUTTON),
        "action_id": f"{VERB}{verb}" if verb != "run" else f"{VERB}run:{title.casefold()}",
        "value": told,
    }
    return {**pressed, "style": style} if style else pressed


def plain(said: str, most: int) -> Json:
    """On one line. Slack takes no empty text."""
    return {"type": "plain_text", "text": shortened(" ".join(said.split()), most).strip() or "–", "emoji": False}
