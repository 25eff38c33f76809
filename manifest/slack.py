"""The Slack app's manifest (docs.slack.dev, "App manifest reference"): least scopes, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.slack.surface import BOT_EVENTS, BOT_SCOPES, EVENTS, FIRST_WORDS, REDIRECT, SHORTCUTS
from agent.settings import SlackSettings
from store.model import Json

_ACCENT = "#1f5fbf"
_USAGE, _DESCRIPTION = 1000, 2000  # characters that Slack takes
# What only some settings have a use for.
_OF_REACTIONS = {"reactions:read", "reaction_added"}
_OF_GROUPS = {"usergroups:read", "subteam_created", "subteam_members_changed", "subteam_updated"}


@dataclass(frozen=True, kw_only=True, slots=True)
class SlashCommand:
    name: str
    usage: str
    summary: str


def manifest(
    settings: SlackSettings,
    commands: Sequence[SlashCommand],
    *,
    public_url: str | None,
    socket: bool,
    several: bool = False,
    name: str = "Casewright",
) -> Json:
    """`public_url` is where Slack reaches us, needless with `socket`; `several` workspaces install by OAuth.

    Raises ValueError where there is no way in.
    """
    if not socket and public_url is None:
        raise ValueError("Slack has to reach us: give the public address, or use Socket Mode.")
    events = f"{public_url}{EVENTS}"
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": name,
            "description": "Turns conversations into cases, and tells the thread what became of them.",
            "background_color": _ACCENT,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "assistant_view": {
                "assistant_description": "Tell me what is wrong, and I open a case for the support team.",
                "suggested_prompts": [{"title": title, "message": message} for title, message in FIRST_WORDS],
            },
            "shortcuts": [
                {"name": title, "type": "message", "callback_id": callback, "description": description}
                for callback, (title, description) in SHORTCUTS.items()
            ],
            "slash_commands": [_slash(each, None if socket else events) for each in commands],
        },
        "oauth_config": {
            **({"redirect_urls": [f"{public_url}{REDIRECT}"]} if several and public_url else {}),
            "scopes": {"bot": sorted(needed(settings, BOT_SCOPES))},
        },
        "settings": {
            "event_subscriptions": {
                **({} if socket else {"request_url": events}),
                "bot_events": sorted(needed(settings, BOT_EVENTS)),
            },
            "interactivity": {
                "is_enabled": True,
                **({} if socket else {"request_url": events, "message_menu_options_url": events}),
            },
            "org_deploy_enabled": several,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def reasons(settings: SlackSettings) -> dict[str, str]:
    """Each scope and event with its reason."""
    return needed(settings, BOT_SCOPES) | needed(settings, BOT_EVENTS)


def needed(settings: SlackSettings, offered: Mapping[str, str]) -> dict[str, str]:
    """What the settings have a use for, each with its reason."""
    useless = set[str]()
    if settings.reaction is None:
        useless |= _OF_REACTIONS
    if not any(each.startswith("S") for each in settings.representatives):
        useless |= _OF_GROUPS
    return {name: reason for name, reason in offered.items() if name not in useless}


def _slash(command: SlashCommand, url: str | None) -> Json:
    slash: Json = {
        "command": f"/{command.name}",
        "description": command.summary[:_DESCRIPTION],
        "usage_hint": command.usage[:_USAGE],
        "should_escape": False,
    }
    return {**slash, "url": url} if url else slash
