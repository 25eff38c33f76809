"""`casewright manifest`: what Slack and Teams are given to install Casewright."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path
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
from manifest.teams import Command, Publisher, package
from manifest.teams import manifest as teams_manifest
from store import migrations
from store import settings as versions

app = typer.Typer(no_args_is_help=True, add_completion=False)

_OF_SLACK_ITSELF = {"help"}  # Slack has a /help of its own


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


@app.command()
def teams(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the package goes.")] = Path("casewright.zip"),
    publisher: Annotated[str, typer.Option(help="Who offers the app to its users.", max=32)] = "Casewright",
    website: Annotated[str, typer.Option(help="The publisher's https address.")] = "https://casewright.example",
    mentions_only: Annotated[
        bool, typer.Option(help="Without consent to hear all that is said where the app was added.")
    ] = False,
    name: Annotated[str, typer.Option(help="What the app is called in Teams.", max=30)] = "Casewright",
) -> None:
    """Write the app package that is uploaded to Teams: manifest and icons, made for the app id that is configured."""
    config = configuration()
    if config.teams_app_id is None:
        raise Mistake("The package is for one bot: set CASEWRIGHT_TEAMS_APP_ID.")
    if not website.startswith("https://"):
        raise Mistake("--website should begin with https://.")
    made = teams_manifest(
        config.teams_app_id,
        [Command(name=each.name, summary=each.summary) for each in COMMANDS],
        Publisher(name=publisher, website=website, privacy=website, terms=website),
        version=version("casewright"),
        mentions_only=mentions_only,
        name=name,
    )
    try:
        output.write_bytes(package(made))
    except OSError as error:
        raise Mistake(f"{output} can't be written: {error.strerror}.") from None
    show(f"{output} is the package: upload it in Teams (Apps, Manage your apps, Upload an app).")


def _in_force(config: Config) -> Settings:
    """The starter settings where there is no database yet."""
    if config.database_file is not None and not config.database_file.exists():
        return starter()
    with reached(config) as database:
        migrations.require_current(database)
        number = database.read_now(versions.current_number)
        return database.read_now(partial(read, number=number)).settings if number else starter()
