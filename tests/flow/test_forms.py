"""Forms over real requests: what a person decided is written whole or not at all, and told to the thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.desk import Form
from agent.embedded import EmbeddedPredictor
from bot.desk import CaseDesk
from bot.evaluation import Evaluator
from bot.settings import CurrentSettings
from store import audit
from store.model import Author, Case, FieldId
from tests.flow.desk import Desk, Person

ANNA = Author(id="demo-representative")
PROBLEM = "My toaster leaks sparks and does not heat any more."
SERIAL = "The serial number is EH24-999999."


async def the_form(desk: Desk, person: Person, *, new: bool) -> Form:
    settings = CurrentSettings()
    evaluator = Evaluator(desk.database, settings, EmbeddedPredictor(), desk.app.metrics)
    forms = CaseDesk(desk.database, settings, evaluator, demo_representatives=desk.app.demo_representatives)
    return await forms.form("webchat", "default", person.conversation, ANNA, new=new)


def filled(form: Form, **changes: list[str]) -> dict[str, list[str]]:
    """All that the form shows, as it is sent back."""
    return {each.id: list(each.filled) for each in form.fields} | changes


async def send(person: Person, form: Form, values: Mapping[str, list[str]]) -> None:
    case = form.target.case
    about = {} if case is None else {"case": case, "revision": form.target.revision}
    verb = "create_case" if case is None else "update_case"
    await person.presses({"verb": verb, **about, "values": values})


def value(case: Case, name: str) -> Any:
    held = case.values.get(FieldId(name))
    return None if held is None else held.value


@pytest.fixture
async def people(desk: Desk) -> tuple[Person, Person, int]:
    """A customer with a case, a representative beside them, and the case's number."""
    customer = await desk.customer(email="ann.lee@example.org")
    await customer.says(PROBLEM)
    number = (await customer.card())["channelData"]["card"]["number"]
    representative = await desk.representative(beside=customer)
    await desk.settled()
    await customer.quiet()
    await representative.quiet()
    return customer, representative, number


async def test_a_new_case_is_what_the_person_made_of_the_form(desk: Desk) -> None:
    """No address is known, so that the gate is shut; the message was received a moment ago."""
    customer = await desk.customer()
    representative = await desk.representative(beside=customer)
    await customer.says("My Toaster Duo leaks sparks and does not heat any more.")
    form = await the_form(desk, customer, new=True)
    shown = {each.id: each for each in form.fields}
    assert shown["product"].filled == ("Toaster Duo",)
    await send(representative, form, filled(form, priority=["High"], product=[]))

    answer = await representative.answer("is open")
    assert "Priority: — → High" in answer
    number = (await customer.card())["channelData"]["card"]["number"]
    case = desk.case(number)
    assert (value(case, "priority"), value(case, "product")) == ("High", None)
    issue = case.values[FieldId("issue_description")]
    assert issue.writer.id == ANNA.id
    assert issue.evidence
    assert not case.values[FieldId("priority")].evidence
    await customer.says("It is the Toaster Duo.")  # what a person emptied is not filled in behind their back
    await desk.settled()
    assert value(desk.case(number), "product") is None


async def test_an_empty_form_opens_nothing(desk: Desk) -> None:
    customer = await desk.customer()
    representative = await desk.representative(beside=customer)
    await customer.says(PROBLEM)
    form = await the_form(desk, customer, new=True)
    await send(representative, form, {each.id: [] for each in form.fields})
    await representative.answer("Fill in at least one field")


async def test_only_what_differs_is_written_and_told(desk: Desk, people: tuple[Person, Person, int]) -> None:
    customer, representative, number = people
    before = desk.case(number)
    form = await the_form(desk, customer, new=False)
    await send(representative, form, filled(form, priority=["Low"]))

    answer = await representative.answer(f"Case {number} updated")
    assert "Priority: " in answer
    assert answer.count("→") == 1
    await customer.answer("Priority set to Low")
    after = desk.case(number)
    assert after.values[FieldId("priority")].writer.id == ANNA.id
    rest = {name: each for name, each in before.values.items() if name != "priority"}
    assert {name: each for name, each in after.values.items() if name != "priority"} == rest


