"""A provider on loopback that speaks OpenAI's chat completions, and says what a test tells it to say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from agent.llm.configuration import Kind, ProviderConfiguration

KEY = "sk-the-key-of-the-tests"

Item = dict[str, Any]
"""One field's answer, as a model writes it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as the model sees it."""

    body: dict[str, Any]
    authorization: str

    @property
    def instructions(self) -> str:
        return self.body["messages"][0]["content"]

    @property
    def prompt(self) -> str:
        return next(each["content"] for each in self.body["messages"] if each["role"] == "user")

    @property
    def corrections(self) -> list[str]:
        """What it was told of earlier answers in the same request."""
        return [each["content"] for each in self.body["messages"] if each["role"] == "user"][1:]

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.prompt.split("\n")[1])

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.data["messages"]

    @property
    def characters(self) -> int:
        """What grows with the conversation: all but the instructions."""
        return sum(len(each["content"]) for each in self.body["messages"][1:])

    def number_of(self, words: str) -> int:
        """The latest message that holds the words; 1 where none does."""
        return next((each["number"] for each in reversed(self.messages) if words in each["text"]), 1)


Model = Callable[[Asked], Sequence[Item]]


def found(name: str, value: Any, quote: str, message: int = 1, *, certainty: str = "high") -> Item:
    quotes = [{"message": message, "quote": quote}] if quote else []
    return {
        "field": name,
        "status": "found",
        "value": value,
        "quotes": quotes,
        "certainty": certainty,
        "reason": "",
    }


def withdrawn(name: str, status: str, reason: str) -> Item:
    return {"field": name, "status": status, "value": None, "quotes": [], "certainty": "low", "reason": reason}


def saying(*items: Item) -> Model:
    return lambda _: items


def reading(**said: tuple[str, Any]) -> Model:
    """An honest model: finds the words of each field wherever they stand, as (words, value)."""

    def answers(asked: Asked) -> list[Item]:
        return [
            found(name, value, words, asked.number_of(words))
            for name, (words, value) in said.items()
            if any(words in each["text"] for each in asked.messages)
        ]

    return answers


@dataclass
class FakeProvider:
    url: str = ""
    model: Model = field(default_factory=saying)
    status: int = 200
    hangs: bool = False
    prompt_tokens: int = 1000
    asked: list[Asked] = field(default_factory=list[Asked])
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def configuration(self) -> ProviderConfiguration:
        return ProviderConfiguration(kind=Kind.COMPATIBLE, model="fake", key=KEY, url=self.url)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CASEWRIGHT_LLM_PROVIDER": "compatible",
            "CASEWRIGHT_LLM_MODEL": "fake",
            "CASEWRIGHT_LLM_KEY": KEY,
            "CASEWRIGHT_LLM_URL": self.url,
        }

    async def answer(self, request: web.Request) -> web.Response:
        asked = Asked(await request.json(), request.headers.get("Authorization", ""))
        self.asked.append(asked)
        if self.hangs:
            await self.released.wait()
        if self.status != 200:
            return web.json_response({"error": {"message": f"{asked.authorization} may not"}}, status=self.status)
        return web.json_response(_completion(_content(asked, self.model), self.prompt_tokens))


def _content(asked: Asked, model: Model) -> str:
    """To the doctor's question it answers as well."""
    is_question = asked.body["response_format"]["json_schema"]["schema"]["properties"].keys() == {"answers"}
    return json.dumps({"answers": list(model(asked))} if is_question else {"word": "ready"})


def _completion(content: str, prompt_tokens: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": 50,
        "total_tokens": prompt_tokens + 50,
        "prompt_tokens_details": {"cached_tokens": 800},
    }
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "fake",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": usage,
    }


@asynccontextmanager
async def fake_provider(model: Model | None = None) -> AsyncGenerator[FakeProvider]:
    fake = FakeProvider(model=model or saying())
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield fake
    finally:
        fake.released.set()
        await runner.cleanup()
