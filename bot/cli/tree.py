"""All commands. Their modules are loaded only when one is called: `casewright --version` needs no database driver."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class Entry:
    module: str
    help: str
    is_group: bool = False


ENTRIES = {
    "run": Entry("running", "Run everything in one process: the way to start on one machine."),
    "web": Entry("running", "Run the web server alone, beside workers (PostgreSQL)."),
    "worker": Entry("running", "Run a worker alone, beside web servers (PostgreSQL)."),
    "db": Entry("database", "Bring the database's schema up to date, and look at it.", is_group=True),
    "settings": Entry("settings", "The administrator's settings: export, import, compare, go back.", is_group=True),
    "work": Entry("work", "Work that waits or was given up, and trying it again.", is_group=True),
    "mail": Entry("mail", "Mails and mailboxes: what became of each, and why.", is_group=True),
    "console": Entry("console", "The web console: a one-time link to log in by.", is_group=True),
    "accounts": Entry("accounts", "Who may use the console: add, list, disable, set a password.", is_group=True),
    "case": Entry("case", "Cases, and why each value stands there.", is_group=True),
    "conversation": Entry("conversation", "Conversations, and why one has no case.", is_group=True),
    "contacts": Entry("contacts", "People's data: list, export and erase contacts.", is_group=True),
    "retention": Entry("retention", "Forget what was closed long enough ago, as is done once a day."),
    "examples": Entry("examples", "What people's decisions taught: to look at, and to erase.", is_group=True),
    "webhooks": Entry("webhooks", "Programs that are told of cases, and what they were told.", is_group=True),
    "manifest": Entry("manifest", "What Slack and Teams are given to install Casewright.", is_group=True),
    "simulate": Entry("simulating", "Play past conversations again: what would the agent have done, and how well."),
    "doctor": Entry("checking", "Check everything that can be checked, and say how to mend it."),
    "config": Entry("checking", "Show the configuration in effect, secrets masked."),
}


class Tree(TyperGroup):
    """Lists its commands from `ENTRIES`, and puts the real one in place once it is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in ENTRIES.items():
            self.add_command(TyperCommand(name, help=entry.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, _placeholder, rest = super().resolve_command(ctx, args)
        return name, name and _loaded(name), rest


def _loaded(name: str) -> Any:
    entry = ENTRIES[name]
    command = get_command(import_module(f"bot.cli.{entry.module}").app)
    if isinstance(command, TyperGroup) and not entry.is_group:
        return command.commands[name]
    command.help = entry.help
    return command


commands = typer.Typer(
    cls=Tree,
    help="Casewright: cases out of conversations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"casewright {version('casewright')}")
        raise typer.Exit


@commands.callback()
def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass
