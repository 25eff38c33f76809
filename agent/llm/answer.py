"""The form of a model's answer, made from the field definitions: no other field and no other option can be said."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, Union, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from agent.settings import CaseField, FieldType

_MOST_OPTIONS = 300  # in the whole form: providers refuse larger ones; what is left out is checked all the same

Status = Literal["found", "ambiguous", "contradicted"]
Certainty = Literal["high", "medium", "low"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Quote(_Form):
    message: int = Field(description="the message's number")
    quote: str = Field(description="the words exactly as they stand there")


class Item(_Form):
    """One field's answer, whatever its form was."""

    field: str
    status: Status
    value: str | list[str] | None = None
    quotes: list[Quote] = Field(default_factory=list[Quote])
    certainty: Certainty = "low"
    reason: str = ""


class Answer(_Form):
    answers: list[Item]


@lru_cache(maxsize=8)
def form(fields: tuple[CaseField, ...]) -> type[BaseModel]:
    """One variant for each field with options, one for all others."""
    listed = 0
    variants: list[Any] = []
    free: list[CaseField] = []
    for field in fields:
        if field.options and listed + len(field.options) <= _MOST_OPTIONS:
            listed += len(field.options)
            variants.append(_variant(field.id, (field.id,), _choice(field)))
        else:
            free.append(field)
    if free:
        variants.append(_variant("free", tuple(field.id for field in free), str))
    each = cast("Any", Union)[tuple(variants)]
    parts: dict[str, Any] = {"answers": (list[each], ...)}
    return create_model("Answer", __base__=_Form, **parts)


def _choice(field: CaseField) -> Any:
    option = _literal(tuple(option.value for option in field.options))
    return list[option] if field.type is FieldType.MULTI_CHOICE else option


def _variant(name: str, fields: tuple[str, ...], value: Any) -> type[BaseModel]:
    parts: dict[str, Any] = {
        "field": (_literal(fields), ...),
        "status": (Status, ...),
        "value": (value | None, ...),
        "quotes": (list[Quote], ...),
        "certainty": (Certainty, ...),
        "reason": (str, ...),
    }
    return create_model(f"Answer_{name}", __base__=_Form, **parts)


def _literal(values: tuple[str, ...]) -> Any:
    return cast("Any", Literal)[values]  # made at run time


def read(answered: BaseModel) -> Answer:
    return Answer.model_validate(answered.model_dump())
