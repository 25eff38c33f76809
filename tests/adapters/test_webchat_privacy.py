"""What is for representatives never reaches a customer: fields, suggestions, private answers, commands."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain

import pytest

from adapters.webchat.cards import adaptive, for_viewer
from adapters.webchat.incoming import is_private
from store.model import Card, CardField, CardSuggestion, CaseNumber, Json, Role, utcnow
from tests.adapters.contract import answer_to
from tests.adapters.webchat import REPRESENTATIVE, SECRET, WebChatServer

CARD = Card(
    number=CaseNumber(1042),
    title="Kettle leaks",
    status="in_progress",
    status_label="In progress",
    owner="Robin",
    fields=(
        CardField(label="Contact", value="ada@example.org"),
        CardField(label="Risk", value="Two calls this week", internal=True),
    ),
    suggestions=(CardSuggestion(id=7, label="Priority", value="High", quote="it is urgent"),),
    changed="Case opened",
    updated_at=utcnow(),
)
SECRETS = ("Risk", "Two calls", "Priority", "urgent", "accept_suggestion", "internal note")


async def test_internal_fields_and_suggestions_are_for_representatives(server: WebChatServer) -> None:
    await server.say("My kettle leaks")
    await server.channel.send(replace(answer_to(server.inbox.received[0], "Case 1042", key="1"), card=CARD))
    robin = await server.join({"id": REPRESENTATIVE})
    rep_view = (await server.read(token=robin))["activities"][1]
    everything = json.dumps(rep_view)
    assert all(secret in everything for secret in SECRETS[:-1])
    for token in (server.token, SECRET):
        view = (await server.read(token=token))["activities"][1]
        assert not [secret for secret in SECRETS if secret in json.dumps(view)]
        assert view["channelData"]["card"]["fields"] == [
            {"label": "Contact", "value": "ada@example.org", "internal": False},
        ]
        assert view["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert (view["summary"], view.get("text")) == ("Case 1042", None)


async def test_a_private_answer_is_for_one_person_also_live_and_keeps_the_watermark(server: WebChatServer) -> None:
    robin = await server.join({"id": REPRESENTATIVE})
    kim = await server.join({"id": "kim"})
    await server.say("/note internal note", token=robin)
    answer = answer_to(server.inbox.received[0], "internal note kept", key="1")
    await server.channel.send(replace(answer, audience=REPRESENTATIVE))
    assert await server.texts(token=robin) == ["/note internal note", "internal note kept"]
    shown = (await server.read(token=robin))["activities"]
    assert [each["channelData"]["private"] for each in shown] == [True, True]
    for token in (server.token, kim, SECRET):
        assert await server.read(token=token) == {"activities": [], "watermark": "2"}


async def test_a_representatives_command_is_hidden_and_a_customers_is_a_message(server: WebChatServer) -> None:
    robin = await server.join({"id": REPRESENTATIVE})
    await server.say("/update-case", token=robin)
    await server.say("/update-case")
    await server.say("1/2 of it leaks", token=robin)
    assert await server.texts() == ["/update-case", "1/2 of it leaks"]
    assert len(server.inbox.received) == 3


@pytest.mark.parametrize(
    "text",
    [
        "/note rude",
        "  \n/note rude",
        "\u200b/note rude",
        "\u2066/note rude",
        "\ufe0f/note rude",
        "\u2800/note rude",
        "\u3164 \u200d/note rude",
        "\x01/note rude",
        "@casewright /note rude",
        "<at>Casewright</at> /note rude",
        "<@U123>, /note rude",
    ],
)
def test_whatever_may_be_read_as_a_command_is_private(text: str) -> None:
    assert is_private(text, Role.REPRESENTATIVE)
    assert not is_private(text, Role.CUSTOMER)


@pytest.mark.parametrize("text", ["Type /help for help", "and/or", "Hello", "", "@" * 5000])
def test_other_words_are_for_everybody(text: str) -> None:
    assert not is_private(text, Role.REPRESENTATIVE)


def test_an_adaptive_card_holds_what_people_wrote_as_runs_of_plain_text() -> None:
    evil = "[win](https://evil.example) **bold** <b>x</b>"
    card = replace(
        CARD,
        title=evil,
        owner=evil,
        fields=(CardField(label=evil, value=evil),),
        suggestions=(CardSuggestion(id=1, label=evil, value=evil, quote=evil),),
        changed=evil,
    )
    drawn = adaptive(card, "Case 1042")
    assert (drawn["type"], drawn["version"], drawn["fallbackText"]) == ("AdaptiveCard", "1.5", "Case 1042")
    assert {each["type"] for each in elements(drawn) if evil in json.dumps(each.get("text", ""))} == {"TextRun"}
    buttons = [each for each in elements(drawn) if each["type"] == "Action.Submit"]
    assert [each["data"] for each in buttons] == [
        {"verb": "accept_suggestion", "case": 1042, "suggestion": 1},
        {"verb": "reject_suggestion", "case": 1042, "suggestion": 1},
    ]


def elements(drawn: Json) -> list[Json]:
    """Every element of an Adaptive Card that has a type."""
    below = [drawn.get(name, []) for name in ("body", "columns", "items", "inlines", "actions")]
    return [drawn, *(found for each in chain(*below) for found in elements(each))]


def test_a_representative_sees_the_whole_card() -> None:
    assert for_viewer(CARD, representative=True) == CARD
