"""A model that is down, slow, talking nonsense or too dear stops nothing: the embedded one answers, and says so."""

from dataclasses import replace

import pytest

from agent.llm.asking import provider
from agent.llm.breaker import Breaker
from agent.llm.reader import Llm
from tests.agent.llm.fake import KEY, FakeProvider, reading
from tests.agent.llm.talking import Coins, Talk, settings_with, talk, value

LEAKS = "My Aria 3000 leaks since Monday, serial AB1234."


async def falls_back(conversation: Talk) -> str:
    """Who answered, once the embedded predictor has."""
    answers = await conversation.hears(LEAKS)
    assert value(answers["product"]) == "Aria 3000"
    return conversation.said_by


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_a_provider_that_refuses(fake: FakeProvider, status: int) -> None:
    fake.status = status
    said_by = await falls_back(talk(fake))
    assert said_by == f"embedded 2, in place of compatible:fake: it answered with status {status}"
    assert KEY not in said_by


async def test_a_provider_that_is_not_there(fake: FakeProvider) -> None:
    nowhere = replace(fake, url="http://127.0.0.1:9/v1")
    assert "it could not be asked" in await falls_back(talk(nowhere))


async def test_a_provider_that_takes_too_long(fake: FakeProvider) -> None:
    fake.hangs = True
    said_by = await falls_back(talk(fake, settings_with(seconds=0.2)))
    assert said_by.endswith("it did not answer within 0.2 s")


async def test_a_model_that_never_keeps_to_the_form(fake: FakeProvider) -> None:
    fake.model = lambda _: [{"field": "nothing"}]
    assert (await falls_back(talk(fake))).endswith("its answer was not in the form asked for")
    assert len(fake.asked) == 2


async def test_no_provider_at_all(fake: FakeProvider) -> None:
    conversation = talk(fake)
    conversation.llm = None
    assert await falls_back(conversation) == "embedded 2, in place of the llm: no provider is configured"


async def test_a_budget_that_is_used_up(fake: FakeProvider) -> None:
    conversation = talk(fake)
    conversation.purse = Coins(tokens=1)
    assert (await falls_back(conversation)).endswith("the budget of 1 token for today is used up")
    assert fake.asked == []


async def test_only_what_was_spent_is_taken_from_the_budget(fake: FakeProvider) -> None:
    conversation = talk(fake)
    await conversation.hears(LEAKS)
    assert (conversation.purse.spent, conversation.purse.tokens) == (1050, 1_000_000 - 1050)


async def test_tokens_of_a_refused_answer_are_spent_all_the_same(fake: FakeProvider) -> None:
    fake.model = lambda _: [{"field": "nothing"}]
    conversation = talk(fake)
    await conversation.hears(LEAKS)
    assert conversation.purse.spent == 2 * 1050


async def test_a_question_that_was_not_waited_for_counts_as_one_attempt(fake: FakeProvider) -> None:
    fake.hangs = True
    conversation = talk(fake, settings_with(seconds=0.2))
    await conversation.hears(LEAKS)
    assert conversation.purse.spent > 4000


async def test_what_went_unread_is_read_when_the_provider_is_back(fake: FakeProvider) -> None:
    conversation = talk(fake)
    fake.status = 503
    await conversation.hears(LEAKS)
    fake.status, fake.model = 200, reading(product=("Aria 3000", "Aria 3000"))
    answers = await conversation.hears(LEAKS, "It is wet.")
    assert value(answers["product"]) == "Aria 3000"
    assert [each["text"] for each in fake.asked[-1].messages] == [LEAKS, "It is wet."]
    assert conversation.said_by == "llm 1 compatible:fake"


async def test_a_provider_that_fails_three_times_is_left_alone_for_a_while(fake: FakeProvider) -> None:
    now = 0.0
    conversation = talk(fake)
    conversation.llm = Llm(provider(fake.configuration), Breaker(lambda: now))
    fake.status = 500
    for _ in range(5):
        await conversation.hears(LEAKS)
    assert len(fake.asked) == 3
    assert conversation.said_by.endswith("it failed several times in a row and is left alone for a while")

    now = 31.0
    await conversation.hears(LEAKS)
    await conversation.hears(LEAKS)
    assert len(fake.asked) == 4

    now, fake.status = 100.0, 200
    await conversation.hears(LEAKS)
    assert conversation.said_by == "llm 1 compatible:fake"
