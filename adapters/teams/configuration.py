"""What the environment says of Teams, and the addresses of Microsoft's clouds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

CHANNEL = "teams"
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)


class Cloud(StrEnum):
    PUBLIC = "public"
    GCC = "gcc"
    GCC_HIGH = "gcch"
    DOD = "dod"
    CHINA = "21vianet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where a cloud signs us in, how its tokens to us are checked, and where it may want our answers sent."""

    login_url: str
    scope: str
    issuer: str
    metadata_url: str
    service_hosts: frozenset[str]
    file_hosts: frozenset[str]  # where people's files lie; ".x" is every name below x


_GOVERNMENT = {
    "login_url": "https://login.microsoftonline.us",
    "scope": "https://api.botframework.us/.default",
    "issuer": "https://api.botframework.us",
    "metadata_url": "https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
}
_COMMERCIAL = {
    "login_url": "https://login.microsoftonline.com",
    "scope": "https://api.botframework.com/.default",
    "issuer": "https://api.botframework.com",
    "metadata_url": "https://login.botframework.com/v1/.well-known/openidconfiguration",
}
_CHINA = {
    "login_url": "https://login.partner.microsoftonline.cn",
    "scope": "https://api.botframework.azure.cn/.default",
    "issuer": "https://api.botframework.azure.cn",
    "metadata_url": "https://login.botframework.azure.cn/v1/.well-known/openidconfiguration",
}
# learn.microsoft.com, "Configure a bot in Microsoft Azure operated by 21Vianet", "Plan for government clouds", and
# "Authenticate with the Bot Connector API".
CLOUDS: Mapping[Cloud, Addresses] = MappingProxyType(
    {
        Cloud.PUBLIC: Addresses(
            **_COMMERCIAL,
            service_hosts=frozenset({"smba.trafficmanager.net"}),
            file_hosts=frozenset({".sharepoint.com"}),
        ),
        Cloud.GCC: Addresses(
            **_COMMERCIAL,
            service_hosts=frozenset({"smba.infra.gcc.teams.microsoft.com"}),
            file_hosts=frozenset({".sharepoint.com"}),
        ),
        Cloud.GCC_HIGH: Addresses(
            **_GOVERNMENT,
            service_hosts=frozenset({"smba.infra.gov.teams.microsoft.us"}),
            file_hosts=frozenset({".sharepoint.us"}),
        ),
        Cloud.DOD: Addresses(
            **_GOVERNMENT,
            service_hosts=frozenset({"smba.infra.dod.teams.microsoft.us"}),
            file_hosts=frozenset({".sharepoint-mil.us"}),
        ),
        # Microsoft names no host of its connector there: the operator does.
        Cloud.CHINA: Addresses(**_CHINA, service_hosts=frozenset(), file_hosts=frozenset({".sharepoint.cn"})),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamsConfiguration:
    """One app registration: with a secret or a certificate, of one tenant or of several.

    `playground`: without any, for Microsoft's Agents Playground on this machine.
    """

    app_id: str = ""
    secret: str | None = None
    certificate: str | None = None  # PEM: the private key and the certificate
    tenant_id: str | None = None  # of a single-tenant registration
    tenants: frozenset[str] = frozenset()  # whose people may write to us; "*": anybody's; empty: those of `tenant_id`
    addresses: Addresses = CLOUDS[Cloud.PUBLIC]
    ca_file: Path | None = None
    playground: bool = False
    attachment_limit: int = 10 * 2**20  # bytes

    def allows(self, tenant: str) -> bool:
        return self.playground or "*" in self.tenants or self.believes(tenant)

    def believes(self, tenant: str) -> bool:
        """Whether a tenant was named to us, so that we take its directory's word for its people's addresses."""
        return self.playground or tenant in (self.tenants or {self.tenant_id})

    def trusts(self, service_url: str) -> bool:
        """Whether our bearer token may go there."""
        try:
            parts = urlsplit(service_url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if self.playground:
            return parts.scheme in {"http", "https"} and is_loopback(host)
        named = host if port is None else f"{host}:{port}"
        return parts.scheme == "https" and not parts.username and named in self.addresses.service_hosts

    def keeps_files(self, address: str) -> bool:
        """The host and nothing else: of a name, a password or a backslash before it, browsers make another."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        place = parts.netloc.lower()
        named = any(
            place == host or (host.startswith(".") and place.endswith(host)) for host in self.addresses.file_hosts
        )
        return parts.scheme == "https" and named and _HOST.fullmatch(place) is not None


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
