"""The ways in: signed HTTP, Socket Mode, OAuth; and the workspaces that take us away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.channel import State, Undeliverable
from adapters.slack.api import Api
from adapters.slack.workspaces import Installations, Workspaces
from store.model import Json, utcnow
from store.schema import slack_bots, slack_installations, slack_oauth_states
from tests.adapters.contract import ChannelContract, Remote, answer_to
from tests.adapters.slack import events
from tests.adapters.slack.fake import BOT_ID, BOT_USER
from tests.adapters.slack.slack import ADA, HELP, ROBIN, SlackRemote, slack_remote
from tests.adapters.webchat import until


class SocketRemote(SlackRemote):
    async def deliver(self, payload: Any) -> int:
        """Taken or not: an envelope that isn't acknowledged comes again."""
        try:
            await self.slack.push(payload, patience=3.0)
        except TimeoutError:
            self.slack.unacknowledged.clear()
            return 500
        return 200


class TestSocketMode(ChannelContract):
    @pytest.fixture
    async def remote(self, sqlite_url: str) -> AsyncIterator[SlackRemote]:
        async with slack_remote(sqlite_url, remote=SocketRemote, socket=True) as remote:
            yield remote

    async def test_a_bad_signature_is_401_and_stores_nothing(self, remote: Remote) -> None:
        """Nobody but Slack is at the other end of the socket: there is no way in by HTTP."""
        assert remote.forged()
        assert isinstance(remote, SlackRemote)
        assert (await remote.slack.deliver(remote.url, remote.message("My kettle leaks"))).status == 404

    async def test_malformed_input_is_the_senders_error_and_stores_nothing(self, remote: Remote) -> None:
        assert isinstance(remote, SlackRemote)
        for payload in remote.malformed()[-2:]:
            with pytest.raises(TimeoutError):
                await remote.slack.push(payload, patience=1.0)
        assert remote.inbox.received == []

    async def test_what_a_lost_socket_left_unacknowledged_comes_again_and_counts_once(
        self, remote: SlackRemote
    ) -> None:
        remote.inbox.gate.clear()
        pushed = asyncio.create_task(remote.slack.push(remote.message("My kettle leaks")))
        await remote.inbox.called.wait()
        remote.slack.drop_sockets()
        remote.inbox.gate.set()
        await pushed
        assert [each.text for each in remote.inbox.received] == ["My kettle leaks"]


async def test_slacks_question_whether_it_is_us_is_answered(remote: SlackRemote) -> None:
    answer = await remote.slack.deliver(remote.url, {"type": "url_verification", "challenge": "xyz"})
    assert (answer.status, answer.json) == (200, {"challenge": "xyz"})


@pytest.mark.parametrize("name", ["X-Slack-Request-Timestamp", "X-Slack-Signature"])
@pytest.mark.parametrize("value", ["soon", "", "²", "1e3", "9" * 400])
async def test_a_signature_that_is_none_is_refused_and_no_error_of_ours(
    remote: SlackRemote, name: str, value: str
) -> None:
    answer = await remote.slack.deliver(remote.url, remote.message("My kettle leaks"), headers={name: value})
    assert answer.status == 401
    assert remote.inbox.received == []


async def test_a_body_without_a_bottom_is_refused(remote: SlackRemote) -> None:
    answer = await remote.slack.deliver(remote.url, {}, body='{"event":' + "[" * 100_000)
    assert answer.status == 400


async def test_what_no_database_keeps_is_left_out_and_the_rest_is_stored(database_url: str) -> None:
    async with slack_remote(database_url) as remote:
        remote.slack.person("UODD", "Na\0me\ud83d", email="odd@example.org")
        odd = events.said(remote.slack, "My\0 kettle\ud83d leaks", user="UODD", channel=HELP, size=float("nan"))
        assert await remote.deliver(odd) == 200
        (stored,) = remote.inbox.received
        assert (stored.author.name, stored.text) == ("Name", "My kettle leaks")


async def test_an_outage_of_the_database_asks_slack_to_come_again(remote: SlackRemote) -> None:
    from store.engine import DatabaseUnavailable  # noqa: PLC0415

    remote.inbox.failure = DatabaseUnavailable("gone")
    assert await remote.deliver(remote.message("My kettle leaks")) == 503


async def test_a_workspace_that_is_not_ours_is_refused(remote: SlackRemote) -> None:
    message = events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP)
    strange = events.envelope(message["event"], team="T9")
    assert (await remote.slack.deliver(remote.url, strange)).status != 500
    assert remote.inbox.received == []


