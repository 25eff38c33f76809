"""Accounts: who they are, and that there is always somebody who may change them."""

from functools import partial
from typing import Any

import pytest

from store import accounts, api_keys, sessions
from store.accounts import Account, Identity, IdentityTaken, LastAdministrator, LoginTaken, UnknownAccount
from store.engine import Database
from store.model import AccountRole, Author
from tests.store.examples import contact

ADMINISTRATOR, REPRESENTATIVE = AccountRole.ADMINISTRATOR, AccountRole.REPRESENTATIVE


def add(database: Database, login: str, role: AccountRole = REPRESENTATIVE, **more: Any) -> Account:
    return database.write_now(partial(accounts.add, login=login, name="", role=role, **more))


def change(database: Database, account: Account, **changes: Any) -> None:
    whole = {"name": account.name, "email": account.email, "role": account.role, "identities": (), **changes}
    database.write_now(partial(accounts.change, account_id=account.id, **whole))


def get(database: Database, account: Account) -> Account:
    return database.read_now(partial(accounts.get, account_id=account.id))


def vouched(database: Database, subject: str = "s-1", **changes: Any) -> Account:
    said = {"login": "ann@example.org", "name": "Ann", "email": "ann@example.org", "role": REPRESENTATIVE, **changes}
    return database.write_now(partial(accounts.vouched, issuer="https://id.example", subject=subject, **said))


def test_a_login_is_one_persons_however_it_is_written(database: Database) -> None:
    ann = add(database, " Ann@Example.org ")
    assert (ann.login, ann.name) == ("ann@example.org", "Ann@Example.org")
    with pytest.raises(LoginTaken):
        add(database, "ANN@example.ORG")
    found = database.read_now(partial(accounts.by_login, login="ANN@EXAMPLE.org"))
    assert found == ann


def test_the_first_administrator_is_made_once(database: Database) -> None:
    assert database.read_now(accounts.nobody_came_yet)
    first = database.write_now(accounts.first_administrator)
    assert (first.login, first.role) == ("administrator", ADMINISTRATOR)
    assert database.write_now(accounts.first_administrator).id == first.id
    database.write_now(partial(sessions.start, account_id=first.id, address="", browser=""))
    assert not database.read_now(accounts.nobody_came_yet)


def test_the_last_administrator_stays_one(database: Database) -> None:
    ada, bob = add(database, "ada", ADMINISTRATOR), add(database, "bob", ADMINISTRATOR)
    database.write_now(partial(accounts.disable, account_id=bob.id))
    with pytest.raises(LastAdministrator):
        database.write_now(partial(accounts.disable, account_id=ada.id))
    with pytest.raises(LastAdministrator):
        change(database, ada, role=REPRESENTATIVE)
    assert get(database, ada).enabled
    database.write_now(partial(accounts.enable, account_id=bob.id))
    change(database, ada, role=REPRESENTATIVE)
    assert get(database, ada).role is REPRESENTATIVE


def test_an_account_is_known_by_its_address_and_by_who_it_is_on_the_channels(database: Database) -> None:
    ann = add(database, "ann", email="Ann@Example.org")
    change(database, ann, identities=[Identity("slack", "U123"), Identity("teams", "oid-1")])
    database.write_now(partial(contact, author=Author(id="U777", name="Ann", email="ann@example.org")))
    database.write_now(partial(contact, author=Author(id="U888", name="Ann")))
    known = database.read_now(partial(accounts.known_as, account=get(database, ann)))
    assert known == {"ann", "ann@example.org", "U123", "oid-1", "U777"}


def test_a_user_of_a_channel_is_one_account(database: Database) -> None:
    ann, bob = add(database, "ann"), add(database, "bob")
    change(database, ann, identities=[Identity("slack", "U123")])
    with pytest.raises(IdentityTaken, match="U123 of slack"):
        change(database, bob, name="Robert", identities=[Identity("slack", "U123")])
    assert get(database, bob).name == "bob"
    change(database, ann)
    change(database, bob, identities=[Identity("slack", "U123")])


def test_whom_a_provider_vouches_for_is_the_same_by_the_subject_and_nothing_else(database: Database) -> None:
    ann = vouched(database)
    again = vouched(database, login="other@example.org", name="Ann Lee", email=None, role=ADMINISTRATOR)
    assert (again.id, again.name, again.email, again.role) == (ann.id, "Ann Lee", None, ADMINISTRATOR)
    with pytest.raises(LoginTaken):
        vouched(database, "s-2")
    assert database.read_now(partial(accounts.known_as, account=again)) == {"s-1"}


def test_disabling_ends_sessions_and_links_and_the_keys_for_good(database: Database) -> None:
    add(database, "ada", ADMINISTRATOR)
    bob = add(database, "bob", ADMINISTRATOR)
    token = database.write_now(partial(sessions.start, account_id=bob.id, address="", browser=""))
    link = database.write_now(partial(sessions.make_link, account_id=bob.id))
    make = partial(api_keys.make, name="k", scopes=["cases:read"], account_id=bob.id, lifetime=None)
    key = database.write_now(make)
    assert database.read_now(partial(api_keys.find, key=key)) is not None
    database.write_now(partial(accounts.disable, account_id=bob.id))
    assert database.read_now(partial(api_keys.find, key=key)) is None
    database.write_now(partial(accounts.enable, account_id=bob.id))
    assert database.read_now(partial(sessions.find, token=token)) is None
    assert database.write_now(partial(sessions.use_link, token=link)) is None
    assert database.read_now(partial(api_keys.find, key=key)) is None


def test_there_is_no_account_but_those_there_are(database: Database) -> None:
    with pytest.raises(UnknownAccount):
        database.read_now(partial(accounts.get, account_id=17))
    assert database.read_now(partial(accounts.by_login, login="nobody")) is None
    assert database.read_now(partial(accounts.password_hash, login="nobody")) is None
