"""Whether a conversation becomes a case, with what, and whether to ask for what is missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agent.decision import Decision, Outcome, Snapshot, Trigger, Write
from agent.noise import is_noise
from agent.resolution import NOTHING_ASKED, Resolution
from agent.rules import gate
from agent.settings import Asking, FieldType, Level, Settings
from agent.text import one_line, visible
from store.model import FieldId, Message, Role

TITLE_LENGTH = 80
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n")  # noqa: RUF001 - full-width stops
_FEWEST_WORDS = 3
"""A message of fewer words that nothing was read from is too thin to ask back."""


def matters(transcript: Iterable[Message]) -> list[Message]:
    """The customers' messages that say something; without any there is no case."""
    return [message for message in transcript if _is_customers(message) and not is_noise(message.text)]


def _is_customers(message: Message) -> bool:
    return message.author.role is Role.CUSTOMER and not message.deleted


def default_fields(settings: Settings) -> dict[FieldId, str | None]:
    return {FieldId(name): None for name in settings.default_fields}


def optional_fields(settings: Settings) -> dict[FieldId, str | None]:
    return {FieldId(name): None for name in settings.creation.optional if name not in settings.default_fields}


def predictable_fields(settings: Settings) -> dict[FieldId, str | None]:
    """Default, optional, and those of active update rules, in the settings' order: what a form for a new case shows."""
    claimed = {name for rule in settings.update_rules if rule.active for name in rule.fields}
    named = claimed.union(settings.default_fields, settings.creation.optional)
    return {FieldId(field.id): None for field in settings.fields if field.id in named}


def further_fields(snapshot: Snapshot) -> dict[FieldId, str | None]:
    """What is predicted beside the default fields."""
    if snapshot.trigger is not Trigger.FORM:
        return optional_fields(snapshot.settings)
    defaults = default_fields(snapshot.settings)
    return {name: None for name in predictable_fields(snapshot.settings) if name not in defaults}


def opens(snapshot: Snapshot, defaults: Resolution) -> bool:
    """Whether the further fields are worth predicting."""
    return snapshot.manual or gate(snapshot.settings, defaults.resolved).open


def nothing_said(snapshot: Snapshot) -> Decision:
    return Decision(
        outcome=Outcome.NOT_CREATED,
        why="No case because the customer has reported or asked nothing yet.",
        missing=tuple(default_fields(snapshot.settings)),
    )


def decide_creation(snapshot: Snapshot, defaults: Resolution, further: Resolution = NOTHING_ASKED) -> Decision:
    both = defaults | further
    missing = gate(snapshot.settings, defaults.resolved).missing
    opened = opens(snapshot, defaults)
    outcome = _outcome(snapshot) if opened else Outcome.NOT_CREATED
    return Decision(
        outcome=outcome,
        why=_why(outcome, missing, snapshot.settings),
        writes=_writes(both),
        refusals=tuple(both.refused.values()),
        missing=missing,
        ask=not opened and _asks(snapshot, defaults),
        title=_title(snapshot, defaults) if opened else None,
        passes=1,
        fields=dict.fromkeys([*both.resolved, *both.refused]),
    )


def _outcome(snapshot: Snapshot) -> Outcome:
    level = Level.FULL if snapshot.manual else snapshot.settings.automation.create
    outcomes = {Level.CONFIRM: Outcome.PROPOSED, Level.SHADOW: Outcome.SHADOW}
    return outcomes.get(level, Outcome.CREATED)


def _writes(resolution: Resolution) -> tuple[Write, ...]:
    return tuple(
        Write(field=name, value=each.value, old=None, confidence=each.confidence, evidence=each.evidence, rule=None)
        for name, each in resolution.resolved.items()
    )


def _why(outcome: Outcome, missing: Sequence[FieldId], settings: Settings) -> str:
    labels = named(missing, settings)
    match outcome:
        case Outcome.NOT_CREATED if not settings.default_fields:
            return "No case because the settings name no default fields yet."
        case Outcome.NOT_CREATED:
            return f"No case because {labels} did not resolve."
        case Outcome.PROPOSED:
            return "A case is proposed: the settings let a representative decide."
        case Outcome.SHADOW:
            return "A case would have been opened; the settings let the agent only watch."
        case _:
            return f"Opened, though {labels} did not resolve." if missing else "The required fields resolved."


def named(fields: Sequence[FieldId], settings: Settings) -> str:
    """Labels for a sentence: "Contact, Priority and Product"."""
    labels = [field.label if (field := settings.field(name)) else name for name in fields]
    return " and ".join(filter(None, (", ".join(labels[:-1]), *labels[-1:])))


def _asks(snapshot: Snapshot, defaults: Resolution) -> bool:
    """Once, and only where the customer is alone with the agent and has said something worth asking about."""
    settings, conversation = snapshot.settings, snapshot.conversation
    wanted = settings.ask_for_missing is Asking.ONCE and bool(settings.default_fields)
    allowed = wanted and settings.automation.create is not Level.SHADOW
    alone = not conversation.people and not any(_is_representatives(message) for message in snapshot.transcript)
    if not allowed or not alone or conversation.asked or snapshot.trigger is not Trigger.MESSAGE:
        return False
    read_in_words = any(prediction.evidence for prediction in defaults.resolved.values())
    return read_in_words or any(_is_substantial(message) for message in matters(snapshot.transcript))


def _is_representatives(message: Message) -> bool:
    return message.author.role is Role.REPRESENTATIVE


def _is_substantial(message: Message) -> bool:
    return len(message.text.split()) >= _FEWEST_WORDS


def _title(snapshot: Snapshot, defaults: Resolution) -> str | None:
    """The first sentence of the first text that resolved, or by hand of what the customer wrote first."""
    texts = [text for name in snapshot.settings.default_fields if (text := _text(snapshot, defaults, FieldId(name)))]
    written = [message.text for message in matters(snapshot.transcript)]
    titles = (title for text in (*texts, *written) if (title := first_sentence(text)))
    return next(titles, None)


def _text(snapshot: Snapshot, defaults: Resolution, name: FieldId) -> str | None:
    field, prediction = snapshot.settings.field(name), defaults.resolved.get(name)
    # The title stands on every card.
    is_text = field is not None and not field.internal and field.type in {FieldType.TEXT, FieldType.MULTILINE}
    return str(prediction.value) if is_text and prediction is not None else None


def first_sentence(text: str) -> str:
    """At most `TITLE_LENGTH` characters, cut at a word's end; empty when the text shows nothing."""
    sentences = (one_line(part) for part in _SENTENCE_END.split(visible(text)))
    sentence = next((part for part in sentences if part), "")
    if len(sentence) <= TITLE_LENGTH:
        return sentence
    cut = sentence[:TITLE_LENGTH]  # one is spent on the ellipsis
    words = cut.rpartition(" ")[0]
    return f"{words or cut[:-1]}…"
