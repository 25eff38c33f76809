"""Whether a prediction may be believed: its words stand in the conversation, and somebody said them who may."""

from __future__ import annotations

from collections.abc import Sequence

from agent import fields
from agent.predictor import Prediction, Sender
from agent.settings import CaseField, FieldType
from store.model import Evidence, Message, Role


def refusal(
    prediction: Prediction, transcript: Sequence[Message], settings_field: CaseField, sender: Sender
) -> str | None:
    """None when the value may be written; else why not, as a sentence for people."""
    if complaint := fields.check(settings_field, prediction.value):
        return complaint
    if not 0 <= prediction.confidence <= 1:
        return f"The confidence {prediction.confidence} is not between 0 and 1."
    if not prediction.evidence:
        identity = vouched(settings_field, sender)
        by_identity = identity is not None and fields.same(settings_field, prediction.value, identity)
        return None if by_identity else "No words of the conversation are given for it."
    return _unsupported(prediction.evidence, transcript)


def vouched(field: CaseField, sender: Sender) -> str | None:
    """What an identity field is by the channel's own word for who wrote."""
    if not field.identity:
        return None
    identity = sender.verified_email if field.type is FieldType.EMAIL else sender.verified_phone
    return identity if identity is not None and fields.check(field, identity) is None else None


def _unsupported(evidence: Sequence[Evidence], transcript: Sequence[Message]) -> str | None:
    said = {message.id: (position, message) for position, message in enumerate(transcript)}
    for each in evidence:
        if each.message_id not in said or not stands(each, said[each.message_id][1]):
            return f"The words {each.quote!r} do not stand in the conversation."
    cited = [said[each.message_id] for each in evidence]
    if any(message.author.role is Role.AGENT for _, message in cited):
        return "The agent's own words are no evidence."
    by_customers = [position for position, message in cited if message.author.role is Role.CUSTOMER]
    by_others = [position for position, message in cited if message.author.role is not Role.CUSTOMER]
    if by_others and max(by_others) > max(by_customers, default=-1):
        return "A representative's words count only once the customer has confirmed them."
    return None


def stands(evidence: Evidence, message: Message) -> bool:
    """Whether the quote still stands where it is said to stand. Blank quotes stand nowhere."""
    inside = 0 <= evidence.start < evidence.end <= len(message.text)
    literal = inside and message.text[evidence.start : evidence.end] == evidence.quote
    return literal and bool(evidence.quote.strip()) and not message.deleted
