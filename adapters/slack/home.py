"""The app's own page in Slack: my cases, and what waits for me."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from adapters.desk import CaseLine, Overview
from adapters.slack.blocks import button, moment, plain, rich_text
from adapters.slack.words import run, shortened
from store.model import Json

_SHOWN = 15  # cases of each list, three blocks each: a view holds a hundred
_TITLE, _NAME = 300, 75  # characters


def home(overview: Overview, link: Callable[[str], str | None], metadata: Json) -> Json:
    """`link` leads to a conversation by its key; `metadata` comes back with what is pressed."""
    return {"type": "home", "private_metadata": json.dumps(metadata), "blocks": list(_blocks(overview, link))}


def _blocks(overview: Overview, link: Callable[[str], str | None]) -> Iterator[Json]:
    if overview.representative:
        yield from _list("Waiting for you", overview.waiting, "Nothing waits: every case has an owner.", overview, link)
    yield from _list("My cases", overview.mine, _nothing(overview), overview, link)


def _nothing(overview: Overview) -> str:
    if overview.representative:
        return "You have no open case. /claim NUMBER makes one yours."
    return "You have no case. Write to me in Messages, and I will see to it."


def _list(
    title: str, cases: Sequence[CaseLine], nothing: str, overview: Overview, link: Callable[[str], str | None]
) -> Iterator[Json]:
    yield {"type": "header", "text": plain(title, 150)}
    if not cases:
        yield {"type": "context", "elements": [plain(nothing, 500)]}
    for case in cases[:_SHOWN]:
        yield from _case(case, link, representative=overview.representative)
    if more := len(cases) - len(cases[:_SHOWN]):
        yield {"type": "context", "elements": [plain(f"… and {more} more: /cases lists them.", 500)]}


def _case(case: CaseLine, link: Callable[[str], str | None], *, representative: bool) -> Iterator[Json]:
    open_ones = f" · {case.suggestions} suggestion{'s' * (case.suggestions != 1)}" if case.suggestions else ""
    title, owner = shortened(case.title, _TITLE), shortened(case.owner or "unclaimed", _NAME)
    about = f"\n{shortened(case.status, _NAME)} · {owner}{open_ones if representative else ''}"
    yield rich_text(run(f"{case.number} · {title}", bold=True), run(about))
    yield {"type": "context", "elements": [moment("Updated", case.updated_at)]}
    buttons: list[Json] = []
    if representative and case.owner is None:
        buttons.append(button("Claim", "run", {"text": f"/claim {case.number}"}))
    if representative and case.conversation_key is not None:
        buttons.append(button("Update…", "update", {"case": case.number}))
    if case.conversation_key is not None and (address := link(case.conversation_key)) is not None:
        buttons.append({**button("Open", "open_conversation", {}), "url": address})
    if buttons:
        yield {"type": "actions", "elements": buttons}
