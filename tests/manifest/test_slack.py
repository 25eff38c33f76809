"""The Slack app's manifest asks for exactly what the code uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.slack.surface import BOT_EVENTS, BOT_SCOPES, SHORTCUTS
from agent.settings import SlackSettings
from bot.commands import COMMANDS
from manifest.slack import SlashCommand, manifest, reasons
from store.model import Json
from tests.conftest import ROOT

# Which scope of a bot token each method wants, after the page of each method at docs.slack.dev.
SCOPES_OF_METHODS: dict[str, set[str]] = {
    "auth.test": set(),
    "assistant.threads.setSuggestedPrompts": {"assistant:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.open": {"im:write"},
    "conversations.replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "usergroups.list": {"usergroups:read"},
    "users.info": {"users:read", "users:read.email"},
    "files.info": {"files:read"},
    "views.open": set(),
    "views.publish": set(),
    "views.update": set(),
}
# Which scope each event wants, after the page of each event.
SCOPES_OF_EVENTS: dict[str, set[str]] = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set(),
    "assistant_thread_started": {"assistant:write"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "reaction_added": {"reactions:read"},
    "subteam_created": {"usergroups:read"},
    "subteam_members_changed": {"usergroups:read"},
    "subteam_updated": {"usergroups:read"},
    "tokens_revoked": set(),
    "user_change": {"users:read"},
}
OTHERWISE = {"commands"}  # slash commands and shortcuts
OF_THE_APP_TOKEN = {"apps.connections.open"}  # which is asked for by hand, with connections:write
FULL = SlackSettings(representatives=("U1", "SSUPPORT"))


def code() -> Iterator[ast.AST]:
    for file in sorted(Path(ROOT, "adapters", "slack").glob("*.py")):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def made(settings: SlackSettings = FULL, *, socket: bool = False, several: bool = False) -> Json:
    commands = [SlashCommand(name=each.name, usage=each.usage, summary=each.summary) for each in COMMANDS]
    return manifest(settings, commands, public_url="https://cases.example.org", socket=socket, several=several)


def test_the_scopes_are_those_of_the_methods_that_the_code_calls_and_of_the_events_it_hears() -> None:
    texts = {node.value for node in code() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    called = {each for each in SCOPES_OF_METHODS if each in texts}
    assert called == SCOPES_OF_METHODS.keys()
    wanted = set[str]().union(*SCOPES_OF_METHODS.values(), *SCOPES_OF_EVENTS.values(), OTHERWISE)
    assert set(made()["oauth_config"]["scopes"]["bot"]) == BOT_SCOPES.keys() == wanted


def test_every_method_that_the_code_calls_is_known_here() -> None:
    """A new call shows here, and has to say which scope it wants."""
    calls = [node for node in code() if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    asked = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in {"read", "write"}]
    named = {
        arg.value
        for call in asked
        for arg in call.args[1:2]
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    }
    assert named <= SCOPES_OF_METHODS.keys() | OF_THE_APP_TOKEN


def test_the_events_are_those_that_the_code_tells_apart() -> None:
    cases = [node for node in code() if isinstance(node, ast.match_case)]
    told_apart = {
        node.value
        for case in cases
        for node in ast.walk(case.pattern)
        if isinstance(node, ast.Constant) and node.value in {name.partition(".")[0] for name in SCOPES_OF_EVENTS}
    }
    assert {name.partition(".")[0] for name in BOT_EVENTS} == told_apart
    assert set(made()["settings"]["event_subscriptions"]["bot_events"]) == SCOPES_OF_EVENTS.keys()


def test_what_the_settings_have_no_use_for_is_not_asked_for() -> None:
    lean = made(SlackSettings(reaction=None, representatives=("U1",)))
    assert {"reactions:read", "usergroups:read"}.isdisjoint(lean["oauth_config"]["scopes"]["bot"])
    events = lean["settings"]["event_subscriptions"]["bot_events"]
    assert not [each for each in events if each.startswith(("reaction", "subteam"))]


def test_socket_mode_needs_no_address() -> None:
    told = manifest(FULL, [], public_url=None, socket=True)
    assert told["settings"]["socket_mode_enabled"]
    assert "http" not in str(told)
    with pytest.raises(ValueError, match="public address"):
        manifest(FULL, [], public_url=None, socket=False)


def test_every_way_in_leads_to_one_address() -> None:
    told = made(several=True)
    urls = {each["url"] for each in told["features"]["slash_commands"]}
    urls |= {value for name, value in told["settings"]["interactivity"].items() if name.endswith("url")}
    assert urls | {told["settings"]["event_subscriptions"]["request_url"]} == {"https://cases.example.org/slack/events"}
    assert told["oauth_config"]["redirect_urls"] == ["https://cases.example.org/slack/oauth_redirect"]


def test_slacks_limits_are_kept() -> None:
    told = made()
    assert len(told["features"]["shortcuts"]) == len(SHORTCUTS) <= 5
    assert all(len(each["name"]) <= 24 for each in told["features"]["shortcuts"])
    assert len(told["features"]["slash_commands"]) <= 50
    assert len(told["display_information"]["description"]) <= 140
    assert all(reasons(FULL).values())
