"""Cases cancelled and merged, as the people in their threads see it."""

from __future__ import annotations

from collections.abc import Callable

from bot import acting
from bot.acting import Acting
from bot.settings import read
from store import cases, settings
from store.engine import Connection
from store.model import CaseNumber
from tests.flow.desk import Desk, Person
from tests.store.examples import ANNA

PROBLEM = "My toaster leaks sparks and does not heat any more."


async def with_a_case(desk: Desk, user: str) -> tuple[Person, CaseNumber]:
    customer = await desk.customer(user=user, name=user.capitalize(), email=f"{user}@example.org")
    await customer.says(PROBLEM)
    number = (await customer.card())["channelData"]["card"]["number"]
    await desk.settled()
    await customer.quiet()
    return customer, number


def who(connection: Connection) -> Acting:
    return Acting(key="k", actor=ANNA, in_force=read(connection, settings.current_number(connection)))


async def does(desk: Desk, act: Callable[[Connection], object]) -> None:
    """As a page of the console does it."""
    await desk.database.write(act)
    desk.app.posts.up()


async def test_a_customer_who_writes_on_reopens_a_cancelled_case_and_a_thank_you_does_not(desk: Desk) -> None:
    customer, number = await with_a_case(desk, "ann")
    await does(desk, lambda db: acting.cancel(db, who(db), cases.get(db, number), "Opened twice"))
    await customer.answer("Status set to Cancelled")
    await customer.says("Thank you!")
    await desk.settled()
    assert desk.case(number).status == "cancelled"
    await customer.says("Sorry, but the toaster does not heat again.")
    await desk.settled()
    assert desk.case(number).status == "new"


async def test_after_a_merge_both_customers_see_both_cards_and_write_on_to_the_survivor(desk: Desk) -> None:
    (ann, source), (bea, into) = await with_a_case(desk, "ann"), await with_a_case(desk, "bea")
    anna = await desk.representative(beside=ann)
    await does(desk, lambda db: acting.merge(db, who(db), *acting.both(db, source, into), ()))
    old = await ann.card(f"Merged into case {into}")
    assert old["channelData"]["card"]["number"] == source
    for each in (ann, bea):
        assert (await each.card())["channelData"]["card"]["number"] == into
        await each.answer(f"Case {source} was merged into case {into}")
    await anna.says("/update-case priority=high")  # of this conversation's case, which is the survivor now
    await anna.answer(f"Case {into} updated")
    for command in (f"/update-case {source} priority=low", f"/claim {source}", f"/update-case {source}"):
        await anna.says(command)
        await anna.answer(f"merged into case {into}: everything goes on there. Nothing was changed.")
    await anna.says(f"/case {source}")
    await anna.answer(f"Status: Merged into case {into}")
