"""Contacts: who is the same person, by what a channel vouches for and by nothing else."""

import asyncio
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from store import contacts
from store.engine import Connection, Database
from store.model import Author, ContactId
from store.schema import contact_identities
from store.schema import contacts as contact_rows
from tests.store.examples import count, overlapping

ADA = Author(id="U1", name="Ada")
ADA_MAIL = Author(id="ada@example.org", name="Ada Lovelace", email="ada@example.org")


def met(connection: Connection, author: Author = ADA, channel: str = "slack", account: str = "T1") -> ContactId:
    return contacts.identify(connection, channel, account, author)


def meet(database: Database, author: Author = ADA, channel: str = "slack", account: str = "T1") -> ContactId:
    return database.write_now(partial(met, author=author, channel=channel, account=account))


def names(database: Database) -> list[str]:
    kept = select(contact_rows.c.name).order_by(contact_rows.c.id)
    return list(database.read_now(lambda connection: connection.execute(kept).scalars().all()))


def test_a_native_user_is_one_contact_whatever_the_name_of_today(database: Database) -> None:
    assert meet(database) == meet(database, Author(id="U1", name="Somebody Else")) == meet(database)
    assert names(database) == ["Ada"]


def test_the_same_native_id_elsewhere_is_somebody_else(database: Database) -> None:
    others = {
        meet(database),
        meet(database, account="T2"),
        meet(database, channel="teams"),
        meet(database, Author(id="U2")),
    }

    assert len(others) == 4
    assert names(database) == ["Ada", "Ada", "Ada", "U2"]


def test_a_verified_address_leads_to_the_same_contact_on_every_channel(database: Database) -> None:
    by_mail = meet(database, ADA_MAIL, channel="email", account="support@example.com")

    assert meet(database, Author(id="U1", name="ada", email="Ada@Example.ORG")) == by_mail
    assert meet(database) == by_mail  # and stays it where the channel no longer tells the address
    assert names(database) == ["Ada Lovelace"]


def test_an_address_that_a_channel_verifies_later_leads_others_to_the_contact(database: Database) -> None:
    first = meet(database)
    meet(database, Author(id="U1", name="Ada", email="ada@example.org"))

    assert meet(database, ADA_MAIL, channel="email") == first
    assert count(database, contact_rows) == 1


def test_a_name_never_leads_to_a_contact_nor_does_an_id_that_looks_like_an_address(database: Database) -> None:
    pretender = meet(database, Author(id="ada@example.org", name="Ada Lovelace"), account="T0")
    ada = meet(database, ADA_MAIL, channel="email")

    assert ada != pretender
    assert meet(database, Author(id="U7", name="Ada Lovelace")) not in {ada, pretender}
    assert meet(database, Author(id="U8", name="ada@example.org")) != ada
    assert meet(database, Author(id="ada@example.org"), channel="webchat") != ada


def test_an_empty_address_is_none(database: Database) -> None:
    assert meet(database, Author(id="U1", email="")) != meet(database, Author(id="U2", email=""))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    people=st.lists(
        st.builds(
            Author,
            id=st.sampled_from(["U1", "U2", "U3"]),
            name=st.sampled_from(["", "Ada", "Ben"]),
            email=st.sampled_from([None, "ada@example.org", "BEN@example.org", "ben@Example.org"]),
        ),
        max_size=8,
    )
)
def test_each_native_user_keeps_one_contact_in_whatever_order_people_come(
    database: Database, people: list[Author]
) -> None:
    seen: dict[str, ContactId] = {}
    for author in people:
        assert seen.setdefault(author.id, meet(database, author)) == meet(database, author)


# --- at once ----------------------------------------------------------------------------------------


async def test_a_new_person_met_many_times_at_once_is_one_contact(database: Database) -> None:
    found = await asyncio.gather(*(database.write(met) for _ in range(12)))

    assert set(found) == {1}
    assert (count(database, contact_rows), count(database, contact_identities)) == (1, 1)


async def test_a_new_person_met_in_two_conversations_at_once_is_one_contact(database: Database) -> None:
    first, second = await overlapping(database, met, met)

    assert first == second
    assert count(database, contact_rows) == 1


async def test_a_new_person_met_on_two_channels_at_once_is_one_contact(database: Database) -> None:
    on_slack = partial(met, author=Author(id="U1", name="Ada", email="ADA@example.org"))
    by_mail = partial(met, author=ADA_MAIL, channel="email")

    first, second = await overlapping(database, on_slack, by_mail)

    assert first == second
    assert names(database) == ["Ada"]
    assert count(database, contact_identities) == 2
