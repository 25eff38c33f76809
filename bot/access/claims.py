"""Who somebody is and what they may, by the claims of a provider's checked ID token. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from store.model import AccountRole


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenIdConfiguration:
    """`administrators` and `representatives`: groups, verified e-mail addresses, or @domains of such."""

    issuer: str
    client_id: str
    client_secret: str | None
    groups_claim: str
    administrators: tuple[str, ...]
    representatives: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    issuer: str
    subject: str
    name: str
    email: str | None  # only what the provider has verified
    role: AccountRole | None  # None: nobody of ours

    @property
    def login(self) -> str:
        """A verified address, or the subject: what people choose themselves would let them be somebody else."""
        return self.email or self.subject


def person(claims: Mapping[str, Any], configuration: OpenIdConfiguration) -> Person:
    subject = str(claims["sub"])
    email = str(claims.get("email") or "") if claims.get("email_verified") in (True, "true") else ""
    groups = _texts(claims.get(configuration.groups_claim))
    return Person(
        issuer=configuration.issuer,
        subject=subject,
        name=str(claims.get("name") or claims.get("preferred_username") or email or subject),
        email=email or None,
        role=_role(set(groups), email, configuration),
    )


def _role(groups: set[str], email: str, configuration: OpenIdConfiguration) -> AccountRole | None:
    if _named(configuration.administrators, groups, email):
        return AccountRole.ADMINISTRATOR
    return AccountRole.REPRESENTATIVE if _named(configuration.representatives, groups, email) else None


def _named(listed: Iterable[str], groups: set[str], email: str) -> bool:
    address = email.casefold()
    domain = address[address.rfind("@") :] if "@" in address else None
    return any(each in groups or each.casefold() in {address, domain} for each in listed)


def _texts(claim: object) -> Iterator[str]:
    """A claim of groups is a list, or one text."""
    if isinstance(claim, str):
        yield claim
    elif isinstance(claim, list):
        yield from (each for each in cast("list[object]", claim) if isinstance(each, str))
