"""The labelled conversations of the data folder."""

from __future__ import annotations

import json
from pathlib import Path

from bot.simulation.files import read, settings_of
from bot.simulation.labelled import Labelled

CHOSEN_ON = 600
"""Lines of a public dev set on which choices are made; the rest is for reporting."""


def support(folder: Path) -> list[Labelled]:
    """The conversations written for this purpose, with the settings beside them."""
    settings = settings_of(json.loads((folder / "support" / "settings.json").read_text(encoding="utf-8")))
    return list(read(folder / "support" / "conversations.jsonl", settings))


def public(folder: Path, name: str, part: str) -> list[Labelled]:
    """`name`: "schema_guided_dev" or "multidogo_dev"; `part`: "choose" or "report"."""
    every = list(read(folder / "conversations" / f"{name}.jsonl.gz", None))
    return every[:CHOSEN_ON] if part == "choose" else every[CHOSEN_ON:]