async def test_a_form_sent_back_untouched_changes_nothing(desk: Desk, people: tuple[Person, Person, int]) -> None:
    customer, representative, number = people
    await representative.says("/update-case")  # nothing is left to be read
    await representative.answer("updated")
    desk.give(number, "priority", "At once")  # which the settings do not offer, nor any input
    before = desk.case(number)
    form = await the_form(desk, customer, new=False)
    await send(representative, form, filled(form))
    await representative.answer("No changes.")
    assert desk.case(number) == before


async def test_a_value_taken_over_from_the_agent_keeps_its_evidence(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, number = people
    await representative.says("/update-case serial number=EH24-123456")
    await representative.answer("EH24-123456")
    await customer.says(SERIAL)
    await desk.settled()
    form = await the_form(desk, customer, new=False)
    [suggestion] = form.suggestions
    assert suggestion.value == "EH24-999999"
    await send(representative, form, filled(form, serial_number=["EH24-999999"]))

    await representative.answer("EH24-999999")
    held = desk.case(number).values[FieldId("serial_number")]
    assert held.writer.id == ANNA.id
    assert held.confidence
    assert [each.quote for each in held.evidence] == ["EH24-999999"]
    assert desk.case(number).suggestions == ()


async def test_a_form_of_an_earlier_case_changes_nothing_and_says_why(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, number = people
    form = await the_form(desk, customer, new=False)
    desk.give(number, "priority", "High")
    before = desk.case(number)
    await send(representative, form, filled(form, priority=["Low"]))
    await representative.answer("changed meanwhile")
    assert desk.case(number) == before


async def test_one_bad_value_keeps_the_others_from_being_written(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, number = people
    before = desk.case(number)
    form = await the_form(desk, customer, new=False)
    await send(representative, form, filled(form, priority=["hihg"], contact=["nobody"], product=["Kettle One"]))
    answer = await representative.answer("Nothing was changed")
    assert "Priority" in answer
    assert "Contact" in answer
    assert desk.case(number) == before


async def test_a_customer_can_send_no_form(desk: Desk, people: tuple[Person, Person, int]) -> None:
    customer, _, number = people
    before = desk.case(number)
    form = await the_form(desk, customer, new=False)
    await send(customer, form, filled(form, priority=["Low"]))
    assert "support team" in await customer.answer("Sorry")
    assert desk.case(number) == before


async def test_a_case_of_another_conversation_is_not_changed_by_a_form(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, _, number = people
    before = desk.case(number)
    other = await desk.customer(user="bob", name="Bob")
    await other.says("Hello!")
    elsewhere = await desk.representative(beside=other)
    form = await the_form(desk, customer, new=False)
    await send(elsewhere, form, filled(form, priority=["Low"]))
    await elsewhere.answer("is not of this conversation")
    assert desk.case(number) == before


async def test_a_profile_without_cases_sends_no_form(desk: Desk, people: tuple[Person, Person, int]) -> None:
    customer, representative, number = people
    form = await the_form(desk, customer, new=False)
    before = desk.case(number)
    await desk.without_cases()
    await send(representative, form, filled(form, priority=["Low"]))
    await representative.answer("experience profile")
    assert desk.case(number) == before


async def test_a_form_that_is_none_of_ours_is_refused(desk: Desk, people: tuple[Person, Person, int]) -> None:
    _, representative, number = people
    before = desk.case(number)
    await representative.presses({"verb": "update_case", "case": number, "revision": "x", "values": []})
    await representative.answer("not one of ours")
    assert desk.case(number) == before


async def test_a_persons_form_is_in_the_audit(desk: Desk, people: tuple[Person, Person, int]) -> None:
    customer, representative, number = people
    form = await the_form(desk, customer, new=False)
    await send(representative, form, filled(form, priority=["Low"]))
    await representative.answer("updated")
    trail = desk.database.read_now(lambda connection: audit.of_case(connection, desk.case(number).number))
    assert (trail[-1].origin.actor.id, trail[-1].change.field, trail[-1].change.new) == (ANNA.id, "priority", "Low")
