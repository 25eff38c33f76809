"""Teams' files: copied while they are to be had, or left as a link.

What is pasted into a message lies with the connector, and is had with our token. A file that is sent in a chat lies in
its sender's OneDrive, and Teams gives an address with it that opens without a token, for some minutes
(learn.microsoft.com, "Send and receive files through a bot"). Of files in groups and channels bots are told nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import aiohttp

from adapters.filing import content_type, downloaded, new_key
from adapters.payload import part, parts, text
from adapters.teams.configuration import CHANNEL, TeamsConfiguration
from adapters.teams.http import Http
from adapters.teams.tokens import Tokens
from adapters.teams.words import without_controls
from store.files import File
from store.model import Json

FILE = "application/vnd.microsoft.teams.file.download.info"
_NAME, _URL = 200, 8000  # characters
_PATIENCE = aiohttp.ClientTimeout(total=50)  # seconds


def files_of(tenant: str, activity: Json) -> list[File]:
    return list(_files(tenant, parts(activity, "attachments")))


def _files(tenant: str, attachments: Iterable[Json]) -> Iterable[File]:
    for each in attachments:
        kind, url = text(each, "contentType"), text(each, "contentUrl")
        if not (kind == FILE or kind.startswith("image/")) or not url or len(url) > _URL:
            continue
        yield File(
            key=new_key(),
            channel=CHANNEL,
            account=tenant,
            name=without_controls(text(each, "name"))[:_NAME] or "image",
            content_type=content_type("" if kind == FILE else kind),
            address=text(part(each, "content"), "downloadUrl")[:_URL] or url,
            link=url if kind == FILE else "",
        )


class TeamsFiles:
    """Implements `adapters.filing.Source`."""

    def __init__(self, configuration: TeamsConfiguration, http: Http, tokens: Tokens) -> None:
        self._configuration = configuration
        self._http = http
        self._tokens = tokens

    async def content(self, file: File) -> tuple[bytes, str]:
        return await downloaded(
            self._http.session,
            file.address,
            await self._headers(file.address),
            service="Teams",
            limit=self._configuration.attachment_limit,
            timeout=_PATIENCE,
        )

    async def _headers(self, address: str) -> dict[str, str]:
        """The token goes to the connector alone. Raises ValueError for an address that is none of Teams'."""
        if self._configuration.trusts(address):
            return await self._tokens.header()
        if self._configuration.keeps_files(address):
            return {}
        raise ValueError("Its address is none of Teams'.")

    def is_own(self, address: str) -> bool:
        return self._configuration.keeps_files(address)
