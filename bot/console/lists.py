"""The workspace's two lists: conversations and cases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from aiohttp import web

from bot.access import reads
from bot.access.rights import READ_CASES, WORK_ON_CASES
from bot.access.routes import Refused, Route, Visit
from bot.console import filters, transcripts
from bot.console.rendering import Pages
from bot.console.timeline import timeline
from bot.console.transcripts import Place, Transcript
from bot.text import one_line
from bot.words import STATUS_LABELS, queue_of
from store import evaluations, overview, views, workspace
from store.engine import Connection, Database
from store.evaluations import Evaluation
from store.model import ConversationId

INBOX = "/console/inbox"
CASES = "/console/cases"
_SHOWN = 50
_LOOKS = 20  # evaluations


class Lists:
    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path=INBOX, right=READ_CASES, handler=self._inbox),
            Route(
                method="GET", path=f"{INBOX}/{{id:[0-9]{{1,18}}}}", right=READ_CASES, handler=self._talk, hidden=True
            ),
            Route(method="GET", path=CASES, right=READ_CASES, handler=self._cases),
        ]

    async def _inbox(self, visit: Visit) -> web.StreamResponse:
        query = visit.request.query
        chosen = filters.read(query)
        wanted = filters.conversations_wanted(chosen, asker(visit), query.get("after"), _SHOWN + 1)
        found = await self._database.read(partial(workspace.conversations_page, wanted=wanted))
        after = filters.place_text(found[_SHOWN - 1].place) if len(found) > _SHOWN else None
        return await self._page(visit, "inbox", chosen, after, title="Inbox", rows=found[:_SHOWN])

    async def _talk(self, visit: Visit) -> web.StreamResponse:
        """A conversation by itself: what was said, and why there is no case."""
        number = ConversationId(int(visit.request.match_info["id"]))
        found = await self._database.read(partial(_read_talk, conversation_id=number, place=Place.of(visit)))
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND)
        transcript, looks = found
        talk, _ = transcript.talks[number]
        await reads.keep(self._database, visit, talk.case_number, "console")
        return self._pages.show(
            visit,
            "conversation.html",
            title=f"Conversation {number}",
            talk=talk,
            base=f"{INBOX}/{number}",
            transcript=transcript,
            timeline=timeline(transcript.talks, {}, transcript.files),
            looks=looks,
            works=visit.may(WORK_ON_CASES),
            channels=filters.CHANNEL_LABELS,
            one_line=one_line,
        )

    async def _cases(self, visit: Visit) -> web.StreamResponse:
        query = visit.request.query
        chosen = filters.read(query)
        wanted = filters.cases_wanted(chosen, asker(visit), query.get("after"), _SHOWN + 1)
        found = await self._database.read(partial(workspace.cases_page, wanted=wanted))
        after = str(found[_SHOWN - 1].number) if len(found) > _SHOWN else None
        return await self._page(visit, "cases", chosen, after, title="Cases", rows=found[:_SHOWN])

    async def _page(
        self, visit: Visit, name: str, chosen: filters.Filter, after: str | None, **context: object
    ) -> web.Response:
        account, settings = visit.visitor.account, visit.in_force.settings
        saved = await self._database.read(partial(views.of_account, account_id=account.id, of=name)) if account else []
        return self._pages.show(
            visit,
            f"{name}.html",
            **context,  # pyright: ignore[reportArgumentType]
            saved=saved,
            chosen=chosen,
            after=after,
            views=(filters.inbox_views if name == "inbox" else filters.case_views)(settings),
            queues=filters.queue_choices(chosen.queue, settings) if settings.queues or chosen.queue else {},
            queue_of=partial(queue_of, settings=settings),
            filters=filters,
            one_line=one_line,
            labels=STATUS_LABELS,
        )


def asker(visit: Visit) -> filters.Asker:
    ids = visit.visitor.known_as | {visit.visitor.id}
    return filters.Asker(ids, visit.in_force.settings.queues_of(ids))


def _read_talk(
    connection: Connection, *, conversation_id: ConversationId, place: Place
) -> tuple[Transcript, Sequence[Evaluation]] | None:
    if not overview.has_conversation(connection, conversation_id):
        return None
    looks = evaluations.of_conversation(connection, conversation_id, limit=_LOOKS)
    return transcripts.read(connection, [conversation_id], place), looks
