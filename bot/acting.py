"""What a representative does to a case, whoever asks for it: a command, a button, a page of the console.

Each is a part of a transaction, takes the case as it was read under its lock, and returns a sentence for who did it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent.decision import Trigger
from bot import words
from bot.announce import announce, changes
from bot.evaluation import AGENT
from bot.settings import InForce
from store import audit, cases, contacts, conversations, outbox, work
from store.audit import Entry, Origin
from store.cases import FieldWrite, UnknownSuggestion
from store.engine import Connection
from store.model import (
    Actor,
    ActorKind,
    Author,
    Case,
    CaseNumber,
    CaseStatus,
    Change,
    ConversationId,
    Evidence,
    FieldId,
    Inbound,
    InboundKind,
    MessageId,
    Role,
    utcnow,
)

CONSOLE = "console:"
"""What the external ids begin with of messages that were written at the console."""


class NotPossible(Exception):
    """It can't be done; each argument is a sentence that says why."""


class UnknownQueue(NotPossible):
    """There is no such queue, or it takes no cases."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acting:
    """Who does something, and where; `key` is unique to what is done."""

    key: str
    actor: Actor
    in_force: InForce
    conversation_id: ConversationId | None = None  # None: at the console

    @property
    def origin(self) -> Origin:
        version = self.in_force.version
        return Origin(actor=self.actor, conversation_id=self.conversation_id, settings_version=version)


def tell(connection: Connection, acting: Acting, before: Case) -> Case:
    """Tells the case's threads what differs; returns the case as it is now."""
    after = cases.get(connection, before.number)
    announce(connection, acting.in_force.settings, after, key=acting.key, before=before)
    return after


def claim(connection: Connection, acting: Acting, before: Case) -> str:
    if before.owner is not None and before.owner.id == acting.actor.id:
        return words.already_yours(before.number)
    assign(connection, acting, before, acting.actor)
    for conversation_id in before.conversations:
        work.set_timer(connection, conversation_id, Trigger.CLAIM, quiet=0, at_most=0)
    return words.claimed(before.number, before.owner.name if before.owner else None)


def require_unmerged(case: Case) -> None:
    """Raises NotPossible."""
    if case.merged_into is not None:
        raise NotPossible(words.merged(case.number, case.merged_into))


def assign(connection: Connection, acting: Acting, before: Case, owner: Actor) -> None:
    """Raises NotPossible."""
    require_unmerged(before)
    if before.owner != owner:
        cases.set_owner(connection, acting.origin, before, owner)
    if before.status is CaseStatus.NEW:
        cases.set_status(connection, acting.origin, before, CaseStatus.IN_PROGRESS)
    tell(connection, acting, before)


def move(connection: Connection, acting: Acting, before: Case, queue: str | None) -> str:
    """To another queue; None: out of the one it is in. Raises NotPossible."""
    require_unmerged(before)
    settings = acting.in_force.settings
    if queue == before.queue:
        return words.in_queue_already(before.number, queue, settings)
    found = None if queue is None else settings.queue(queue)
    if queue is not None and (found is None or not found.active):
        raise UnknownQueue(words.no_such_queue(queue, settings))
    cases.set_queue(connection, acting.origin, before, queue)
    tell(connection, acting, before)
    return words.moved(before.number, queue, settings)


def resolve(connection: Connection, acting: Acting, before: Case, text: str) -> str:
    """Raises NotPossible."""
    require_unmerged(before)
    if not before.status.is_open:
        return words.status_already(before.number, before.status)
    cases.set_status(connection, acting.origin, before, CaseStatus.RESOLVED, resolution=text or None)
    tell(connection, acting, before)
    return words.resolved(before.number, text)


def cancel(connection: Connection, acting: Acting, before: Case, reason: str) -> str:
    """Raises NotPossible."""
    require_unmerged(before)
    if not reason:
        raise NotPossible(words.reason_missing())
    if not before.status.is_open:
        return words.status_already(before.number, before.status)
    cases.set_status(connection, acting.origin, before, CaseStatus.CANCELLED, resolution=reason)
    tell(connection, acting, before)
    return words.cancelled(before.number, reason)


