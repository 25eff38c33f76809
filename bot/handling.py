"""What happens to an event, from the head of a conversation's line to its final transaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from agent.decision import Trigger
from agent.settings import Feature, Level, Settings
from bot import evaluation, mailroom, words
from bot.announce import announce
from bot.carry_out import CommandRunner
from bot.evaluation import AGENT, Evaluator, Question
from bot.settings import CurrentSettings, InForce
from bot.tracker import Reading, Step, read
from store import cases, contacts, conversations, outbox, work
from store.audit import Origin
from store.commands import command_word
from store.engine import Connection, Database, Transaction
from store.mail import MailState
from store.model import Author, CaseStatus, ConversationId, Inbound, InboundKind, Role
from store.work import Claim


class Handling:
    """Implements `bot.worker.Handler`."""

    def __init__(
        self,
        database: Database,
        settings: CurrentSettings,
        evaluator: Evaluator,
        commands: CommandRunner,
        *,
        demo_representatives: frozenset[str] = frozenset(),
    ) -> None:
        self._database = database
        self._settings = settings
        self._evaluator = evaluator
        self._commands = commands
        self._demo_representatives = demo_representatives

    async def __call__(self, claim: Claim) -> Transaction:
        inbound = claim.event.inbound
        in_force = await self._settings.recently(self._database)
        reading = read(inbound, in_force.settings, demo_representatives=self._demo_representatives)
        transaction = await self._prepared(claim, reading, in_force)
        return partial(_and_settle, claim=claim, first=transaction) if mailroom.is_mail(inbound) else transaction

    async def _prepared(self, claim: Claim, reading: Reading, in_force: InForce) -> Transaction:
        match reading.step:
            case Step.COMMAND | Step.ACTION:
                return await self._commands.prepare(claim, reading, in_force)
            case Step.EVALUATE:
                return await self._evaluate(claim, Trigger(claim.event.inbound.text))
            case _:
                return partial(_follow, claim=claim, reading=reading, in_force=in_force)

    async def _evaluate(self, claim: Claim, trigger: Trigger) -> Transaction:
        question = Question(conversation_id=claim.lease.conversation_id, trigger=trigger)
        finding = await self._evaluator.find(question)
        return partial(
            evaluation.apply,
            finding=finding,
            key=str(claim.event.id),
            representatives=self._who_may_accept(claim.event.inbound.channel, finding.snapshot.settings),
        )

    def _who_may_accept(self, channel: str, settings: Settings) -> Sequence[str]:
        listed = {*settings.channel(channel).representatives, *self._demo_representatives}
        return sorted(each for each in listed if settings.allows(Author(id=each), Feature.CASES))


def _and_settle(connection: Connection, *, claim: Claim, first: Transaction) -> None:
    """A mail that was handled belongs to its conversation, unless a rule had another word for it."""
    first(connection)
    mailroom.settle(connection, claim.event.inbound, MailState.JOINED)


def _follow(connection: Connection, *, claim: Claim, reading: Reading, in_force: InForce) -> None:
    """Everything that needs no thinking: keeps the message, and sets the timer for thinking about it."""
    inbound, conversation_id = claim.event.inbound, claim.lease.conversation_id
    match reading.step:
        case Step.APPEND:
            _append(connection, claim=claim, reading=reading, in_force=in_force)
        case Step.EDIT | Step.DELETE:
            _amend(connection, claim=claim, reading=reading, in_force=in_force)
        case Step.REFUSE:
            text = words.refused_customer()
            outbox.queue_text(connection, conversation_id, f"{claim.event.id}:no", text, audience=inbound.author.id)
        case Step.UNDELIVERED:
            _mark(connection, conversation_id, words.came_back(inbound.text))
        case Step.END:
            conversations.end(connection, conversation_id)
            work.set_timer(connection, conversation_id, Trigger.ENDED, quiet=0, at_most=0)
        case _:
            pass


def _append(connection: Connection, *, claim: Claim, reading: Reading, in_force: InForce) -> None:
    inbound, conversation_id = claim.event.inbound, claim.lease.conversation_id
    reception = None
    if mailroom.is_mail(inbound):
        reception = mailroom.received(connection, claim, in_force, role=reading.role, noise=reading.noise)
        if isinstance(reception, str):
            mailroom.settle(connection, inbound, MailState.IGNORED, reception)
            return
    participant_id = _participant(connection, claim, reading.role)
    first_answer = reading.role is Role.REPRESENTATIVE and not conversations.has_answer(connection, conversation_id)
    if not conversations.append(connection, conversation_id, participant_id, inbound, noise=reading.noise):
        return
    if reading.role is Role.REPRESENTATIVE:
        _answered(connection, claim, first=first_answer)
    elif reception is not None and reception.opens is not None:
        mailroom.open_case(connection, claim, in_force, *reception.opens)
        mailroom.settle(connection, inbound, MailState.CREATED)
    else:
        _think_later(connection, conversation_id, in_force)
        if not reading.noise and (reception is None or reception.reopens):
            _reopen_if_closed(connection, claim=claim, in_force=in_force)
    if mailroom.is_mail(inbound):
        mailroom.tell_what_was_left_out(connection, claim, role=reading.role)


def _answered(connection: Connection, claim: Claim, *, first: bool) -> None:
    if first:
        work.set_timer(connection, claim.lease.conversation_id, Trigger.ANSWER, quiet=0, at_most=0)
    if mailroom.is_mail(claim.event.inbound):
        mailroom.relay(connection, claim)


def _participant(connection: Connection, claim: Claim, role: Role) -> int:
    inbound, conversation_id = claim.event.inbound, claim.lease.conversation_id
    known = conversations.known(connection, conversation_id, inbound, role)
    if known is not None:
        return known
    contact_id = contacts.identify(connection, inbound.channel, inbound.account, inbound.author)
    return conversations.join(connection, conversation_id, inbound, role, contact_id)


def _think_later(connection: Connection, conversation_id: int, in_force: InForce) -> None:
    when = in_force.settings.evaluation
    work.set_timer(connection, conversation_id, Trigger.MESSAGE, quiet=when.quiet, at_most=when.at_most)


def _amend(connection: Connection, *, claim: Claim, reading: Reading, in_force: InForce) -> None:
    """An edit or a deletion. One whose message has not reached us yet stands for it, so that it comes too late.

    A command was no message, and is none when it is edited or deleted.
    """
    inbound, conversation_id = claim.event.inbound, claim.lease.conversation_id
    try:
        _change_message(connection, conversation_id, inbound, noise=reading.noise)
    except conversations.UnknownMessage:
        if inbound.kind is InboundKind.EDIT and command_word(inbound.text) is None:
            _append(connection, claim=claim, reading=reading, in_force=in_force)
        elif inbound.kind is InboundKind.DELETE and not work.heard_before(connection, claim.event.id, inbound):
            conversations.bury(connection, conversation_id, _participant(connection, claim, reading.role), inbound)
        return
    if reading.role is Role.CUSTOMER:
        _think_later(connection, conversation_id, in_force)


def _change_message(connection: Connection, conversation_id: int, inbound: Inbound, *, noise: bool) -> None:
    target = inbound.target or ""
    if inbound.kind is InboundKind.EDIT:
        if inbound.action.get("restored"):
            conversations.restore(connection, conversation_id, target, inbound.author.id)
        conversations.edit(connection, conversation_id, target, inbound.author.id, inbound.text, noise=noise)
    else:
        conversations.delete(connection, conversation_id, target, inbound.author.id)


def _reopen_if_closed(connection: Connection, *, claim: Claim, in_force: InForce) -> None:
    """A customer who writes on after the case was closed is heard again; a thank-you is noise and does nothing."""
    number = cases.closed_in(connection, claim.lease.conversation_id)
    if number is None or in_force.settings.automation.update is not Level.FULL:
        return
    before = cases.get(connection, number, lock=True)
    if not before.status.reopens:
        return
    origin = Origin(actor=AGENT, conversation_id=claim.lease.conversation_id, settings_version=in_force.version)
    status = CaseStatus.IN_PROGRESS if before.owner else CaseStatus.NEW
    cases.set_status(connection, origin, before, status)
    announce(connection, in_force.settings, cases.get(connection, number), key=str(claim.event.id), before=before)


def gave_up(connection: Connection, *, claim: Claim, error_id: str) -> None:
    """Implements `bot.worker.GaveUp`: whoever wrote is told, and the case carries a mark for its representative."""
    conversation_id, inbound = claim.lease.conversation_id, claim.event.inbound
    text = words.went_wrong(error_id)
    _mark(connection, conversation_id, text)
    if inbound.kind in {InboundKind.MESSAGE, InboundKind.ACTION}:
        key = f"{claim.event.id}:failed:{error_id}"
        outbox.queue_text(connection, conversation_id, key, text, audience=inbound.author.id)


def _mark(connection: Connection, conversation_id: ConversationId, text: str) -> None:
    number = conversations.get(connection, conversation_id).case_number
    if number is not None:
        cases.add_failure(connection, Origin(actor=AGENT, conversation_id=conversation_id), number, text)
