"""Slack's files: copied from Slack's own hosts with the workspace's token, or left as a link."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from adapters.channel import Undeliverable
from adapters.filing import content_type, new_key
from adapters.payload import part, parts, text
from adapters.slack.api import Api, ApiRefused
from adapters.slack.workspaces import Workspaces
from store.files import File
from store.model import Json
from store.slack import CHANNEL

_HOST = re.compile(r"[a-z0-9.-]+\.(slack|slack-edge|slack-files)\.com(:443)?", re.ASCII)
_ASK = "slack-file:"  # before the id of a file, in place of its address


def files_of(account: str, message: Json) -> list[tuple[File, int]]:
    """The files of a message with their sizes."""
    told = [each for each in parts(message, "files") if text(each, "id") and each.get("mode") != "tombstone"]
    return [(_file(account, each), int(each.get("size") or 0)) for each in told]


def _file(account: str, told: Json) -> File:
    return File(
        key=new_key(),
        channel=CHANNEL,
        account=account,
        name=(text(told, "name") or text(told, "title") or "file")[:200],
        content_type=content_type(text(told, "mimetype")),
        # Of another organisation's file Slack says no more than its id.
        address=_address(told) or f"{_ASK}{text(told, 'id')}",
        link=text(told, "permalink"),
    )


def _address(told: Json) -> str:
    return text(told, "url_private_download") or text(told, "url_private")


class SlackFiles:
    """Implements `adapters.filing.Source`."""

    def __init__(self, api: Api, workspaces: Workspaces, *, api_url: str, limit: int) -> None:
        self._api = api
        self._workspaces = workspaces
        self._limit = limit
        # Slack's own hosts, and the one that stands for Slack where another was configured.
        self._own = urlsplit(api_url)[:2]

    async def content(self, file: File) -> tuple[bytes, str]:
        try:
            return await self._downloaded(file), ""
        except (ApiRefused, Undeliverable) as error:
            raise ValueError(str(error)) from error

    async def _downloaded(self, file: File) -> bytes:
        workspace = await self._workspaces.of(file.account)
        address = file.address
        if address.startswith(_ASK):
            asked = {"file": address.removeprefix(_ASK)}
            address = _address(part(await self._api.read(workspace.token, "files.info", asked), "file"))
        if not self.is_own(address):
            raise ValueError("Its address is none of Slack's.")
        content = await self._api.download(workspace.token, address, self._limit)
        if file.content_type != "text/html" and content.lstrip()[:15].lower().startswith(b"<!doctype html"):
            raise ValueError("Slack asks to sign in for it: the app lacks the scope files:read.")
        return content

    def is_own(self, address: str) -> bool:
        parts = urlsplit(address)
        if parts[:2] == self._own:
            return True
        # The host and nothing else: of a name, a password or a backslash before it, browsers make hosts of their own.
        return parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None
