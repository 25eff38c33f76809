"""Labelled conversations: reads the data sets into what a predictor is asked, and what it should have said."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from agent.predictor import PredictionRequest, Sender
from agent.settings import CaseField, FieldType, Settings
from store.model import FieldId, Message, MessageId, Participant, Role, Value

CHOSEN_ON = 600
"""Lines of a public dev set on which choices are made; the rest is for reporting."""
_ALIKE = 90
_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

Place = tuple[int, int, int]
"""Message, start, end."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One conversation with its labels. `case` is None where the set has no case decisions."""

    id: str
    channel: str
    tags: tuple[str, ...]
    settings: Settings
    transcript: tuple[Message, ...]
    sender: Sender
    now: datetime
    expected: Mapping[FieldId, Sequence[Any]]
    contained: Mapping[FieldId, Sequence[str]]
    evidence: Mapping[FieldId, Sequence[Place]]
    case: bool | None = None
    case_after: int | None = None

    def request(self, messages: int | None = None, current: Mapping[FieldId, Value] | None = None) -> PredictionRequest:
        """After so many messages; None: at the end."""
        return PredictionRequest(
            settings=self.settings,
            fields=self.settings.fields,
            transcript=self.transcript[:messages],
            sender=self.sender,
            now=self.now,
            current=current or {},
        )

    def is_right(self, field: CaseField, value: Value) -> bool:
        """By the words to be kept where there are such, else by equality; in the public sets nearly so."""
        name = FieldId(field.id)
        if name not in self.expected:
            return False
        if self.contained.get(name):
            return all(word.casefold() in str(value).casefold() for word in self.contained[name])
        if self.case is not None:
            return value in self.expected[name]
        return any(_alike(str(value), str(wanted)) for wanted in self.expected[name])


def _alike(a: str, b: str) -> bool:
    return fuzz.ratio(a.casefold().strip(), b.casefold().strip()) >= _ALIKE


def support(folder: Path) -> list[Labelled]:
    """The conversations written for this purpose, with the settings beside them."""
    document = json.loads((folder / "support" / "settings.json").read_text(encoding="utf-8"))
    fields = tuple(_support_field(field) for field in document["fields"])
    settings = Settings(
        company=document["company"],
        region="GB",  # the data's rule: a number without a country code is British
        currency="GBP",
        fields=fields,
        default_fields=tuple(document["require"]),
    )
    lines = (folder / "support" / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    return [_support_conversation(json.loads(line), settings) for line in lines]


def _support_field(field: dict[str, Any]) -> CaseField:
    kind = FieldType.YES_NO if field["type"] == "boolean" else FieldType(field["type"])
    return CaseField.model_validate({**field, "type": kind, "identity": field["id"] == "contact"})


def _support_conversation(line: dict[str, Any], settings: Settings) -> Labelled:
    now = datetime.fromisoformat(line["now"]).replace(hour=12, tzinfo=UTC)
    sender = Sender(name=line["sender"]["name"], verified_email=line["sender"]["verified_email"])
    return Labelled(
        id=line["id"],
        channel=line["channel"],
        tags=tuple(line["tags"]),
        settings=settings,
        transcript=tuple(_messages(line["messages"], now)),
        sender=sender,
        now=now,
        expected=line["expected"],
        contained=line.get("expected_contains", {}),
        evidence={field: list(_support_places(label, line["messages"])) for field, label in line["evidence"].items()},
        case=line["case"],
        case_after=line["case_after"],
    )


def _messages(messages: Sequence[dict[str, Any]], now: datetime) -> Iterator[Message]:
    for number, message in enumerate(messages):
        role = Role.CUSTOMER if message["author"] == "customer" else Role.REPRESENTATIVE
        name = message.get("name", role)
        author = Participant(author_id=name, name=name, role=role)
        yield Message(id=MessageId(number), external_id=str(number), author=author, text=message["text"], sent_at=now)


def _support_places(label: dict[str, Any], messages: Sequence[dict[str, Any]]) -> Iterator[Place]:
    """Any occurrence of a labelled quote in its message counts."""
    places: list[dict[str, Any]] = [label, *label.get("also", [])]
    for place in places:
        number, quote = int(place["message"]), str(place["quote"])
        for found in re.finditer(re.escape(quote), str(messages[number]["text"])):
            yield number, *found.span()


def public(folder: Path, name: str, part: str) -> list[Labelled]:
    """`name`: "schema_guided_dev" or "multidogo_dev"; `part`: "choose" or "report"."""
    with gzip.open(folder / "conversations" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    wanted = lines[:CHOSEN_ON] if part == "choose" else lines[CHOSEN_ON:]
    return [_public_conversation(line) for line in wanted]


def _public_conversation(line: dict[str, Any]) -> Labelled:
    fields = tuple(_public_field(field) for field in line["fields"])
    return Labelled(
        id=line["id"],
        channel=line["service"],
        tags=(),
        settings=Settings(fields=fields, default_fields=(fields[0].id,)),
        transcript=tuple(_messages(line["messages"], _NOON)),
        sender=Sender(),
        now=_NOON,
        expected=line["expected"],
        contained={},
        evidence=_public_places(line["messages"]),
    )


def _public_field(field: dict[str, Any]) -> CaseField:
    kind = FieldType.YES_NO if field["type"] == "boolean" else FieldType(field["type"])
    options = [{"value": value} for value in dict.fromkeys(field.get("options", ()))]
    label = field["id"].replace("_", " ").capitalize()
    return CaseField.model_validate(
        {"id": field["id"], "label": label, "type": kind, "description": field["description"], "options": options}
    )


def _public_places(messages: Sequence[dict[str, Any]]) -> dict[FieldId, list[Place]]:
    places: dict[FieldId, list[Place]] = {}
    for number, message in enumerate(messages):
        for field, start, end in message.get("spans", ()):
            places.setdefault(field, []).append((number, start, end))
    return places
