"""A case as its page shows it, read in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.settings import CaseField, Settings
from bot import acting, forms, words
from bot.console import transcripts
from bot.console.timeline import Said, stands, timeline
from bot.console.transcripts import Place, Transcript
from store import accounts, audit, case_reads, cases, conversations, evaluations
from store.accounts import Account
from store.audit import Entry
from store.case_reads import Read
from store.engine import Connection
from store.evaluations import Evaluation
from store.model import (
    ActorKind,
    Case,
    CaseNumber,
    Conversation,
    ConversationId,
    Evidence,
    FieldId,
    FieldValue,
    Message,
    MessageId,
    Suggestion,
)

_HISTORY = 100  # entries on a page
_LOOKS = 5  # evaluations of a conversation
_READS = 50  # readings; of more, the latest
_LISTED = 500  # options that a page holds
_STATUSES = {each.value: label for each, label in words.STATUS_LABELS.items()}  # as the audit has them


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    words: str
    message_id: MessageId
    stands: bool  # the words are still there
    here: bool  # the message is on this page


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldShown:
    field: CaseField
    held: FieldValue | None
    value: str
    quotes: tuple[Quote, ...]
    typed: tuple[str, ...]
    input: str
    options: tuple[str, ...]  # to choose from or to search; of a longer catalogue none
    by_person: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SuggestionShown:
    id: int
    field: str
    label: str
    value: str
    confidence: float
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """An entry of the audit, as people read it."""

    entry: Entry
    text: str
    undoable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    steps: tuple[Step, ...]  # newest first
    earlier: int | None  # what came before this entry is on the page before
    past: int | None  # None: these are the latest
    seen: int  # the latest entry of all, by which a later page tells what has happened since


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseShown:
    case: Case
    fields: tuple[FieldShown, ...]
    suggestions: tuple[SuggestionShown, ...]
    transcript: Transcript
    timeline: Sequence[Said]
    conversations: tuple[Conversation, ...]  # where a customer wrote last comes first
    customers: Mapping[ConversationId, str]  # who wrote there first
    history: History
    evaluations: tuple[Evaluation, ...]  # newest first
    people: tuple[Account, ...]  # to whom it can be given
    reads: tuple[Read, ...]  # newest first, where they are kept and may be seen

    @property
    def version(self) -> str:
        """Another one when there is something new to see."""
        last = max((each.id for each in self.timeline), default=0)
        edits = sum(each.edited + each.deleted for each in self.timeline)
        looks = max((each.created_at.isoformat() for each in self.evaluations if each.created_at), default="")
        return f"{self.case.revision}-{last}-{edits}-{looks}"


def read(
    connection: Connection, number: CaseNumber, settings: Settings, place: Place, past: int | None, *, audits: bool
) -> CaseShown:
    """`past`: the history before an entry. `audits`: for somebody who may see who read it. Raises UnknownCase."""
    case = cases.get(connection, number)
    cited = _cited(case)
    wanted = {each.message_id for found in cited.values() for each in found}
    transcript = transcripts.read(connection, case.conversations, place)
    quoted = _Quoted(
        messages={
            each.id: each for talk in case.conversations for each in conversations.of_ids(connection, talk, wanted)
        },
        here=transcript.messages.keys(),
    )
    return CaseShown(
        case=case,
        fields=tuple(_field(each, case, quoted, settings) for each in settings.fields),
        suggestions=tuple(_suggestions(case, quoted, settings)),
        transcript=transcript,
        timeline=timeline(transcript.talks, cited, transcript.files),
        conversations=_last_heard_first(connection, transcript),
        customers={
            each: found.name for each in case.conversations if (found := conversations.customer(connection, each))
        },
        history=_history(connection, case, settings, past),
        evaluations=_looks(connection, case.conversations),
        people=tuple(each for each in accounts.listed(connection) if each.enabled),
        reads=tuple(case_reads.of_case(connection, number, limit=_READS)) if audits else (),
    )


def _history(connection: Connection, case: Case, settings: Settings, past: int | None) -> History:
    entries = audit.page(connection, number=case.number, before=past, limit=_HISTORY + 1)
    latest = entries if past is None else audit.latest_of_case(connection, case.number, limit=1)
    shown = entries[:_HISTORY]
    return History(
        steps=tuple(
            Step(entry=each, text=told(each, settings), undoable=acting.is_undoable(each, case)) for each in shown
        ),
        earlier=shown[-1].id if len(entries) > _HISTORY else None,
        past=past,
        seen=latest[0].id if latest else 0,
    )


def _last_heard_first(connection: Connection, transcript: Transcript) -> tuple[Conversation, ...]:
    """As the page offers them where an answer could go to several people: it goes to one of them alone."""
    heard = {each: conversations.last_heard(connection, each) or 0 for each in transcript.talks}
    return tuple(transcript.talks[each][0] for each in sorted(heard, key=heard.__getitem__, reverse=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Quoted:
    """Messages that are cited, and those that are on the page."""

    messages: Mapping[MessageId, Message]
    here: Collection[MessageId]


def _cited(case: Case) -> dict[str, tuple[Evidence, ...]]:
    """By field: what speaks for its value, and what for another one that is suggested."""
    cited = {str(name): each.evidence for name, each in case.values.items()}
    for each in case.suggestions:
        cited[str(each.field)] = (*cited.get(str(each.field), ()), *each.evidence)
    return cited


def _looks(connection: Connection, places: Iterable[ConversationId]) -> tuple[Evaluation, ...]:
    found = [look for each in places for look in evaluations.of_conversation(connection, each, limit=_LOOKS)]
    return tuple(sorted(found, key=lambda each: str(each.created_at), reverse=True))


def _field(field: CaseField, case: Case, quoted: _Quoted, settings: Settings) -> FieldShown:
    held = case.values.get(FieldId(field.id))
    return FieldShown(
        field=field,
        held=held,
        value=words.shown(field, held.value if held else None, settings, 4000),
        quotes=_quotes(held.evidence if held else (), quoted),
        typed=forms.typed(field, held.value if held else None),
        input=forms.INPUTS.get(field.type, "line"),
        options=tuple(each.value for each in field.choices) if len(field.choices) <= _LISTED else (),
        by_person=held is not None and held.writer.kind is ActorKind.PERSON,
    )


def _suggestions(case: Case, quoted: _Quoted, settings: Settings) -> Iterable[SuggestionShown]:
    for each in case.suggestions:
        if field := settings.field(each.field):
            yield _suggestion(each, field, quoted, settings)


def _suggestion(each: Suggestion, field: CaseField, quoted: _Quoted, settings: Settings) -> SuggestionShown:
    return SuggestionShown(
        id=each.id,
        field=field.id,
        label=field.label,
        value=words.shown(field, each.value, settings, 400),
        confidence=each.confidence,
        quotes=_quotes(each.evidence, quoted),
    )


def _quotes(evidence: Iterable[Evidence], quoted: _Quoted) -> tuple[Quote, ...]:
    return tuple(
        Quote(
            words=each.quote,
            message_id=each.message_id,
            stands=each.message_id in quoted.messages and stands(each, quoted.messages[each.message_id]),
            here=each.message_id in quoted.here,
        )
        for each in evidence
    )


def told(entry: Entry, settings: Settings) -> str:
    """What an entry says, in a line."""
    change = entry.change
    field = settings.field(change.field) if change.field else None
    label = field.label if field else change.field or ""

    def shown(value: object) -> str:
        if change.what == "queue" and isinstance(value, str):
            return words.queue_of(value, settings)
        if field is not None and (value is None or isinstance(value, str | bool | int | list)):
            return words.shown(field, value, settings)  # pyright: ignore[reportUnknownArgumentType]
        return words.NOTHING if value is None else str(value)

    old, new = shown(change.old), shown(change.new)
    sentences = {
        "created": f"Opened the case “{new}”",
        "linked": f"Linked conversation {new}",
        "unlinked": f"Split conversation {change.old} off",
        "field": f"{label}: {old} → {new}",
        "merged": f"Merged into case {change.new}",
        "took over": f"Case {change.new} was merged into this one",
        "note": f"Note: {new}",
        "status": f"Status: {_STATUSES.get(old, old)} → {_STATUSES.get(new, new)}",
        "owner": f"Owner: {old} → {new}",
        "queue": f"Queue: {old} → {new}",
    }
    other = " ".join(filter(None, (change.what.capitalize(), label, new if change.new is not None else "")))
    return sentences.get(change.what, other)
