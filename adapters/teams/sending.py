"""Our posts in Teams: into the chat or thread, edited in place, or into somebody's personal chat with us."""

from __future__ import annotations

from html import escape

import structlog

from adapters.channel import RetryLater, Undeliverable
from adapters.pacing import Pacing
from adapters.payload import part, required, text
from adapters.teams import cards
from adapters.teams.connector import Connector
from store.model import Json, Outbound

log = structlog.get_logger()

_LONGEST = (20_000, 8_000, 4_000, 1_900)  # characters of a text, less where they take more room than usual


class Sending:
    def __init__(self, connector: Connector, pacing: Pacing) -> None:
        self._connector = connector
        self._pacing = pacing
        self._chats: dict[tuple[str, str], str] = {}  # with somebody, by tenant and their id

    async def send(self, outbound: Outbound) -> str:
        """Returns the activity's id. Raises RetryLater and Undeliverable."""
        address = outbound.reply_address
        try:
            service_url, place = required(address, "service_url"), required(address, "conversation_id")
        except ValueError as error:
            raise Undeliverable(f"The conversation keeps no way back into Teams: {error}") from error
        activity = _activity(outbound)
        if outbound.audience is not None and outbound.audience != address.get("person"):
            place = await self._chat(address, service_url, outbound.audience)
        async with self._pacing.turn(place, outbound.key):
            if outbound.edit is not None and await self._edited(service_url, place, outbound.edit, activity):
                return outbound.edit
            return await self._connector.post(service_url, place, activity) or outbound.key

    async def _edited(self, service_url: str, place: str, activity_id: str, activity: Json) -> bool:
        """False where it is gone: somebody deleted the card, and it is posted anew."""
        try:
            await self._connector.edit(service_url, place, activity_id, activity)
        except Undeliverable as error:
            log.info("teams_card_gone", why=str(error))
            return False
        return True

    async def _chat(self, address: Json, service_url: str, user_id: str) -> str:
        """Nobody else in a channel is to see it: Teams shows one person something only in their own chat."""
        known = (text(address, "tenant"), user_id)
        if known not in self._chats:
            chat = await self._connector.chat_with(service_url, known[0], part(address, "bot"), user_id)
            if not chat:
                raise RetryLater("Teams opened no chat.", nothing_posted=True)
            self._chats[known] = chat
        return self._chats[known]


def _activity(outbound: Outbound) -> Json:
    """Text as markup with nothing but line breaks: no Markdown is found in what people wrote, and no line is lost."""
    if outbound.card is not None:
        shown = cards.case_card(outbound.card, representative=False)
        return {"type": "message", "summary": cards.fallback(outbound.card), "attachments": [cards.attachment(shown)]}
    return cards.fitting(_text(outbound.text, most) for most in _LONGEST)


def _text(said: str, most: int) -> Json:
    shown = said if len(said) <= most else f"{said[: most - 1]}…"
    return {"type": "message", "text": escape(shown, quote=False).replace("\n", "<br>"), "textFormat": "xml"}
