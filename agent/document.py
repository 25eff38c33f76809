"""The settings document as YAML: read with every problem named at once, written in a stable order, compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from agent.problems import find_problems
from agent.settings import Problem, Settings
from agent.yaml_text import YamlDumper, YamlLoader, syntax_problem

MAX_CHARACTERS = 2_000_000

_KEYS = ("id", "name", "value")
"""What names an entry of a list: fields have an id, rules and profiles a name, options a value."""
_UNNAMED = "operator"  # of a condition: its value is no name


class SettingsError(ValueError):
    """The settings document can't be used; `problems` says all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def load(text: str) -> Settings:
    """Raises SettingsError."""
    data = _read(text)
    if problems := find_problems(data):
        raise SettingsError(problems)
    return Settings.model_validate(data)


def _read(text: str) -> object:
    if len(text) > MAX_CHARACTERS:
        raise SettingsError([Problem("", f"the document is longer than {MAX_CHARACTERS} characters")])
    try:
        return yaml.load(text, YamlLoader)  # noqa: S506 - a safe loader of ours
    except yaml.YAMLError as error:
        raise SettingsError([syntax_problem(error)]) from error
    except RecursionError:
        raise SettingsError([Problem("", "the document is nested too deeply")]) from None


def dump(settings: Settings) -> str:
    """The whole document, in the order of the models; `load` gives back the same settings.

    Entries of lists leave out what is at its default; everything else is written, so that it can be seen and changed.
    """
    short = settings.model_dump(mode="json", exclude_defaults=True)
    whole = settings.model_dump(mode="json")
    data = {key: short.get(key, value) if _has_entries(value) else value for key, value in whole.items()}
    return yaml.dump(data, Dumper=YamlDumper, sort_keys=False, allow_unicode=True, width=110)


def _has_entries(value: object) -> bool:
    return bool(value) and _entries(value) is not None


@cache
def starter() -> Settings:
    """The settings of a new installation."""
    return load(files("agent").joinpath("starter.yaml").read_text("utf-8"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """`old` None: added, `new` None: removed. Values are plain data as in the YAML document."""

    path: str  # "fields[serial_number].pattern", "update_rules[Product defect].fields"
    old: Any
    new: Any


def differences(old: Settings, new: Settings) -> list[Difference]:
    """What changed; entries of lists are matched by what names them and not by their position."""
    return list(_compare("", old.model_dump(mode="json"), new.model_dump(mode="json")))


def _compare(path: str, old: object, new: object) -> list[Difference]:
    if old == new:
        return []
    if (before := _mapping(old)) is not None and (after := _mapping(new)) is not None:
        return _compare_mappings(before, after, lambda key: f"{path}.{key}" if path else key)
    if (entries := by_name(old)) is not None and (others := by_name(new)) is not None:
        found = _compare_mappings(entries, others, lambda key: f"{path}[{key}]")
        return found + _reordered(path, list(entries), list(others))
    return [Difference(path=path, old=old, new=new)]


def _compare_mappings(
    old: Mapping[str, object], new: Mapping[str, object], path: Callable[[str], str]
) -> list[Difference]:
    keys = dict.fromkeys([*old, *new])
    return [found for key in keys for found in _compare(path(key), old.get(key), new.get(key))]


def _reordered(path: str, old: Sequence[str], new: Sequence[str]) -> list[Difference]:
    if [key for key in old if key in new] == [key for key in new if key in old]:
        return []
    return [Difference(path=path, old=old, new=new)]


def _mapping(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def by_name(value: object) -> dict[str, object] | None:
    """The entries of a list by what names them; None for anything else, and where two have the same name."""
    entries = _entries(value)
    key = next((key for key in _KEYS if all(key in entry for entry in entries or ())), None)
    if entries is None or key is None or any(_UNNAMED in entry for entry in entries):
        return None
    named: dict[str, object] = {str(entry[key]): entry for entry in entries}
    return named if len(named) == len(entries) else None


def _entries(value: object) -> list[dict[str, object]] | None:
    """A list of mappings; None for anything else."""
    if not isinstance(value, list):
        return None
    entries = cast("list[object]", value)
    return cast("list[dict[str, object]]", entries) if all(isinstance(entry, dict) for entry in entries) else None
