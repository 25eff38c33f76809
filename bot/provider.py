"""The provider of a model, connected: the SDK is imported here, and only where one is configured."""

from __future__ import annotations

from pydantic import BaseModel

from agent.llm.configuration import ProviderConfiguration
from agent.llm.question import Answered, Provider, Question
from bot.config import ConfigError

_SECONDS = 20.0  # that a doctor waits


class _Word(BaseModel):
    word: str


def connect(configuration: ProviderConfiguration) -> Provider:
    """Raises ConfigError where the SDK is not installed."""
    try:
        from agent.llm.asking import provider  # noqa: PLC0415 -- as above

        return provider(configuration)
    except ImportError as error:
        what = f"CASEWRIGHT_LLM_PROVIDER={configuration.kind} needs the extra `llm`: pip install 'casewright[llm]'"
        raise ConfigError((f"{what} ({error.name or error} is missing).",)) from error


async def try_out(configuration: ProviderConfiguration) -> Answered:
    """Raises ConfigError as above, and Unanswered."""
    question = Question(
        instructions="Answer with the one word that you are sent.",
        data="ready",
        form=_Word,
        complaints=lambda _: (),
        seconds=_SECONDS,
    )
    return await connect(configuration).ask(question)
