"""While the agent only watches, its record is held against what people do with the same conversations."""

from __future__ import annotations

from typing import Any

from bot.simulation.course import Fate
from bot.simulation.watched import watched
from tests.flow.desk import Desk, change_settings

PROBLEM = "My toaster leaks sparks and does not heat any more."


def only_watch(settings: dict[str, Any]) -> None:
    settings["automation"].update(create="shadow", update="shadow")


async def test_what_would_have_been_done_is_compared_with_what_people_did(desk: Desk) -> None:
    change_settings(desk.database, only_watch)
    customer = await desk.customer(email="ann.lee@example.org")
    await customer.says(PROBLEM)
    await desk.settled()
    representative = await desk.representative(beside=customer)
    await representative.says("/create-case")
    number = int((await representative.answer("is open")).split()[1])
    await representative.says(f"/update-case {number} case category=Delivery")
    await representative.answer("Delivery")

    found, total = watched(desk.database)
    (played,) = found
    assert total == 1
    assert played.course is not None
    assert (played.course.fate, played.opened) == (Fate.WATCHED, 0)
    slots = {slot.field.id: slot for slot in played.slots}
    assert (slots["contact"].value, slots["contact"].right) == ("ann.lee@example.org", True)
    assert (slots["case_category"].value, slots["case_category"].right) == ("Product defect", False)
    assert slots["serial_number"].value is None


async def test_a_case_that_people_opened_and_the_agent_would_not_have_is_counted(desk: Desk) -> None:
    change_settings(desk.database, only_watch)
    customer = await desk.customer()
    await customer.says("Can somebody call me about the thing from last week?")
    await desk.settled()
    representative = await desk.representative(beside=customer)
    await representative.says("/create-case")
    await representative.answer("is open")

    (played,), total = watched(desk.database)
    assert total == 1
    assert played.course is not None
    assert (played.course.fate, played.opened) == (Fate.NOT_CREATED, None)
    assert not played.decided_right


async def test_what_stood_there_when_the_agent_agreed_counts_and_not_what_people_made_of_it(desk: Desk) -> None:
    change_settings(desk.database, lambda settings: settings["automation"].update(update="shadow"))
    customer = await desk.customer(email="ann.lee@example.org")
    await customer.says(PROBLEM)
    number = (await customer.card())["channelData"]["card"]["number"]
    await customer.says("It leaks sparks when it is cold, too.")
    await desk.settled()
    desk.give(number, "contact", "bob@example.org")

    (played,), _ = watched(desk.database)
    (contact,) = [slot for slot in played.slots if slot.field.id == "contact"]
    assert (contact.value, contact.right) == ("ann.lee@example.org", False)


async def test_what_the_agent_did_itself_is_not_among_it(desk: Desk) -> None:
    customer = await desk.customer(email="ann.lee@example.org")
    await customer.says(PROBLEM)
    await customer.card()
    assert watched(desk.database)[1] == 0
