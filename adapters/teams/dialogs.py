"""Forms as Teams' dialogs, and what people filled in (learn.microsoft.com, "Adaptive Card-based dialogs")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import quote, unquote

from adapters import adaptive
from adapters.desk import Choice, Form, FormField, Input, OpenSuggestion, Target
from adapters.payload import part, required, text
from adapters.teams.cards import attachment, fitting
from adapters.teams.configuration import CHANNEL
from store.model import CaseNumber, Json

TYPED, CHOSEN = "typed:", "chosen:"  # before a field's id, in its input's
_CHOOSES = {Input.ONE_OF, Input.YES_NO, Input.SOME_OF}
_LISTED = 15  # choices; of more, those that fit are asked for while somebody types
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LABEL = 200  # characters
_HINTS = (1000, 400, 120, 40)  # characters of one, less where there is not room for all
_LONGEST_ID = 200  # characters: it comes back from a client, and becomes part of a key of the database
_LARGEST = 2**31 - 1  # what a database keeps as an integer


def dialog(
    form: Form,
    form_id: str,
    problems: Mapping[str, str] | None = None,
    filled: Mapping[str, Sequence[str]] | None = None,
) -> Json:
    """What shows the form. With `problems` it comes back as it was `filled`, each sentence below its field.

    `form_id` comes back with it: a form that is sent twice is one.
    """
    return fitting(_dialog(form, form_id, problems, filled, most) for most in _HINTS)


def _dialog(
    form: Form,
    form_id: str,
    problems: Mapping[str, str] | None,
    filled: Mapping[str, Sequence[str]] | None,
    most: int,
) -> Json:
    """`most`: characters of a hint."""
    new = form.target.case is None
    body: list[Json] = [adaptive.line(form.title, weight="bolder")] if form.title else []
    if said := (problems or {}).get(""):
        body.append(_problem(said))
    for field in form.fields:
        body += _shown(field, (problems or {}).get(field.id), (filled or {}).get(field.id), most)
    body += [_suggestion(each) for each in form.suggestions]
    save = {"type": "Action.Submit", "title": "Create case" if new else "Update case", "data": _kept(form, form_id)}
    title = "Create case" if new else f"Case {form.target.case}"
    return _continued(title, adaptive.document(body, fallback=title, actions=[save]))


def message(title: str, sentence: str) -> Json:
    """A dialog that only says something."""
    return _continued(title, adaptive.document([adaptive.line(sentence)], fallback=sentence))


def said(sentence: str) -> Json:
    """Closes the dialog, and says so."""
    return {"task": {"type": "message", "value": sentence}}


def target_of(account: str, data: Json) -> Target:
    """What the dialog was about. Raises ValueError where it is none of ours."""
    kept = part(data, "form")
    key, case = text(kept, "conversation_key"), kept.get("case")
    if not key:
        raise ValueError("The dialog is none of ours.")
    return Target(
        channel=CHANNEL,
        account=account,
        conversation_key=key,
        case=None if case is None else case_number(case),
        revision=int(kept.get("revision") or 0),
    )


def form_id_of(data: Json) -> str:
    """Raises ValueError where it is none of ours."""
    found = required(data, "form", "id")
    if len(found) > _LONGEST_ID:
        raise ValueError("The form's id is none of ours.")
    return found


def case_number(found: object) -> CaseNumber:
    """Raises ValueError."""
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found <= _LARGEST:
        raise ValueError(f"case should be a number from 1 to {_LARGEST}.")
    return CaseNumber(found)


def values_of(data: Json) -> dict[str, list[str]]:
    """What was filled in, by field; of the inputs that were shown, one that does not come back was emptied."""
    shown = part(data, "form").get("inputs")
    inputs = [each for each in cast("list[object]", shown) if isinstance(each, str)] if isinstance(shown, list) else []
    return {each.partition(":")[2]: _values(each, data.get(each)) for each in inputs}


def _values(name: str, found: object) -> list[str]:
    if not isinstance(found, str) or not found.strip():
        return []
    return [unquote(each) for each in found.split(",")] if name.startswith(CHOSEN) else [found]


def choice_value(value: str) -> str:
    """As it comes back: several have commas between them, so that none may hold one.

    Only where it has to be: some clients show the value itself in a field that is searched.
    """
    return quote(value, safe=" ") if {",", "%"} & set(value) else value


def _kept(form: Form, form_id: str) -> Json:
    target = form.target
    return {
        "form": {
            "id": form_id,
            "conversation_key": target.conversation_key,
            "case": target.case,
            "revision": target.revision,
            "inputs": [_input_id(each) for each in form.fields],
        }
    }


def _input_id(field: FormField) -> str:
    return f"{CHOSEN if field.input in _CHOOSES else TYPED}{field.id}"


def _continued(title: str, card: Json) -> Json:
    shown = {"title": title, "height": "large", "width": "medium", "card": attachment(card)}
    return {"task": {"type": "continue", "value": shown}}


def _shown(field: FormField, problem: str | None, filled: Sequence[str] | None, most: int) -> list[Json]:
    hint = _hint(field)
    shown: list[Json] = [_input(field, field.filled if filled is None else tuple(filled))]
    if hint:
        shown.append(adaptive.line(hint[:most], isSubtle=True, size="small", spacing="small"))
    if problem:
        shown.append(_problem(problem))
    return shown


def _problem(sentence: str) -> Json:
    return adaptive.line(sentence, color="attention", weight="bolder", spacing="small")


def _hint(field: FormField) -> str:
    """Where the value comes from, then what one looks like."""
    told: list[str] = []
    if field.predicted:
        told.append(f"Predicted from “{field.because}”." if field.because else "Predicted.")
    elif field.because and not field.filled:
        told.append(field.because)
    if field.stored:
        told.append(f"The case says: {field.stored}.")
    return " ".join([*told, field.hint]).strip()


def _input(field: FormField, filled: Sequence[str]) -> Json:
    common: Json = {"id": _input_id(field), "label": field.label[:_LABEL], "isRequired": False}
    first = filled[0] if filled else ""
    match field.input:
        case Input.ONE_OF | Input.YES_NO | Input.SOME_OF:
            return {**common, **_choices(field, filled)}
        case Input.DATE if not first or _ISO_DATE.fullmatch(first):
            return {**common, "type": "Input.Date", "value": first}
        case Input.LINES:
            return {**common, "type": "Input.Text", "isMultiline": True, "value": first}
        case _:
            return {**common, "type": "Input.Text", "value": first}


def _choices(field: FormField, filled: Sequence[str]) -> Json:
    known = {each.value for each in field.choices}
    chosen = [Choice(value=each, label=each) for each in filled if each not in known]
    searched = field.searched or len(field.choices) > _LISTED
    known_and_chosen = [each for each in field.choices if not searched or each.value in filled]
    listed = [{"title": each.label, "value": choice_value(each.value)} for each in (*chosen, *known_and_chosen)]
    shown: Json = {
        "type": "Input.ChoiceSet",
        "style": "filtered" if searched else "compact",
        "isMultiSelect": field.input is Input.SOME_OF,
        "choices": listed,
        "value": ",".join(map(choice_value, filled)),
    }
    if searched:  # asked for while somebody types: `application/search`
        shown["choices.data"] = {"type": "Data.Query", "dataset": field.id}
    return shown


def _suggestion(each: OpenSuggestion) -> Json:
    quote = f" “{each.quote}”" if each.quote else ""
    return adaptive.line(f"Suggested {each.label}: {each.value}.{quote}", isSubtle=True)
