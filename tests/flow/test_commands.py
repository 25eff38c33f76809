"""Commands over real requests: carried out whole or not at all, answered to the representative alone."""

from __future__ import annotations

import pytest

from store import audit
from store.model import FieldId
from tests.flow.desk import Desk, Person

PROBLEM = "My toaster leaks sparks and does not heat any more."


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


async def test_a_customers_command_is_refused_politely_and_changes_nothing(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, _, number = people
    before = desk.case(number)
    await customer.says("/resolve")
    assert "support team" in await customer.answer("Sorry")
    assert desk.case(number) == before


async def test_a_representative_claims_and_resolves_and_the_thread_hears_of_it(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, number = people
    await representative.says("/claim")
    await representative.answer(f"Case {number} is yours now")
    await customer.answer("Status set to In progress")
    await representative.says("/resolve Replaced under warranty")
    await customer.answer("Status set to Resolved")
    assert desk.case(number).resolution == "Replaced under warranty"


async def test_a_case_is_cancelled_by_a_command_that_says_why(desk: Desk, people: tuple[Person, Person, int]) -> None:
    customer, representative, number = people
    await representative.says("/cancel")
    await representative.answer("Say why")
    await representative.says("/cancel Sent to us by mistake")
    await representative.answer(f"Case {number} is cancelled")
    await customer.answer("Status set to Cancelled")
    assert (desk.case(number).status, desk.case(number).resolution) == ("cancelled", "Sent to us by mistake")


async def test_a_case_is_merged_by_a_command_into_one_that_is_there_and_open(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, number = people
    other = await desk.customer(user="bob", name="Bob", email="bob@example.org")
    await other.says("My kettle leaks and does not heat any more.")
    into = (await other.card())["channelData"]["card"]["number"]
    for typed, why in (("/merge into 999", "There is no case 999"), (f"/merge {into} into {into}", "into itself")):
        await representative.says(typed)
        await representative.answer(why)
    await representative.says(f"/merge into {into}")
    await representative.answer(f"Case {number} was merged into case {into}: everything goes on there.")
    await customer.answer(f"Case {number} was merged")
    assert (desk.case(number).merged_into, len(desk.case(into).conversations)) == (into, 2)
    await representative.says(f"/merge {number} into {into}")
    await representative.answer("was merged into case")


async def test_a_profile_without_cases_may_read_the_help_alone(desk: Desk, people: tuple[Person, Person, int]) -> None:
    _, representative, number = people
    before = desk.case(number)
    await desk.without_cases()
    for typed in (
        "/claim",
        "/resolve",
        "/cancel Twice",
        f"/merge {number} into 7",
        "/note x",
        "/case",
        "/cases",
        "/update-case priority=low",
    ):
        await representative.says(typed)
        await representative.answer("experience profile")
    await representative.says("/help")
    await representative.answer("/merge [NUMBER] into NUMBER")
    assert desk.case(number) == before


async def test_a_customer_who_writes_on_reopens_a_resolved_case_and_a_thank_you_does_not(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, number = people
    await representative.says("/resolve")
    await representative.answer("is resolved")
    await customer.says("Thank you!")
    await desk.settled()
    assert desk.case(number).status == "resolved"
    await customer.says("Sorry, but the toaster does not heat again.")
    await desk.settled()
    assert desk.case(number).status == "new"


async def test_one_wrong_value_keeps_the_others_from_being_written(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    _, representative, number = people
    before = desk.case(number)
    await representative.says('/update-case priority=hihg "serial number"=EH24-123456 contact=nobody')
    answer = await representative.answer("Nothing was changed")
    assert "Priority" in answer
    assert "Contact" in answer
    assert desk.case(number) == before


async def test_answers_and_commands_are_the_representatives_alone(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, _ = people
    await representative.says("/note The customer sounds annoyed")
    await representative.answer("Note kept")
    await desk.settled()
    assert await customer.quiet() == []


async def test_what_a_person_set_is_not_changed_by_the_agent_and_the_suggestion_can_be_accepted(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, number = people
    await representative.says("/update-case product=Kettle serial number=EH24-123456")
    await representative.answer("Kettle One")
    await customer.says("The serial number is EH24-999999.")
    await desk.settled()
    assert desk.case(number).values[FieldId("serial_number")].value == "EH24-123456"
    [suggestion] = [each for each in desk.case(number).suggestions if each.field == "serial_number"]
    await representative.presses({"verb": "accept_suggestion", "case": number, "suggestion": suggestion.id})
    await representative.answer("EH24-999999")
    assert desk.case(number).values[FieldId("serial_number")].writer.id == "demo-representative"


async def test_a_second_case_in_the_same_thread_is_a_representatives_decision(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    _, representative, number = people
    await representative.says('/create-case issue description="The kettle hums"')
    await representative.answer(f"Case {number + 1} is open")
    second = desk.case(number + 1)
    assert second.values[FieldId("issue_description")].value == "The kettle hums"
    assert second.values[FieldId("issue_description")].writer.kind == "person"


async def test_a_change_made_in_one_conversation_shows_in_every_linked_one(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, _, number = people
    other = await desk.customer(user="bob", name="Bob")
    await other.says("Hello!")
    elsewhere = await desk.representative(beside=other)
    await desk.settled()
    desk.link(number, other)
    await elsewhere.says("/update-case priority=low")  # of this conversation's case, now
    await customer.card("Low")
    await other.card("Low")


async def test_cases_are_listed(people: tuple[Person, Person, int]) -> None:
    _, representative, number = people
    await representative.says("/cases")
    assert f"{number} · New · unclaimed" in await representative.answer(str(number))


async def test_every_change_leaves_its_audit_entry(desk: Desk, people: tuple[Person, Person, int]) -> None:
    _, representative, number = people
    await representative.says("/update-case priority=low")
    await representative.answer("Priority: — → Low")
    trail = desk.database.read_now(lambda connection: audit.of_case(connection, desk.case(number).number))
    last = trail[-1]
    assert (last.change.what, last.change.field, last.change.new) == ("field", "priority", "Low")
    assert (last.origin.actor.kind, last.origin.actor.id) == ("person", "demo-representative")


async def test_an_unknown_command_gets_the_nearest_match(people: tuple[Person, Person, int]) -> None:
    _, representative, _ = people
    await representative.says("/upate-case")
    assert "/update-case" in await representative.answer("There is no command")


async def test_a_representatives_slash_that_is_no_command_is_said_so_and_not_taken_for_a_message(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, representative, _ = people
    await representative.says("/etc/hosts is where you look")
    assert "There is no command" in await representative.answer("/etc/hosts")
    await desk.settled()
    assert await customer.quiet() == []


async def test_an_impossible_button_is_answered_and_blocks_nothing(people: tuple[Person, Person, int]) -> None:
    _, representative, _ = people
    await representative.presses({"verb": "accept_suggestion", "case": 10**23, "suggestion": 1})
    assert "Nothing was changed" in await representative.answer("Nothing was changed")


async def test_typed_values_of_a_new_case_are_its_own_and_name_it(people: tuple[Person, Person, int]) -> None:
    _, representative, number = people
    await representative.says('/create-case issue description="The kettle hums" priority=low')
    card = await representative.card("The kettle hums")
    assert card["channelData"]["card"]["title"] == "The kettle hums"
    answer = await representative.answer(f"Case {number + 1} is open")
    assert "Issue description: left as it is" not in answer
    assert "Issue description: — → The kettle hums" in answer


async def test_words_of_one_conversation_never_update_the_case_of_another(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    customer, _, number = people
    before = desk.case(number)
    other = await desk.customer(user="ben", name="Ben", email="ben@example.org")
    beside_other = await desk.representative(beside=other)
    await other.says("My kettle leaks, and my number is +49 30 901820.")
    await beside_other.says(f"/update-case {number}")
    assert "is not of this conversation" in await beside_other.answer(f"Case {number}")
    # And what the other one wrote is looked at all the same.
    assert (await other.card())["channelData"]["card"]["number"] != number
    await desk.settled()
    assert desk.case(number) == before
    assert await customer.quiet() == []


async def test_a_value_that_stands_already_is_said_to_and_leaves_no_entry(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    _, representative, number = people
    await representative.says("/update-case priority=low")
    await representative.answer("Priority: — → Low")
    await desk.settled()
    before = desk.case(number)
    await representative.says("/update-case priority=low")
    assert await representative.answer("already") == "No changes. Priority is Low already."
    assert desk.case(number) == before


async def test_a_value_of_the_agents_that_a_person_sets_again_is_theirs(
    desk: Desk, people: tuple[Person, Person, int]
) -> None:
    _, representative, number = people
    await representative.says("/update-case contact=ann.lee@example.org")
    await representative.answer("Contact is ann.lee@example.org already; it is yours now")
    assert desk.case(number).values[FieldId("contact")].writer.kind == "person"


async def test_a_lone_slash_says_what_can_be_typed(people: tuple[Person, Person, int]) -> None:
    _, representative, _ = people
    await representative.says("/")
    assert "/update-case [NUMBER]" in await representative.answer("/help")
