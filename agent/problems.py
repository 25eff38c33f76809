"""What is wrong with a settings document: every problem at once, each with its path and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent.conditions import MAIL, condition_problems, named_fields, nearest
from agent.record_creation import value_problems
from agent.settings import CaseField, Condition, Incoherent, Problem, Settings

Path = tuple[str | int, ...]


def find_problems(data: object) -> list[Problem]:
    """`data` is the document as plain data: what YAML or JSON give. Empty when it is right."""
    if not isinstance(data, dict):
        return [Problem("", "the document has to hold keys and values, such as `fields` and `default_fields`")]
    document = cast("Mapping[str, Any]", data)
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        return [*_incoherent(error)] or [*_shape(error, document), *_references(document)]
    return list(value_problems(settings))


def _incoherent(error: ValidationError) -> Iterator[Problem]:
    for detail in error.errors():
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Incoherent):
            yield from cause.problems


# --- the shape of each part -------------------------------------------------------------------------


def _shape(error: ValidationError, document: Mapping[str, Any]) -> Iterator[Problem]:
    sentences: dict[Path, list[str]] = {}
    for detail in error.errors():
        path = _path(detail, document)
        sentences.setdefault(path, []).append(_sentence(detail, path))
    for path, said in sentences.items():
        if not any(other[: len(path)] == path and other != path for other in sentences):
            first, *others = dict.fromkeys(said)
            yield Problem(_written(path), ", or ".join([first, *(each.removeprefix("should be ") for each in others)]))


def _path(detail: ErrorDetails, document: Mapping[str, Any]) -> Path:
    """The error's location without the names of union members, which pydantic puts among the keys."""
    place: object = document
    path: list[str | int] = []
    for part in detail["loc"]:
        inside = _entries(place)
        if part in inside:
            place = inside[part]
            path.append(part)
    if detail["type"] == "missing":
        path.append(detail["loc"][-1])
    return tuple(path)


def _entries(place: object) -> Mapping[str | int, object]:
    if isinstance(place, list):
        return dict(enumerate(cast("list[object]", place)))
    return cast("Mapping[str | int, object]", place) if isinstance(place, dict) else {}


def _written(path: Path) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


_SENTENCES = {
    "missing": "is missing",
    "string_type": "should be text: put it in quotation marks",
    "string_pattern_mismatch": "should be lower case letters, digits and underscores, a letter first",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "should hold keys and values"),
    "tuple_type": "should be a list",
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "should be a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "should be a number"),
}


def _sentence(detail: ErrorDetails, path: Path) -> str:
    context: Mapping[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"there is no key {path[-1]!r} here{nearest(str(path[-1]), _keys(path[:-1]))}"
        case "enum" | "literal_error":
            options = str(context["expected"]).replace("'", "")
            return f"should be {options}{nearest(str(detail['input']), options.replace(' or ', ', ').split(', '))}"
        case "value_error":
            return str(context["error"])
        case kind:
            return _SENTENCES.get(kind, detail["msg"].removeprefix("Input ").removeprefix("String "))


@cache
def _schema() -> Mapping[str, Any]:
    return Settings.model_json_schema()


def _keys(path: Path) -> Sequence[str]:
    """The keys that can stand at a path."""
    nodes = _models(_schema())
    for part in path:
        nodes = [model for node in nodes for below in _below(node, part) for model in _models(below)]
    return [key for node in nodes for key in node.get("properties", {})]


def _models(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schemas that a schema stands for: itself, what it refers to, or any of a union."""
    if "$ref" in node:
        return _models(_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    members: Sequence[Mapping[str, Any]] = node.get("anyOf") or node.get("oneOf") or ()
    return [model for member in members for model in _models(member)] or [node]


def _below(node: Mapping[str, Any], part: str | int) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, int):
        candidates = [node.get("items")]
    else:
        candidates = [node.get("properties", {}).get(part), node.get("additionalProperties")]
    yield from (cast("Mapping[str, Any]", each) for each in candidates if isinstance(each, dict))


# --- what names what, as far as the shape allows ----------------------------------------------------


def _references(document: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(document.get("fields"), list):
        return
    fields = dict(_known_fields(_list(document, "fields")))
    yield from named_fields("default_fields", _names(document, "default_fields"), fields)
    yield from named_fields("creation.optional", _names(document.get("creation"), "optional"), fields)
    for position, rule in enumerate(_list(document, "update_rules")):
        yield from named_fields(f"update_rules[{position}].fields", _names(rule, "fields"), fields)
        yield from _of_conditions(f"update_rules[{position}].when", _at(rule, "when"), fields)
    for position, queue in enumerate(_list(document, "queues")):
        yield from _of_conditions(f"queues[{position}].when", _at(queue, "when"), fields)
    for position, rule in enumerate(_list(document, "record_creation_rules")):
        for number, item in enumerate(_list(rule, "items")):
            path = f"record_creation_rules[{position}].items[{number}]"
            for name in _keys_of(item, "values"):
                if name not in fields:
                    yield Problem(f"{path}.values.{name}", f"there is no field {name!r}{nearest(name, fields)}")
            yield from _of_conditions(f"{path}.when", _at(item, "when"), MAIL)


def _known_fields(entries: Sequence[Any]) -> Iterator[tuple[str, CaseField | None]]:
    for entry in entries:
        try:
            field = CaseField.model_validate(entry)
            yield field.id, field
        except ValidationError:
            if isinstance(entry, dict):
                yield str(cast("Mapping[str, Any]", entry).get("id")), None


def _of_conditions(path: str, node: Any, fields: Mapping[str, CaseField | None], depth: int = 0) -> Iterator[Problem]:
    """Each condition by itself: one that has no shape yet keeps nothing about the others back."""
    for key in ("all", "any"):
        for position, part in enumerate(_list(node, key) if depth < _DEEPEST else ()):
            yield from _of_conditions(f"{path}.{key}[{position}]", part, fields, depth + 1)
    try:
        condition = Condition.model_validate(node)
    except ValidationError:
        return
    yield from condition_problems(path, condition, fields)


_DEEPEST = 100


def _at(mapping: Any, key: str) -> Any:
    return cast("Mapping[str, Any]", mapping).get(key) if isinstance(mapping, dict) else None


def _list(mapping: Any, key: str) -> Sequence[Any]:
    value = _at(mapping, key)
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def _keys_of(mapping: Any, key: str) -> Iterable[str]:
    value = _at(mapping, key)
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else ()


def _names(mapping: Any, key: str) -> Sequence[str]:
    return [name for name in _list(mapping, key) if isinstance(name, str)]
