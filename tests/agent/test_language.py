import pytest

from agent import language
from agent.document import starter
from agent.settings import Condition, Operator, UpdateRule
from store.model import Message, MessageId, Participant, Role, utcnow


def said(text: str, role: Role = Role.CUSTOMER, *, deleted: bool = False) -> Message:
    author = Participant(author_id=role, name=role, role=role)
    return Message(id=MessageId(1), external_id="1", author=author, text=text, sent_at=utcnow(), deleted=deleted)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Meine Kaffeemaschine tropft seit gestern, und ich weiß nicht warum.", "de"),
        ("Ma machine à café fuit depuis hier et je ne sais pas pourquoi.", "fr"),
        ("My coffee machine has been leaking since yesterday, and I don't know why.", "en"),
    ],
)
def test_a_sentence_tells_its_language(text: str, code: str) -> None:
    assert language.spoken([said(text)]) == code


def test_few_letters_tell_none() -> None:
    assert language.spoken([said("Hallo!")]) is None


def test_only_what_the_customer_says_and_leaves_standing_counts() -> None:
    german = "Meine Kaffeemaschine tropft seit gestern, und ich weiß nicht warum."
    assert language.spoken([said(german, Role.REPRESENTATIVE), said(german, deleted=True)]) is None


def test_it_is_wanted_only_where_a_rule_asks_for_it() -> None:
    settings = starter()
    assert not language.wanted(settings)
    condition = Condition(field="conversation.language", operator=Operator.EQUALS, value="de")
    rule = UpdateRule(name="German", when=condition, fields=("product",))
    assert language.wanted(settings.model_copy(update={"update_rules": (rule,)}))
