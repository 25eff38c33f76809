"""The Teams app package is what Microsoft's schema asks for, and asks for exactly what the code uses."""

from __future__ import annotations

import json
import struct
from io import BytesIO
from typing import Any, cast
from zipfile import ZipFile

import pytest
from jsonschema import Draft4Validator

from adapters.teams.surface import CONSENTS, CREATE, SEARCH, UPDATE
from bot.commands import COMMANDS
from manifest.teams import VERSION, Command, Publisher, color_icon, manifest, outline_icon, package
from store.model import Json
from tests.conftest import ROOT, unavailable

APP_ID = "2d4d3d8e-2be3-4bef-9f87-7875a61c29de"
SITE = "https://cases.example.org"
SCHEMA = ROOT / "tests/directline/node_modules/@microsoft/app-manifest/build/json-schemas/teams" / f"v{VERSION}"


def made(*, mentions_only: bool = False) -> Json:
    commands = [Command(name=each.name, summary=each.summary) for each in COMMANDS]
    publisher = Publisher(name="Example", website=SITE, privacy=SITE, terms=SITE)
    return manifest(APP_ID, commands, publisher, version="1.0.0", mentions_only=mentions_only, name="Casewright")


@pytest.mark.parametrize("mentions_only", [False, True])
def test_the_manifest_is_what_the_public_schema_asks_for(*, mentions_only: bool) -> None:
    file = SCHEMA / "MicrosoftTeams.schema.json"
    if not file.exists():
        unavailable("no `npm ci` in tests/directline")
    validator = cast("Any", Draft4Validator(json.loads(file.read_text())))
    problems = [
        f"{'/'.join(map(str, each.path))}: {each.message}"
        for each in validator.iter_errors(made(mentions_only=mentions_only))
    ]
    assert problems == []


def test_it_names_what_the_code_answers_and_no_more() -> None:
    told = made()
    [bot], [extension] = told["bots"], told["composeExtensions"]
    assert {each["id"] for each in extension["commands"]} == {CREATE, UPDATE, SEARCH}
    listed = [each["title"] for each in bot["commandLists"][0]["commands"]]
    assert listed == [f"/{each.name}" for each in COMMANDS if each.name != "merge"]  # Teams lists ten, all can be typed
    wanted = told["authorization"]["permissions"]["resourceSpecific"]
    assert {each["name"] for each in wanted} == set(CONSENTS)
    assert told["validDomains"] == []  # no page of ours is shown inside of Teams
    assert bot["supportsFiles"] is True  # `adapters.teams.filing` copies them
    assert "authorization" not in made(mentions_only=True)


def test_the_package_is_the_same_each_time_and_has_icons_of_the_sizes_that_teams_wants() -> None:
    assert package(made()) == package(made())
    with ZipFile(BytesIO(package(made()))) as zipped:
        assert sorted(zipped.namelist()) == ["color.png", "manifest.json", "outline.png"]
        assert json.loads(zipped.read("manifest.json"))["bots"][0]["botId"] == APP_ID
    assert [_size(each) for each in (color_icon(), outline_icon())] == [(192, 192), (32, 32)]


def _size(png: bytes) -> tuple[int, ...]:
    return struct.unpack(">II", png[16:24])
