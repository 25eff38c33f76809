"""YAML without its surprises: `off` is a word, a date is text, a key stands once, nothing refers to anything else."""

from __future__ import annotations

import re
from typing import Any, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from agent.settings import Problem

_UNUSUAL_LINE_END = re.compile("[\x85\u2028\u2029]")


class YamlLoader(yaml.SafeLoader):
    """Plain data only. Raises yaml.YAMLError, also for keys that stand twice, anchors, aliases and tags."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the base class's own

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = cast("Any", self).peek_event()  # the stubs leave it untyped
        if getattr(event, "anchor", None) is not None:
            raise _problem("write things out: anchors (&) and aliases (*) are not used here", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise _problem("tags (!) are not used here", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as the base class
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise _problem("a key is a single word", key.start_mark)
            if key.value in seen:
                raise _problem(f"the key {key.value!r} stands twice here", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _resolve(tag: str, pattern: str, first: str) -> None:
    loader: Any = YamlLoader  # the stubs leave the method untyped
    loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})\Z"), list(first) or [""])


# The core schema of YAML 1.2, chapter 10.3.2, without octal, hexadecimal and infinite numbers.
_resolve("null", "~|null|Null|NULL|", "~nN")
_resolve("null", "", "")
_resolve("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_resolve("int", "[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789")
_resolve("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?", "-+0123456789")


class YamlDumper(yaml.SafeDumper):
    """Never writes what `YamlLoader` refuses; the base class quotes whatever YAML 1.1 would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as the base class
        return True


def _text(dumper: YamlDumper, text: str) -> ScalarNode:
    """Line ends that YAML would fold away are written as escapes."""
    style = '"' if _UNUSUAL_LINE_END.search(text) else None
    untyped: Any = dumper  # the stubs leave the method untyped
    return untyped.represent_scalar("tag:yaml.org,2002:str", text, style=style)


YamlDumper.add_representer(str, _text)


def _problem(sentence: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=sentence, problem_mark=mark)


def syntax_problem(error: yaml.YAMLError) -> Problem:
    """Where and what, in one sentence; lines count from 1."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return Problem(f"line {mark.line + 1}, column {mark.column + 1}", error.problem or "this is not YAML")
    return Problem("", f"this is not YAML: {' '.join(str(error).split())}")
