"""What an evaluation learns about a conversation beside its fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pytest
from sqlalchemy import update

from agent.decision import Trigger
from agent.predictor import Abstention, PredictionRequest
from bot import evaluation
from bot.evaluation import Evaluator, Question
from bot.metrics import Metrics
from bot.settings import CurrentSettings, ensure_starter
from store import conversations
from store.engine import Connection, Database
from store.model import Category, ConversationId, FieldId
from store.schema import conversations as rows
from store.schema import metadata
from tests.store.examples import conversation, say, wrote

GERMAN = "Meine Kaffeemaschine tropft seit gestern, und ich weiß nicht warum."


class Unsure:
    """Implements `agent.predictor.Predictor`."""

    name, version = "unsure", "1"

    async def predict(self, request: PredictionRequest) -> Sequence[Abstention]:
        return [Abstention(field=FieldId(each.id), reason="Nothing says so.") for each in request.fields]


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    opened.write_now(metadata.create_all)
    ensure_starter(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize(("category", "language"), [(Category.EMAIL, "de"), (Category.CHAT, None)])
async def test_the_language_is_told_where_we_write_in_it(
    database: Database, category: Category, language: str | None
) -> None:
    def begin(connection: Connection) -> ConversationId:
        found = conversation(connection)
        connection.execute(update(rows).values(category=category))
        say(connection, found, wrote(GERMAN))
        return found

    conversation_id = database.write_now(begin)
    evaluator = Evaluator(database, CurrentSettings(), Unsure(), Metrics())
    finding = await evaluator.find(Question(conversation_id=conversation_id, trigger=Trigger.MESSAGE))
    database.write_now(partial(evaluation.apply, finding=finding, key="1"))

    kept = database.read_now(partial(conversations.get, conversation_id=conversation_id))
    assert kept.language == language
