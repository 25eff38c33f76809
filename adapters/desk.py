"""What a channel with forms may ask of the desk behind it. Reading alone: what people decide goes the way of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from store.model import Author, Card, CaseNumber


class NotAllowed(Exception):
    """The person may not, or there is nothing to show; the text is a sentence for them."""


class Input(StrEnum):
    """How a field is filled in."""

    LINE = "line"
    LINES = "lines"
    ONE_OF = "one_of"
    SOME_OF = "some_of"
    YES_NO = "yes_no"
    DATE = "date"  # an ISO date
    MOMENT = "moment"  # an ISO date and time


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    value: str  # what is sent back
    label: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FormField:
    """A field as a form shows it: filled with what the case says, or, where that is empty, with what was predicted."""

    id: str
    label: str
    input: Input
    hint: str = ""  # the administrator's description, or what a value looks like
    filled: tuple[str, ...] = ()  # as `Choice.value` or as people write it; several for SOME_OF
    stored: str = ""  # what the case says, for people, where the form is filled with something else
    because: str = ""  # the customer's exact words behind a predicted value, or why there is none
    predicted: bool = False  # `filled` is the agent's, not the case's
    choices: tuple[Choice, ...] = ()  # of ONE_OF, SOME_OF and YES_NO; empty where `searched`
    searched: bool = False  # a catalogue too long to list: `Desk.choices` searches it


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSuggestion:
    id: int
    label: str
    value: str
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a form is about: it comes back with the values, so that plain data has to do."""

    channel: str
    account: str
    conversation_key: str
    case: CaseNumber | None = None  # None: a new one
    revision: int = 0  # of the case as it was shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    target: Target
    title: str
    fields: tuple[FormField, ...]
    suggestions: tuple[OpenSuggestion, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenConversation:
    """A line of a picker."""

    conversation_key: str
    customer: str
    opening: str  # the first words
    case: CaseNumber | None
    last_message_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseLine:
    number: CaseNumber
    title: str
    status: str  # for people
    owner: str | None
    suggestions: int  # that wait for a representative
    conversation_key: str | None  # of a conversation on the asking channel and account
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """A person's own page. `waiting`: for a representative, what nobody has claimed or what waits for a decision."""

    representative: bool
    mine: tuple[CaseLine, ...]
    waiting: tuple[CaseLine, ...] = ()


Values = Mapping[str, Sequence[str]]
"""What was filled in, by field id, as `FormField.filled` has it; empty for a field that was emptied."""


class Desk(Protocol):
    """`channel` and `account` are the asking channel's; `author` is who asks, as the channel vouches for them."""

    async def is_representative(self, channel: str, author: Author) -> bool: ...

    async def form(
        self,
        channel: str,
        account: str,
        conversation_key: str,
        author: Author,
        *,
        new: bool,
        case: CaseNumber | None = None,
    ) -> Form:
        """With everything that can be predicted, suggested; waits until what was received before has been read.

        `new`: to open a case; else to change `case`, or the conversation's live one. Raises NotAllowed.
        """
        ...

    async def check(self, target: Target, author: Author, values: Values) -> Mapping[str, str]:
        """What is wrong, by field id, each a sentence; under "" what is wrong with the whole. Empty: all is right.

        Of a case, nothing is told to those who may not fill in its form.
        """
        ...

    async def choices(self, field_id: str, typed: str, *, limit: int) -> Sequence[Choice]:
        """The entries of a field's catalogue that fit what was typed, best first."""
        ...

    async def conversations(
        self, channel: str, account: str, key_prefix: str, author: Author
    ) -> Sequence[OpenConversation]:
        """Conversations whose key begins so, the latest first, at most 50. Raises NotAllowed."""
        ...

    async def conversation_of(self, channel: str, account: str, number: CaseNumber) -> str | None:
        """The key of a conversation of this account that the case is linked to, the latest."""
        ...

    async def caught_up(self, channel: str, account: str, conversation_key: str) -> None:
        """Waits a little until what was received in a conversation has been handled."""
        ...

    async def overview(self, channel: str, account: str, author: Author) -> Overview: ...

    async def search(self, channel: str, account: str, author: Author, text: str, *, limit: int) -> Sequence[CaseLine]:
        """The newest cases that say all these words, or have this number; a customer's own alone for a customer."""
        ...

    async def card(
        self, channel: str, account: str, conversation_key: str, author: Author, number: CaseNumber
    ) -> tuple[Card, bool] | None:
        """A case of this conversation as it is now, and whether who asks may see all of it. None: there is none."""
        ...
