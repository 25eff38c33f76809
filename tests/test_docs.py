"""What the pages in docs say is what the product takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any, cast

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python
from typer.core import TyperGroup
from typer.main import get_command

from adapters.mail.configuration import (
    AfterHandling,
    Limits,
    Mailbox,
    Mailboxes,
    Microsoft,
    Password,
    RefreshToken,
    Server,
)
from adapters.mail.imap import MailboxState
from adapters.mail.sign_in.secrets import CLIENT_SECRET, PASSWORD, REFRESH_TOKEN
from agent.conditions import MAIL
from agent.document import starter
from agent.llm.configuration import Kind
from agent.llm.question import Trouble
from agent.problems import find_problems
from agent.settings import Channels, PredictionSettings, RecordCreationRule, SlackSettings
from bot.cli import mail
from bot.cli.tree import commands
from bot.config import Config
from store.mail import MailState, Signal
from tests.bot.console.test_matrix import TABLE
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "email.md").read_text(encoding="utf-8")
BLOCKS = [
    yaml.safe_load(dedent(block)) for block in re.findall(r"```yaml\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
]
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
SLACK_PAGE = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
LLM_PAGE = (ROOT / "docs" / "llm.md").read_text(encoding="utf-8")
SLACK_COMMANDS = re.findall(r"casewright [a-z][^`\n]*", SLACK_PAGE)
TEAMS_PAGE = (ROOT / "docs" / "teams.md").read_text(encoding="utf-8")
TEAMS_COMMANDS = re.findall(r"casewright [a-z][^`\n]*", TEAMS_PAGE)
COMMANDS = sorted({span for span in SPANS if span.startswith("casewright ")})
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
CONFIGURATION = (Mailbox, Limits, Server, AfterHandling, Password, Microsoft, RefreshToken)


@pytest.mark.parametrize("block", [block for block in BLOCKS if "mailboxes" in block])
def test_the_mailboxes_of_the_page_are_described_rightly(block: Any) -> None:
    assert Mailboxes.model_validate(block).mailboxes


def test_every_way_to_sign_in_has_an_example() -> None:
    examples = [Mailboxes.model_validate(block) for block in BLOCKS if "mailboxes" in block]
    kinds = {mailbox.sign_in.kind for example in examples for mailbox in example.mailboxes}
    assert kinds == {"password", "microsoft", "refresh_token"}


def test_the_rules_of_the_page_are_right() -> None:
    rules = [block for block in BLOCKS if "mailboxes" not in block]
    assert rules
    for block in rules:
        assert find_problems(starter().model_dump(mode="json") | block) == []


@pytest.mark.parametrize(
    "name", sorted({name for part in (*CONFIGURATION, RecordCreationRule) for name in part.model_fields} | {*MAIL})
)
def test_every_setting_is_named(name: str) -> None:
    assert re.search(rf"(?<![\w.]){re.escape(name)}\b", PAGE)


def defaults() -> Iterator[tuple[str, object]]:
    """Of what the table of settings has a row for, as YAML would write it."""
    for part in cast("tuple[type[BaseModel], ...]", (Mailbox, Limits)):
        for name, field in part.model_fields.items():
            if field.default is not PydanticUndefined and not isinstance(field.default, BaseModel):
                yield name, to_jsonable_python(field.default)
    yield "security", "tls"


@pytest.mark.parametrize(("name", "default"), list(defaults()))
def test_the_table_tells_the_default(name: str, default: object) -> None:
    names, told = next(row[:2] for row in ROWS if f"`{name}`" in row[0] and "settings" not in row)
    place = [each.strip("…` ") for each in names.split(",")].index(name)
    said = told if default or told == "none" else ""
    values = [each.strip("` ") for each in said.split(", ")]
    assert yaml.safe_load(values[place]) == (default or "none")


@pytest.mark.parametrize("secret", [PASSWORD, CLIENT_SECRET, REFRESH_TOKEN])
def test_every_secret_is_named(secret: str) -> None:
    assert f"`{secret}`" in PAGE


def test_every_state_is_explained() -> None:
    assert [state for state in (*MailboxState, *MailState) if f"`{state}`" not in PAGE] == []
    assert Signal.TOKEN in PAGE


@pytest.mark.parametrize("written", sorted({*COMMANDS, *SLACK_COMMANDS, *TEAMS_COMMANDS}))
def test_a_command_of_the_page_can_be_typed(written: str) -> None:
    """Its name, how many arguments it has, and its options; nothing is run."""
    command: Any = get_command(commands)
    words = written.partition(" > ")[0].split()[1:]
    while words and isinstance(command, TyperGroup):
        with command.make_context("casewright", [], resilient_parsing=True) as context:
            _, command, words = cast("Any", command.resolve_command(context, words))
    options = {option for each in command.params for option in each.opts}
    assert {word for word in words if word.startswith("-")} <= options
    with command.make_context("casewright", words, resilient_parsing=True) as context:
        assert not context.args


def test_every_command_for_mails_is_on_the_page() -> None:
    named = {span.split()[2] for span in COMMANDS if span.startswith("casewright mail ")}
    assert named == {*cast("Any", get_command(mail.app)).commands}


def test_the_settings_of_slack_on_the_page_are_those_that_there_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", SLACK_PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == [*SlackSettings.model_fields]
    told = {name: default.strip().strip("`") for name, default in rows}
    for name, field in SlackSettings.model_fields.items():
        default = to_jsonable_python(field.default)
        shown = "none" if default in (None, []) else str(default).lower()
        assert told[name] == shown, name


def test_the_yaml_of_slack_is_taken() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", SLACK_PAGE, re.DOTALL)
    assert Channels.model_validate(yaml.safe_load(dedent(block))["channels"]).slack.watched


def test_the_variables_of_slack_on_the_page_are_ours() -> None:
    named = set(re.findall(r"CASEWRIGHT_SLACK_\w+", SLACK_PAGE))
    assert {each.removesuffix("_FILE") for each in named} <= {
        f"CASEWRIGHT_{each.upper()}" for each in Config.model_fields
    }


def test_the_teams_page_names_the_variables_that_there_are() -> None:
    ours = {f"CASEWRIGHT_{name.upper()}" for name in Config.model_fields}
    named = set(re.findall(r"CASEWRIGHT_[A-Z_]+", TEAMS_PAGE))
    assert named <= {*ours, "CASEWRIGHT_TEAMS_APP_SECRET_FILE"}
    assert {each for each in ours if "TEAMS" in each} <= {*named, "CASEWRIGHT_TEAMS_APP_SECRET"}


def test_the_settings_of_predictions_on_the_page_are_those_that_there_are() -> None:
    part = LLM_PAGE.partition("## Settings")[2].partition("\n## ")[0]
    told = {name: default.strip("` ") for name, default in re.findall(r"^\| `(\w+)` \| ([^|]+) \|", part, re.MULTILINE)}
    assert [*told] == [*PredictionSettings.model_fields]
    for name, field in PredictionSettings.model_fields.items():
        assert yaml.safe_load(told[name]) == (to_jsonable_python(field.default) or "none"), name


def test_the_yaml_of_predictions_is_taken() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", LLM_PAGE, re.DOTALL)
    assert find_problems(starter().model_dump(mode="json") | yaml.safe_load(dedent(block))) == []


def test_every_provider_and_every_trouble_with_it_is_explained() -> None:
    assert [each for each in (*Kind, *Trouble) if f"\n| `{each}` |" not in LLM_PAGE] == []


def test_the_variables_of_models_on_the_page_are_those_that_there_are() -> None:
    named = {each.removesuffix("_FILE") for each in re.findall(r"CASEWRIGHT_LLM_\w+", LLM_PAGE)}
    assert named == {f"CASEWRIGHT_{each.upper()}" for each in Config.model_fields if each.startswith("llm_")}


def test_every_page_of_the_console_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(/console[\w/-]*)`", (ROOT / "docs" / "console.md").read_text(encoding="utf-8")))
    assert named
    assert {f"GET {path}" for path in named} <= TABLE.keys()
