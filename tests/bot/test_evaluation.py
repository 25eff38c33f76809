"""What an evaluation learns about a conversation beside its fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pytest
from sqlalchemy import update

from agent.decision import Trigger
from agent.llm.asking import provider
from agent.llm.breaker import Breaker
from agent.llm.reader import Llm
from agent.predictor import Abstention, PredictionRequest
from bot import evaluation
from bot.evaluation import Evaluator, Question
from bot.metrics import Metrics
from bot.settings import CurrentSettings, ensure_starter
from store import conversations
from store.engine import Connection, Database
from store.model import Category, ConversationId, FieldId
from store.schema import conversations as rows
from tests.agent.llm.fake import fake_provider, reading
from tests.flow.desk import change_settings
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


async def test_what_a_model_found_stays_in_view_however_long_the_conversation_grows(database: Database) -> None:
    """Also where no rule asks for the field yet: the model is not sent the message again."""
    serial = "The sticker reads EH24-123456."

    def talk(connection: Connection) -> ConversationId:
        found = conversation(connection)
        for text in (*(f"It leaks, {number}." for number in range(conversations.OPENING)), serial):
            say(connection, found, wrote(text))
        return found

    def talk_on(connection: Connection) -> None:
        for number in range(60):
            say(connection, conversation_id, wrote(f"{number}: it leaks on."))

    conversation_id = database.write_now(talk)
    change_settings(database, lambda document: document["prediction"].update(predictor="llm"))
    question = Question(conversation_id=conversation_id, trigger=Trigger.MESSAGE)
    async with fake_provider(reading(serial_number=("EH24-123456", "EH24-123456"))) as fake:
        llm = Llm(provider(fake.configuration), Breaker())
        evaluator = Evaluator(database, CurrentSettings(), Unsure(), Metrics(), llm)
        first = await evaluator.find(question)
        database.write_now(partial(evaluation.apply, finding=first, key="1"))
        database.write_now(talk_on)
        second = await evaluator.find(question)

    assert "serial_number" not in first.decision.fields
    assert serial in [message.text for message in second.snapshot.transcript]
    assert fake.asked[1].data["known"] == {"serial_number": "EH24-123456"}
