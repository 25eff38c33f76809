"""`casewright simulate --predictor llm | both`: a provider's model reads the conversations, as it does live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.agent.llm.fake import FakeProvider, fake_provider, reading
from tests.bot.cli.conftest import CommandLine

PRICES = {"currency": "EUR", "input": 2, "output": 10}
DRAFT: dict[str, Any] = {
    "fields": [
        {"id": "contact", "label": "Contact", "type": "email"},
        {"id": "mood", "label": "Mood", "type": "text", "description": "How the customer feels."},
    ],
    "default_fields": ["contact"],
    "creation": {"optional": ["mood"]},
    "update_rules": [{"name": "All", "fields": ["contact", "mood"]}],
    "prediction": {"prices": PRICES, "mask_personal": False},
}
TALK: dict[str, Any] = {
    "id": "one",
    "messages": [
        {"author": "customer", "text": "Our kettle leaks, and I am rather cross."},
        {"author": "customer", "text": "Write to ann@example.org please."},
    ],
    "case": True,
    "case_after": 1,
    "expected": {"contact": ["ann@example.org"], "mood": ["rather cross"]},
}
COMMAND = ("simulate", "--file", "talks.jsonl", "--settings", "draft.yaml", "--json", "--predictor")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProvider]:
    """In a thread: the command has a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    told = reading(contact=("ann@example.org", "ann@example.org"), mood=("rather cross", "rather cross"))
    providing = fake_provider(told)
    try:
        provider = asyncio.run_coroutine_threadsafe(providing.__aenter__(), loop).result()
        for name, value in provider.environment.items():
            monkeypatch.setenv(name, value)
        yield provider
        asyncio.run_coroutine_threadsafe(providing.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(autouse=True)
def files(cli: CommandLine) -> None:
    del cli  # which has gone to an empty directory
    draft()
    Path("talks.jsonl").write_text(json.dumps(TALK) + "\n")


def draft(**changed: Any) -> None:
    Path("draft.yaml").write_text(json.dumps({**DRAFT, **changed}))


@pytest.mark.parametrize("using", ["llm", "both"])
def test_without_a_provider_it_is_said_what_is_missing(cli: CommandLine, using: str) -> None:
    done = cli(*COMMAND, using)
    assert done.status == 2
    assert (
        f"--predictor {using} asks a provider's model, and none is configured: set CASEWRIGHT_LLM_PROVIDER" in done.out
    )


def test_a_model_reads_the_conversation_and_the_figures_say_what_it_took(cli: CommandLine, fake: FakeProvider) -> None:
    told = cli(*COMMAND, "llm").data
    assert (told["f1"], told["case_decisions"], told["cases_created"]) == (1.0, 1.0, 1)
    assert len(fake.asked) == 2  # once for each message
    assert (told["llm_requests"], told["llm_unanswered"]) == (2, 0)
    assert (told["llm_tokens_input"], told["llm_tokens_cached"], told["llm_tokens_output"]) == (2000, 1600, 100)
    assert told["llm_cost"] == "0.005 EUR"


def test_without_prices_no_cost_is_reckoned(cli: CommandLine, fake: FakeProvider) -> None:
    draft(prediction={})
    told = cli(*COMMAND, "llm").data
    assert (told["llm_requests"], told["llm_cost"]) == (len(fake.asked), None)


def test_both_ask_the_model_only_where_something_stays_open(cli: CommandLine, fake: FakeProvider) -> None:
    draft(fields=DRAFT["fields"][:1], creation={}, update_rules=[])
    talk = {**TALK, "messages": TALK["messages"][1:], "case_after": 0, "expected": {"contact": ["ann@example.org"]}}
    Path("talks.jsonl").write_text(json.dumps(talk))
    told = cli(*COMMAND, "both").data
    assert (told["f1"], told["llm_requests"], fake.asked) == (1.0, 0, [])


def test_where_the_provider_fails_the_embedded_predictor_answers(cli: CommandLine, fake: FakeProvider) -> None:
    fake.status = 500
    told = cli(*COMMAND, "llm").data
    assert told["fields"]["contact"]["recall"] == 1.0
    assert told["llm_unanswered"] > 0


def test_the_settings_limits_hold_for_a_run(cli: CommandLine, fake: FakeProvider) -> None:
    draft(prediction={"tokens_per_day": 1})
    told = cli(*COMMAND, "llm").data
    assert (fake.asked, told["llm_requests"], told["llm_unanswered"]) == ([], 0, 3)


def test_what_the_journal_holds_is_not_asked_again(cli: CommandLine, fake: FakeProvider) -> None:
    first = cli(*COMMAND, "llm", "--journal", "journal").data
    asked = len(fake.asked)
    assert cli(*COMMAND, "llm", "--journal", "journal").data == first
    assert len(fake.asked) == asked
    cli(*COMMAND, "both", "--journal", "journal")
    assert len(fake.asked) > asked


def test_a_conversation_that_the_provider_did_not_answer_is_asked_again_by_the_next_run(
    cli: CommandLine, fake: FakeProvider
) -> None:
    fake.status = 500
    assert cli(*COMMAND, "llm", "--journal", "journal").data["llm_unanswered"] > 0
    fake.status = 200
    told = cli(*COMMAND, "llm", "--journal", "journal").data
    assert (told["llm_unanswered"], told["f1"]) == (0, 1.0)