async def test_a_token_that_slack_refuses_is_said_in_words(sqlite_url: str) -> None:
    async with slack_remote(sqlite_url, bot_token="xoxb-of-another-day", expected=State.DEGRADED) as remote:
        assert "refuses the bot token: invalid_auth" in remote.native.health.sentence


# --- many workspaces ----------------------------------------------------------------------------------


@pytest.fixture
async def installable(sqlite_url: str) -> AsyncIterator[SlackRemote]:
    async with slack_remote(sqlite_url, oauth=True) as remote:
        yield remote


async def install(
    remote: SlackRemote, team: str, token: str, *, enterprise: str | None = None, whole: bool = False
) -> None:
    """`whole`: on the whole of an Enterprise Grid. Slack may name a workspace then, too (python-slack-sdk #1639)."""
    remote.slack.codes["a-code"] = {
        "app_id": "A1",
        "access_token": token,
        "token_type": "bot",
        "scope": "chat:write",
        "bot_user_id": BOT_USER,
        "team": {"id": team, "name": team},
        "enterprise": {"id": enterprise, "name": enterprise} if enterprise else None,
        "authed_user": {"id": ADA},
        "is_enterprise_install": whole,
    }
    async with ClientSession() as session:
        base = remote.url.removesuffix("/slack/events")
        async with session.get(f"{base}/slack/install", allow_redirects=False) as answer:
            cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
            consent = answer.headers["Location"]
        async with session.get(consent, allow_redirects=False) as answer:
            way_back = answer.headers["Location"].partition("?")[2]
        async with session.get(f"{base}/slack/oauth_redirect?{way_back}", headers=cookie) as answer:
            assert answer.status == 200, await answer.text()


async def test_each_workspace_is_served_with_its_own_token(installable: SlackRemote) -> None:
    await install(installable, "T1", "xoxb-one")
    await install(installable, "T2", "xoxb-two")
    message = events.said(installable.slack, "My kettle leaks", user=ADA, channel=HELP)
    assert await installable.deliver(message) == 200
    assert await installable.deliver(events.envelope(message["event"], team="T2")) == 200
    assert [each.account for each in installable.inbox.received] == ["T1", "T2"]
    await installable.native.send(answer_to(installable.inbox.received[1], "Which model?", key="1"))
    assert installable.slack.calls[-1].token == "xoxb-two"


async def test_the_way_back_without_its_state_installs_nothing(installable: SlackRemote) -> None:
    async with ClientSession() as session:
        base = installable.url.removesuffix("/slack/events")
        async with session.get(f"{base}/slack/oauth_redirect?code=a-code&state=guessed") as answer:
            assert answer.status == 400
    assert installable.slack.of("oauth.v2.access") == []


@pytest.mark.parametrize("kind", ["app_uninstalled", "tokens_revoked"])
async def test_a_workspace_that_takes_us_away_is_forgotten(installable: SlackRemote, kind: str) -> None:
    await install(installable, "T1", "xoxb-one")
    message = events.said(installable.slack, "My kettle leaks", user=ADA, channel=HELP)
    await installable.deliver(message)
    await installable.deliver(events.envelope({"type": kind, "tokens": {"bot": [BOT_ID]}}))
    with pytest.raises(Undeliverable):
        await installable.native.send(answer_to(installable.inbox.received[0], "Which model?", key="1"))


async def test_a_workspace_that_takes_us_away_may_say_so_twice(installable: SlackRemote) -> None:
    await install(installable, "T1", "xoxb-one")
    for kind in ("tokens_revoked", "app_uninstalled"):
        gone = events.envelope({"type": kind, "tokens": {"bot": [BOT_ID]}})
        assert await installable.deliver(gone) == 200


async def test_a_late_word_of_an_uninstallation_takes_no_new_installation_away(installable: SlackRemote) -> None:
    gone = {**events.envelope({"type": "app_uninstalled"}), "event_time": int(utcnow().timestamp()) - 60}
    await install(installable, "T1", "xoxb-again")
    assert await installable.deliver(gone) == 200
    assert await installable.deliver(installable.message("My kettle leaks")) == 200
    assert len(installable.inbox.received) == 1


# --- Enterprise Grid ----------------------------------------------------------------------------------


@asynccontextmanager
async def restarted(remote: SlackRemote) -> AsyncGenerator[SlackRemote]:
    """Another process on the same database: it remembers nothing."""
    async with SlackRemote(remote.database, remote.slack, oauth=True).serving() as again:
        yield again


