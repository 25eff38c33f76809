"""What a mail does beyond its words: rules open its case, and a representative's own mail is passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from agent.creation import first_sentence
from agent.decision import Trigger
from agent.noise import is_noise
from agent.record_creation import MailFacts, item_for, rule_for, values_of
from agent.settings import CreationItem, RecordCreationRule, UnknownSender
from bot import words
from bot.evaluation import AGENT
from bot.settings import InForce
from store import cases, contacts, conversations, mail, outbox, work
from store.audit import Origin
from store.cases import FieldWrite, Placing
from store.engine import Connection
from store.mail import MailState
from store.model import Actor, ActorKind, Case, Inbound, InboundKind, Role, utcnow
from store.work import Claim


def is_mail(inbound: Inbound) -> bool:
    return inbound.channel == mail.CHANNEL and inbound.kind is InboundKind.MESSAGE


def settle(connection: Connection, inbound: Inbound, state: MailState, reason: str | None = None) -> None:
    """Where the mail ended; the first word on it stands."""
    mail.settle(connection, inbound.account, inbound.external_id, state, reason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reception:
    """What a mail leads to: it joins the conversation's case, or an item of a rule opens one."""

    opens: tuple[RecordCreationRule, CreationItem] | None = None
    reopens: bool = False  # the case it joins is resolved, and may come back


def received(connection: Connection, claim: Claim, in_force: InForce, *, role: Role, noise: bool) -> Reception | str:
    """A sentence says why nothing follows."""
    case = _live_case(connection, claim)
    if role is Role.CUSTOMER:
        return _of_a_customer(connection, claim, in_force, case, noise=noise)
    if case is None and conversations.customer(connection, claim.lease.conversation_id) is None:
        return "A representative wrote it, and it names no conversation with a customer."
    return Reception()


def _of_a_customer(
    connection: Connection, claim: Claim, in_force: InForce, case: Case | None, *, noise: bool
) -> Reception | str:
    inbound = claim.event.inbound
    rule = rule_for(in_force.settings, inbound.account)
    if case is not None and (case.status.is_open or noise):
        return Reception()
    if case is not None and (rule is None or _is_recent(connection, case, rule)):
        return Reception(reopens=rule is None or rule.reopen)
    if noise and case is None and not inbound.attachments and is_noise(_facts(inbound).subject):
        return "It greets or thanks, and says nothing else."
    if rule is None:
        return f"No active record-creation rule is for the mailbox {inbound.account}."
    if rule.unknown_sender is UnknownSender.SKIP and not _is_known(connection, inbound):
        return f"The sender is unknown, and the rule “{rule.name}” skips those."
    item = item_for(rule, _facts(inbound), in_force.settings, inbound.channel)
    return f"No item of the rule “{rule.name}” fits the mail." if item is None else Reception(opens=(rule, item))


def open_case(
    connection: Connection, claim: Claim, in_force: InForce, rule: RecordCreationRule, item: CreationItem
) -> None:
    """Title and contact come from the mail; the agent's first fill, at once, announces the case."""
    conversation_id, facts = claim.lease.conversation_id, _facts(claim.event.inbound)
    customer = conversations.customer(connection, conversation_id)
    values = values_of(item, facts, in_force.settings)
    cases.create(
        connection,
        Origin(
            actor=Actor(kind=ActorKind.RULE, id=rule.name, name=rule.name),
            conversation_id=conversation_id,
            settings_version=in_force.version,
        ),
        title=first_sentence(facts.subject) or words.UNTITLED,
        conversation_id=conversation_id,
        contact_id=customer.contact_id if customer else None,
        writes=[FieldWrite(field=name, value=value, rule=rule.name) for name, value in values.items()],
        placing=Placing(queue=item.queue, why=words.queue_named(rule.name)) if item.queue else None,
    )
    work.set_timer(connection, conversation_id, Trigger.OPENED, quiet=0, at_most=0)


def relay(connection: Connection, claim: Claim) -> None:
    """What a representative wrote in their own mail client goes on to the customer, unless it reached them."""
    inbound, facts = claim.event.inbound, _facts(claim.event.inbound)
    to = {str(each) for each in cast("list[Any]", inbound.reply_address.get("to", ()))} - {facts.sender}
    if to and not to & set(facts.recipients):
        key = f"{claim.event.id}:relay"
        outbox.queue_text(connection, claim.lease.conversation_id, key, inbound.text, relay=inbound.external_id)


def tell_what_was_left_out(connection: Connection, claim: Claim, *, role: Role) -> None:
    """Files past a limit are in the mail alone: a representative hears of it, a customer's case is marked."""
    inbound, conversation_id = claim.event.inbound, claim.lease.conversation_id
    left_out = [str(each) for each in cast("list[Any]", inbound.raw.get("left_out", []))]
    if not left_out:
        return
    if role is Role.REPRESENTATIVE:
        text = words.passed_on_without(left_out)
        outbox.queue_text(connection, conversation_id, f"{claim.event.id}:left", text, audience=inbound.author.id)
    elif (case := _live_case(connection, claim)) is not None:
        origin = Origin(actor=AGENT, conversation_id=conversation_id)
        cases.add_failure(connection, origin, case.number, words.not_all_kept(left_out))


def _live_case(connection: Connection, claim: Claim) -> Case | None:
    number = conversations.get(connection, claim.lease.conversation_id).case_number
    return None if number is None else cases.get(connection, number)


def _is_recent(connection: Connection, case: Case, rule: RecordCreationRule) -> bool:
    closed = cases.closed_at(connection, case.number)
    return closed is not None and utcnow() - closed <= timedelta(days=rule.join_resolved_days)


def _is_known(connection: Connection, inbound: Inbound) -> bool:
    """Whether they wrote before, or a person let this mail out of the review."""
    if mail.was_let_out(connection, inbound.account, inbound.external_id):
        return True
    return contacts.is_known(connection, inbound.channel, inbound.account, inbound.author.id)


def _facts(inbound: Inbound) -> MailFacts:
    raw = inbound.raw
    return MailFacts(
        mailbox=inbound.account,
        subject=str(raw.get("subject", "")),
        body=inbound.text,
        sender=str(raw.get("sender", "")),
        recipients=tuple(str(each) for each in cast("list[Any]", raw.get("recipients", []))),
        has_attachments=bool(inbound.attachments),
    )
