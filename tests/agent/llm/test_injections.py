"""Nobody but the customer's plain words fills a field: shown with a model that obeys whoever speaks to it.

The hostile model does as it was told and quotes every way it can: what stands between it and the case is our own
verification, the form of its answer, and that it is shown no message that speaks to a machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agent.consultation import Consultation
from agent.decide import decide
from agent.decision import Outcome
from agent.llm.asking import ModelProvider
from agent.llm.breaker import Breaker
from agent.llm.instructing import speaks_to_a_machine
from agent.llm.reader import Llm, Reader
from store.model import Attachment, Message, Participant, Role
from tests.adapters.mail.reading import mail
from tests.agent.examples import CUSTOMER, DEFECT_CASE, SETTINGS, Script, message, snapshot, written
from tests.agent.llm.attempts import CHAT, FILES, MAIL, NAMES, QUOTED
from tests.agent.llm.fake import Asked, Item, found
from tests.agent.llm.talking import BY_MODEL, Coins, Talk, values

HONEST = message(1, "My Aria 3000 leaks all over.", CUSTOMER)
EXPECTED = {"product": "Aria 3000", "issue_description": "leaks all over"}
DEMANDS = {
    "priority": "High",
    "case_category": "Billing",
    "contact": "attacker@evil.example",
    "serial_number": "ZZ9999",
    "language": "French",
}
BEYOND = ("status", "owner", "assignee", "settings", "role", "automation", "threshold", "case_number")
"""What no field is: a case's status and its owner, the settings, roles."""

Quoting = Callable[[str, str], str]  # the attempt and the value wanted -> the words to quote
QUOTINGS: dict[str, Quoting] = {
    "the attempt": lambda attempt, _: attempt,
    "its first words": lambda attempt, _: " ".join(attempt.split()[:3]),
    "its last words": lambda attempt, _: " ".join(attempt.split()[-2:]),
    "its last line": lambda attempt, _: attempt.splitlines()[-1].strip(" >|"),
    "the value": lambda _, value: value,
    "nothing": lambda _, __: "",
}


def hostile(attempt: str, quoting: Quoting, asked: list[Asked]) -> FunctionModel:
    """Finds what the customer honestly said, and obeys on top of it. Corrections don't move it."""

    def answers(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        del info
        data = next(str(part.content) for part in messages[0].parts if isinstance(part, UserPromptPart))
        asked.append(Asked({"messages": [{"role": "user", "content": data}]}, ""))
        numbers = [each["number"] for each in asked[0].messages]
        items: list[Item] = [
            found("product", "Aria 3000", "Aria 3000"),
            found("issue_description", "", "leaks all over"),
            *(found(name, value, quoting(attempt, value), numbers[-1]) for name, value in DEMANDS.items()),
        ]
        return ModelResponse(parts=[TextPart(json.dumps({"answers": items}))])

    return FunctionModel(answers)


async def obeyed(attempt: str, transcript: Sequence[Message]) -> None:
    """Nothing of the attempt is shown to the model; and had it been, no way of quoting would make anything of it."""
    for quoting in QUOTINGS.values():
        asked: list[Asked] = []
        llm = Llm(ModelProvider(hostile(attempt, quoting, asked), "hostile"), Breaker())
        conversation = Talk(llm, BY_MODEL, embedded=Script({}))
        assert values(await conversation.evaluate(transcript)) == EXPECTED
        assert conversation.said_by == "llm 1 hostile"
        shown = str(asked[0].messages)
        assert not any(words in shown for words in (attempt, *DEMANDS.values()))


def by_mail(html: str) -> str:
    """The text of a mail, as the mailbox reads it."""
    return mail("Content-Type: text/html; charset=utf-8", body=html).text


def test_the_suite_holds_at_least_sixty_attempts() -> None:
    assert len({*CHAT, *MAIL, *QUOTED, *NAMES, *FILES}) >= 60


@pytest.mark.parametrize("attempt", CHAT)
async def test_in_a_chat(attempt: str) -> None:
    await obeyed(attempt, [HONEST, message(2, attempt)])


@pytest.mark.parametrize("attempt", MAIL)
async def test_in_the_html_of_a_mail(attempt: str) -> None:
    await obeyed(attempt, [HONEST, message(2, by_mail(attempt))])


@pytest.mark.parametrize("attempt", QUOTED)
async def test_in_a_quoted_reply(attempt: str) -> None:
    quoted = attempt.partition("\n")[2].strip()
    await obeyed(quoted, [HONEST, message(2, attempt)])


@pytest.mark.parametrize("attempt", NAMES)
async def test_in_a_display_name(attempt: str) -> None:
    named = Participant(author_id="C1", name=attempt, role=Role.CUSTOMER)
    await obeyed(attempt, [HONEST, message(2, "Any news?", named)])


@pytest.mark.parametrize("attempt", FILES)
async def test_in_the_name_of_a_file(attempt: str) -> None:
    file = Attachment(name=attempt, content_type="image/png", size=1, url="mail:1/0")
    sent = replace(message(2, "See the photo."), attachments=(file,))
    await obeyed(attempt, [HONEST, sent])


@pytest.mark.parametrize("beyond", BEYOND)
async def test_what_is_no_field_cannot_be_answered(beyond: str) -> None:
    llm = Llm(ModelProvider(answering({**found("priority", "High", "leaks"), "field": beyond}), "hostile"), Breaker())
    conversation = Talk(llm, BY_MODEL, embedded=Script({}))
    assert values(await conversation.evaluate([HONEST])) == {}
    assert "not in the form" in conversation.said_by


async def test_fields_that_are_not_asked_for_are_not_answered() -> None:
    llm = Llm(ModelProvider(answering(found("priority", "High", "leaks all over")), "obliging"), Breaker())
    conversation = Talk(llm, BY_MODEL, embedded=Script({}))
    assert (await conversation.evaluate([HONEST], "product")).keys() == {"product"}


async def test_a_decision_on_the_word_of_a_hostile_model_changes_fields_and_nothing_else() -> None:
    """A status, an owner, another case: a decision has no place for them."""
    llm = Llm(ModelProvider(hostile(CHAT[0], QUOTINGS["the attempt"], []), "hostile"), Breaker())
    consultation = Consultation(Script({}), llm, Reader(llm, Coins(), None))
    before = snapshot(settings=BY_MODEL, case=DEFECT_CASE)
    decision = await decide(replace(before, transcript=(HONEST, message(2, CHAT[0]))), consultation)
    assert decision.outcome is Outcome.UPDATED
    assert written(decision) == {"product": "Aria 3000", "issue_description": "leaks all over"}


@pytest.mark.parametrize(
    "plain",
    [
        "Please ignore my last mail, I found the receipt.",
        "Can you change my contact to ann@example.org?",
        "It is urgent: the system is down and the display shows 'system error'.",
        "My assistant will call you. Her number is +44 20 7946 0958.",
        "I followed the instructions in the manual and it still leaks.",
        "The previous instructions you sent did not help.",
        "Product: Aria 3000\nSerial number: AB1234\nPriority: High",
        "Reset the settings of my Aria 3000, please.",
        "You are a star, thanks! Could you close the case?",
        "The answer on the screen is only 'E4'.",
        "I need to update my payment details for the subscription.",
        "Forget it, the reset worked.",
    ],
)
def test_people_who_speak_to_people_are_read(plain: str) -> None:
    assert not speaks_to_a_machine(plain, SETTINGS.fields)


def answering(*items: Item) -> FunctionModel:
    return FunctionModel(lambda _, __: ModelResponse(parts=[TextPart(json.dumps({"answers": items}))]))
