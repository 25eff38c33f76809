"""A representative's corrections make the next prediction, and erasing them unmakes it: over real requests."""

from __future__ import annotations

from functools import partial

from store import examples
from store.examples import ExampleFilter
from tests.flow.desk import Desk
from tests.flow.test_worked_example import fields

REACH = "you can reach me at {}@example.org"
SAID = ("I need help with my tasting club tin, please.", "I need some help with the tin of the tasting club.")
LIKE = "I need help with the tin of my tasting club."


async def opened(desk: Desk, name: str, problem: str) -> dict[str, str]:
    """What the case says that a new customer's words open."""
    customer = await desk.customer()
    await customer.says(f"{problem} {REACH.format(name)}")
    return fields(await customer.card(f"{name}@example.org"))


async def corrected(desk: Desk, name: str, problem: str) -> None:
    customer = await desk.customer()
    await customer.says(f"{problem} {REACH.format(name)}")
    await customer.card(f"{name}@example.org")
    representative = await desk.representative(beside=customer)
    await representative.says("/update-case case category=Delivery")
    await representative.answer("Delivery")


async def test_what_two_corrections_taught_comes_by_itself_until_it_is_erased(desk: Desk) -> None:
    assert "Case category" not in await opened(desk, "ada", LIKE)
    for number, problem in enumerate(SAID):
        await corrected(desk, f"ben{number}", problem)

    assert (await opened(desk, "cleo", LIKE))["Case category"] == "Delivery"

    desk.database.write_now(partial(examples.erase, wanted=ExampleFilter()))
    assert "Case category" not in await opened(desk, "dora", LIKE)
