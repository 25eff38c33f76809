"""*Try it*: what the settings in force, or a draft of them, would make of a conversation. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web

from agent.fields import BadValue, parse
from agent.predictor import Sender
from agent.settings import CaseField, FieldType, PredictorChoice, Settings
from bot import words
from bot.access import reads
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Refused, Route, Visit
from bot.console.filters import CHANNEL_LABELS
from bot.console.rendering import Pages, form_of
from bot.console.reviewing import Draft, draft_of, latest
from bot.console.timeline import timeline
from bot.simulation import past, trying
from bot.simulation.labelled import Labelled
from bot.simulation.trying import NotSaid, Tried
from bot.text import one_line
from store import conversations, overview
from store.engine import Connection, Database
from store.model import CaseNumber, ConversationId, utcnow

PATH = "/console/agent/try"
_LISTED = 20  # conversations to choose from
_EXAMPLE = (
    "customer: My toaster leaks sparks and does not heat any more.\ncustomer: You can reach me at ann@example.org."
)
_ADDRESS = CaseField(id="address", label="Verified address", type=FieldType.EMAIL)
_FATES = {
    "created": "A case would be opened",
    "joined": "It would join a case that is there",
    "proposed": "A case would be proposed to the representatives",
    "watched": "A case would be opened, if the agent did not only watch",
    "not_created": "No case",
    "off": "No case: switched off",
}


class Trial:
    """One at a time for each visitor: a try keeps a thread busy for seconds."""

    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages
        self._running: set[str] = set()

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path=PATH, right=MANAGE_SETTINGS, handler=self._look),
            Route(method="POST", path=PATH, right=MANAGE_SETTINGS, handler=self._try),
        ]

    async def _look(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit, {"text": _EXAMPLE}, None)

    async def _try(self, visit: Visit) -> web.StreamResponse:
        form = await form_of(visit)
        draft = await asyncio.to_thread(draft_of, form) if "wanted" in form else None
        if form.get("do") != "try":
            return await self._page(visit, {"text": _EXAMPLE}, draft)
        settings = await self._settings(draft)
        try:
            conversation = await self._conversation(visit, form, settings)
            outcome = _outcome(await self._tried(visit, conversation), conversation)
            return await self._page(visit, form, draft, **outcome)
        except (NotSaid, BadValue) as error:
            return await self._page(visit, form, draft, wrong=str(error))

    async def _settings(self, draft: Draft | None) -> Settings:
        if draft is None:
            return (await self._database.read(latest)).settings
        try:
            return await asyncio.to_thread(Settings.model_validate, draft.document)
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, "This draft is not right yet: go back and review it.") from None

    async def _conversation(self, visit: Visit, form: Mapping[str, str], settings: Settings) -> Labelled:
        """Raises NotSaid and BadValue."""
        if number := form.get("conversation"):
            return await self._of_the_store(visit, number, settings)
        channel, address = form.get("channel", ""), form.get("address", "").strip()
        if channel not in trying.CATEGORIES:
            raise NotSaid("Choose a channel.")
        email = str(parse(_ADDRESS, address, settings, utcnow())) if address else None
        messages = trying.said(form.get("text", ""), utcnow())
        return trying.as_labelled(messages, channel, Sender(verified_email=email), settings)

    async def _of_the_store(self, visit: Visit, number: str, settings: Settings) -> Labelled:
        wanted = ConversationId(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None  # noqa: PLR2004
        found = await self._database.read(partial(_stored, conversation_id=wanted, settings=settings))
        if found is None:
            raise NotSaid("There is no such conversation, or nobody wrote anything in it.")
        conversation, case_number = found
        await reads.keep(self._database, visit, case_number, "console")
        return replace(conversation, transcript=conversation.transcript[: trying.MOST_MESSAGES])

    async def _tried(self, visit: Visit, conversation: Labelled) -> Tried:
        if visit.visitor.id in self._running:
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "Your last try is still running: wait for what comes of it.")
        self._running.add(visit.visitor.id)
        try:
            return await asyncio.to_thread(trying.try_out, conversation)
        finally:
            self._running.discard(visit.visitor.id)

    async def _page(
        self,
        visit: Visit,
        form: Mapping[str, str],
        draft: Draft | None,
        *,
        wrong: str = "",
        **outcome: Any,
    ) -> web.Response:
        listed = await self._database.read(partial(overview.conversations_listed, without_case=False, limit=_LISTED))
        return self._pages.show(
            visit,
            "trial.html",
            title="Try it",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            form=form,
            draft=draft,
            wanted=await asyncio.to_thread(lambda: draft.text) if draft else "",
            listed=listed,
            channels=CHANNEL_LABELS,
            wrong=wrong,
            limits=trying,
            one_line=one_line,
            **{"tried": None, "asks_a_model": False, **outcome},
        )


def _stored(
    connection: Connection, conversation_id: ConversationId | None, settings: Settings
) -> tuple[Labelled, CaseNumber | None] | None:
    if conversation_id is None or not overview.has_conversation(connection, conversation_id):
        return None
    found = past.labelled(connection, conversation_id, settings)
    number = conversations.get(connection, conversation_id).case_number
    return (found, number) if found.transcript else None


def _outcome(tried: Tried, conversation: Labelled) -> dict[str, Any]:
    cited = {each.field.id: each.evidence for each in tried.fields}
    talk = tried.conversation
    return {
        "tried": tried,
        "asks_a_model": conversation.settings.prediction.predictor is not PredictorChoice.EMBEDDED,
        "fate": _FATES[tried.course.fate],
        "queues": conversation.settings.queues,
        "queue_of": partial(words.queue_of, settings=conversation.settings),
        "timeline": timeline({talk.id: (talk, conversation.transcript)}, cited, {}),
        "shown": {each.field.id: words.shown(each.field, each.value, conversation.settings) for each in tried.fields},
    }
