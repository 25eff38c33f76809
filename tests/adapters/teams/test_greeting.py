"""Who joins is greeted, once."""

from __future__ import annotations

from typing import Any

from store.model import Json
from tests.adapters.teams import events
from tests.adapters.teams.events import AAD, ADA, CHAT, GROUP, HELP, ROBIN
from tests.adapters.teams.fake import BOT
from tests.adapters.teams.teams import TeamsRemote
from tests.adapters.webchat import until


def joined(remote: TeamsRemote, *members: Json, conversation: str = CHAT, **more: Any) -> Json:
    return events.activity(
        remote.teams, "conversationUpdate", conversation=conversation, membersAdded=list(members), **more
    )


def person(user: str) -> Json:
    return {"id": user, "aadObjectId": AAD[user]}


async def said(remote: TeamsRemote, conversation: str, text: str = "Hello!") -> None:
    await until(lambda: text in remote.teams.texts(conversation))


async def test_whoever_installs_the_app_is_greeted_in_their_chat_and_never_again(remote: TeamsRemote) -> None:
    for _ in range(2):
        assert await remote.deliver(joined(remote, BOT, person(ADA))) == 200
    await said(remote, CHAT)
    await remote.deliver(joined(remote, BOT, conversation=GROUP))
    await said(remote, GROUP)  # by when a second greeting would have come
    assert remote.teams.texts(CHAT) == ["Hello!"]
    assert remote.inbox.received == []


async def test_who_was_greeted_is_known_again_where_teams_tells_less_of_them(remote: TeamsRemote) -> None:
    """Of who joins a team, it may leave out the directory's id."""
    await remote.deliver(joined(remote, BOT, person(ADA)))
    await said(remote, CHAT)
    await remote.deliver(joined(remote, {"id": ADA}, {"id": ROBIN}, conversation=HELP))
    await said(remote, f"a:{ROBIN}")
    assert f"a:{ADA}" not in remote.teams.thread


async def test_a_group_and_a_team_that_take_the_app_in_are_greeted_in_their_own_place(remote: TeamsRemote) -> None:
    for place in (GROUP, HELP):
        await remote.deliver(joined(remote, BOT, person(ADA), conversation=place))
        await said(remote, place)
    assert f"a:{AAD[ADA]}" not in remote.teams.thread


async def test_who_joins_a_team_later_is_greeted_alone_and_bots_are_not(remote: TeamsRemote) -> None:
    other_bot = {"id": "28:another-app"}
    await remote.deliver(joined(remote, person(ROBIN), other_bot, conversation=HELP))
    await said(remote, f"a:{AAD[ROBIN]}")
    assert HELP not in remote.teams.thread
    assert "a:28:another-app" not in remote.teams.thread


async def test_a_greeting_that_surely_did_not_get_through_is_said_later_and_one_that_may_have_is_not(
    remote: TeamsRemote,
) -> None:
    remote.teams.refusals = [(429, {"Retry-After": "1"})]
    await remote.deliver(joined(remote, BOT))
    await said(remote, CHAT)
    remote.teams.refusals = [(502, {})]
    await remote.deliver(joined(remote, BOT, conversation=GROUP))
    await until(lambda: not remote.teams.refusals)
    await remote.deliver(joined(remote, BOT, conversation=HELP))
    await said(remote, HELP)
    assert remote.teams.texts(GROUP) == []


async def test_nobody_is_greeted_where_the_settings_have_no_greeting(remote: TeamsRemote) -> None:
    remote.greeting = None
    await remote.deliver(joined(remote, BOT))
    remote.greeting = "Welcome!"
    await remote.deliver(joined(remote, BOT, conversation=GROUP))
    await said(remote, GROUP, "Welcome!")
    assert remote.teams.texts(CHAT) == []


async def test_a_join_that_is_no_join_is_refused(remote: TeamsRemote) -> None:
    assert await remote.deliver(joined(remote, {"name": "nobody"})) == 400
