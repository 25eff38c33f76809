"""The worked example with a provider's model beside the embedded predictor, and what happens when it is not there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from bot.cli.naming import naming
from bot.cli.telling import evaluation_lines
from store import audit, evaluations
from store.evaluations import Evaluation
from store.model import CaseNumber, ConversationId, FieldId
from tests.agent.llm.fake import FakeProvider, fake_provider, reading
from tests.flow.desk import Desk, open_desk

PROBLEM = "I need help with the machine on my desk. It stands there and does nothing."
CONTACT = "you can reach me at ann.lee@example.org"
DETAILS = "It is the Espresso 3000, serial number EH24-123456. I need it back as soon as possible."
Opening = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
async def fake() -> AsyncGenerator[FakeProvider]:
    async with fake_provider(reading(case_category=("stands there and does nothing", "Product defect"))) as provider:
        yield provider


@pytest.fixture
def opening(database_url: str, tmp_path: Path, fake: FakeProvider) -> Opening:
    def start(**prediction: Any) -> AbstractAsyncContextManager[Desk]:
        wanted = {"predictor": "both", **prediction}
        environment: dict[str, Any] = fake.environment
        return open_desk(
            database_url, tmp_path, settings=lambda document: document["prediction"].update(wanted), **environment
        )

    return start


async def a_case(desk: Desk) -> int:
    """The number of the case that the worked example opens."""
    customer = await desk.customer()
    await customer.says("Hello there!")
    await customer.says(PROBLEM)
    await customer.answer("To open a case I still need your Contact")
    await customer.says(CONTACT)
    return (await customer.card("ann.lee@example.org"))["channelData"]["card"]["number"]


def looks(desk: Desk) -> list[Evaluation]:
    """Oldest first."""
    found = desk.database.read_now(lambda connection: evaluations.of_conversation(connection, ConversationId(1)))
    return found[::-1]


def predictors(desk: Desk, number: int) -> set[str]:
    """Who the audit says predicted a value."""
    entries = desk.database.read_now(lambda connection: audit.of_case(connection, CaseNumber(number)))
    return {entry.origin.predictor for entry in entries if entry.origin.predictor}


async def test_the_model_fills_what_the_embedded_predictor_leaves_open(opening: Opening, fake: FakeProvider) -> None:
    prices = {"currency": "EUR", "input": 1.0, "cached": 0.1, "output": 8.0}
    async with opening(prices=prices) as desk:
        customer = await desk.customer()
        await customer.says("Hello there!")
        await customer.says(PROBLEM)
        await customer.answer("To open a case I still need your Contact")
        await customer.says(CONTACT)
        number = (await customer.card("ann.lee@example.org"))["channelData"]["card"]["number"]
        values = desk.case(number).values
        assert {name: values[name].value for name in values if name != "issue_description"} == {
            "contact": "ann.lee@example.org",
            "case_category": "Product defect",
        }
        await customer.says(DETAILS)
        await customer.card("EH24-123456")
        await desk.settled()
        assert predictors(desk, number) >= {"embedded 2 and llm 1 compatible:fake"}
        assert "ann.lee" not in str([asked.body for asked in fake.asked])

        opened = next(look for look in looks(desk) if look.outcome == "created")
        asked: dict[str, Any] = opened.detail["llm"]
        assert asked["cost"] == "0.00068 EUR"  # 200 fresh, 800 cached, 50 written
        counted = {"requests": 1, "input": 1000, "cached": 800, "output": 50}
        assert {name: asked[name] for name in counted} == counted
        assert "1,050 tokens, 0.00068 EUR" in next(evaluation_lines(opened, desk.database.read_now(naming)))
        shown = desk.app.metrics.rendered().decode()
        assert (
            f'casewright_llm_tokens_total{{kind="output",provider="compatible:fake"}} {50.0 * len(fake.asked)}' in shown
        )


async def test_nothing_is_sent_twice_over_a_whole_conversation(opening: Opening, fake: FakeProvider) -> None:
    async with opening() as desk:
        await a_case(desk)
        await desk.settled()
    fresh = [each["text"] for asked in fake.asked for each in asked.messages if "seen_before" not in each]
    assert len(fresh) == len(set(fresh))
    assert PROBLEM in fresh


async def test_a_case_opens_while_the_provider_is_down(opening: Opening, fake: FakeProvider) -> None:
    fake.status = 503
    async with opening() as desk:
        number = await a_case(desk)
        assert desk.case(number).values.keys() == {"issue_description", "contact"}
        told = "embedded 2, in place of compatible:fake: it answered with status 503"
        assert told in predictors(desk, number)
        assert looks(desk)[-1].detail["fallback"] == "it answered with status 503"
        assert 'casewright_llm_fallbacks_total{reason="failed"}' in desk.app.metrics.rendered().decode()


async def test_a_budget_that_is_used_up_leaves_the_work_to_the_embedded_predictor(
    opening: Opening, fake: FakeProvider
) -> None:
    async with opening(tokens_per_day=100) as desk:
        number = await a_case(desk)
        assert fake.asked == []
        assert predictors(desk, number) == {
            "embedded 2, in place of compatible:fake: the budget of 100 tokens for today is used up"
        }


async def test_what_was_spent_outlives_a_restart(opening: Opening, fake: FakeProvider) -> None:
    fake.prompt_tokens = 50_000
    async with opening() as desk:
        await a_case(desk)
        await desk.settled()
    asked = len(fake.asked)
    assert asked > 0
    async with opening(tokens_per_day=50_050 * asked + 5_000) as desk:
        number = await a_case(desk)
        assert len(fake.asked) == asked
        assert any(told.endswith("tokens for today is used up") for told in predictors(desk, number))


async def test_a_case_that_a_representative_opens_holds_what_both_find(opening: Opening) -> None:
    async with opening() as desk:
        customer = await desk.customer(email="ann.lee@example.org")
        await customer.says("It stands there and does nothing.")
        representative = await desk.representative(beside=customer)
        await representative.says("/create-case")
        card = await representative.card()
        number = card["channelData"]["card"]["number"]
        assert desk.case(number).values[FieldId("case_category")].value == "Product defect"
