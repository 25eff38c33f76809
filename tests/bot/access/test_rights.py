"""The one function that says who may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.document import starter
from agent.settings import ExperienceProfile, Feature
from bot.access.rights import (
    IDENTIFIED,
    MANAGE_ACCOUNTS,
    OWN,
    PUBLIC,
    READ_CASES,
    READ_INTERNAL_FIELDS,
    Right,
    Scope,
    Visitor,
    may,
)
from store.accounts import Account, AccountId
from store.api_keys import ApiKey
from store.model import AccountRole, utcnow
from store.sessions import Session

EVERYTHING = starter()
TEAM = EVERYTHING.model_copy(
    update={"experience_profiles": (ExperienceProfile(name="Team", members=("U123",), features=(Feature.CASES,)),)}
)
NOBODY = Visitor()


def person(role: AccountRole = AccountRole.REPRESENTATIVE, *known_as: str, enabled: bool = True) -> Visitor:
    account = Account(
        id=AccountId(1),
        login="ann",
        name="Ann",
        email=None,
        role=role,
        has_password=True,
        issuer=None,
        subject=None,
        created_at=utcnow(),
        seen_at=None,
        disabled_at=None if enabled else utcnow(),
    )
    moment = utcnow()
    session = Session(id=1, account=account, address="", browser="", by_link=False, created_at=moment, seen_at=moment)
    return Visitor(session=session, known_as=frozenset({"ann", *known_as}))


def program(*scopes: Scope) -> Visitor:
    key = ApiKey(
        id=1,
        name="k",
        hint="cwk_",
        scopes=frozenset(scopes),
        made_by="Ada",
        created_at=utcnow(),
        expires_at=None,
        used_at=None,
        revoked_at=None,
    )
    return Visitor(key=key)


def test_nobody_may_what_is_not_for_everybody() -> None:
    rights = [OWN, IDENTIFIED, READ_CASES, READ_INTERNAL_FIELDS, MANAGE_ACCOUNTS]
    assert [right for right in rights if may(NOBODY, right, EVERYTHING)] == []
    assert may(NOBODY, PUBLIC, EVERYTHING)


def test_a_representative_may_what_a_profile_of_theirs_enables_whichever_channel_knows_them() -> None:
    assert may(person(), READ_CASES, EVERYTHING)
    assert not may(person(), READ_CASES, TEAM)
    assert may(person(AccountRole.REPRESENTATIVE, "U123"), READ_CASES, TEAM)
    assert may(person(), OWN, TEAM)


def test_an_administrator_may_all_and_a_representative_does_not_administer() -> None:
    assert may(person(AccountRole.ADMINISTRATOR), MANAGE_ACCOUNTS, TEAM)
    assert may(person(AccountRole.ADMINISTRATOR), READ_CASES, TEAM)
    assert not may(person(AccountRole.REPRESENTATIVE, "U123"), MANAGE_ACCOUNTS, TEAM)


@pytest.mark.parametrize("right", [OWN, READ_CASES, MANAGE_ACCOUNTS])
def test_a_disabled_account_may_nothing(right: Right) -> None:
    assert not may(person(AccountRole.ADMINISTRATOR, enabled=False), right, EVERYTHING)


def test_a_key_may_what_its_scopes_say_and_never_what_is_for_people() -> None:
    assert may(program(Scope.READ_CASES), READ_CASES, TEAM)
    assert not may(program(), READ_CASES, EVERYTHING)
    assert not may(program(Scope.READ_CASES), READ_INTERNAL_FIELDS, EVERYTHING)
    assert may(program(), IDENTIFIED, EVERYTHING)
    for right in (OWN, MANAGE_ACCOUNTS):
        assert not may(program(*Scope), right, EVERYTHING)


def test_a_key_that_comes_with_a_session_is_a_key() -> None:
    both = replace(program(), session=person(AccountRole.ADMINISTRATOR).session)
    assert not may(both, MANAGE_ACCOUNTS, EVERYTHING)
