"""Which of the examples that people's decisions left may be used: where, for whom, and which are near."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process

from agent.fields import check
from agent.settings import Settings
from store.examples import Example
from store.model import CaseNumber, ContactId, FieldId, Value

_NEAR = 40  # token set ratio from which two texts are about something alike


def fitting(examples: Iterable[Example], settings: Settings) -> tuple[Example, ...]:
    """Those whose field is still one, and allows what was decided of it."""
    fields = {field.id: field for field in settings.fields}
    fits: dict[tuple[FieldId, str], bool] = {}  # a catalogue is long, and the same values come again

    def is_fit(example: Example, value: Value | None) -> bool:
        key = example.field, repr(value)
        if key not in fits:
            field = fields.get(example.field)
            fits[key] = field is not None and (value is None or check(field, value) is None)
        return fits[key]

    return tuple(each for each in examples if is_fit(each, each.value) and is_fit(each, each.wrong))


def usable(
    examples: Iterable[Example], settings: Settings, contact_id: ContactId | None, case_number: CaseNumber | None
) -> tuple[Example, ...]:
    """Of those that fit, other cases' alone; of what is personal, this contact's alone."""
    personal = {field.id for field in settings.fields if field.is_personal}
    return tuple(
        example
        for example in examples
        if example.case_number != case_number
        and (example.field not in personal or (contact_id is not None and example.contact_id == contact_id))
    )


def nearest(examples: Sequence[Example], words: str, *, limit: int) -> list[Example]:
    """Most alike first, by the words they share."""
    found = process.extract(
        words, [each.words for each in examples], scorer=fuzz.token_set_ratio, limit=limit, score_cutoff=_NEAR
    )
    return [examples[place] for _, _, place in found]
