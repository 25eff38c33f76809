"""docs/api.md says what there is, and its examples run."""

from __future__ import annotations

import asyncio
import os
import re
from itertools import chain
from typing import Any, get_args

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from bot.access.rights import Scope
from bot.api.actions import Action
from bot.cli import webhooks
from bot.cli.tree import commands
from store.webhooks import Event
from tests.bot.api.caller import program
from tests.bot.console.site import Site
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SHELL = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in SHELL for line in block.splitlines() if line.startswith("casewright ")]


async def test_every_call_is_on_the_page_and_no_other(site: Site) -> None:
    described = await program(site).gets("/openapi.json")
    calls = {f"{method.upper()} {path}" for path, each in described["paths"].items() for method in each}
    assert set(re.findall(r"^\| `((?:GET|POST|PATCH|DELETE) [^`]+)`", PAGE, re.MULTILINE)) == calls


def test_every_scope_event_and_action_is_on_the_page() -> None:
    assert re.findall(r"^\| `(\w+:\w+)` \|", PAGE, re.MULTILINE) == [
        *(each for each in (Scope.READ_CASES, Scope.READ_INTERNAL_FIELDS, Scope.WORK_ON_CASES)),
        *(each for each in Scope if not each.startswith("cases:")),
    ]
    assert all(f"`{event}`" in PAGE for event in Event)
    part = PAGE.partition("### Actions")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", part, re.MULTILINE)
    told = {each.strip("`") for row in rows for each in row.split(", ")} - {"action"}
    union = get_args(Action.model_fields["root"].annotation)
    names = chain.from_iterable(get_args(each.model_fields["action"].annotation) for each in union)
    assert told == set(names)


async def test_the_examples_run_as_they_stand(site: Site) -> None:
    number = site.case(issue_description="It leaks")
    environment = {"CASEWRIGHT": site.base.rstrip("/"), "KEY": site.key(*Scope), "CASE": str(number)}
    environment |= {"OTHER": str(site.case()), "INTO": str(site.case())}
    script = "".join(block for block in SHELL if "casewright webhooks" not in block)
    process = await asyncio.create_subprocess_exec(
        "sh",
        "-eu",
        "-c",
        script,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    assert '"resolution":"Replaced"' in told.decode().replace(": ", ":")
    assert "whsec_" in told.decode()


@pytest.mark.parametrize("written", COMMANDS)
def test_a_command_of_the_page_can_be_typed(written: str) -> None:
    command: Any = get_command(commands)
    words = written.split()[1:]
    while words and isinstance(command, TyperGroup):
        with command.make_context("casewright", [], resilient_parsing=True) as context:
            _, command, words = command.resolve_command(context, words)
    with command.make_context("casewright", words, resilient_parsing=True) as context:
        assert not context.args


def test_every_command_for_webhooks_is_on_the_page() -> None:
    group: Any = get_command(webhooks.app)
    assert {each.split()[2] for each in COMMANDS} == {*group.commands}
