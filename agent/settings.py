"""The administrator's settings document: one pydantic model, kept as versions in the store, edited as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from agent.conditions import (
    MAIL,
    AllOf,
    AnyOf,
    Condition,
    Expression,
    Operator,
    Problem,
    condition_problems,
    named_fields,
    nearest,
    unique,
)
from agent.definitions import CaseField, Document, FieldType, Identifier, Name, Option
from agent.numbers import is_currency
from agent.text import name_key
from store.model import Author, Category

__all__ = [
    "OUT_OF_THE_BOX",
    "AllOf",
    "AnyOf",
    "Asking",
    "Automation",
    "CaseField",
    "ChannelSettings",
    "Condition",
    "Creation",
    "CreationItem",
    "Evaluation",
    "ExperienceProfile",
    "Expression",
    "Feature",
    "FieldType",
    "Identifier",
    "Incoherent",
    "Level",
    "Name",
    "Operator",
    "Option",
    "PredictionSettings",
    "PredictorChoice",
    "Prices",
    "Problem",
    "Queue",
    "RecordCreationRule",
    "Settings",
    "UnknownSender",
    "UpdateRule",
]  # fmt: skip


class UpdateRule(Document):
    """When the expression holds, its fields are updated as well; a rule without one always holds."""

    name: Name
    active: bool = True
    when: Expression | None = None
    fields: tuple[Identifier, ...] = Field(min_length=1)


def _user_id(written: str) -> str:
    if not written.strip():
        raise ValueError("is empty: write a user's id as the channel gives it")
    return written


MINE, NONE = "mine", "none"
"""What lists can be asked for besides one queue."""


def _queue_id(written: str) -> str:
    if written in {MINE, NONE}:
        raise ValueError(f"{written!r} means something else where cases are listed: choose another id")
    return written


class Queue(Document):
    """Where a team finds its cases. A new one goes to the first active queue whose conditions hold, else to none.

    `members` are as those of profiles, but for groups, which the console does not know. Without any, the queue is
    everybody's. Who may see a case is not a queue's say.
    """

    id: Annotated[Identifier, AfterValidator(_queue_id)]
    name: Name
    description: str = ""
    active: bool = True  # an inactive one takes no more cases, and keeps those that it has
    members: tuple[Annotated[str, AfterValidator(_user_id)], ...] = ()
    when: Expression | None = None  # a queue without conditions takes every case


class UnknownSender(StrEnum):
    """What happens to a mail from somebody who has never written before."""

    CREATE_CONTACT = "create_contact"
    SKIP = "skip"  # the mail is kept, and nothing follows


class CreationItem(Document):
    """One step of a record-creation rule: the first whose condition holds opens the case; a blank one always holds."""

    when: Expression | None = None
    values: dict[Identifier, str | bool | int | float] = Field(default_factory=dict[str, str | bool | int | float])
    queue: Identifier | None = None  # for its cases, whatever the conditions of queues say


class RecordCreationRule(Document):
    """How the mails of one mailbox become cases; of several that fit, the first active one is the mailbox's."""

    name: Name
    active: bool = True
    mailbox: str = "*"  # a mailbox's name; "*" is every mailbox
    unknown_sender: UnknownSender = UnknownSender.CREATE_CONTACT
    join_resolved_days: Annotated[float, Field(ge=0, le=3650, strict=True)] = 14  # after it, a reply opens a new case
    reopen: bool = True  # whether a reply within these days reopens the case it joins
    items: tuple[CreationItem, ...] = (CreationItem(),)


class Level(StrEnum):
    FULL = "full"  # the agent does it
    CONFIRM = "confirm"  # the agent proposes, a representative accepts
    OFF = "off"
    SHADOW = "shadow"  # what would happen is recorded, nothing is done


class Automation(Document):
    create: Level = Level.FULL
    update: Level = Level.FULL