def reopen(connection: Connection, acting: Acting, before: Case) -> str:
    """Raises NotPossible."""
    require_unmerged(before)
    if not before.status.reopens:
        return words.status_already(before.number, before.status)
    status = CaseStatus.IN_PROGRESS if before.owner else CaseStatus.NEW
    cases.set_status(connection, acting.origin, before, status)
    tell(connection, acting, before)
    return words.reopened(before.number, status)


def note(connection: Connection, acting: Acting, case: Case, text: str) -> str:
    cases.add_note(connection, acting.origin, case, text)
    return words.note_kept(case.number)


def decide(connection: Connection, acting: Acting, before: Case, chosen: int, *, accept: bool) -> str:
    """Accepts or rejects one of the agent's suggestions."""
    suggestion = next((each for each in before.suggestions if each.id == chosen), None)
    try:
        cases.decide_suggestion(connection, acting.origin, before, chosen, accept=accept)
    except UnknownSuggestion:
        return words.suggestion_gone()
    after = tell(connection, acting, before)
    settings = acting.in_force.settings
    if accept or suggestion is None:
        return words.fields_set(before.number, changes(settings, before, after), settings)
    field = settings.field(suggestion.field)
    return words.suggestion_rejected(before.number, field.label if field else suggestion.field)


def decide_all(connection: Connection, acting: Acting, before: Case, *, accept: bool) -> None:
    for each in before.suggestions:
        cases.decide_suggestion(connection, acting.origin, before, each.id, accept=accept)
    if before.suggestions:
        tell(connection, acting, before)


def write(connection: Connection, acting: Acting, before: Case, writes: Sequence[FieldWrite]) -> None:
    """Raises NotPossible."""
    require_unmerged(before)
    cases.write(connection, acting.origin, before, writes)
    tell(connection, acting, before)


def both(connection: Connection, number: CaseNumber, other: CaseNumber) -> tuple[Case, Case]:
    """Two cases, locked in one order whoever asks, so that nobody waits for the other. Raises UnknownCase."""
    locked = {each: cases.get(connection, each, lock=True) for each in sorted({number, other})}
    return locked[number], locked[other]


def unmergeable(source: Case, into: Case) -> list[str]:
    """Why one can't be merged into the other."""
    if source.number == into.number:
        return [words.merged_with_itself(source.number)]
    return [words.merged_closed(each) for each in (source, into) if not each.status.is_open]


def merge(connection: Connection, acting: Acting, source: Case, into: Case, taken: Collection[FieldId]) -> str:
    """All threads of `source` become those of `into`, which keeps its values; both as `both` gives them.

    `taken` are fields whose values it takes over where it has none. Raises NotPossible.
    """
    if problems := unmergeable(source, into):
        raise NotPossible(*problems)
    cases.merge(connection, acting.origin, source, into)
    joined = cases.get(connection, into.number)
    if writes := [_taken(source, each) for each in taken if each in source.values and each not in into.values]:
        cases.write(connection, acting.origin, joined, writes)
    said = words.merged(source.number, into.number)
    for conversation_id in joined.conversations:
        each = f"{acting.key}:{into.number}:{conversation_id}"
        if conversation_id in source.conversations:
            outbox.queue_card(connection, conversation_id, f"{each}:source", source.number, None)
        outbox.queue_card(connection, conversation_id, f"{each}:card", into.number, None)
        outbox.queue_text(connection, conversation_id, f"{each}:line", said)
    return said


def _taken(source: Case, field: FieldId) -> FieldWrite:
    held = source.values[field]
    return FieldWrite(field=field, value=held.value, confidence=held.confidence, evidence=held.evidence)


