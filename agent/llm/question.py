"""The seam between what is asked and the SDK that asks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel

ATTEMPTS = 2  # the answer, and one correction of it
MOST_OUTPUT = 4_000  # tokens of one answer, with what a model thinks before it
_BYTES_A_TOKEN = 3  # at least, in any script
_OVERHEAD = 500  # tokens around the texts: the form, the roles


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    instructions: str
    data: str
    form: type[BaseModel]
    complaints: Callable[[BaseModel], Sequence[str]]  # what is wrong with an answer, for the model to mend
    seconds: float

    @property
    def most_tokens(self) -> int:
        """More than it will cost, whatever the provider's way of counting."""
        asked = len((self.instructions + self.data + str(self.form.model_json_schema())).encode()) // _BYTES_A_TOKEN
        return ATTEMPTS * (asked + MOST_OUTPUT + _OVERHEAD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    requests: int = 0
    input: int = 0  # tokens, those from the provider's cache included
    cached: int = 0
    output: int = 0

    @property
    def tokens(self) -> int:
        return self.input + self.output

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            requests=self.requests + other.requests,
            input=self.input + other.input,
            cached=self.cached + other.cached,
            output=self.output + other.output,
        )


@dataclass(frozen=True, slots=True)
class Answered:
    answer: BaseModel
    usage: Usage


class Trouble(StrEnum):
    """Why a model gave no answer."""

    UNCONFIGURED = "unconfigured"
    PAUSED = "paused"
    OVER_BUDGET = "over_budget"
    TOO_SLOW = "too_slow"
    FAILED = "failed"


class Unanswered(Exception):
    """There is no answer of a model; the message is a sentence for people, and holds nothing that anybody wrote."""

    def __init__(self, trouble: Trouble, why: str, usage: Usage | None = None) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.usage = usage or Usage()


class Provider(Protocol):
    @property
    def name(self) -> str: ...

    async def ask(self, question: Question) -> Answered:
        """Raises Unanswered, and nothing else, whatever the provider does."""
        ...