class Creation(Document):
    """The creation gate: how many of the default fields must resolve, and which others are filled if they can be."""

    require: Literal["all", "any"] | Annotated[int, Field(ge=1, strict=True)] = "all"
    optional: tuple[Identifier, ...] = ()


class Evaluation(Document):
    """Seconds of quiet after a customer's message before it is evaluated, and the longest that it may wait."""

    quiet: Annotated[float, Field(ge=0, le=600, strict=True)] = 3.0
    at_most: Annotated[float, Field(ge=0, le=3600, strict=True)] = 30.0


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"there is no currency {code!r}: write a code such as EUR")
    return code


class PredictorChoice(StrEnum):
    EMBEDDED = "embedded"  # no network, no key
    LLM = "llm"  # a provider's model, and the embedded one where that gives no answer
    BOTH = "both"  # the embedded one first, the model for what stays open or where they disagree


Price = Annotated[float, Field(ge=0)]


class Prices(Document):
    """What the provider asks for a million tokens."""

    currency: Annotated[str, AfterValidator(_currency)]
    input: Price
    output: Price
    cached: Price | None = None  # of input that the provider had in its cache; None: as other input


class PredictionSettings(Document):
    """Who predicts. Which model that is, and its key, are the operator's: CASEWRIGHT_LLM_… variables."""

    predictor: PredictorChoice = PredictorChoice.EMBEDDED
    mask_personal: bool = True  # addresses, telephone and card numbers are sent as stand-ins
    seconds: Annotated[float, Field(gt=0, le=300, strict=True)] = 20  # for an answer, its correction included
    tokens_per_day: Annotated[int, Field(ge=1, strict=True)] | None = 2_000_000  # null: no limit
    tokens_per_conversation: Annotated[int, Field(ge=1, strict=True)] | None = 100_000
    prices: Prices | None = None  # without them no cost is reckoned


class Asking(StrEnum):
    OFF = "off"
    ONCE = "once"


class ChannelSettings(Document):
    """One channel: switched on or off, and who is a representative there."""

    enabled: bool = True
    representatives: tuple[
        Annotated[str, AfterValidator(_user_id)], ...
    ] = ()  # native ids of users, or of groups that the channel vouches for


_PEOPLE_BY_MAIL = re.compile(r"[^@\s]+@[^@\s]+|@?[^@\s.]+(\.[^@\s.]+)+")


def _by_mail(written: str) -> str:
    if not _PEOPLE_BY_MAIL.fullmatch(written):
        raise ValueError("is neither an address (bea@example.org) nor a domain (example.org)")
    return written


class EmailSettings(ChannelSettings):
    representatives: tuple[Annotated[str, AfterValidator(_by_mail)], ...] = ()  # addresses, or domains


def _slack_id(written: str) -> str:
    if not re.fullmatch("[A-Z][A-Z0-9]{2,20}", written):
        raise ValueError("should be a channel's id as Slack gives it, such as C0123456789")
    return written


def _emoji_name(written: str) -> str:
    if not re.fullmatch("[a-z0-9_+'-]{1,100}", written):
        raise ValueError("should be an emoji's name without the colons, such as ticket")
    return written


SlackId = Annotated[str, AfterValidator(_slack_id)]
EmojiName = Annotated[str, AfterValidator(_emoji_name)]


class SlackSettings(ChannelSettings):
    """`watched`: channels in which every message that starts a thread is a conversation; "*": all the app is in.

    Elsewhere a conversation starts where somebody mentions the app.
    """

    watched: tuple[SlackId | Literal["*"], ...] = ()
    grouping_seconds: Annotated[float, Field(ge=0, le=3600, strict=True)] = 120  # what one person writes on joins
    session_hours: Annotated[float, Field(gt=0, le=8760, strict=True)] = 12  # of quiet, until a direct message is new
    reaction: EmojiName | None = "ticket"  # with which a representative opens a case
    triage: SlackId | None = None  # the team's own channel, which mirrors each conversation with internal fields


