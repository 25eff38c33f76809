"""The worked example of the product's behaviour, over real requests and on both databases."""

from typing import Any

from tests.flow.desk import Desk, Person

BY_RULE = {"Product", "Priority", "Serial number"}


def fields(activity: dict[str, Any]) -> dict[str, str]:
    return {field["label"]: field["value"] for field in activity["channelData"]["card"]["fields"]}


PROBLEM = "I need help with the machine on my desk."  # nothing in it speaks for a category
CONTACT = "you can reach me at ann.lee@example.org"
DETAILS = "It is the Espresso 3000, serial number EH24-123456. I need it back as soon as possible."


async def a_case(desk: Desk) -> tuple[Person, int]:
    """A customer whose case has just been opened, and its number."""
    customer = await desk.customer()
    await customer.says("Hello there!")
    await customer.says(PROBLEM)
    await customer.answer("To open a case I still need your Contact")
    await customer.says(CONTACT)
    card = await customer.card("ann.lee@example.org")
    return customer, card["channelData"]["card"]["number"]


async def test_a_greeting_opens_no_case(desk: Desk) -> None:
    customer = await desk.customer()
    await customer.says("Hello there!")
    await desk.settled()
    assert await customer.quiet() == ["Hello there!"]


async def test_a_problem_without_identity_is_asked_about_once(desk: Desk) -> None:
    customer = await desk.customer()
    await customer.says(PROBLEM)
    await customer.answer("To open a case I still need your Contact")
    await customer.says("It stands there and does nothing.")
    await desk.settled()
    assert [text for text in await customer.quiet() if "Contact" in text] == []


async def test_the_case_opens_with_the_default_fields_and_the_optional_ones_that_resolved(desk: Desk) -> None:
    customer = await desk.customer()
    await customer.says("My toaster leaks sparks and does not heat any more.")
    await customer.says(CONTACT)
    shown = fields(await customer.card())
    assert shown["Contact"] == "ann.lee@example.org"
    assert "leaks sparks" in shown["Issue description"]
    assert shown["Case category"] == "Product defect"  # an optional one
    assert not BY_RULE & shown.keys()


async def test_an_update_of_a_product_defect_predicts_all_five_with_evidence(desk: Desk) -> None:
    customer, number = await a_case(desk)
    await customer.says(DETAILS)
    await desk.settled()
    assert desk.case(number).values.keys() == {"issue_description", "contact"}
    representative = await desk.representative(beside=customer)
    await representative.says('/update-case case category="Product defect"')
    await representative.says("/update-case")
    answer = await representative.answer("Product: — → Espresso 3000 (“")
    assert "Serial number: — → EH24-123456 (“" in answer
    assert "Priority: — → Urgent (“I need it back as soon as possible.”)" in answer
    await representative.says("/update-case")
    assert (await representative.answer("No changes.")).startswith("No changes.")


async def test_an_update_of_any_other_category_touches_only_the_two(desk: Desk) -> None:
    customer, number = await a_case(desk)
    representative = await desk.representative(beside=customer)
    await representative.says("/update-case case category=Billing")
    await representative.answer("Billing")
    await customer.says(DETAILS)
    await desk.settled()
    await representative.says("/update-case")
    assert "Looked at Issue description and Contact." in await representative.answer("Looked at")
    assert desk.case(number).values.keys() == {"issue_description", "contact", "case_category"}
