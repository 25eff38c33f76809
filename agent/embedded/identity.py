"""Who the customer is, as the channel vouches for it."""

from __future__ import annotations

from agent.fields import normalise
from agent.predictor import Prediction, PredictionRequest
from agent.settings import CaseField, FieldType
from store.model import FieldId

_VERIFIED = 0.99


def verified(field: CaseField, request: PredictionRequest) -> Prediction | None:
    """The sender's verified address or number, for a field that stands for the person. No words justify it."""
    if not field.identity:
        return None
    sender = request.sender
    known = sender.verified_phone if field.type is FieldType.PHONE else sender.verified_email
    value = normalise(field, known, request.settings, request.now) if known else None
    if value is None:
        return None
    return Prediction(field=FieldId(field.id), value=value, confidence=_VERIFIED, evidence=())
