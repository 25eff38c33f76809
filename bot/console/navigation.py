"""What the console has: an entry shows where its page exists and the visitor may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.access.rights import Right
from bot.access.routes import Visit


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    entries: tuple[Entry, ...]


NAVIGATION = (
    Group("Workspace", (Entry("Inbox", "/console/inbox"), Entry("Cases", "/console/cases"))),
    Group(
        "Case settings",
        (
            Entry("Case Management Agent", "/console/agent"),
            Entry("Agent experience profiles", "/console/profiles"),
        ),
    ),
    Group("Running", (Entry("Operations", "/console/operations"), Entry("People’s data", "/console/people"))),
    Group(
        "Access",
        (
            Entry("Accounts", "/console/accounts"),
            Entry("API keys", "/console/keys"),
            Entry("Webhooks", "/console/webhooks"),
        ),
    ),
)


def shown(visit: Visit, rights: Mapping[str, Right]) -> list[Group]:
    """`rights`: of every page that exists, by its path."""
    paths = {path for path, right in rights.items() if visit.may(right)}
    groups = (Group(group.label, tuple(each for each in group.entries if each.path in paths)) for group in NAVIGATION)
    return [group for group in groups if group.entries]
