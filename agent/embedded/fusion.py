"""One answer from two readers: what the rules found, and what the network proposes. One confidence, measured."""

from __future__ import annotations

from dataclasses import replace

from babel import Locale, UnknownLocaleError

from agent.embedded.model.calibration import Calibration, Curve, probability
from agent.embedded.model.proposals import Proposal, is_steered
from agent.embedded.talk import Talk
from agent.embedded.vocabulary import vocabulary
from agent.fields import check, same
from agent.language import CERTAIN, detect, letters
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField
from store.model import FieldId

_ENOUGH = 40  # letters; of fewer a language is guessed too often wrongly to send a message to the rules
_READ = 2000  # characters
_ENGLISH = vocabulary(
    """
    the are you it and for with have not can please that this would need what your
    """
)
_DIFFERENT, _SHARE = 3, 0.12


def fused(
    field: CaseField, ruled: Prediction | Abstention, proposal: Proposal | None, calibration: Calibration
) -> Prediction | Abstention:
    """The likelier of the two where they differ; likelier than either where they agree."""
    by_rule = _measured(field, ruled, calibration.ruled) if isinstance(ruled, Prediction) else ruled
    if proposal is None or check(field, proposal.value) is not None:
        return by_rule
    alone = probability(calibration.proposed, proposal.score)
    if isinstance(by_rule, Prediction):
        if same(field, by_rule.value, proposal.value):
            return replace(by_rule, confidence=max(by_rule.confidence, probability(calibration.agreed, proposal.score)))
        if by_rule.confidence >= alone:
            return by_rule
    return Prediction(field=FieldId(field.id), value=proposal.value, confidence=alone, evidence=proposal.evidence)


def _measured(field: CaseField, ruled: Prediction, curve: Curve) -> Prediction:
    """A description that says when to use the field is for the rules: what they are worth elsewhere is no measure."""
    return ruled if is_steered(field) else replace(ruled, confidence=probability(curve, ruled.confidence))


# --- language ---------------------------------------------------------------------------------------


def foreign(talk: Talk) -> str | None:
    """The language that the customer writes in, where it is surely not the network's."""
    said = "\n".join(line.turn.plain.text for line in talk.customer_lines)[:_READ]
    if letters(said) < _ENOUGH or _is_plainly_english(said):
        return None
    code, certainty = detect(said)
    return None if code == "en" or certainty < CERTAIN else _name(code)


def _is_plainly_english(text: str) -> bool:
    """Most English is told by a few words that no other language shares; what tells languages takes 70 MB."""
    said = text.casefold().split()
    english = [word for word in said if word in _ENGLISH]
    return len(set(english)) >= _DIFFERENT and len(english) >= _SHARE * len(said)


def _name(code: str) -> str:
    try:
        return Locale.parse(code).english_name or code
    except UnknownLocaleError:
        return code
