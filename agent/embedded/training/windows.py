"""Labelled conversations cut into what the network learns from: some fields, some messages, and what they say."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.embedded.model.encoding import Prompt, Utterance

YES_NO = ("yes", "no")
_SPOKEN = {"True": "yes", "False": "no"}
_MOST_LINES = 12
_FIELDS_DROPPED = 0.5  # at most
_FOREIGN_FIELDS = 0.3  # windows with fields of another service, of which nothing is said
_MOST_FOREIGN = 3
_NAME_ONLY, _DESCRIPTION_ONLY, _AS_DEFINED = 0.15, 0.12, 0.35
_OPTIONS_DROPPED, _OPTION_KEPT = 0.2, 0.6
_UNPUNCTUATED = 0.25
_JOINED = 0.25
_TOPIC, _TOPIC_OFFERED = 0.12, 0.8
_MOST_TOPICS = 6
_PUNCTUATION = re.compile(r"[.,?!;](?=\s|\Z)")

Span = tuple[int, int, int]
"""Line, start, end."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a window says of one field."""

    known: bool | None = None  # None: the labels don't tell
    spans: tuple[Span, ...] = ()  # each is right
    option: int | None = None
    line: int | None = None  # where it was settled


NOTHING = Target(known=False)


@dataclass(frozen=True, slots=True)
class Window:
    prompts: tuple[Prompt, ...]
    lines: tuple[Utterance, ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """As in the data's files; `states` has for every customer's line what holds after it."""

    service: str
    about: str
    fields: Mapping[str, Mapping[str, Any]]
    lines: tuple[Utterance, ...]
    spans: tuple[tuple[tuple[str, int, int], ...], ...]
    states: tuple[Mapping[str, Sequence[str]] | None, ...]


def read(path: Path) -> list[Conversation]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [_conversation(json.loads(line)) for line in file]


def _conversation(record: Mapping[str, Any]) -> Conversation:
    messages: Sequence[Mapping[str, Any]] = record["messages"]
    return Conversation(
        service=record["service"],
        about=record["about"],
        fields={field["id"]: field for field in record["fields"]},
        lines=tuple(Utterance(message["text"], message["author"] == "customer") for message in messages),
        spans=tuple(tuple((f, s, e) for f, s, e in message.get("spans", ())) for message in messages),
        states=tuple(_states(messages)),
    )


def _states(messages: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Sequence[str]] | None]:
    """Where a set labels places alone, what they said so far is the state."""
    said: dict[str, list[str]] = {}
    for message in messages:
        if message["author"] != "customer":
            yield None
        elif "state" in message:
            yield message["state"]
        else:
            for name, start, end in message.get("spans", ()):
                said.setdefault(name, []).append(message["text"][start:end])
            yield {name: list(values) for name, values in said.items()}


# --- what a window says -----------------------------------------------------------------------------


def target(conversation: Conversation, name: str, first: int, last: int) -> Target:
    """Of lines first to last, the last of them the customer's."""
    values = _value(conversation, name, last)
    if values is None:
        return NOTHING
    settled = _settled(conversation, name, last)
    fresh = settled >= first
    line = settled - first if fresh else None
    field = conversation.fields[name]
    spans = tuple(_places(conversation, name, values, first, last))
    if field["type"] == "text":
        said = any(conversation.lines[first + span[0]].is_customer for span in spans)
        if not spans:
            return NOTHING if not fresh else Target()
        return Target(known=True if fresh or said else None, spans=spans, line=line)
    if not fresh:
        return Target(known=None if spans else False)
    options = YES_NO if field["type"] == "boolean" else tuple(field["options"])
    wanted = _SPOKEN.get(values[0], values[0]) if field["type"] == "boolean" else values[0]
    return Target(known=True, option=options.index(wanted) if wanted in options else None, line=line)


def _value(conversation: Conversation, name: str, at: int) -> Sequence[str] | None:
    state = conversation.states[at]
    return None if state is None else state.get(name)


def _settled(conversation: Conversation, name: str, last: int) -> int:
    """The customer's line from which on the field has the value that it has at `last`."""
    values = set(_value(conversation, name, last) or ())
    settled = last
    for at in range(last, -1, -1):
        if conversation.states[at] is None:
            continue
        if not values & set(_value(conversation, name, at) or ()):
            break
        settled = at
    return settled


