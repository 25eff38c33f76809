"""Whether a mail opens a case, and with what: an administrator's rules, not the agent, decide that. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from agent import fields
from agent.rules import Facts, holds
from agent.settings import CreationItem, FieldType, Problem, RecordCreationRule, Settings
from store.model import Category, FieldId, Value, utcnow


@dataclass(frozen=True, kw_only=True, slots=True)
class MailFacts:
    """What conditions can ask of a mail."""

    mailbox: str
    subject: str
    body: str
    sender: str
    recipients: tuple[str, ...]
    has_attachments: bool

    @property
    def _values(self) -> Mapping[FieldId, Value]:
        return {
            FieldId("mail.subject"): self.subject,
            FieldId("mail.body"): self.body,
            FieldId("mail.sender"): self.sender,
            FieldId("mail.sender_domain"): self.sender.rpartition("@")[2],
            FieldId("mail.recipients"): " ".join(self.recipients),
            FieldId("mail.has_attachments"): self.has_attachments,
        }

    def facts(self, channel: str) -> Facts:
        return Facts(values=self._values, channel=channel, category=Category.EMAIL, language=None, ended=False)


def rule_for(settings: Settings, mailbox: str) -> RecordCreationRule | None:
    rules = (rule for rule in settings.record_creation_rules if rule.active and rule.mailbox in {mailbox, "*"})
    return next(rules, None)


def item_for(rule: RecordCreationRule, mail: MailFacts, settings: Settings, channel: str) -> CreationItem | None:
    """The first item whose condition holds: it opens the case, and no later one is tried."""
    facts = mail.facts(channel)
    return next((item for item in rule.items if item.when is None or holds(item.when, facts, settings)), None)


def values_of(item: CreationItem, mail: MailFacts, settings: Settings) -> dict[FieldId, Value]:
    """The item's values in canonical form; the sender is the customer, so identity fields hold the address.

    A value that the settings allow no more is left out: a mail is not lost over it.
    """
    identity = [field for field in settings.fields if field.identity and field.type is FieldType.EMAIL]
    # Without a sender only when a person let the mail out of the review.
    found: dict[FieldId, Value] = {FieldId(field.id): mail.sender for field in identity if mail.sender}
    for name, written in item.values.items():
        field = settings.field(name)
        with suppress(fields.BadValue):
            if field is not None:
                found[FieldId(name)] = fields.parse(field, str(written), settings, utcnow())
    return found


def value_problems(settings: Settings) -> Iterator[Problem]:
    """The values of rules that do not fit their fields."""
    for at, rule in enumerate(settings.record_creation_rules):
        for position, item in enumerate(rule.items):
            for name, written in item.values.items():
                field = settings.field(name)
                try:
                    if field is not None:
                        fields.parse(field, str(written), settings, utcnow())
                except fields.BadValue as error:
                    yield Problem(f"record_creation_rules[{at}].items[{position}].values.{name}", str(error))
