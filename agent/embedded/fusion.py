"""One answer from two readers: what the rules found, and what the network proposes. One confidence, measured."""

from __future__ import annotations

from dataclasses import replace

from babel import Locale, UnknownLocaleError

from agent.embedded.model.calibration import Calibration, Curve, probability
from agent.embedded.model.proposals import Proposal
from agent.embedded.talk import Talk
from agent.fields import check, same
from agent.language import CERTAIN, detect, letters
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField
from store.model import FieldId

_ENOUGH = 40  # letters; of fewer a language is guessed too often wrongly to send a message to the rules
_READ = 2000  # characters


def fused(
    field: CaseField, ruled: Prediction | Abstention, proposal: Proposal | None, calibration: Calibration
) -> Prediction | Abstention:
    """The likelier of the two where they differ; likelier than either where they agree."""
    if proposal is None or check(field, proposal.value) is not None:
        return _measured(ruled, calibration.ruled) if isinstance(ruled, Prediction) else ruled
    if isinstance(ruled, Abstention):
        return _written(field, proposal, probability(calibration.proposed, proposal.score))
    if same(field, ruled.value, proposal.value):
        return replace(ruled, confidence=max(ruled.confidence, probability(calibration.agreed, proposal.score)))
    alone, by_rule = probability(calibration.proposed, proposal.score), _measured(ruled, calibration.ruled)
    return _written(field, proposal, alone) if alone > by_rule.confidence else by_rule


def _measured(ruled: Prediction, curve: Curve) -> Prediction:
    return replace(ruled, confidence=probability(curve, ruled.confidence))


def _written(field: CaseField, proposal: Proposal, confidence: float) -> Prediction:
    return Prediction(field=FieldId(field.id), value=proposal.value, confidence=confidence, evidence=proposal.evidence)


# --- language ---------------------------------------------------------------------------------------


def foreign(talk: Talk) -> str | None:
    """The language that the customer writes in, where it is surely not the network's."""
    said = "\n".join(line.turn.plain.text for line in talk.customer_lines)[:_READ]
    if letters(said) < _ENOUGH:
        return None
    code, certainty = detect(said)
    return None if code == "en" or certainty < CERTAIN else _name(code)


def _name(code: str) -> str:
    try:
        return Locale.parse(code).english_name or code
    except UnknownLocaleError:
        return code
