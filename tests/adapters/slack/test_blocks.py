"""The case card in Block Kit: what it shows to whom, within Slack's limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import blocks
from store.model import Card, CardField, CardSuggestion, CaseNumber, CaseStatus, Json
from tests.adapters.slack.block_kit import Refused, assert_message

CARD = Card(
    number=CaseNumber(1042),
    title="The kettle leaks",
    status="new",
    status_label="New",
    owner=None,
    fields=(
        CardField(label="Serial number", value="HE25_440917_R"),
        CardField(label="Margin", value="12.50 EUR", internal=True),
    ),
    suggestions=(CardSuggestion(id=7, label="Priority", value="High", quote="it is *urgent*"),),
    changed="Priority set to High",
    updated_at=datetime(2026, 11, 25, 14, 30, tzinfo=UTC),
)

HOSTILE = (
    st.text(max_size=30)
    | st.sampled_from(["", " ", "\n", "\0", "<!channel>", "*bold* :x: & <@U1>", "🙂" * 200, "long " * 2500, "\ud800"])
    | st.builds(str.__mul__, st.text(max_size=5), st.sampled_from([100, 1000]))
)
MOMENTS = st.datetimes(min_value=datetime(1980, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- as hypothesis wants it
CARDS = st.builds(
    Card,
    number=st.integers(1, 10**9).map(CaseNumber),
    title=HOSTILE,
    status=st.sampled_from(list(CaseStatus)),
    status_label=HOSTILE,
    owner=st.none() | HOSTILE,
    fields=st.lists(st.builds(CardField, label=HOSTILE, value=HOSTILE, internal=st.booleans()), max_size=5).map(tuple),
    suggestions=st.lists(
        st.builds(CardSuggestion, id=st.integers(1, 10**9), label=HOSTILE, value=HOSTILE, quote=HOSTILE), max_size=4
    ).map(tuple),
    changed=st.none() | HOSTILE,
    updated_at=MOMENTS,
)


def said(shown: Any) -> Iterator[str]:
    """All texts in blocks, in order."""
    if isinstance(shown, list):
        for each in shown:  # pyright: ignore[reportUnknownVariableType]
            yield from said(each)
    elif isinstance(shown, dict):
        for name, each in shown.items():  # pyright: ignore[reportUnknownVariableType]
            yield from [each] if name == "text" and isinstance(each, str) else said(each)


def buttons(shown: list[Json]) -> dict[str, tuple[str, Json]]:
    """Verb and value by title."""
    pressed = [each for block in shown if block["type"] == "actions" for each in block["elements"]]
    return {each["text"]["text"]: (each["action_id"], json.loads(each["value"])) for each in pressed}


def test_a_customer_sees_neither_internal_fields_nor_suggestions_and_can_update() -> None:
    shown = blocks.card(CARD, internal=False, thread_url=None)
    assert list(said(shown)) == [
        "Case 1042 · New",
        "The kettle leaks",
        "Serial number: ",
        "HE25_440917_R",
        "Priority set to High",
        "Updated <!date^1795617000^{date_short_pretty} at {time}|2026-11-25 14:30 UTC>",
        "Update…",
    ]
    assert buttons(shown) == {"Update…": ("casewright:update", {"case": 1042})}


def test_the_team_sees_all_and_can_decide() -> None:
    shown = blocks.card(CARD, internal=True, thread_url="https://example.org/thread")
    assert {"Margin (internal): ", "12.50 EUR", "Suggested Priority: High", "\n“it is *urgent*”"} <= set(said(shown))
    assert buttons(shown) == {
        "Accept": ("casewright:accept_suggestion", {"case": 1042, "suggestion": 7}),
        "Reject": ("casewright:reject_suggestion", {"case": 1042, "suggestion": 7}),
        "Update…": ("casewright:update", {"case": 1042}),
        "Claim": ("casewright:run:claim", {"text": "/claim 1042"}),
        "Resolve": ("casewright:run:resolve", {"text": "/resolve 1042"}),
        "Open thread": ("casewright:open_conversation", {}),
    }


@pytest.mark.parametrize(
    ("owner", "status", "offered"),
    [
        ("Ada", "in_progress", ["Update…", "Resolve"]),
        (None, "resolved", ["Update…", "Reopen"]),
        ("Ada", "resolved", ["Update…", "Reopen"]),
        (None, "cancelled", ["Update…", "Reopen"]),
        (None, "merged", []),
    ],
)
def test_only_what_makes_sense_is_offered(owner: str | None, status: str, offered: list[str]) -> None:
    card = replace(CARD, owner=owner, status=status, suggestions=())
    assert list(buttons(blocks.card(card, internal=True, thread_url=None))) == offered


def test_fields_that_do_not_fit_are_counted() -> None:
    card = replace(CARD, fields=tuple(CardField(label=f"Field {n}", value="x" * 9000) for n in range(40)))
    assert "… and 10 more fields" in set(said(blocks.card(card, internal=False, thread_url=None)))


@given(CARDS, st.booleans(), st.none() | st.just("https://example.org/thread"))
def test_slack_takes_every_card(card: Card, internal: bool, thread_url: str | None) -> None:  # noqa: FBT001
    assert_message(blocks.card(card, internal=internal, thread_url=thread_url))


def test_slack_takes_the_fullest_card() -> None:
    wide = "🙂" * 3000
    fields, suggestions = (
        [CardField(label=wide, value=wide)] * 60,
        [replace(CARD.suggestions[0], value=wide, quote=wide)] * 60,
    )
    full = replace(CARD, title=wide, owner=wide, changed=wide, fields=tuple(fields), suggestions=tuple(suggestions))
    assert_message(blocks.card(full, internal=True, thread_url="https://example.org/thread"))


@given(CARDS)
def test_what_people_wrote_is_never_read_as_markup(card: Card) -> None:
    marked_up = [each for each in _objects(blocks.card(card, internal=True, thread_url=None)) if _is_markup(each)]
    at = card.updated_at
    assert marked_up == [blocks.moment("Updated", at)]


def _objects(shown: Any) -> Iterator[Json]:
    if isinstance(shown, dict):
        yield shown
        for each in shown.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _objects(each)
    elif isinstance(shown, list):
        for each in shown:  # pyright: ignore[reportUnknownVariableType]
            yield from _objects(each)


def _is_markup(shown: Json) -> bool:
    return shown.get("type") in {"mrkdwn", "markdown", "link", "user", "emoji", "broadcast"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151, "emoji": False}},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "section", "fields": [{"type": "plain_text", "text": "x", "emoji": False}] * 11},
        {"type": "actions", "elements": [blocks.button("Go", "update", {}), blocks.button("On", "update", {})]},
        {"type": "input", "label": {"type": "plain_text", "text": "x", "emoji": False}, "element": {}},
    ],
)
def test_the_validator_refuses_what_slack_refuses(wrong: Json) -> None:
    with pytest.raises(Refused):
        assert_message([wrong])
