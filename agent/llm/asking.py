"""The one module that knows the SDK: a question goes to a provider's model and its answer comes back."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, NativeOutput, RunContext, RunUsage, ToolOutput, UsageLimits
from pydantic_ai.exceptions import ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from agent.llm.configuration import Kind, ProviderConfiguration
from agent.llm.question import ATTEMPTS, MOST_OUTPUT, Answered, Question, Trouble, Unanswered, Usage

_AWS_SECONDS = 60  # that a thread of AWS's SDK goes on waiting after we have stopped


class ModelProvider:
    """Implements `agent.llm.question.Provider`."""

    def __init__(self, model: Model, name: str, kind: Kind = Kind.COMPATIBLE) -> None:
        self.name = name
        self._model = model
        self._kind = kind

    async def ask(self, question: Question) -> Answered:
        usage = RunUsage()
        try:
            # Entered for each question: a connection is little beside an answer, and none is left open.
            async with self._model, asyncio.timeout(question.seconds):
                answer = await self._run(question, usage)
        except TimeoutError:
            why = f"it did not answer within {question.seconds:g} s"
            raise Unanswered(Trouble.TOO_SLOW, why, _spent(usage)) from None
        except Exception as error:  # noqa: BLE001 -- each SDK has errors of its own, and none may stop a conversation
            # No cause: an SDK's error may quote the request, and the beginning of the key.
            raise Unanswered(Trouble.FAILED, _reason(error), _spent(usage)) from None
        return Answered(answer, _spent(usage))

    async def _run(self, question: Question, usage: RunUsage) -> BaseModel:
        agent = Agent(
            self._model,
            output_type=self._form(question.form),
            instructions=question.instructions,
            retries=ATTEMPTS - 1,
            model_settings=_settings(question, self._kind),
        )

        @agent.output_validator
        def _mended(context: RunContext[object], answer: BaseModel) -> BaseModel:
            complaints = question.complaints(answer)
            if complaints and not context.last_attempt:
                raise ModelRetry("Mend this and answer again, whole:\n" + "\n".join(complaints))
            return answer

        limits = UsageLimits(request_limit=ATTEMPTS)
        return (await agent.run(question.data, usage=usage, usage_limits=limits)).output

    def _form(self, form: type[BaseModel]) -> Any:
        """As the provider's own structured output; elsewhere as the arguments of a call that nothing carries out."""
        if self._model.profile.get("supports_json_schema_output"):
            return NativeOutput(form, name="answer")
        return ToolOutput(form, name="answer")


def provider(configuration: ProviderConfiguration) -> ModelProvider:
    return ModelProvider(_model(configuration), configuration.name, configuration.kind)


def _settings(question: Question, kind: Kind) -> ModelSettings:
    # AWS's SDK takes neither with a question, and tries again by itself; the time limit around it all holds anyway.
    limits: dict[str, Any] = {} if kind is Kind.BEDROCK else {"timeout": question.seconds, "max_retries": 0}
    return ModelSettings(max_tokens=MOST_OUTPUT, **limits, **_own_settings(question, kind))


def _own_settings(question: Question, kind: Kind) -> dict[str, Any]:
    """The instructions are the same each time: how the provider is told to keep them, and to keep nothing else."""
    match kind:
        case Kind.OPENAI:
            return {"openai_prompt_cache_key": _digest(question.instructions), "openai_store": False}
        case Kind.AZURE:
            return {"openai_prompt_cache_key": _digest(question.instructions)}
        case Kind.ANTHROPIC:
            return {"anthropic_cache_instructions": True}
        case Kind.BEDROCK:
            return {"bedrock_cache_instructions": True}
        case _:
            return {}  # by themselves, or not at all


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _spent(usage: RunUsage) -> Usage:
    return Usage(
        requests=usage.requests,
        input=usage.input_tokens,
        cached=usage.cache_read_tokens,
        output=usage.output_tokens,
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ModelHTTPError):
        return f"it answered with status {error.status_code}"
    if isinstance(error, UnexpectedModelBehavior):
        return "its answer was not in the form asked for"
    return f"it could not be asked ({type(error).__name__})"


def _model(configuration: ProviderConfiguration) -> Model:
    """Each SDK is imported where its provider is chosen: together they take seconds."""
    match configuration.kind:
        case Kind.OPENAI | Kind.AZURE | Kind.OLLAMA | Kind.COMPATIBLE:
            return _openai(configuration)
        case Kind.ANTHROPIC:
            return _anthropic(configuration)
        case Kind.BEDROCK:
            return _bedrock(configuration)
        case Kind.GOOGLE:
            return _google(configuration)


def _openai(configuration: ProviderConfiguration) -> Model:
    from pydantic_ai.models.ollama import OllamaModel  # noqa: PLC0415 -- only this provider's SDK need be there
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel  # noqa: PLC0415 -- only this provider's SDK need be there
    from pydantic_ai.providers.azure import AzureProvider  # noqa: PLC0415 -- only this provider's SDK need be there
    from pydantic_ai.providers.ollama import OllamaProvider  # noqa: PLC0415 -- only this provider's SDK need be there
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415 -- only this provider's SDK need be there

    model, key, url = configuration.model, configuration.key, configuration.url
    match configuration.kind:
        case Kind.AZURE:
            azure = AzureProvider(azure_endpoint=url, api_version=configuration.api_version, api_key=key)
            return OpenAIChatModel(model, provider=azure)
        case Kind.OLLAMA:
            return OllamaModel(model, provider=OllamaProvider(base_url=url, api_key=key or "none"))
        case Kind.COMPATIBLE:
            return OpenAIChatModel(model, provider=OpenAIProvider(base_url=url, api_key=key or "none"))
        case _:
            return OpenAIResponsesModel(model, provider=OpenAIProvider(base_url=url, api_key=key))


def _anthropic(configuration: ProviderConfiguration) -> Model:
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 -- only this provider's SDK need be there
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415 -- only this provider's SDK need be there

    provider = AnthropicProvider(api_key=configuration.key, base_url=configuration.url)
    return AnthropicModel(configuration.model, provider=provider)


def _bedrock(configuration: ProviderConfiguration) -> Model:
    from pydantic_ai.models.bedrock import BedrockConverseModel  # noqa: PLC0415 -- only this provider's SDK need be there
    from pydantic_ai.providers.bedrock import BedrockProvider  # noqa: PLC0415 -- only this provider's SDK need be there

    region, url = configuration.region, configuration.url
    if configuration.key:
        provider = BedrockProvider(
            api_key=configuration.key, region_name=region, base_url=url, aws_read_timeout=_AWS_SECONDS
        )
    else:  # as this machine's role in AWS
        provider = BedrockProvider(region_name=region, base_url=url, aws_read_timeout=_AWS_SECONDS)
    return BedrockConverseModel(configuration.model, provider=provider)


def _google(configuration: ProviderConfiguration) -> Model:
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415 -- only this provider's SDK need be there
    from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415 -- only this provider's SDK need be there

    provider = GoogleProvider(api_key=configuration.key, base_url=configuration.url)
    return GoogleModel(configuration.model, provider=provider)
