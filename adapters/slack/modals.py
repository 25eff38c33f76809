"""Forms and pickers as Slack's modals, and what people filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from adapters.desk import Choice, Form, FormField, Input, OpenConversation
from adapters.slack.blocks import VERB, plain, suggested
from adapters.slack.payload import part, parts, text
from adapters.slack.words import run, shortened
from store.model import CardSuggestion, Json

FORM, PICK = f"{VERB}form", f"{VERB}pick"  # callback ids
FIELD = "field:"  # before a field's id, in the block's
SEARCH = "search:"  # before a field's id, in the action's: Slack asks us for the options
_VALUE = "value"  # the action's id of every other input
_TITLE, _LABEL, _HINT, _OPTION, _TYPED = 24, 150, 1500, 75, 3000  # characters
_OPTIONS, _BLOCKS = 100, 90  # at most


def loading(title: str) -> Json:
    return message(title, "Reading the conversation …")


def message(title: str, sentence: str) -> Json:
    words = {"type": "rich_text_section", "elements": [run(shortened(sentence, _HINT))]}
    return {
        "type": "modal",
        "title": plain(title, _TITLE),
        "close": plain("Close", _TITLE),
        "blocks": [{"type": "rich_text", "elements": [words]}],
    }


def form(form: Form, metadata: Json) -> Json:
    """Nothing has to be filled in: what is left empty is cleared, or was never known."""
    verb = "Create case" if form.target.case is None else "Update case"
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": plain(verb if form.target.case is None else f"Case {form.target.case}", _TITLE),
        "submit": plain(verb, _TITLE),
        "close": plain("Cancel", _TITLE),
        "private_metadata": json.dumps(metadata),
        "blocks": list(_blocks(form))[: _BLOCKS + 1],
    }


def _blocks(form: Form) -> Iterator[Json]:
    yield {"type": "context", "elements": [plain(form.title, _HINT)]}
    for field in form.fields:
        yield _input(field)
    if form.target.case is not None:
        for each in form.suggestions:
            shown = CardSuggestion(id=each.id, label=each.label, value=each.value, quote=each.quote)
            yield from suggested(form.target.case, shown)


def _input(field: FormField) -> Json:
    block: Json = {
        "type": "input",
        "block_id": f"{FIELD}{field.id}",
        "optional": True,
        "label": plain(field.label, _LABEL),
        "element": _element(field),
    }
    hint = _hint(field)
    return {**block, "hint": plain(hint, _HINT)} if hint else block


def _hint(field: FormField) -> str:
    """Where the value comes from, then what one looks like."""
    said: list[str] = []
    if field.predicted:
        said.append(f"Predicted from “{field.because}”." if field.because else "Predicted.")
    elif field.because and not field.filled:
        said.append(field.because)
    if field.stored:
        said.append(f"The case says: {field.stored}.")
    return " ".join([*said, field.hint]).strip()


def _element(field: FormField) -> Json:
    match field.input:
        case Input.ONE_OF | Input.YES_NO:
            return _select(field)
        case Input.SOME_OF:
            return _multi_select(field)
        case Input.DATE if not field.filled or _is_date(field.filled[0]):
            return {"type": "datepicker", "action_id": _VALUE, **_initial("initial_date", field.filled[:1])}
        case _:
            return _typed(field, multiline=field.input is Input.LINES)


def _typed(field: FormField, *, multiline: bool) -> Json:
    element: Json = {"type": "plain_text_input", "action_id": _VALUE, "multiline": multiline, "max_length": _TYPED}
    return {**element, **_initial("initial_value", [shortened(each, _TYPED) for each in field.filled[:1]])}


def _select(field: FormField) -> Json:
    options = {each.value: _option(each) for each in field.choices}
    chosen = [options.get(each, _option(Choice(value=each, label=each))) for each in field.filled[:1]]
    if field.searched or not 0 < len(options) <= _OPTIONS:
        element: Json = {"type": "external_select", "action_id": f"{SEARCH}{field.id}", "min_query_length": 0}
        return {**element, **_initial("initial_option", chosen)}
    known = [each for each in chosen if each["value"] in options]
    select: Json = {"type": "static_select", "action_id": _VALUE, "options": list(options.values())}
    return {**select, **_initial("initial_option", known)}


def _multi_select(field: FormField) -> Json:
    options = {each.value: _option(each) for each in field.choices}
    chosen = [options.get(each, _option(Choice(value=each, label=each))) for each in field.filled]
    if field.searched or not 0 < len(options) <= _OPTIONS:
        element: Json = {"type": "multi_external_select", "action_id": f"{SEARCH}{field.id}", "min_query_length": 0}
    else:
        element = {"type": "multi_static_select", "action_id": _VALUE, "options": list(options.values())}
        chosen = [each for each in chosen if each["value"] in options]
    return {**element, "initial_options": chosen} if chosen else element


def _initial(name: str, values: Sequence[object]) -> Json:
    return {name: values[0]} if values else {}


def _option(choice: Choice) -> Json:
    option: Json = {"text": plain(choice.label, _OPTION), "value": shortened(choice.value, 150)}
    return {**option, "description": plain(choice.hint, _OPTION)} if choice.hint else option


def _is_date(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).date().isoformat() == value
    except ValueError:
        return False


def values_of(view: Json) -> dict[str, list[str]]:
    """What was filled in, by field id; an empty list for a field that was left or made empty."""
    states = part(part(view, "state"), "values")
    return {
        block_id.removeprefix(FIELD): _value(part(part(states, block_id), action_id))
        for block_id in states
        if block_id.startswith(FIELD)
        for action_id in list(part(states, block_id))[:1]
    }


def _value(state: Json) -> list[str]:
    if "selected_options" in state:
        return [text(each, "value") for each in parts(state, "selected_options")]
    found = text(state, "value") or text(state, "selected_date") or text(part(state, "selected_option"), "value")
    return [found] if found.strip() else []


def errors(view: Json, problems: Mapping[str, str]) -> Json:
    """Shows each problem at its field, and what concerns the whole at the first."""
    shown = [text(block, "block_id") for block in parts(view, "blocks") if block.get("type") == "input"]
    told: dict[str, str] = {}
    for field_id, problem in problems.items():
        block_id = f"{FIELD}{field_id}" if f"{FIELD}{field_id}" in shown else (shown or [f"{FIELD}{field_id}"])[0]
        told[block_id] = f"{told[block_id]} {problem}" if block_id in told else problem
    return {"response_action": "errors", "errors": told}


def picker(conversations: Sequence[OpenConversation], typed: str, metadata: Json) -> Json:
    """Which conversation a command is about, where Slack does not say."""
    select: Json = {
        "type": "static_select",
        "action_id": _VALUE,
        "options": [_line(each) for each in conversations[:_OPTIONS]],
    }
    block = {
        "type": "input",
        "block_id": PICK,
        "label": plain(f"Which conversation? {typed}", _LABEL),
        "element": select,
    }
    return {
        "type": "modal",
        "callback_id": PICK,
        "title": plain("Open conversations", _TITLE),
        "submit": plain("Go", _TITLE),
        "close": plain("Cancel", _TITLE),
        "private_metadata": json.dumps(metadata),
        "blocks": [block],
    }


def _line(conversation: OpenConversation) -> Json:
    case = f"Case {conversation.case} · " if conversation.case else ""
    label = f"{case}{conversation.customer}: {conversation.opening}"
    when = conversation.last_message_at.strftime("Last message %Y-%m-%d %H:%M UTC")
    return {"text": plain(label, _OPTION), "value": conversation.conversation_key, "description": plain(when, _OPTION)}


def picked(view: Json) -> str | None:
    """The key of the conversation that was chosen."""
    state = part(part(part(part(view, "state"), "values"), PICK), _VALUE)
    return text(part(state, "selected_option"), "value") or None


def options(choices: Sequence[Choice]) -> Json:
    return {"options": [_option(each) for each in choices[:_OPTIONS]]}
