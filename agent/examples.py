"""Which of the examples that people's decisions left may be used: where, for whom, and which are near."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process

from agent.fields import check
from agent.settings import CaseField, Settings
from store.examples import Example
from store.model import CaseNumber, ContactId, Value

_NEAR = 40  # token set ratio from which two texts are about something alike


def usable(
    examples: Iterable[Example], settings: Settings, contact_id: ContactId | None, case_number: CaseNumber | None
) -> tuple[Example, ...]:
    """Those of other cases whose field is still as it was for them; of what is personal, this contact's alone."""
    fields = {field.id: field for field in settings.fields}
    return tuple(
        example
        for example in examples
        if example.case_number != case_number
        and (field := fields.get(example.field)) is not None
        and _is_told_to(contact_id, example, field)
        and _fits(field, example.value)
        and _fits(field, example.wrong)
    )


def _is_told_to(contact_id: ContactId | None, example: Example, field: CaseField) -> bool:
    return not field.is_personal or (contact_id is not None and example.contact_id == contact_id)


def _fits(field: CaseField, value: Value | None) -> bool:
    return value is None or check(field, value) is None


def nearest(examples: Sequence[Example], words: str, *, limit: int) -> list[Example]:
    """Most alike first, by the words they share."""
    found = process.extract(
        words, [each.words for each in examples], scorer=fuzz.token_set_ratio, limit=limit, score_cutoff=_NEAR
    )
    return [examples[place] for _, _, place in found]
