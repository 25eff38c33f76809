"""What `casewright doctor` asks Slack."""

from __future__ import annotations

from adapters.slack.checking import check
from adapters.slack.configuration import SlackConfiguration
from adapters.slack.surface import BOT_SCOPES
from tests.adapters.slack.fake import APP_TOKEN, BOT_TOKEN, FakeSlack


async def checked(slack: FakeSlack, *, bot_token: str = BOT_TOKEN, app_token: str = APP_TOKEN) -> tuple[str, list[str]]:
    async with slack.serving():
        configuration = SlackConfiguration(bot_token=bot_token, app_token=app_token, api_url=f"{slack.url}/api/")
        return await check(configuration, BOT_SCOPES)


async def test_tokens_that_work_are_said_to() -> None:
    assert await checked(FakeSlack(scopes=[*BOT_SCOPES])) == ("The bot token works in Hearth, as UCASEWRIGHT.", [])


async def test_a_missing_scope_is_named_with_its_use() -> None:
    _, problems = await checked(FakeSlack(scopes=[each for each in BOT_SCOPES if each != "files:read"]))
    assert problems == ["The app lacks scopes: files:read (copy the files that customers attach)."]


async def test_tokens_that_slack_refuses_are_named() -> None:
    _, problems = await checked(FakeSlack(), bot_token="xoxb-old", app_token="xapp-old")
    assert problems == [
        "The bot token does not work: Slack refused auth.test: invalid_auth.",
        "The app token does not work: Slack refused apps.connections.open: invalid_auth.",
    ]
