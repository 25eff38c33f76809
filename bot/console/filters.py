"""What a list of the workspace shows, as its address says it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from agent.settings import MINE, NONE, Channels, Settings
from bot.access.routes import Refused
from bot.words import STATUS_LABELS, queue_of
from store.model import CaseNumber, CaseStatus
from store.workspace import Assigned, CasesWanted, ConversationsWanted, Place, Queues

CHANNEL_LABELS = {"teams": "Teams", "slack": "Slack", "email": "Mail", "webchat": "Web chat", "voice": "Voice"}
ASSIGNEES = {"": "Any", "me": "Me", "nobody": "Nobody"}
STATUSES = {"": "Any", "open": "Open", **{each.value: label for each, label in STATUS_LABELS.items()}}
CHANNELS = {"": "Any", **{each: CHANNEL_LABELS.get(each, each) for each in Channels.model_fields}}
WAITING = {"": "Any", "yes": "With open suggestions"}
LINKED = {"": "Any", "none": "Without a case", "some": "With a case"}
_OPEN = tuple(each for each in CaseStatus if each.is_open)
_LONGEST = 200  # characters of a search
QUEUE_ID = re.compile("[a-z][a-z0-9_]{0,63}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class View:
    """A filter with a name, which is a link."""

    label: str
    query: str


CASE_VIEWS = (
    View("Open", "status=open"),
    View("Mine", "status=open&assignee=me"),
    View("Nobody’s", "status=open&assignee=nobody"),
    View("To decide", "status=open&waiting=yes"),
    View("Resolved", "status=resolved"),
    View("All", ""),
)
INBOX_VIEWS = (
    View("All", ""),
    View("Mine", "status=open&assignee=me"),
    View("Nobody’s", "status=open&assignee=nobody"),
    View("Without a case", "case=none"),
)


_MY_QUEUES = View("My queues, unassigned", "status=open&assignee=nobody&queue=mine")


def case_views(settings: Settings) -> tuple[View, ...]:
    return (*CASE_VIEWS, _MY_QUEUES) if settings.queues else CASE_VIEWS


def inbox_views(settings: Settings) -> tuple[View, ...]:
    return (*INBOX_VIEWS, _MY_QUEUES) if settings.queues else INBOX_VIEWS


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose “me” and “mine” are."""

    ids: frozenset[str]  # by which a case may name its owner: who they are at the console, and on the channels
    queues: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Each as in the address, "" where it says nothing."""

    status: str = ""
    assignee: str = ""
    queue: str = ""
    channel: str = ""
    waiting: str = ""
    case: str = ""
    text: str = ""

    @property
    def query(self) -> str:
        """As an address has it: a view's, if it is the same."""
        said = {
            "status": self.status,
            "assignee": self.assignee,
            "queue": self.queue,
            "waiting": self.waiting,
            "case": self.case,
            "channel": self.channel,
            "q": self.text,
        }
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def statuses(self) -> tuple[CaseStatus, ...]:
        return _OPEN if self.status == "open" else (CaseStatus(self.status),) if self.status else ()

    def assigned(self, me: frozenset[str]) -> Assigned | None:
        return {"me": Assigned(to=me), "nobody": Assigned()}.get(self.assignee)

    def queues(self, mine: tuple[str, ...]) -> Queues:
        if not self.queue or self.queue == NONE:
            return "none" if self.queue else None
        return mine if self.queue == MINE else (self.queue,)


def read(query: Mapping[str, str]) -> Filter:
    """Raises Refused, which names what is wrong and what would be right."""
    return Filter(
        status=_one_of("status", query, STATUSES),
        assignee=_one_of("assignee", query, ASSIGNEES),
        queue=_queue(query),
        channel=_one_of("channel", query, CHANNELS),
        waiting=_one_of("waiting", query, WAITING),
        case=_one_of("case", query, LINKED),
        text=" ".join(query.get("q", "").split())[:_LONGEST],
    )


def cases_wanted(chosen: Filter, asker: Asker, after: str | None, limit: int) -> CasesWanted:
    """Raises Refused."""
    return CasesWanted(
        statuses=chosen.statuses,
        assigned=chosen.assigned(asker.ids),
        queues=chosen.queues(asker.queues),
        undecided=chosen.waiting == "yes",
        channel=chosen.channel or None,
        text=chosen.text,
        before=None if after is None else CaseNumber(_number(after)),
        limit=limit,
    )


def conversations_wanted(chosen: Filter, asker: Asker, after: str | None, limit: int) -> ConversationsWanted:
    """Raises Refused."""
    return ConversationsWanted(
        with_case={"none": False, "some": True}.get(chosen.case),
        statuses=chosen.statuses,
        assigned=chosen.assigned(asker.ids),
        queues=chosen.queues(asker.queues),
        channel=chosen.channel or None,
        text=chosen.text,
        before=None if after is None else _place(after),
        limit=limit,
    )


def place_text(place: Place) -> str:
    return f"{(place.at - _EPOCH) // timedelta(microseconds=1)}-{place.id}"


def _place(text: str) -> Place:
    at, _, id_ = text.partition("-")
    try:
        return Place(_EPOCH + timedelta(microseconds=_number(at)), _number(id_))
    except OverflowError:
        raise _wrong("after", "what the link to the next page says") from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST)) or int(text) > _LARGEST:
        raise _wrong("after", "what the link to the next page says")
    return int(text)


def queue_choices(chosen: str, settings: Settings) -> dict[str, str]:
    """Of a queue that was removed, cases may be left."""
    names = {each.id: each.name for each in settings.queues}
    if chosen in {"", MINE, NONE}:
        return {"": "Any", MINE: "Mine", NONE: "None", **names}
    return {"": "Any", MINE: "Mine", NONE: "None", **names, chosen: queue_of(chosen, settings)}


def _queue(query: Mapping[str, str]) -> str:
    """Any id will do: one that is no longer in the settings may still be in a view, and on cases."""
    given = query.get("queue", "")
    if given and QUEUE_ID.fullmatch(given) is None:
        raise _wrong("queue", f"{MINE}, {NONE} or the id of a queue")
    return given


def _one_of(name: str, query: Mapping[str, str], known: Mapping[str, str]) -> str:
    given = query.get(name, "")
    if given not in known:
        raise _wrong(name, "one of " + ", ".join(each for each in known if each))
    return given


def _wrong(name: str, right: str) -> Refused:
    detail = f"“{name}” in the address should be {right}."
    return Refused(HTTPStatus.BAD_REQUEST, detail, errors={name: f"should be {right}"})
