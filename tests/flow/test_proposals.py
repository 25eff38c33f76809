"""Automation set to `confirm`: the agent proposes, a representative accepts; the customer hears nothing of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from store.model import FieldId
from store.schema import audit
from tests.flow.desk import Desk, Person, change_settings

PROBLEM = "My toaster leaks sparks and does not heat any more."
KNOWN = "ann.lee@example.org"
PROPOSED = "A case is proposed"


async def _confirming(desk: Desk, email: str | None = None, **levels: str) -> tuple[Person, Person]:
    def change(settings: dict[str, Any]) -> None:
        settings["automation"].update(levels)

    change_settings(desk.database, change)
    customer = await desk.customer(email=email)
    await customer.says(PROBLEM)
    representative = await desk.representative(beside=customer)
    return customer, representative


def _proposals(desk: Desk) -> list[tuple[str, Any]]:
    entries = select(audit.c.field, audit.c.new).where(audit.c.what == "proposed").order_by(audit.c.id)
    found = desk.database.read_now(lambda connection: connection.execute(entries).all())
    return [(row.field, row.new) for row in found]


async def test_a_proposed_case_is_told_to_the_representatives_alone_with_its_values(desk: Desk) -> None:
    customer, representative = await _confirming(desk, KNOWN, create="confirm")

    proposal = await representative.answer(PROPOSED)

    assert "Issue description: " in proposal
    assert "Contact: ann.lee@example.org" in proposal
    assert "/create-case" in proposal
    await desk.settled()
    assert not [text for text in await customer.quiet() if PROPOSED in text or "/create-case" in text]
    assert ("contact", "ann.lee@example.org") in _proposals(desk)


async def test_the_proposal_is_accepted_with_the_values_that_it_named(desk: Desk) -> None:
    _, representative = await _confirming(desk, KNOWN, create="confirm")
    await representative.answer(PROPOSED)
    proposed = dict(_proposals(desk))

    await representative.says("/create-case")
    answer = await representative.answer("is open")

    case = desk.case(int(answer.split()[1]))
    assert {name: each.value for name, each in case.values.items()} == proposed


async def test_the_same_proposal_is_not_repeated_and_another_one_is_told(desk: Desk) -> None:
    customer, representative = await _confirming(desk, create="confirm")
    await customer.says("You can reach me at ann.lee@example.org")
    await representative.answer("Contact: ann.lee@example.org")
    await desk.settled()
    await representative.quiet()

    await customer.says("Thank you!")
    await desk.settled()
    assert PROPOSED not in str(await representative.quiet())

    await customer.says("Sorry, my address is ann@example.net, not ann.lee@example.org")
    assert PROPOSED in await representative.answer("Contact: ann@example.net")


async def test_a_proposed_update_is_offered_on_the_representatives_card_alone(desk: Desk) -> None:
    customer, representative = await _confirming(desk, update="confirm")
    await customer.says("You can reach me at ann.lee@example.org")
    number = (await customer.card())["channelData"]["card"]["number"]

    await customer.says("Sorry, my address is ann@example.net, not ann.lee@example.org")
    offered = await representative.card("'value': 'ann@example.net'")

    assert "Contact" in [each["label"] for each in offered["channelData"]["card"]["suggestions"]]
    assert desk.case(number).values[FieldId("contact")].value == "ann.lee@example.org"
    seen = await customer.card("Case")
    assert seen["channelData"]["card"]["suggestions"] == []
