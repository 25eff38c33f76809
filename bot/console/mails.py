"""Mails as they came: those that wait for a decision, what became of the others, and one to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.mail.configuration import Limits, Mailbox
from bot.access.rights import SEE_OPERATIONS
from bot.access.routes import Refused, Route, Visit
from bot.console.operations import PATH as OPERATIONS
from bot.console.operations import number_of
from bot.console.rendering import Pages, form_of, seen
from bot.text import one_line, tidy
from store import mail, operations, work
from store.engine import Connection, Database
from store.mail import KeptMail, MailEntry, MailState
from store.model import Actor, ActorKind

if TYPE_CHECKING:
    from bot.mail_review import Decider

PATH = f"{OPERATIONS}/mails"
_ONE = f"{PATH}/{{id:[0-9]{{1,18}}}}"
_SHOWN = 50
_TEXT = 20_000  # characters of a mail that a page shows
STATES = {
    "review": "In review",
    "created": "Opened a case",
    "joined": "Joined",
    "ignored": "Ignored",
    "dismissed": "Dismissed",
    "waiting": "Waiting",
    "all": "All",
}


class Mails:
    def __init__(
        self, database: Database, pages: Pages, mailboxes: Mapping[str, Mailbox], work: Callable[[], None]
    ) -> None:
        self._database = database
        self._pages = pages
        self._mailboxes = mailboxes
        self._work = work

    def routes(self) -> list[Route]:
        right = SEE_OPERATIONS
        return [
            Route(method="GET", path=PATH, right=right, handler=self._list),
            Route(method="GET", path=_ONE, right=right, handler=self._show),
            Route(method="GET", path=f"{_ONE}/raw", right=right, handler=self._raw),
            Route(method="POST", path=f"{_ONE}/decide", right=right, handler=self._decide),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        chosen = visit.request.query.get("state", "review")
        if chosen not in STATES:
            raise Refused(HTTPStatus.BAD_REQUEST, f"“state” in the address should be one of {', '.join(STATES)}.")
        state = None if chosen == "all" else MailState(chosen)
        before = number_of(visit.request.query.get("after"))
        look = partial(mail.page, state=state, before=before, limit=_SHOWN + 1)
        found = await self._database.read(look)
        return self._pages.show(
            visit,
            "mails.html",
            title="Mails",
            rows=found[:_SHOWN],
            after=found[_SHOWN - 1].id if len(found) > _SHOWN else None,
            chosen=chosen,
            states=STATES,
            one_line=one_line,
            state=await self._database.read(operations.state),
        )

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(self, visit: Visit, *, wrong: str = "") -> web.Response:
        entry, kept = await self._found(visit)
        mailbox = self._mailboxes.get(kept.account)
        limits = mailbox.limits if mailbox else Limits()
        from adapters.mail.explaining import explained  # noqa: PLC0415 -- reading mail takes libraries, and these time

        told = await asyncio.to_thread(explained, kept.raw, mailbox, limits=limits) if kept.raw else None
        return self._pages.show(
            visit,
            "mail.html",
            title=one_line(kept.subject, 100) or f"Mail {entry.id}",
            status=HTTPStatus.CONFLICT if wrong else HTTPStatus.OK,
            entry=entry,
            told=told,
            text=tidy(told["text"])[:_TEXT] if told else "",
            names_one=kept.conversation_key is not None,
            wrong=wrong,
            states={**STATES, "failed": "Failed"},
            one_line=one_line,
        )

    async def _raw(self, visit: Visit) -> web.StreamResponse:
        entry, kept = await self._found(visit)
        return web.Response(
            body=kept.raw,
            content_type="message/rfc822",
            headers={"Content-Disposition": f'attachment; filename="mail-{entry.id}.eml"'},
        )

    async def _decide(self, visit: Visit) -> web.StreamResponse:
        from bot.mail_review import Undecidable  # noqa: PLC0415 -- as above

        entry, kept = await self._found(visit)
        chosen = (await form_of(visit)).get("what", "")
        try:
            await self._database.write(self._decision(visit, entry, kept, chosen))
        except Undecidable as error:
            return await self._page(visit, wrong=str(error))
        self._work()
        return seen(PATH, chosen)

    def _decision(self, visit: Visit, entry: MailEntry, kept: KeptMail, chosen: str) -> Callable[[Connection], object]:
        """Raises Undecidable and Refused."""
        from bot import mail_review  # noqa: PLC0415 -- as above

        match chosen:
            case "accept" | "join":
                decider = self._decider(visit, kept)
                return partial(mail_review.accept, mail_id=entry.id, decider=decider, join=chosen == "join")
            case "split":
                return partial(mail_review.split, mail_id=entry.id, decider=self._decider(visit, kept))
            case "dismiss":
                return partial(mail_review.dismiss, mail_id=entry.id)
            case "retry":
                return partial(_retry, kept=kept)
            case _:
                raise Refused(HTTPStatus.BAD_REQUEST, "“what” should be accept, join, split, dismiss or retry.")

    def _decider(self, visit: Visit, kept: KeptMail) -> Decider:
        """Raises Undecidable."""
        from bot.mail_review import Decider, Undecidable  # noqa: PLC0415 -- as above

        mailbox = self._mailboxes.get(kept.account)
        if mailbox is None:
            raise Undecidable(f"The mailbox {kept.account} is not set up here any more, so nobody could be answered.")
        who = Actor(kind=ActorKind.PERSON, id=visit.visitor.id, name=visit.visitor.name)
        return Decider(actor=who, mailbox=mailbox)

    async def _found(self, visit: Visit) -> tuple[MailEntry, KeptMail]:
        found = await self._database.read(partial(mail.get, mail_id=int(visit.request.match_info["id"])))
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND)
        return found


def _retry(connection: Connection, *, kept: KeptMail) -> None:
    """Raises Undecidable."""
    from bot.mail_review import Undecidable  # noqa: PLC0415 -- as above

    event = operations.dead_event_of(connection, kept.account, kept.digest)
    if event is None or not work.revive(connection, event):
        raise Undecidable("Nothing of this mail was given up: there is nothing to try again.")
