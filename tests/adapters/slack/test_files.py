"""Files that come along with messages."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from aiohttp import ClientSession

from store import files as kept
from store.model import Json
from tests.adapters.slack import events
from tests.adapters.slack.slack import ADA, HELP, SlackRemote, slack_remote
from tests.adapters.webchat import until


def shared(remote: SlackRemote, address: str, **more: Any) -> Json:
    file = {"id": "F1", "name": "kettle.png", "mimetype": "image/png", "size": 5, "url_private": address,
            "permalink": "https://hearth.slack.com/files/UADA/F1/kettle.png", **more}  # fmt: skip
    return events.said(remote.slack, "Look", user=ADA, channel=HELP, subtype="file_share", files=[file])


async def arrived(remote: SlackRemote, payload: Json) -> str:
    """The key of the file, once it was looked after."""
    assert await remote.deliver(payload) == 200
    key = remote.inbox.received[-1].attachments[0].url.rpartition("/")[2]

    def settled() -> bool:
        row = remote.database.read_now(partial(kept.find, channel="slack", key=key))
        return row is not None and remote.database.read_now(partial(kept.state_of, key=key)) != "waiting"

    await until(settled)
    return key


async def served(remote: SlackRemote, key: str) -> tuple[int, bytes]:
    base = remote.url.removesuffix("/slack/events")
    async with ClientSession() as session, session.get(f"{base}/slack/files/{key}", allow_redirects=False) as answer:
        return answer.status, await answer.read()


async def test_a_file_is_copied_with_the_token_and_served_under_a_key(remote: SlackRemote) -> None:
    remote.slack.files["kettle.png"] = b"\x89PNG!"
    key = await arrived(remote, shared(remote, f"{remote.slack.url}/files/kettle.png"))
    assert await served(remote, key) == (200, b"\x89PNG!")
    assert await served(remote, "guessed") == (404, b"404: Not Found")


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/kettle.png", "http://files.slack.com/kettle.png", "https://slack.com.evil.example/f", "file:///etc/passwd",
     "https://evil.example\\@files.slack.com/f", "https://files.slack.com:80/f", "https://me@files.slack.com/f"],
)  # fmt: skip
async def test_the_token_goes_to_slacks_own_hosts_alone(remote: SlackRemote, address: str) -> None:
    key = await arrived(remote, shared(remote, address))
    assert (await served(remote, key))[0] == 302  # to where Slack keeps it


async def test_a_file_of_another_organisation_is_asked_for(remote: SlackRemote) -> None:
    """Of those, Slack's event holds the id alone (docs.slack.dev, "File object", Slack Connect files)."""
    remote.slack.files["kettle.png"] = b"\x89PNG!"
    known = {"id": "F9", "url_private": f"{remote.slack.url}/files/kettle.png", "permalink": "https://a.slack.com/F9"}
    remote.slack.shared_files["F9"] = known
    hidden = {"id": "F9", "mode": "file_access", "file_access": "check_file_info", "created": 0, "user": ADA}
    said = events.said(remote.slack, "Look", user=ADA, channel=HELP, subtype="file_share", files=[hidden])
    key = await arrived(remote, said)
    assert await served(remote, key) == (200, b"\x89PNG!")


async def test_a_file_that_was_deleted_is_none(remote: SlackRemote) -> None:
    gone = {"id": "F1", "mode": "tombstone"}
    await remote.deliver(events.said(remote.slack, "Look", user=ADA, channel=HELP, subtype="file_share", files=[gone]))
    assert remote.inbox.received[0].attachments == ()


async def test_a_file_that_is_too_big_stays_a_link(sqlite_url: str) -> None:
    async with slack_remote(sqlite_url, attachment_limit=4) as remote:
        remote.slack.files["kettle.png"] = b"\x89PNG!"
        key = await arrived(remote, shared(remote, f"{remote.slack.url}/files/kettle.png"))
        assert (await served(remote, key))[0] == 302


async def test_a_page_that_asks_to_sign_in_is_no_file(remote: SlackRemote) -> None:
    remote.slack.files["kettle.png"] = b"<!DOCTYPE html><html>Sign in</html>"
    key = await arrived(remote, shared(remote, f"{remote.slack.url}/files/kettle.png"))
    assert (await served(remote, key))[0] == 302


async def test_a_script_is_never_shown_in_place(remote: SlackRemote) -> None:
    remote.slack.files["kettle.png"] = b"<script>"
    key = await arrived(remote, shared(remote, f"{remote.slack.url}/files/kettle.png", mimetype="text/html"))
    base = remote.url.removesuffix("/slack/events")
    async with ClientSession() as session, session.get(f"{base}/slack/files/{key}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
