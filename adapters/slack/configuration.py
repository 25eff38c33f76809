"""What the environment says of Slack, and what of the administrator's settings this channel asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

API_URL = "https://slack.com/api/"


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackConfiguration:
    """Secrets and addresses. HTTP events need the signing secret, Socket Mode the app token.

    One workspace is served by its bot token; any number by OAuth, with the client's id and secret.
    """

    signing_secret: str | None = None
    app_token: str | None = None  # "xapp-…"
    bot_token: str | None = None  # "xoxb-…"
    client_id: str | None = None
    client_secret: str | None = None
    public_url: str | None = None  # for OAuth's way back and for links to files
    api_url: str = API_URL
    attachment_limit: int = 10 * 2**20  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """The administrator's settings of this channel, as they are in force now."""

    watched: frozenset[str]  # channel ids; "*" is every one
    grouping_seconds: float
    session_hours: float
    reaction: str | None
    triage: str | None

    def watches(self, channel: str) -> bool:
        return channel != self.triage and bool({channel, "*"} & self.watched)


InForce = Callable[[], Awaitable[Watching]]
