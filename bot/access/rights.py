"""The rights that pages and calls ask for, and the one function that says who has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent.settings import Feature, Settings
from store.accounts import Account
from store.api_keys import ApiKey
from store.model import AccountRole
from store.sessions import Session


class Scope(StrEnum):
    """What an API key can be given; what has no scope is for people alone."""

    READ_CASES = "cases:read"
    READ_INTERNAL_FIELDS = "cases:internal"  # fields that customers don't see
    WORK_ON_CASES = "cases:write"
    READ_CONVERSATIONS = "conversations:read"
    READ_EVALUATIONS = "evaluations:read"  # with internal fields
    READ_AUDIT = "audit:read"  # with internal fields, and notes
    READ_CONTACTS = "contacts:read"
    READ_SETTINGS = "settings:read"
    MANAGE_SETTINGS = "settings:write"
    MANAGE_WEBHOOKS = "webhooks:manage"
    MANAGE_PEOPLE = "people:manage"  # hand out and erase what is held of a contact


@dataclass(frozen=True, kw_only=True, slots=True)
class Right:
    """`role` is the least that a person needs; an administrator may all that a representative may, and more."""

    name: str
    role: AccountRole | None = AccountRole.REPRESENTATIVE  # None: anybody, known or not
    feature: Feature | None = None  # that a representative's experience profile must have
    scope: Scope | None = None  # that an API key must have; None: no key will do
    any_key: bool = False  # an API key without any scope will do

    @property
    def public(self) -> bool:
        return self.role is None


PUBLIC = Right(name="public", role=None)
OWN = Right(name="own account")
IDENTIFIED = Right(name="identified", any_key=True)
READ_CASES = Right(name="read cases", feature=Feature.CASES, scope=Scope.READ_CASES)
READ_INTERNAL_FIELDS = Right(name="read internal fields", feature=Feature.CASES, scope=Scope.READ_INTERNAL_FIELDS)
READ_CONVERSATIONS = Right(name="read conversations", feature=Feature.CASES, scope=Scope.READ_CONVERSATIONS)
READ_EVALUATIONS = Right(name="read evaluations", feature=Feature.CASES, scope=Scope.READ_EVALUATIONS)
READ_AUDIT = Right(name="read the audit", feature=Feature.CASES, scope=Scope.READ_AUDIT)
READ_CONTACTS = Right(name="read contacts", feature=Feature.CASES, scope=Scope.READ_CONTACTS)
WORK_ON_CASES = Right(name="work on cases", feature=Feature.CASES, scope=Scope.WORK_ON_CASES)
READ_SETTINGS = Right(name="read settings", role=AccountRole.ADMINISTRATOR, scope=Scope.READ_SETTINGS)
MANAGE_SETTINGS = Right(name="manage settings", role=AccountRole.ADMINISTRATOR, scope=Scope.MANAGE_SETTINGS)
MANAGE_WEBHOOKS = Right(name="manage webhooks", role=AccountRole.ADMINISTRATOR, scope=Scope.MANAGE_WEBHOOKS)
SEE_OPERATIONS = Right(name="see operations", role=AccountRole.ADMINISTRATOR)
MANAGE_PEOPLE = Right(name="manage people's data", role=AccountRole.ADMINISTRATOR, scope=Scope.MANAGE_PEOPLE)
MANAGE_ACCOUNTS = Right(name="manage accounts", role=AccountRole.ADMINISTRATOR)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Who asks: somebody with a session, a program with an API key, or nobody that we know."""

    session: Session | None = None
    key: ApiKey | None = None
    known_as: frozenset[str] = frozenset()  # the ids by which the settings may name the person

    @property
    def account(self) -> Account | None:
        return self.session.account if self.session else None

    @property
    def known(self) -> bool:
        return self.session is not None or self.key is not None

    @property
    def id(self) -> str:
        """For records of what they did."""
        if self.key is not None:
            return f"key {self.key.id}"
        return f"account {self.session.account.id}" if self.session else ""

    @property
    def name(self) -> str:
        return self.key.name if self.key else self.session.account.name if self.session else ""


def may(visitor: Visitor, right: Right, settings: Settings) -> bool:
    """Every page and every call asks this, and nothing else decides."""
    if right.public:
        return True
    if visitor.key is not None:
        return right.any_key or right.scope in visitor.key.scopes
    account = visitor.account
    if account is None or not account.enabled:
        return False
    if account.role is AccountRole.ADMINISTRATOR:
        return True  # who may change the profiles is not bound by one
    if right.role is AccountRole.ADMINISTRATOR:
        return False
    return right.feature is None or settings.enables(visitor.known_as, right.feature)
