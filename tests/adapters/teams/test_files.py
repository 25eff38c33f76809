"""Files and pictures that come along with what is written in Teams."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession

from adapters.teams.configuration import CLOUDS, Cloud, TeamsConfiguration
from adapters.teams.filing import FILE
from store import files
from store.model import Json
from tests.adapters.teams import events
from tests.adapters.teams.teams import TeamsRemote, teams_remote
from tests.adapters.webchat import until
from tests.authority import Authority

PNG = b"\x89PNG!"


async def arrived(remote: TeamsRemote, attachment: Json) -> str:
    """The path of the file, once it was looked after."""
    assert await remote.deliver(events.said(remote.teams, "Look", attachments=[attachment])) == 200
    (kept,) = remote.inbox.received[-1].attachments
    key = kept.url.rpartition("/")[2]
    await until(lambda: remote.inbox.database.read_now(partial(files.state_of, key=key)) != "waiting")
    return kept.url


async def served(remote: TeamsRemote, path: str) -> tuple[int, bytes, str]:
    async with ClientSession() as session, session.get(f"{remote.url}{path}", allow_redirects=False) as answer:
        return answer.status, await answer.read(), answer.content_type


def pasted(remote: TeamsRemote) -> Json:
    return {"contentType": "image/*", "contentUrl": f"{remote.teams.url}/v3/attachments/picture/views/original"}


def sent(remote: TeamsRemote, link: str = "https://contoso.sharepoint.com/kettle.pdf") -> Json:
    """A file of OneDrive: the link is for people, the other address opens by itself."""
    download = f"https://{remote.teams.file_host}/onedrive/kettle.pdf"
    content = {"downloadUrl": download, "uniqueId": "1150D938", "fileType": "pdf"}
    return {"contentType": FILE, "contentUrl": link, "name": "kettle.pdf", "content": content}


async def test_a_pasted_picture_is_copied_with_our_token(remote: TeamsRemote) -> None:
    remote.teams.files["picture"] = (PNG, "image/png")
    assert await served(remote, await arrived(remote, pasted(remote))) == (200, PNG, "image/png")


async def test_a_sent_file_is_copied_without_our_token(remote: TeamsRemote) -> None:
    remote.teams.files["kettle.pdf"] = (b"%PDF", "application/pdf")
    assert await served(remote, await arrived(remote, sent(remote))) == (200, b"%PDF", "application/pdf")


async def test_a_file_that_is_not_to_be_had_any_more_stays_a_link(remote: TeamsRemote) -> None:
    link = f"https://{remote.teams.file_host}/documents/kettle.pdf"
    assert (await served(remote, await arrived(remote, sent(remote, link))))[0] == 302


async def test_a_file_that_is_too_big_is_not_copied(sqlite_url: str, authority: Authority, tmp_path: Path) -> None:
    async with teams_remote(sqlite_url, authority, tmp_path / "tls", attachment_limit=4) as remote:
        remote.teams.files["picture"] = (PNG, "image/png")
        assert (await served(remote, await arrived(remote, pasted(remote))))[0] == 404


async def test_a_key_is_not_to_be_guessed(remote: TeamsRemote) -> None:
    assert (await served(remote, "/teams/files/guessed"))[0] == 404


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/f", "http://contoso.sharepoint.com/f", "https://sharepoint.com.evil.example/f",
     "https://evilsharepoint.com/f", "https://evil.example\\@contoso.sharepoint.com/f", "file:///etc/passwd",
     "https://me@contoso.sharepoint.com/f", "https://127.0.0.1/f", "https://[::1]/f", "https://["],
)  # fmt: skip
async def test_nothing_is_fetched_and_nobody_is_sent_elsewhere(remote: TeamsRemote, address: str) -> None:
    hostile = {"contentType": FILE, "contentUrl": address, "name": "f", "content": {"downloadUrl": address}}
    assert (await served(remote, await arrived(remote, hostile)))[0] == 404
    assert not TeamsConfiguration(addresses=CLOUDS[Cloud.PUBLIC]).keeps_files(address)


def test_files_lie_in_the_sharepoint_of_the_cloud() -> None:
    public, dod = (TeamsConfiguration(addresses=CLOUDS[cloud]) for cloud in (Cloud.PUBLIC, Cloud.DOD))
    for host, theirs in (("contoso-my.sharepoint.com", public), ("contoso.sharepoint-mil.us", dod)):
        assert theirs.keeps_files(f"https://{host}/personal/f?tempauth=x")
    assert not dod.keeps_files("https://contoso-my.sharepoint.com/f")
