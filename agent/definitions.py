"""What administrators define first: the fields of a case, their types, options and catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agent.pattern import complaint

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""An id that administrators write: lower case letters, digits and underscores ("serial_number")."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldType(StrEnum):
    TEXT = "text"
    MULTILINE = "multiline"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    LOOKUP = "lookup"
    YES_NO = "yes_no"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CURRENCY = "currency"
    DATE = "date"
    DATETIME = "datetime"
    EMAIL = "email"
    PHONE = "phone"
    IDENTIFIER = "identifier"


class Option(Document):
    """One option of a choice, or one entry of a lookup's catalogue."""

    value: Name
    synonyms: tuple[Name, ...] = ()
    description: str = ""  # "Use when … / Not for …"
    parent: str | None = None  # the entry's family, e.g. the product line


class CaseField(Document):
    """A field of a case, as the administrator defines and describes it."""

    id: Identifier
    label: Name
    type: FieldType
    description: str = ""
    options: tuple[Option, ...] = ()  # of choice and multi_choice
    catalogue: tuple[Option, ...] = ()  # of lookup
    pattern: str | None = None  # of identifier: a regular expression that the whole value matches
    identity: bool = False  # filled from the sender's verified identity first (e-mail or phone)
    internal: bool = False  # for representatives only
    personal: bool = False  # what one customer's cases taught is used for nobody else; e-mail and phone always are
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5  # least confidence for the agent to write it

    @property
    def choices(self) -> tuple[Option, ...]:
        return self.options or self.catalogue

    @property
    def is_personal(self) -> bool:
        return self.personal or self.type in {FieldType.EMAIL, FieldType.PHONE}

    @model_validator(mode="after")
    def _parts_fit_the_type(self) -> Self:
        needs_options = self.type in {FieldType.CHOICE, FieldType.MULTI_CHOICE}
        if needs_options != bool(self.options):
            raise ValueError(f"`options` belong to choice and multi_choice, this field is {self.type}")
        if (self.type is FieldType.LOOKUP) != bool(self.catalogue):
            raise ValueError(f"`catalogue` belongs to lookup, this field is {self.type}")
        if (self.type is FieldType.IDENTIFIER) != (self.pattern is not None):
            raise ValueError(f"`pattern` belongs to identifier, this field is {self.type}")
        if self.identity and self.type not in {FieldType.EMAIL, FieldType.PHONE}:
            raise ValueError("`identity` needs the type email or phone")
        _check_pattern(self.pattern)
        _check_unique("options", (option.value.casefold() for option in self.choices))
        return self


def _check_pattern(pattern: str | None) -> None:
    if pattern is None:
        return
    if (wrong := complaint(pattern)) is not None:
        raise ValueError(wrong)


def _check_unique(what: str, values: Iterator[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"`{what}` names {value!r} twice")
        seen.add(value)
