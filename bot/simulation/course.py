"""What the agent would have done with a conversation: every evaluation goes through `agent.decide`, as it does live.

The store's part is played in memory: a case that is opened takes on what is written and suggested, and nothing else
happens to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from agent import language
from agent.decide import decide
from agent.decision import Decision, Outcome, Snapshot, Trigger, Write
from agent.predictor import Predictor
from agent.record_creation import MailFacts, item_for, rule_for, values_of
from agent.settings import Channels
from bot import words
from bot.evaluation import AGENT, placing
from bot.simulation.labelled import Labelled
from store.cases import Placing
from store.model import (
    Actor,
    ActorKind,
    Case,
    CaseNumber,
    CaseStatus,
    Category,
    Conversation,
    ConversationId,
    FieldId,
    FieldValue,
    Message,
    Role,
    Suggestion,
    Value,
)


class Fate(StrEnum):
    """How a conversation came to its case, or why to none."""

    CREATED = "created"
    JOINED = "joined"  # it is one more conversation of a case that was there
    PROPOSED = "proposed"  # a representative would have had to accept
    WATCHED = "watched"  # would have been opened, had the settings not let the agent only watch
    NOT_CREATED = "not_created"
    OFF = "off"  # switched off for the channel, for the category, or altogether


_FATES = {
    Outcome.CREATED: Fate.CREATED,
    Outcome.PROPOSED: Fate.PROPOSED,
    Outcome.SHADOW: Fate.WATCHED,
    Outcome.NOT_CREATED: Fate.NOT_CREATED,
    Outcome.OFF: Fate.OFF,
}
_OPENS = {Fate.CREATED, Fate.PROPOSED, Fate.WATCHED}


@dataclass(frozen=True, kw_only=True)
class Course:
    fate: Fate
    why: str  # of that, as the evaluation's record would say
    opened: int | None  # the message after which the case was opened or proposed
    placing: Placing | None  # where it goes then; None: to no queue, or it was not opened here
    updates: int  # evaluations that changed the case afterwards, or would have
    suggested: int  # values that a representative would have had to accept
    flips: int  # values replaced by others while the conversation went on
    values: Mapping[FieldId, Value]  # what the case says at the end


class Rehearsal:
    """One conversation, evaluation by evaluation."""

    def __init__(self, conversation: Labelled) -> None:
        self._labelled = conversation
        self._category = conversation.category or Category.CHAT
        self._conversation = _conversation(conversation, self._category)
        self._case = _opened(conversation, "Joined", {}) if conversation.joins else None
        self._fate = Fate.JOINED if conversation.joins else Fate.NOT_CREATED
        self._why = "It joined a case that was there." if conversation.joins else "No customer wrote anything."
        self._opened: int | None = None
        self._placing: Placing | None = None
        self._updates = self._suggested = self._flips = 0
        self.decision: Decision | None = None  # the latest
        self.rules: dict[FieldId, str | None] = {}  # of every field that was tried, the rule that claimed it
        self.refused: dict[FieldId, str] = {}  # the latest reason
        self.asks = False  # the customer would have been asked for what is missing

    @property
    def case(self) -> Case | None:
        return self._case

    @property
    def conversation(self) -> Conversation:
        return self._conversation

    @property
    def values(self) -> dict[FieldId, Value]:
        return {name: each.value for name, each in self._case.values.items()} if self._case else {}

    @property
    def course(self) -> Course:
        return Course(
            fate=self._fate,
            why=self._why,
            opened=self._opened,
            placing=self._placing,
            updates=self._updates,
            suggested=self._suggested,
            flips=self._flips,
            values=self.values,
        )

    async def evaluate(self, at: int, predictor: Predictor) -> None:
        """After the message at this index, where live there would be an evaluation."""
        trigger = self._trigger(at)
        if trigger is None:
            return
        if self._case is None and self._category is Category.EMAIL:
            trigger = self._by_rule(at) or trigger
        case = self._case
        decision = await self._decided(at, trigger, predictor)
        if case is None:
            self._create(at, decision)
        else:
            self._change(case, decision)
        if trigger is Trigger.OPENED and self._case is not None and self._placing is None:
            self._placing = self._placed(list(self._case.values.values()))

    async def update(self, predictor: Predictor) -> None:
        """What a representative's command would make of the case that is there in the end."""
        if self._case is not None:
            last = len(self._labelled.transcript) - 1
            self._change(self._case, await self._decided(last, Trigger.COMMAND, predictor))

    async def _decided(self, at: int, trigger: Trigger, predictor: Predictor) -> Decision:
        said, settings = self._labelled.transcript[: at + 1], self._labelled.settings
        if language.wanted(settings):
            self._conversation = replace(self._conversation, language=language.spoken(said))
        self.decision = await decide(self._snapshot(said, trigger), predictor)
        self.rules.update(self.decision.fields)
        self.refused.update({each.field: each.reason for each in self.decision.refusals})
        self.asks = self.asks or self.decision.ask
        return self.decision

    def _trigger(self, at: int) -> Trigger | None:
        """A customer's message, and the first answer."""
        transcript = self._labelled.transcript
        match transcript[at].author.role:
            case Role.CUSTOMER:
                return Trigger.MESSAGE
            case Role.REPRESENTATIVE:
                first = not any(each.author.role is Role.REPRESENTATIVE for each in transcript[:at])
                return Trigger.ANSWER if first else None
            case Role.AGENT:
                return None

    def _by_rule(self, at: int) -> Trigger | None:
        """A mail's case is opened by a record-creation rule; the agent fills it then."""
        settings, message = self._labelled.settings, self._labelled.transcript[at]
        rule = rule_for(settings, self._conversation.account)
        mail = MailFacts(
            mailbox=self._conversation.account,
            subject="",
            body=message.text,
            sender=self._labelled.sender.verified_email or "",
            recipients=(),
            has_attachments=bool(message.attachments),
        )
        item = item_for(rule, mail, settings, self._conversation.channel) if rule else None
        if rule is None or item is None:
            return None
        self._case = _opened(self._labelled, rule.name, values_of(item, mail, settings))
        self._fate, self._opened, self._why = Fate.CREATED, at, f"The rule “{rule.name}” opened it."
        self._placing = Placing(queue=item.queue, why=words.queue_named(rule.name)) if item.queue else None
        return Trigger.OPENED

    def _snapshot(self, said: tuple[Message, ...], trigger: Trigger) -> Snapshot:
        return Snapshot(
            settings=self._labelled.settings,
            settings_version=0,
            conversation=self._conversation,
            transcript=said,
            sender=self._labelled.sender,
            case=self._case,
            trigger=trigger,
            now=self._labelled.now,
        )

    def _placed(self, values: Sequence[Write | FieldValue]) -> Placing | None:
        return placing(self._labelled.settings, self._conversation, values)

    def _create(self, at: int, decision: Decision) -> None:
        """What was proposed once stays so: later evaluations would propose it again."""
        fate = _FATES[decision.outcome]
        if self._fate not in _OPENS:
            self._fate, self._why = fate, decision.why
            if fate in _OPENS:
                self._opened, self._placing = at, self._placed(decision.writes)
        if decision.outcome is Outcome.CREATED:
            self._case = _written(_opened(self._labelled, decision.title or "", {}), decision)

    def _change(self, case: Case, decision: Decision) -> None:
        if decision.outcome not in {Outcome.UPDATED, Outcome.PROPOSED, Outcome.SHADOW}:
            return
        self._updates += decision.outcome is not Outcome.PROPOSED
        self._suggested += len(decision.suggestions)
        if decision.outcome is not Outcome.SHADOW:
            self._flips += sum(None not in (each.old, each.value) for each in decision.writes)
            self._case = _written(case, decision)