class TeamsSettings(ChannelSettings):
    """`greeting`: what each person, group and team is told once when they or the app join; null: nothing."""

    greeting: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)] | None = (
        "Hello! Write what you need help with, and I open a case once I know enough. /help tells what else I can do."
    )


class Channels(Document):
    teams: TeamsSettings = TeamsSettings()
    slack: SlackSettings = SlackSettings()
    email: EmailSettings = EmailSettings()
    webchat: ChannelSettings = ChannelSettings()
    voice: ChannelSettings = ChannelSettings()


class Feature(StrEnum):
    CASES = "case_creation_and_update"  # autonomous case creation and update from conversations


OUT_OF_THE_BOX = "Everything"  # the profile that a new installation has


class ExperienceProfile(Document):
    """What a group of representatives may use; `members` are native user ids, or of groups; "*" is everybody."""

    name: Name
    members: tuple[str, ...] = ("*",)
    features: tuple[Feature, ...] = tuple(Feature)


def _time_zone(name: str) -> str:
    """Looked up by itself: a list of all is made from hundreds of files, for which everything else waits."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}: write one such as Europe/Berlin") from error
    return name


def _region(code: str) -> str:
    if code not in SUPPORTED_REGIONS:
        raise ValueError(f"there is no region {code!r}: write a country's code such as DE")
    return code


class Settings(Document):
    """Everything an administrator decides. Secrets are never in it."""

    company: str = ""
    timezone: Annotated[str, AfterValidator(_time_zone)] = "UTC"  # "yesterday" and what people are shown
    region: Annotated[str, AfterValidator(_region)] = "US"  # phone numbers without a country code
    currency: Annotated[str, AfterValidator(_currency)] = "USD"  # amounts without a currency
    categories: tuple[Category, ...] = tuple(Category)  # that the agent may create or update cases on
    channels: Channels = Channels()
    fields: tuple[CaseField, ...]
    default_fields: tuple[Identifier, ...]  # without one the agent opens no case
    creation: Creation = Creation()
    queues: tuple[Queue, ...] = ()
    record_creation_rules: tuple[RecordCreationRule, ...] = ()
    update_rules: tuple[UpdateRule, ...] = ()
    update_without_rules: Literal["default_fields", "nothing"] = "default_fields"
    override_human_edits: bool = False
    automation: Automation = Automation()
    evaluation: Evaluation = Evaluation()
    prediction: PredictionSettings = PredictionSettings()
    ask_for_missing: Asking = Asking.ONCE
    experience_profiles: tuple[ExperienceProfile, ...] = (ExperienceProfile(name=OUT_OF_THE_BOX),)
    keep_case_reads: bool = False  # who read which case, at the console or through the API
    # Resolved cases, and conversations without an open one, are forgotten when nothing has moved for so long.
    forget_after_days: Annotated[int, Field(ge=30, le=36500, strict=True)] | None = None

    def field(self, field_id: str) -> CaseField | None:
        return next((field for field in self.fields if field.id == field_id), None)

    def queue(self, queue_id: str) -> Queue | None:
        return next((queue for queue in self.queues if queue.id == queue_id), None)

    def queues_of(self, ids: AbstractSet[str]) -> tuple[str, ...]:
        """The queues of somebody whom several channels know, each by an id."""
        return tuple(each.id for each in self.queues if not each.members or not {*ids, "*"}.isdisjoint(each.members))

    def allows(self, author: Author, feature: Feature) -> bool:
        """Whether any experience profile of this representative, or of a group of theirs, has the feature."""
        return self.enables({author.id, *author.groups}, feature)

    def enables(self, ids: AbstractSet[str], feature: Feature) -> bool:
        """The same for somebody whom several channels know, each by an id."""
        mine = [each for each in self.experience_profiles if not {*ids, "*"}.isdisjoint(each.members)]
        return any(feature in profile.features for profile in mine)

    def channel(self, name: str) -> ChannelSettings:
        return getattr(self.channels, name)

    @model_validator(mode="after")
    def _parts_fit_each_other(self) -> Self:
        if problems := tuple(_problems(self)):
            raise Incoherent(problems)
        return self


class Incoherent(ValueError):
    """Parts of the settings that are right by themselves do not fit each other."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def _problems(settings: Settings) -> Iterator[Problem]:
    fields = {field.id: field for field in settings.fields}
    yield from unique("fields", "id", [field.id for field in settings.fields])
    yield from _shared_names(settings.fields)
    yield from unique("update_rules", "name", [rule.name for rule in settings.update_rules])
    yield from unique("experience_profiles", "name", [profile.name for profile in settings.experience_profiles])
    yield from named_fields("default_fields", settings.default_fields, fields)
    yield from named_fields("creation.optional", settings.creation.optional, fields)
    quiet, at_most = settings.evaluation.quiet, settings.evaluation.at_most
    if quiet > at_most:
        yield Problem("evaluation.quiet", f"is {quiet:g}, more than the {at_most:g} of at_most: write at most that")
    required, offered = settings.creation.require, len(settings.default_fields)
    if isinstance(required, int) and required > offered:
        yield Problem("creation.require", f"is {required}, more than the {offered} default fields: write at most that")
    yield from unique("queues", "id", [queue.id for queue in settings.queues])
    yield from unique("queues", "name", [queue.name for queue in settings.queues])
    for position, queue in enumerate(settings.queues):
        if queue.when is not None:
            yield from condition_problems(f"queues[{position}].when", queue.when, fields)
    yield from unique("record_creation_rules", "name", [rule.name for rule in settings.record_creation_rules])
    queues = {queue.id: queue for queue in settings.queues}
    for position, rule in enumerate(settings.record_creation_rules):
        yield from _creation_problems(f"record_creation_rules[{position}]", rule, fields)
        yield from _named_queues(f"record_creation_rules[{position}]", rule, queues)
    for position, rule in enumerate(settings.update_rules):
        yield from named_fields(f"update_rules[{position}].fields", rule.fields, fields)
        if rule.when is not None:
            yield from condition_problems(f"update_rules[{position}].when", rule.when, fields)


