"""What each provider is sent: to the address configured, with its key, the instructions marked to be cached."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from agent.llm.answer import form
from agent.llm.asking import provider
from agent.llm.configuration import Kind, ProviderConfiguration
from agent.llm.prompt import instructions
from agent.llm.question import Question, Unanswered
from tests.agent.examples import SETTINGS

KEY = "the-key"
QUESTION = Question(
    instructions=instructions(SETTINGS.fields),
    data="DATA 1\n{}\nEND 1",
    form=form(SETTINGS.fields),
    complaints=lambda _: (),
    seconds=20,
)


@dataclass
class Listener:
    """Takes every request down and answers none."""

    url: str = ""
    paths: list[str] = field(default_factory=list[str])
    headers: list[str] = field(default_factory=list[str])
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def note(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        self.headers.append(str(dict(request.headers)))
        self.bodies.append(json.loads(await request.read()))
        return web.json_response({"error": {"message": "not today"}}, status=400)


@pytest.fixture
async def listener() -> AsyncGenerator[Listener]:
    listener = Listener()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", listener.note)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield listener
    await runner.cleanup()


def of_openai(body: dict[str, Any]) -> bool:
    return len(body["prompt_cache_key"]) == 32 and body["store"] is False


def of_azure(body: dict[str, Any]) -> bool:
    return len(body["prompt_cache_key"]) == 32


def of_anthropic(body: dict[str, Any]) -> bool:
    return body["system"][-1]["cache_control"]["type"] == "ephemeral"


def of_bedrock(body: dict[str, Any]) -> bool:
    return "cachePoint" in body["system"][-1]


def by_itself(body: dict[str, Any]) -> bool:
    return "prompt_cache_key" not in body


@pytest.mark.parametrize(
    ("kind", "model", "path", "cached"),
    [
        (Kind.OPENAI, "gpt-5", "/responses", of_openai),
        (Kind.AZURE, "ours", "/openai/deployments/ours/chat/completions", of_azure),
        (Kind.ANTHROPIC, "claude-sonnet-5-5", "/v1/messages", of_anthropic),
        (Kind.BEDROCK, "eu.anthropic.claude-sonnet-5-5", "/converse", of_bedrock),
        (Kind.GOOGLE, "gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:generateContent", by_itself),
        (Kind.OLLAMA, "qwen3", "/chat/completions", by_itself),
        (Kind.COMPATIBLE, "anything", "/chat/completions", by_itself),
    ],
)
async def test_a_question_goes_to_the_address_configured_once(
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
    *,
    kind: Kind,
    model: str,
    path: str,
    cached: Callable[[dict[str, Any]], bool],
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not sent")
    key = None if kind is Kind.BEDROCK else KEY  # AWS's SDK sends its own kind of key by https alone
    configuration = ProviderConfiguration(
        kind=kind, model=model, key=key, url=listener.url, region="eu-central-1", api_version="2024-10-21"
    )
    with pytest.raises(Unanswered, match="it answered with status 400") as raised:
        await provider(configuration).ask(QUESTION)

    assert KEY not in str(raised.value)
    assert len(listener.paths) == 1
    assert listener.paths[0].endswith(path)
    assert KEY in listener.headers[0]
    (body,) = listener.bodies
    assert cached(body)
    sent = json.dumps(body, ensure_ascii=False)
    assert sent.count("You read what customers write to a support team") == 1
    assert "END 1" in sent