def split_off(connection: Connection, acting: Acting, before: Case, conversation_id: ConversationId) -> str:
    """The conversation leaves the case, and what the agent had read in it alone goes with it.

    What people decided stays. Raises NotPossible.
    """
    if conversation_id not in before.conversations:
        raise NotPossible(words.not_of_the_case(before.number))
    if len(before.conversations) == 1:
        raise NotPossible(words.only_conversation(before.number))
    cases.unlink(connection, acting.origin, before, conversation_id)
    cited = {cited.message_id for each in (*before.values.values(), *before.suggestions) for cited in each.evidence}
    said = {each.id for each in conversations.window(connection, conversation_id, cited)}
    agents = Origin(actor=AGENT, conversation_id=conversation_id, settings_version=acting.in_force.version)
    gone = [
        FieldWrite(field=each.field, value=None)
        for each in before.values.values()
        if each.writer.kind is ActorKind.AGENT and _rests_on(each.evidence, said)
    ]
    if gone:
        cases.write(connection, agents, before, gone)
    cases.withdraw(connection, before, [each.field for each in before.suggestions if _rests_on(each.evidence, said)])
    tell(connection, acting, before)
    outbox.queue_text(connection, conversation_id, f"{acting.key}:split", words.split_off(before.number))
    for each in before.conversations:
        if each != conversation_id and gone:
            work.set_timer(connection, each, Trigger.MESSAGE, quiet=0, at_most=0)
    return words.split_off(before.number)


def _rests_on(evidence: Sequence[Evidence], said: Collection[MessageId]) -> bool:
    return bool(evidence) and all(each.message_id in said for each in evidence)


def undo(connection: Connection, acting: Acting, before: Case, entry_id: int) -> None:
    """Takes a change of the agent back, as a person's decision: the agent does not make it again.

    So can anybody's of the queue be. Raises NotPossible.
    """
    entry = audit.get(connection, before.number, entry_id)
    if entry is None or not is_undoable(entry, before):
        raise NotPossible(words.nothing_to_undo())
    if entry.change.what == "queue":
        move(connection, acting, before, None if entry.change.old is None else str(entry.change.old))
        return
    write(connection, acting, before, [FieldWrite(field=FieldId(entry.change.field or ""), value=entry.change.old)])


def is_undoable(entry: Entry, case: Case) -> bool:
    """A field that the agent wrote, or a rule, and that stands as it was written; or the queue that it is in."""
    change: Change = entry.change
    if change.what == "queue":
        return case.merged_into is None and change.new == case.queue
    if (
        case.merged_into is not None
        or change.what != "field"
        or change.field is None
        or entry.origin.actor.kind is ActorKind.PERSON
    ):
        return False
    held = case.values.get(change.field)
    return held is not None and held.writer.kind is not ActorKind.PERSON and held.value == change.new


def reply(connection: Connection, acting: Acting, conversation_id: ConversationId, text: str) -> None:
    """Posts a representative's words into a thread, and keeps them as a message of it. Raises NotPossible."""
    talk = conversations.get(connection, conversation_id)
    if talk.erased:
        raise NotPossible(words.nobody_to_answer())
    author = Author(id=acting.actor.id, name=acting.actor.name)
    said = Inbound(
        channel=talk.channel,
        category=talk.category,
        account=talk.account,
        conversation_key=talk.key,
        external_id=f"{CONSOLE}{acting.key}",
        kind=InboundKind.MESSAGE,
        author=author,
        text=text,
        sent_at=utcnow(),
    )
    first = not conversations.has_answer(connection, conversation_id)
    contact_id = contacts.identify(connection, CONSOLE, "", author)
    participant = conversations.join(connection, conversation_id, said, Role.REPRESENTATIVE, contact_id)
    conversations.append(connection, conversation_id, participant, said, noise=False)
    if first:
        work.set_timer(connection, conversation_id, Trigger.ANSWER, quiet=0, at_most=0)
    post = words.reply(acting.actor.name, text, talk.category)
    outbox.queue_text(connection, conversation_id, f"{acting.key}:reply", post, relay=said.external_id)