def _shared_names(fields: Sequence[CaseField]) -> Iterator[Problem]:
    """Commands name a field by its id or its label: what could mean two fields would be guessed at."""
    named: dict[str, CaseField] = {}
    for position, field in enumerate(fields):
        for kind, name in (("id", field.id), ("label", field.label)):
            first = named.setdefault(name_key(name), field)
            if first.id != field.id:
                yield Problem(
                    f"fields[{position}].{kind}",
                    f"{name!r} of the field {field.id!r} is also a name of the field {first.id!r}"
                    f" ({first.label!r}): each needs its own",
                )


def _creation_problems(path: str, rule: RecordCreationRule, fields: Mapping[str, CaseField]) -> Iterator[Problem]:
    for position, item in enumerate(rule.items):
        if item.when is not None:
            yield from condition_problems(f"{path}.items[{position}].when", item.when, MAIL)
        for name in item.values:
            if name not in fields:
                question = nearest(name, fields)
                yield Problem(f"{path}.items[{position}].values.{name}", f"there is no field {name!r}{question}")


def _named_queues(path: str, rule: RecordCreationRule, queues: Mapping[str, Queue]) -> Iterator[Problem]:
    for position, item in enumerate(rule.items):
        queue = queues.get(item.queue or "")
        if item.queue is not None and queue is None:
            yield Problem(
                f"{path}.items[{position}].queue", f"there is no queue {item.queue!r}{nearest(item.queue, queues)}"
            )
        elif queue is not None and not queue.active:
            yield Problem(
                f"{path}.items[{position}].queue",
                f"the queue {queue.id!r} is not active: activate it, or name another one here",
            )
