"""What else in the settings names a field, and the settings without it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from agent.settings import Condition, Expression, Problem, Settings
from bot.console.reviewing import Json
from bot.text import quoted

DEFAULTS = "/console/agent"
RULES = "/console/agent/rules"
QUEUES = "/console/agent/queues"
CREATION_RULES = "/console/agent/record-creation"


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """`first`: what has to be done there before the field can go; empty: the field can go from there as well."""

    where: str
    path: str
    first: str = ""


def uses(settings: Settings, name: str) -> list[Use]:
    return [
        *_in_lists(settings, name),
        *_in_rules(settings, name),
        *_in_queues(settings, name),
        *_in_creation_rules(settings, name),
    ]


def _in_lists(settings: Settings, name: str) -> Iterator[Use]:
    if name in settings.default_fields:
        yield Use(where="It is in the default list of fields for AI prediction", path=DEFAULTS)
        required, left = settings.creation.require, len(settings.default_fields) - 1
        if isinstance(required, int) and required > left:
            yield Use(
                where=f"A case takes {required} default fields, of which {left} would be left",
                path=DEFAULTS,
                first="Let a case take fewer.",
            )
    if name in settings.creation.optional:
        yield Use(where="It is an optional field for new cases", path=DEFAULTS)


def _in_rules(settings: Settings, name: str) -> Iterator[Use]:
    for position, rule in enumerate(settings.update_rules):
        path, called = f"{RULES}/{position}", quoted(rule.name)
        if rule.fields == (name,):
            yield Use(where=f"The rule {called} updates nothing else", path=path, first="Remove the rule.")
        elif name in rule.fields:
            yield Use(where=f"The rule {called} updates it", path=path)
        if rule.when is not None and name in _named(rule.when):
            yield Use(where=f"A condition of the rule {called} asks for it", path=path, first="Change the condition.")


def _in_queues(settings: Settings, name: str) -> Iterator[Use]:
    for position, queue in enumerate(settings.queues):
        if queue.when is not None and name in _named(queue.when):
            yield Use(
                where=f"A condition of the queue {quoted(queue.name)} asks for it",
                path=f"{QUEUES}/{position}",
                first="Change the condition.",
            )


def _in_creation_rules(settings: Settings, name: str) -> Iterator[Use]:
    for position, rule in enumerate(settings.record_creation_rules):
        if any(name in item.values for item in rule.items):
            yield Use(
                where=f"The record-creation rule {quoted(rule.name)} sets it", path=f"{CREATION_RULES}/{position}"
            )


def _named(node: Expression) -> Iterator[str]:
    if isinstance(node, Condition):
        yield node.field
        return
    for part in getattr(node, "all", None) or getattr(node, "any", ()):
        yield from _named(part)


def without(document: Json, name: str) -> Json:
    """The field gone from the definitions and from every list; conditions stay as they are."""

    def rest(names: Any) -> list[str]:
        return [each for each in names if each != name]

    return {
        **document,
        "fields": [each for each in document["fields"] if each["id"] != name],
        "default_fields": rest(document["default_fields"]),
        "creation": {**document["creation"], "optional": rest(document["creation"]["optional"])},
        "update_rules": [{**rule, "fields": rest(rule["fields"])} for rule in document["update_rules"]],
        "record_creation_rules": [
            {**rule, "items": [_item_without(item, name) for item in rule["items"]]}
            for rule in document["record_creation_rules"]
        ],
    }


def _item_without(item: Json, name: str) -> Json:
    return {**item, "values": {key: value for key, value in item["values"].items() if key != name}}


_ENTRY = re.compile(r"(update_rules|record_creation_rules|queues)\[([0-9]+)\]")


def elsewhere(problem: Problem, document: Json) -> str:
    """A problem outside of the form that brought it about, with the rule or queue it is in."""
    place = _ENTRY.match(problem.path)
    if place is None:
        return str(problem)
    entries, kind = cast("list[Json]", document[place[1]]), "queue" if place[1] == "queues" else "rule"
    return f"In the {kind} {quoted(str(entries[int(place[2])]['name']))}: {problem.sentence}"
