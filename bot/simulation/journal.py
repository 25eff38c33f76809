"""What was played already: a line of JSON for each conversation, so that a run which was broken off goes on.

A line is found by a digest of the conversation, the settings and whoever predicted: what changed is played anew.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import to_jsonable_python

from agent.llm.question import Usage
from agent.settings import FieldType, Settings
from bot.simulation.course import Course, Fate
from bot.simulation.figures import Played, Slot, Spent
from bot.simulation.labelled import Labelled
from store.cases import Placing
from store.model import Json

_HEADER = b'{"journal": "casewright simulate", "form": 2}\n'
_WITH_WORDS = {FieldType.TEXT, FieldType.MULTILINE}


class JournalWrong(Exception):
    """The file can't be used as a journal; a sentence."""


@contextmanager
def journal_in(path: Path, predictor: str) -> Generator[Journal]:
    """Raises JournalWrong. `predictor` names all that its answers depend on."""
    try:
        path.touch(mode=0o600)  # it holds what customers wrote
        file = path.open("r+b")
    except OSError as error:
        raise JournalWrong(f"{path} can't be used: {error.strerror}.") from error
    with file:
        places = _places(file)
        if places is None:
            raise JournalWrong(f"{path} is no journal of a simulation: name another file.")
        yield Journal(file, places, predictor)


def _places(file: BinaryIO) -> dict[str, int] | None:
    """Where each line begins; None: this is no journal. A line that a killed process left unfinished is cut off."""
    first = file.readline()
    if not _HEADER.startswith(first):
        return None
    if first != _HEADER:
        file.seek(0)
        file.write(_HEADER)
    places: dict[str, int] = {}
    end = len(_HEADER)
    for line in file:
        if not line.endswith(b"\n"):
            break
        places[json.loads(line)["key"]] = end
        end += len(line)
    file.truncate(end)
    return places


class Journal:
    """Only where each line begins is kept in memory."""

    def __init__(self, file: BinaryIO, places: dict[str, int], predictor: str) -> None:
        self._file = file
        self._places = places
        self._predictor = predictor
        self._settings: tuple[Settings, str] | None = None

    def find(self, conversation: Labelled) -> Played | None:
        place = self._places.get(self._key(conversation))
        if place is None:
            return None
        self._file.seek(place)
        return restored(conversation, json.loads(self._file.readline())["played"])

    def keep(self, one: Played, conversation: Labelled) -> None:
        """In one piece, and out of this process before the next one."""
        key = self._key(conversation)
        self._places[key] = self._file.seek(0, 2)
        self._file.write(json.dumps({"key": key, "played": as_json(one)}).encode() + b"\n")
        self._file.flush()

    def _key(self, conversation: Labelled) -> str:
        if self._settings is None or self._settings[0] is not conversation.settings:
            self._settings = (conversation.settings, conversation.settings.model_dump_json())
        told = {each.name: getattr(conversation, each.name) for each in fields(conversation) if each.name != "settings"}
        parts = (version("casewright"), self._predictor, self._settings[1], json.dumps(to_jsonable_python(told)))
        return sha256("\n".join(parts).encode()).hexdigest()


def as_json(one: Played) -> Json:
    """All but the conversation: that is at hand whenever this is read again."""
    slots = [
        {each.name: getattr(slot, each.name) for each in fields(slot) if each.name != "field"}
        | {"field": slot.field.id}
        for slot in one.slots
    ]
    return {
        "slots": slots,
        "course": asdict(one.course) if one.course else None,
        "seconds": one.seconds,
        "spent": asdict(one.spent) if one.spent else None,
    }


def restored(conversation: Labelled, told: Mapping[str, Any]) -> Played:
    defined = {field.id: field for field in conversation.settings.fields}
    slots = (
        Slot(**each | {"field": defined[each["field"]], "quotes": tuple(each["quotes"])}) for each in told["slots"]
    )
    spent = told["spent"]
    return Played(
        conversation=conversation,
        slots=tuple(slots),
        course=_course(told["course"]),
        seconds=tuple(told["seconds"]),
        spent=Spent(**spent | {"usage": Usage(**spent["usage"])}) if spent else None,
    )


def _course(told: Json | None) -> Course | None:
    if told is None:
        return None
    placing = Placing(**told["placing"]) if told["placing"] else None
    known: Json = {**told, "fate": Fate(told["fate"]), "placing": placing}
    return Course(**known)


def without_words(one: Played) -> Played:
    """What the figures need, and nothing of what was written: there may be more of it than memory holds."""
    kept = {field.id for field in one.conversation.settings.fields if field.type not in _WITH_WORDS}
    return replace(
        one,
        conversation=replace(
            one.conversation,
            transcript=(),
            evidence={},
            contained={},
            expected={name: each for name, each in one.conversation.expected.items() if name in kept},
        ),
        slots=tuple(_wordless(slot) for slot in one.slots),
        course=replace(one.course, values={}) if one.course else None,
    )


def _wordless(slot: Slot) -> Slot:
    hidden = slot.value is not None and slot.field.type in _WITH_WORDS
    return replace(
        slot, value="" if hidden else slot.value, quotes=(), why_not=None, refused=slot.refused and "refused"
    )