def _places(conversation: Conversation, name: str, values: Sequence[str], first: int, last: int) -> Iterator[Span]:
    wanted = {value.casefold() for value in values}
    literal = re.compile("|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in wanted))
    for number, line in enumerate(conversation.lines[first : last + 1]):
        labelled = [
            (start, end)
            for field, start, end in conversation.spans[first + number]
            if field == name and line.text[start:end].casefold() in wanted
        ]
        folded = line.text.casefold()
        if not labelled and len(folded) == len(line.text):
            labelled = [match.span() for match in literal.finditer(folded)]
        for start, end in labelled:
            yield number, start, end


# --- windows ----------------------------------------------------------------------------------------


class Cutter:
    """Draws windows; the same seed draws the same."""

    def __init__(
        self,
        everything: Sequence[Conversation],
        paraphrases: Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]],
        seed: int,
    ) -> None:
        self._draw = random.Random(seed)
        self._paraphrases = paraphrases
        self._foreign = list({c.service: c for c in everything}.values())
        self._topics = sorted({c.about for c in everything})

    def cut(self, conversation: Conversation) -> Window | None:
        """One window that ends with one of the customer's lines."""
        ends = [at for at, state in enumerate(conversation.states) if state is not None]
        if not ends:
            return None
        last = self._draw.choice(ends)
        first = max(0, last + 1 - self._draw.randint(1, _MOST_LINES))
        dropped = self._draw.uniform(0, _FIELDS_DROPPED)
        names = [name for name in conversation.fields if self._draw.random() > dropped]
        asked = [
            self._worded(conversation, name, target(conversation, name, first, last))
            for name in names or list(conversation.fields)[:1]
        ]
        asked += self._others(conversation, opening=first == 0)
        self._draw.shuffle(asked)
        window = Window(
            tuple(prompt for prompt, _ in asked), conversation.lines[first : last + 1], tuple(t for _, t in asked)
        )
        return self._disguised(window)

    def _worded(self, conversation: Conversation, name: str, wanted: Target) -> tuple[Prompt, Target]:
        field = conversation.fields[name]
        called, description = self._wording(conversation.service, name, field["description"])
        if field["type"] == "text":
            return Prompt(called, description), wanted
        options = list(YES_NO if field["type"] == "boolean" else field["options"])
        right = options[wanted.option] if wanted.option is not None else None
        if field["type"] == "choice" and self._draw.random() < _OPTIONS_DROPPED:
            options = [o for o in options if o == right or self._draw.random() < _OPTION_KEPT] or options[:1]
        self._draw.shuffle(options)
        chosen = replace(wanted, option=options.index(right)) if right is not None else wanted
        return Prompt(called, description, tuple(options)), chosen

    def _wording(self, service: str, name: str, description: str) -> tuple[str, str]:
        others = self._paraphrases.get(service, {}).get(name, ())
        names = [name, *(other["id"] for other in others)]
        descriptions = [description, *(other["description"] for other in others)]
        plain = self._draw.random() < _AS_DEFINED
        called = (name if plain else self._draw.choice(names)).replace("_", " ")
        described = description if plain else self._draw.choice(descriptions)
        form = self._draw.random()
        if form < _NAME_ONLY:
            return called, ""
        return (described, "") if form < _NAME_ONLY + _DESCRIPTION_ONLY else (called, described)

    def _others(self, conversation: Conversation, *, opening: bool) -> Iterator[tuple[Prompt, Target]]:
        """Fields that the conversation says nothing of, and sometimes what it is about."""
        if self._draw.random() < _FOREIGN_FIELDS:
            own = {word for name in conversation.fields for word in name.split("_")}
            service = self._draw.choice(self._foreign)
            strange = [name for name in service.fields if not own & set(name.split("_"))]
            if service.service.split("_")[0] != conversation.service.split("_")[0]:
                for name in self._draw.sample(strange, min(len(strange), self._draw.randint(1, _MOST_FOREIGN))):
                    yield self._worded(service, name, NOTHING)
        if self._draw.random() < _TOPIC:
            yield self._topic(conversation, opening=opening)

    def _topic(self, conversation: Conversation, *, opening: bool) -> tuple[Prompt, Target]:
        kind = conversation.service.split("_")[0]
        mine = {c.about for c in self._foreign if c.service.split("_")[0] == kind}
        others = [topic for topic in self._topics if topic not in mine]
        options = self._draw.sample(others, min(len(others), self._draw.randint(2, _MOST_TOPICS)))
        known = self._draw.random() < _TOPIC_OFFERED
        if known:
            options.append(conversation.about)
        self._draw.shuffle(options)
        name = self._draw.choice(("topic", "category", "subject", "kind of request", "what it is about"))
        chosen = options.index(conversation.about) if known else None
        return Prompt(name, "", tuple(options)), Target(
            known=(True if opening else None) if known else False, option=chosen
        )

    def _disguised(self, window: Window) -> Window:
        """Written without punctuation, or several messages as one."""
        lines = window.lines
        if self._draw.random() < _UNPUNCTUATED:
            lines = tuple(replace(line, text=_PUNCTUATION.sub(" ", line.text)) for line in lines)
        window = replace(window, lines=lines)
        return joined(window) if self._draw.random() < _JOINED else window


def joined(window: Window) -> Window:
    """Neighbouring messages of one author as one message."""
    lines: list[Utterance] = []
    moved: list[tuple[int, int]] = []
    for line in window.lines:
        if lines and lines[-1].is_customer == line.is_customer:
            moved.append((len(lines) - 1, len(lines[-1].text) + 1))
            lines[-1] = replace(line, text=f"{lines[-1].text}\n{line.text}")
        else:
            moved.append((len(lines), 0))
            lines.append(line)
    targets = tuple(
        replace(
            wanted,
            spans=tuple((moved[at][0], start + moved[at][1], end + moved[at][1]) for at, start, end in wanted.spans),
            line=None if wanted.line is None else moved[wanted.line][0],
        )
        for wanted in window.targets
    )
    return replace(window, lines=tuple(lines), targets=targets)
