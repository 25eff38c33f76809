"""`casewright manifest`: what Slack is given to install Casewright."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from agent.document import starter
from agent.settings import Settings
from bot.cli.opening import configuration, reached
from bot.cli.output import show, show_json
from bot.cli.problems import Mistake
from bot.commands import COMMANDS
from bot.config import Config
from bot.settings import read
from manifest.slack import SlashCommand, manifest, reasons
from store import migrations
from store import settings as versions

app = typer.Typer(no_args_is_help=True, add_completion=False)

_OF_SLACK_ITSELF = {"help"}  # Slack has a /help of its own


@app.callback()
def _group() -> None:
    """With one command alone, typer would make no group of it."""


@app.command()
def slack(
    *,
    socket: Annotated[bool, typer.Option(help="For Socket Mode, which needs no public address.")] = False,
    several: Annotated[bool, typer.Option(help="For installation in several workspaces, by OAuth.")] = False,
    name: Annotated[str, typer.Option(help="What the app is called in Slack.", max=35)] = "Casewright",
    why: Annotated[bool, typer.Option(help="Print the reason of each scope and event instead.")] = False,
) -> None:
    """Print the app manifest for "Create New App", "From a manifest", made from the settings in force."""
    config = configuration()
    settings = _in_force(config).channels.slack
    if why:
        show(*[f"{name}: {reason}" for name, reason in reasons(settings).items()])
        return
    commands = [
        SlashCommand(name=each.name, usage=each.usage, summary=each.summary)
        for each in COMMANDS
        if each.name not in _OF_SLACK_ITSELF
    ]
    try:
        made = manifest(settings, commands, public_url=config.public_url, socket=socket, several=several, name=name)
    except ValueError as error:
        raise Mistake(f"{error} The address is CASEWRIGHT_PUBLIC_URL, Socket Mode is --socket.") from None
    show_json(made)


def _in_force(config: Config) -> Settings:
    """The starter settings where there is no database yet."""
    if config.database_file is not None and not config.database_file.exists():
        return starter()
    with reached(config) as database:
        migrations.require_current(database)
        number = database.read_now(versions.current_number)
        return database.read_now(partial(read, number=number)).settings if number else starter()
