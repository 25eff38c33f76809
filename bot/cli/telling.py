"""Lines that tell what happened to a case or conversation; everything of other people's goes through `tidy`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.cli.naming import Naming
from bot.cli.output import moment
from bot.cli.trail import Quote, ValueTrail
from bot.text import one_line, quoted
from bot.words import NOTHING
from store.audit import Entry
from store.evaluations import Evaluation
from store.model import Actor, ActorKind, Change, FieldId

QUOTE_LIMIT = 300  # characters

_WITHOUT_WORDS = {
    ActorKind.PERSON: "set by hand",
    ActorKind.AGENT: "the verified identity",
    ActorKind.RULE: "the rule sets it, or it is the mail's sender",
}
_KINDS = {ActorKind.PERSON: "a person", ActorKind.AGENT: "the agent", ActorKind.RULE: "a rule"}


def value_lines(trail: ValueTrail) -> Iterator[str]:
    """Under a value: who, when, how sure, on whose words, by which rule, settings and predictor."""
    held = trail.value
    yield f"written by {who(held.writer)}, {moment(held.written_at)}{_confidence(held.confidence)}"
    if not trail.quotes:
        yield f"no words: {_WITHOUT_WORDS[held.writer.kind]}"
    for quote in trail.quotes:
        yield f"because {quoted(quote.words, QUOTE_LIMIT)}, {_message(quote)}"
    yield ", ".join(_provenance(trail))


def who(actor: Actor) -> str:
    return f"{one_line(actor.name, 60)} ({_KINDS[actor.kind]})"


def history_line(entry: Entry, naming: Naming) -> str:
    return f"{moment(entry.at)}  {who(entry.origin.actor)}: {_change(entry.change, naming)}"


def evaluation_lines(evaluation: Evaluation, naming: Naming) -> Iterator[str]:
    """The first line is the evaluation, those after it are the fields that did not resolve."""
    at = f"{moment(evaluation.created_at)}  " if evaluation.created_at else ""
    facts = f"settings {evaluation.settings_version}, {one_line(evaluation.predictor)}{_spent(evaluation)}"
    yield (
        f"{at}on {evaluation.trigger}: {evaluation.outcome}. {one_line(evaluation.why, 400)}"
        f" (conversation {evaluation.conversation_id}, {facts}, {evaluation.milliseconds:.0f} ms)"
    )
    refused: dict[str, dict[str, Any]] = evaluation.detail.get("refused", {})
    for field, refusal in refused.items():
        yield f"{one_line(naming.label(FieldId(field)))}: {one_line(str(refusal.get('reason')), 300)}"


def _spent(evaluation: Evaluation) -> str:
    """What a model was sent and wrote for it."""
    asked: dict[str, Any] | None = evaluation.detail.get("llm")
    if asked is None:
        return ""
    cost = f", {asked['cost']}" if "cost" in asked else ""
    return f", {asked['input'] + asked['output']:,} tokens{cost}"


def _provenance(trail: ValueTrail) -> Iterator[str]:
    if trail.rule is not None:
        kind = "record-creation rule" if trail.value.writer.kind is ActorKind.RULE else "update rule"
        yield f"{kind} {quoted(trail.rule)}"
    elif trail.value.writer.kind is ActorKind.AGENT:
        yield "default fields"
    yield f"settings {trail.settings_version or NOTHING}"
    if trail.predictor is not None:
        yield f"predictor {one_line(trail.predictor)}"


def _message(quote: Quote) -> str:
    if quote.author is None or quote.sent_at is None:
        return f"message {quote.message_id}, which is not kept any more"
    since = f", {quote.since} since" if quote.since else ""
    return (
        f"{one_line(quote.author, 60)} ({quote.role}), {moment(quote.sent_at)}, message {quote.message_id}"
        f" of conversation {quote.conversation_id}{since}"
    )


def _change(change: Change, naming: Naming) -> str:
    return f"{_what(change, naming)}{_because(change)}"


def _what(change: Change, naming: Naming) -> str:
    label = one_line(naming.label(change.field)) if change.field else ""
    old, new = (naming.value(change.field, value) for value in (change.old, change.new))
    match change.what:
        case "created" if change.new is not None:
            return f"opened the case {quoted(str(change.new))}"
        case "linked":
            return f"linked conversation {new}"
        case "field":
            return f"{label}: {old} → {new}"
        case "note" if change.new is not None:
            return f"note {quoted(str(change.new), QUOTE_LIMIT)}"
        case "status" | "owner" | "queue":
            return f"{change.what}: {old} → {new}"
        case _:  # suggested, rejected, refused, and what was erased
            return " ".join(part for part in (change.what, label, "" if change.new is None else new) if part)


def _because(change: Change) -> str:
    parts = [quoted(each.quote, QUOTE_LIMIT) for each in change.evidence]
    parts += [] if change.confidence is None else [f"confidence {change.confidence:.2f}"]
    parts += [f"update rule {quoted(change.rule)}"] if change.rule else []
    parts += [one_line(change.reason, QUOTE_LIMIT)] if change.reason else []
    return f" ({', '.join(parts)})" if parts else ""


def _confidence(confidence: float | None) -> str:
    return "" if confidence is None else f", confidence {confidence:.2f}"