def in_grid(remote: SlackRemote, *, team: str = "T1") -> Json:
    said = events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP)
    return events.envelope(said["event"], team=team, enterprise="E1")


@pytest.mark.parametrize("whole", [True, False])
async def test_a_post_into_an_enterprise_grid_finds_its_token_after_a_restart(
    installable: SlackRemote, *, whole: bool
) -> None:
    await install(installable, "T1", "xoxb-grid", enterprise="E1", whole=whole)
    assert await installable.deliver(in_grid(installable)) == 200
    async with restarted(installable) as again:
        await again.native.send(answer_to(installable.inbox.received[0], "Which model?", key="1"))
    assert installable.slack.calls[-1].token == "xoxb-grid"


async def test_a_file_from_an_enterprise_grid_finds_its_token_after_a_restart(installable: SlackRemote) -> None:
    await install(installable, "T1", "xoxb-grid", enterprise="E1", whole=True)
    for team in ("T1", "T2"):
        await installable.deliver(in_grid(installable, team=team))
        workspaces = Workspaces(installable.database, Api(""), None, Installations(installable.database, "a-client"))
        assert (await workspaces.of(team)).token == "xoxb-grid"


async def test_a_grid_that_takes_us_away_is_forgotten(installable: SlackRemote) -> None:
    await install(installable, "T1", "xoxb-grid", enterprise="E1", whole=True)
    await installable.deliver(in_grid(installable))
    await installable.deliver(events.envelope({"type": "app_uninstalled"}, enterprise="E1"))
    with pytest.raises(Undeliverable):
        await installable.native.send(answer_to(installable.inbox.received[0], "Which model?", key="1"))


async def test_a_workspace_that_was_installed_before_it_joined_a_grid_is_still_served(installable: SlackRemote) -> None:
    await install(installable, "T1", "xoxb-one")
    assert await installable.deliver(in_grid(installable)) == 200
    assert len(installable.inbox.received) == 1


async def test_one_token_may_be_that_of_a_whole_grid(sqlite_url: str) -> None:
    async with slack_remote(sqlite_url, grid="E1") as remote:
        assert await remote.deliver(in_grid(remote, team="T2")) == 200
        await remote.native.send(answer_to(remote.inbox.received[0], "Which model?", key="1"))
        assert remote.slack.thread(HELP, None)[-1] == "Which model?"


async def test_a_form_counts_in_the_workspace_where_it_was_opened(installable: SlackRemote) -> None:
    """Slack may name another one of the same person's, in which the app is as well (bolt-python #1229)."""
    await install(installable, "T1", "xoxb-one", enterprise="E1")
    await install(installable, "T2", "xoxb-two", enterprise="E1")
    there = in_grid(installable, team="T2")
    await installable.deliver(there)
    shortcut = events.shortcut(installable.slack, "create_case", there, user=ROBIN)
    await installable.deliver({**shortcut, "team": {"id": "T2"}, "enterprise": {"id": "E1"}})
    await until(lambda: bool(installable.slack.of("views.update")))
    (view,) = installable.slack.views.values()
    sent = events.filled({**view, "app_installed_team_id": "T1"}, {}, user=ROBIN)
    assert await installable.deliver({**sent, "team": {"id": "T2"}, "enterprise": {"id": "E1"}}) == 200
    assert [each.account for each in installable.inbox.received] == ["T2", "T2"]


async def test_groups_are_asked_for_in_the_workspace_where_somebody_wrote(sqlite_url: str) -> None:
    async with slack_remote(sqlite_url, grid="E1") as remote:
        await remote.deliver(in_grid(remote, team="T2"))
        assert [each["team_id"] for each in remote.slack.of("usergroups.list")] == ["T2"]


def test_the_tables_are_those_that_the_sdk_reads_and_writes() -> None:
    from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore as Store  # noqa: PLC0415
    from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore as States  # noqa: PLC0415
    from sqlalchemy import MetaData  # noqa: PLC0415

    build: Any = partial(Store.build_installations_table, MetaData())
    for made, ours in (
        (build("i"), slack_installations),
        (Store.build_bots_table(MetaData(), "b"), slack_bots),
        (States.build_oauth_states_table(MetaData(), "s"), slack_oauth_states),
    ):
        assert [(c.name, c.nullable) for c in made.columns] == [(c.name, c.nullable) for c in ours.columns]
