from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.decide import Decision, Outcome, decide
from agent.predictor import Abstention, Prediction, PredictionRequest
from agent.settings import Condition, Operator, UpdateRule
from store.model import Evidence, FieldId, MessageId
from tests.agent.examples import (
    ALL_SAID,
    ANNA,
    DEFECT,
    DEFECT_CASE,
    INTAKE,
    SETTINGS,
    VERIFIED,
    applied,
    case,
    snapshot,
    stored,
    with_settings,
    written,
)

# --- whatever predictors and rules do ---------------------------------------------------------------

FIELDS = [field.id for field in SETTINGS.fields]
LINES = st.lists(st.sampled_from([*ALL_SAID, "hi", "R: is it High?", "R: the Aria 2000", "yes", "💧"]), max_size=6)
VALUES = st.sampled_from(["it leaks", "jo@example.org", "Product defect", "Aria 3000", "Low", "AB1234", "", "x\x00y"])
CONDITIONS = st.builds(
    Condition,
    field=st.just("case_category"),
    operator=st.sampled_from([Operator.EQUALS, Operator.NOT_EQUALS]),
    value=st.sampled_from(["Product defect", "Billing"]),
)
CLAIMED = st.lists(st.sampled_from(FIELDS), min_size=1, unique=True).map(tuple)
RULES = st.lists(st.builds(UpdateRule, name=st.uuids().map(str), when=CONDITIONS, fields=CLAIMED), max_size=4)
DEFAULTS = st.lists(st.sampled_from(FIELDS), min_size=1, unique=True)


@dataclass
class Liar:
    """Says anything about anything, with quotes that may stand nowhere."""

    answers: Sequence[Prediction | Abstention]
    name: str = "liar"
    version: str = "1"

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        del request
        return self.answers


LIES = st.lists(
    st.builds(
        Prediction,
        field=st.sampled_from([FieldId(name) for name in FIELDS]),
        value=VALUES | st.booleans() | st.integers() | st.lists(VALUES),
        confidence=st.floats(),
        evidence=st.lists(
            st.builds(
                Evidence,
                message_id=st.integers(0, 7).map(MessageId),
                quote=VALUES,
                start=st.integers(-3, 20),
                end=st.integers(-3, 20),
            ),
            max_size=2,
        ).map(tuple),
    )
    | st.builds(Abstention, field=st.sampled_from([FieldId(name) for name in FIELDS]), reason=st.text())
)


@given(lines=LINES, lies=LIES, stored_case=st.sampled_from([None, DEFECT_CASE]), manual=st.booleans())
async def test_nothing_is_written_without_words_that_stand(
    lines: list[str], lies: list[Prediction | Abstention], stored_case: Any, *, manual: bool
) -> None:
    before = snapshot(*lines, case=stored_case, manual=manual, sender=VERIFIED)
    decision = await decide(before, Liar(lies))
    texts = {each.id: each.text for each in before.transcript}
    for write in (*decision.writes, *decision.suggestions):
        for each in write.evidence:
            assert texts[each.message_id][each.start : each.end] == each.quote
        assert write.evidence or write.value in {None, "jo@example.org"}


@given(
    lines=LINES,
    rules=RULES,
    defaults=DEFAULTS,
    writer=st.sampled_from([ANNA, INTAKE]),
    edited=st.sets(st.sampled_from(FIELDS)),
)
async def test_what_people_set_is_never_written(
    lines: list[str], rules: list[Any], defaults: list[str], writer: Any, edited: set[str]
) -> None:
    settings = with_settings(update_rules=rules, default_fields=defaults)
    by_hand = case(*(stored(name, "Product defect" if name == "case_category" else "mine", writer) for name in edited))
    decision = await decide(snapshot(*lines, case=by_hand, settings=settings), DEFECT)
    assert not edited & set(written(decision))


@given(lines=LINES, rules=RULES, defaults=DEFAULTS, category=st.sampled_from([None, "Product defect", "Billing"]))
async def test_an_update_ends_after_two_passes_and_a_second_one_changes_nothing(
    lines: list[str], rules: list[Any], defaults: list[str], category: str | None
) -> None:
    values = [stored("case_category", category)] if category else []
    settings = with_settings(update_rules=rules, default_fields=defaults)
    before = snapshot(*lines, case=case(*values), settings=settings)
    decision = await decide(before, DEFECT)
    again = await decide(applied(before, decision), DEFECT)
    assert decision.passes <= 2
    assert again.outcome is Outcome.NO_CHANGES


def test_a_decision_defaults_to_doing_nothing() -> None:
    idle = Decision(outcome=Outcome.OFF, why="Off.")
    assert (idle.writes, idle.suggestions, idle.ask, dict(idle.fields)) == ((), (), False, {})
