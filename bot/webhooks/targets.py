"""Where webhooks may go. An administrator's address is no reason to reach what only this machine's network can."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

LONGEST = 2000  # characters of an address
_PLAIN = re.compile(r"[!-\[\]-~]+")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_ELSEWHERE = ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96", "192.0.0.0/24")
_NOT_PUBLIC = tuple(map(ip_network, _ELSEWHERE))
"""IPv6 addresses in which others stand, for only a router knows what they lead to, and those of protocols: a cloud's
metadata is among them. Not every version of Python counts these as private."""


class ForbiddenTarget(OSError):
    """The address leads to where webhooks don't go. An OSError: aiohttp passes these through."""


def complaint(url: str, *, private: bool) -> str | None:
    """What is wrong with an endpoint's address, as far as it can be told without asking for the name."""
    if len(url) > LONGEST or _PLAIN.fullmatch(url) is None:
        return f"should be at most {LONGEST} characters of ASCII, with no blanks and no backslash"
    try:
        parts = URL(url)  # as the client will take it
        host, port = parts.host, parts.port
    except ValueError:
        return "should be a web address, e.g. https://example.org/casewright"
    if parts.scheme not in ({"https", "http"} if private else {"https"}) or not port or not _HOST.fullmatch(host or ""):
        return "should begin with https:// and name a host by letters, digits, dots and hyphens"
    if parts.user is not None or parts.password is not None or parts.fragment:
        return "should hold no user name, no password and no fragment"
    if not private and not is_public(host or ""):
        return "should be an address in the public internet"
    return None


def is_public(host: str) -> bool:
    """True for a name: what it stands for is looked at when it is reached."""
    if ":" not in host and not host.replace(".", "").isdigit():
        return True
    try:
        return _is_public(ip_address(host))
    except ValueError:  # 127.1 is an address to the system alone, and the client asks no resolver of ours for it
        return False


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not any(address in each for each in _NOT_PUBLIC)


class PublicAlone(AbstractResolver):
    """Resolves names as usual and refuses what is not public: the very addresses that are then connected to."""

    def __init__(self) -> None:
        self._usual = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises ForbiddenTarget."""
        found = await self._usual.resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise ForbiddenTarget(f"{host} stands for an address that is not public.")
        return found

    async def close(self) -> None:
        await self._usual.close()
