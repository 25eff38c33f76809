"""Which model is asked, and where: the operator's choice, from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    OPENAI = "openai"
    AZURE = "azure"
    ANTHROPIC = "anthropic"
    BEDROCK = "bedrock"
    GOOGLE = "google"
    OLLAMA = "ollama"
    COMPATIBLE = "compatible"  # any address that speaks OpenAI's chat completions


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderConfiguration:
    kind: Kind
    model: str  # as the provider names it; with Azure, the deployment's name
    key: str | None = field(default=None, repr=False)
    url: str | None = None  # None: the provider's own
    region: str | None = None  # of Bedrock
    api_version: str | None = None  # of Azure

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.model}"