def _conversation(labelled: Labelled, category: Category) -> Conversation:
    known = labelled.channel in Channels.model_fields
    return Conversation(
        id=ConversationId(1),
        channel=labelled.channel if known else "webchat",
        category=category,
        account=labelled.account,
        key=labelled.id,
        reply_address={},
        people=any(each.author.role is Role.REPRESENTATIVE for each in labelled.transcript),
        language=None,
        ended=False,
        asked=False,
        case_number=None,
    )


def _opened(labelled: Labelled, title: str, by_rule: Mapping[FieldId, Value]) -> Case:
    rule = Actor(kind=ActorKind.RULE, id=title, name=title)
    values = {
        name: FieldValue(field=name, value=value, writer=rule, written_at=labelled.now)
        for name, value in by_rule.items()
    }
    return Case(
        number=CaseNumber(1),
        title=title,
        status=CaseStatus.NEW,
        owner=None,
        contact_id=None,
        values=values,
        suggestions=(),
        conversations=(ConversationId(1),),
        resolution=None,
        created_at=labelled.now,
        updated_at=labelled.now,
        revision=0,
    )


def _written(case: Case, decision: Decision) -> Case:
    values = {**case.values}
    for each in decision.writes:
        values.pop(each.field, None)
        if each.value is not None:
            values[each.field] = FieldValue(
                field=each.field,
                value=each.value,
                writer=AGENT,
                written_at=case.updated_at,
                confidence=each.confidence,
                evidence=each.evidence,
            )
    fresh = tuple(
        Suggestion(id=0, field=each.field, value=each.value, confidence=each.confidence, evidence=each.evidence)
        for each in decision.suggestions
        if each.value is not None
    )
    return replace(case, values=values, suggestions=(*case.suggestions, *fresh), revision=case.revision + 1)
