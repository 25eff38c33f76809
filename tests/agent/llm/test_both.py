"""The embedded predictor first, and the model for what it leaves open or sees otherwise."""

from collections.abc import Sequence

from agent.predictor import Abstention, Prediction
from store.model import FieldId, Value
from tests.agent.examples import Script, said
from tests.agent.llm.fake import FakeProvider, reading
from tests.agent.llm.talking import BY_BOTH, Talk, talk, value, values

LEAKS = "My Aria 3000 leaks, it is urgent."


def both(fake: FakeProvider, **script: tuple[str, Value]) -> Talk:
    conversation = talk(fake, BY_BOTH)
    conversation.embedded = Script(script, name="embedded")
    return conversation


async def test_what_the_embedded_predictor_fills_costs_nothing(fake: FakeProvider) -> None:
    conversation = both(fake, product=("Aria 3000", "Aria 3000"), issue_description=("leaks", "leaks"))
    answers = await conversation.evaluate(said(LEAKS), "product", "issue_description")
    assert values(answers) == {"product": "Aria 3000", "issue_description": "leaks"}
    assert fake.asked == []
    assert conversation.said_by == "embedded 1"


async def test_the_model_fills_what_stays_open(fake: FakeProvider) -> None:
    conversation = both(fake, product=("Aria 3000", "Aria 3000"))
    fake.model = reading(priority=("it is urgent", "High"))
    answers = await conversation.evaluate(said(LEAKS), "product", "priority")
    assert values(answers) == {"product": "Aria 3000", "priority": "High"}
    assert conversation.said_by == "embedded 1 and llm 1 compatible:fake"


async def test_a_field_that_the_case_has_already_is_not_open(fake: FakeProvider) -> None:
    conversation = both(fake)
    await conversation.evaluate(said(LEAKS), "priority", current={"priority": "High"})
    assert fake.asked == []


async def test_what_the_embedded_predictor_is_unsure_of_is_open(fake: FakeProvider) -> None:
    conversation = both(fake)
    conversation.embedded = Script({"priority": ("urgent", "Low")}, confidence={"priority": 0.2}, name="embedded")
    fake.model = reading(priority=("it is urgent", "High"))
    assert value((await conversation.evaluate(said(LEAKS), "priority"))["priority"]) == "High"


async def test_where_the_two_disagree_the_model_is_asked_and_has_the_word(fake: FakeProvider) -> None:
    conversation = both(fake, product=("Aria 3000", "Aria 3000"))
    fake.model = reading(product=("Aria 3000", "Aria 3000"), priority=("it is urgent", "High"))
    await conversation.evaluate(said(LEAKS), "product", "priority")

    conversation.embedded = Script({"product": ("Aria 2000", "Aria 2000")}, name="embedded")
    fake.model = reading()
    lines = said(LEAKS, "My sister has an Aria 2000 and loves it.")
    answers = await conversation.evaluate(lines, "product", current={"priority": "High"})
    assert len(fake.asked) == 2
    assert value(answers["product"]) == "Aria 3000"


async def test_where_the_model_finds_nothing_the_embedded_answer_stays(fake: FakeProvider) -> None:
    conversation = both(fake, product=("Aria 3000", "Aria 3000"))
    answers = await conversation.evaluate(said(LEAKS), "product", "priority")
    assert value(answers["product"]) == "Aria 3000"
    assert value(answers["priority"]) is None


async def test_the_channels_word_for_who_wrote_is_not_overruled(fake: FakeProvider) -> None:
    conversation = both(fake)
    conversation.embedded = Vouching()
    fake.model = reading(contact=("bob@example.org", "bob@example.org"), priority=("urgent", "High"))
    answers = await conversation.evaluate(said("It is urgent, ask bob@example.org."), "contact", "priority")
    assert value(answers["contact"]) == "jo@example.org"


async def test_without_the_model_the_embedded_answers_stand(fake: FakeProvider) -> None:
    fake.status = 500
    conversation = both(fake, product=("Aria 3000", "Aria 3000"))
    answers = await conversation.evaluate(said(LEAKS), "product", "priority")
    assert values(answers) == {"product": "Aria 3000"}
    assert conversation.said_by.startswith("embedded 1, in place of compatible:fake")


class Vouching:
    """Knows who wrote, and nothing else. Implements `agent.predictor.Predictor`."""

    name, version = "embedded", "1"

    async def predict(self, request: object) -> Sequence[Prediction | Abstention]:
        del request
        return [
            Prediction(field=FieldId("contact"), value="jo@example.org", confidence=0.99, evidence=()),
            Abstention(field=FieldId("priority"), reason="Nothing says so."),
        ]
