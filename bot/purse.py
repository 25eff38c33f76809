"""What may be spent on a model: the settings' limits, against what the store says was spent."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from agent.settings import Settings
from store import spending, sql
from store.engine import Connection, Database
from store.model import ConversationId
from store.spending import Limit, OverBudget

_REFUSALS = {
    Limit.DAY: "the budget of {:,} tokens for today is used up",
    Limit.CONVERSATION: "the budget of {:,} tokens for this conversation is used up",
}


class ConversationPurse:
    """Implements `agent.llm.reader.Purse`."""

    def __init__(self, database: Database, conversation_id: ConversationId, settings: Settings) -> None:
        self._database = database
        self._conversation_id = conversation_id
        self._zone = ZoneInfo(settings.timezone)
        self._limits = settings.prediction
        self._day = ""  # on which was reserved

    async def reserve(self, tokens: int) -> str | None:
        try:
            self._day = await self._database.write(partial(self._reserve, tokens=tokens))
        except OverBudget as over:
            per_day = over.limit is Limit.DAY
            most = self._limits.tokens_per_day if per_day else self._limits.tokens_per_conversation
            return _REFUSALS[over.limit].format(most)
        return None

    async def settle(self, reserved: int, spent: int) -> None:
        await self._database.write(
            partial(
                spending.settle,
                conversation_id=self._conversation_id,
                day=self._day,
                difference=spent - reserved,
            )
        )

    def _reserve(self, connection: Connection, tokens: int) -> str:
        day = sql.now(connection).astimezone(self._zone).date().isoformat()
        spending.reserve(
            connection,
            self._conversation_id,
            day,
            tokens,
            per_day=self._limits.tokens_per_day,
            per_conversation=self._limits.tokens_per_conversation,
        )
        return day
