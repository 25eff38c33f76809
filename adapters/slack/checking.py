"""Whether Slack takes our tokens, and whether they may do what we do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.channel import RetryLater
from adapters.slack.api import Api, ApiRefused
from adapters.slack.configuration import SlackConfiguration


async def check(configuration: SlackConfiguration, needed: Mapping[str, str]) -> tuple[str, list[str]]:
    """What works, in a sentence, and what does not; `needed` are scopes, each with its use."""
    api = Api(configuration.api_url)
    problems: list[str] = []
    found = "Slack is configured for installation by OAuth."
    async with api.opened():
        if configuration.bot_token is not None:
            try:
                answer, scopes = await api.identity(configuration.bot_token)
                found = (
                    f"The bot token works in {answer.get('team')}, as {answer.get('user') or answer.get('user_id')}."
                )
                problems += _missing(needed, scopes)
            except (ApiRefused, RetryLater) as error:
                problems.append(f"The bot token does not work: {error}")
        if configuration.app_token is not None:
            try:
                await api.write(configuration.app_token, "apps.connections.open")
            except (ApiRefused, RetryLater) as error:
                problems.append(f"The app token does not work: {error}")
    return found, problems


def _missing(needed: Mapping[str, str], scopes: frozenset[str]) -> Iterator[str]:
    if lacking := sorted(needed.keys() - scopes):
        yield f"The app lacks scopes: {', '.join(f'{each} ({needed[each]})' for each in lacking)}."
