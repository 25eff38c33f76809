"""Forms and pickers as Slack's modals, and what people filled in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from adapters.desk import Choice, Form, FormField, Input, OpenConversation
from adapters.payload import part, parts, text
from adapters.slack.blocks import VERB, plain, rich_text, suggested
from adapters.slack.words import clean, length, run, shortened
from store.model import CardSuggestion, Json

FORM, PICK = f"{VERB}form", f"{VERB}pick"  # callback ids
FIELD = "field:"  # before a field's id, in the block's
SEARCH = "search:"  # before a field's id, in the action's: Slack asks us for the options
_VALUE = "value"  # the action's id of every other input
_TITLE, _LABEL, _HINT, _OPTION, _KEY, _TYPED = 24, 150, 1500, 75, 150, 3000  # characters
_METADATA = 3000  # characters that come back with a view
_OPTIONS, _BLOCKS = 100, 100  # at most


def loading(title: str) -> Json:
    return message(title, "Reading the conversation …")


def message(title: str, sentence: str) -> Json:
    return {
        "type": "modal",
        "title": plain(title, _TITLE),
        "close": plain("Close", _TITLE),
        "blocks": [rich_text(run(shortened(sentence, _HINT)))],
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
        "blocks": _blocks(form),
    }


def _blocks(form: Form) -> list[Json]:
    """The fields first: they are what is saved. Suggestions as far as there is room."""
    blocks: list[Json] = [{"type": "context", "elements": [plain(form.title, _HINT)]}]
    blocks += [_shown(each) if _is_too_long(each) else _input(each) for each in form.fields[: _BLOCKS - 1]]
    for each in form.suggestions if form.target.case is not None else ():
        shown = CardSuggestion(id=each.id, label=each.label, value=each.value, quote=each.quote)
        if len(blocks) + 2 <= _BLOCKS and form.target.case is not None:
            blocks += suggested(form.target.case, shown)
    return blocks


def _is_too_long(field: FormField) -> bool:
    """An input that held only its beginning would save that as the value."""
    return any(length(each) > _TYPED for each in field.filled)


def _shown(field: FormField) -> Json:
    beginning = shortened(field.filled[0], _OPTION)
    note = f"\nToo long to be changed here; /update-case with {field.id}=… does."
    return rich_text(run(shortened(field.label, _LABEL), bold=True), run(f"\n{beginning}"), run(note, italic=True))


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
        case Input.DATE if all(map(_is_date, field.filled[:1])):
            return {"type": "datepicker", "action_id": _VALUE, **_initial("initial_date", field.filled[:1])}
        case Input.MOMENT if all(map(_is_moment, field.filled[:1])):
            seconds = [int(datetime.fromisoformat(each).timestamp()) for each in field.filled[:1]]
            return {"type": "datetimepicker", "action_id": _VALUE, **_initial("initial_date_time", seconds)}
        case _:
            return _typed(field, multiline=field.input is Input.LINES)


def _typed(field: FormField, *, multiline: bool) -> Json:
    filled = [each for each in map(clean, field.filled[:1]) if each.strip()]
    lines = multiline or any("\n" in each or "\r" in each for each in filled)
    element: Json = {"type": "plain_text_input", "action_id": _VALUE, "multiline": lines, "max_length": _TYPED}
    return {**element, **_initial("initial_value", filled)}


def _select(field: FormField) -> Json:
    options, chosen = _chosen(field, field.filled[:1])
    return {**_menu(field, options), **_initial("initial_option", chosen)}


def _multi_select(field: FormField) -> Json:
    options, chosen = _chosen(field, field.filled)
    menu = _menu(field, options, several="multi_")
    return {**menu, "initial_options": chosen} if chosen else menu


def _chosen(field: FormField, filled: Sequence[str]) -> tuple[list[Json], list[Json]]:
    """All options, and the chosen ones. What the case says stays one: else saving the form would empty the field."""
    known = _options(field.choices)
    values = {each["value"] for each in known}
    missing = _options(Choice(value=each, label=each) for each in filled if each not in values)
    return [*known, *missing], [each for each in [*known, *missing] if each["value"] in filled][:_OPTIONS]


def _menu(field: FormField, options: Sequence[Json], *, several: str = "") -> Json:
    if field.searched or not 0 < len(options) <= _OPTIONS:
        return {"type": f"{several}external_select", "action_id": f"{SEARCH}{field.id}", "min_query_length": 0}
    return {"type": f"{several}static_select", "action_id": _VALUE, "options": list(options)}


def _initial(name: str, values: Sequence[object]) -> Json:
    return {name: values[0]} if values else {}


def _options(choices: Iterable[Choice]) -> list[Json]:
    """One for each value. The settings take none that is longer than Slack's, and cut it would be another."""
    values = {clean(each.value): each for each in choices}
    fitting = {value: each for value, each in values.items() if value.strip() and length(value) <= _KEY}
    return [_option(each.label or value, value, each.hint) for value, each in fitting.items()]


def _option(label: str, value: str, hint: str) -> Json:
    option: Json = {"text": plain(label, _OPTION), "value": value}
    return {**option, "description": plain(hint, _OPTION)} if hint.strip() else option


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_moment(value: str) -> bool:
    """Whether Slack's own input can hold it, which knows neither a clock without a zone nor years before 2001."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.tzinfo is not None and 10**9 <= moment.timestamp() < 10**10
    except (ValueError, OverflowError):
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
    seconds = state.get("selected_date_time")
    if isinstance(seconds, int):
        return [datetime.fromtimestamp(seconds, UTC).isoformat()]
    found = text(state, "value") or text(state, "selected_date") or text(part(state, "selected_option"), "value")
    return [found] if found.strip() else []


def errors(view: Json, problems: Mapping[str, str]) -> Json:
    """Shows each problem at its field, and what concerns the whole at the first.

    Where there is no input to show it at, a page of its own says it.
    """
    shown = [text(block, "block_id") for block in parts(view, "blocks") if block.get("type") == "input"]
    if not shown:
        return {"response_action": "update", "view": message("Not possible", " ".join(problems.values()))}
    told: dict[str, str] = {}
    for field_id, problem in problems.items():
        block_id = f"{FIELD}{field_id}" if f"{FIELD}{field_id}" in shown else shown[0]
        told[block_id] = shortened(f"{told[block_id]} {problem}" if block_id in told else problem, _HINT)
    return {"response_action": "errors", "errors": told}


def picker(conversations: Sequence[OpenConversation], typed: str, metadata: Json) -> Json:
    """Which conversation a command is about, where Slack does not say."""
    if not conversations:
        return message("Open conversations", "There is no open conversation in this channel.")
    carried = json.dumps(metadata, ensure_ascii=False)
    if length(carried) > _METADATA:
        return message(
            "Too long", "Slack can't pass on so long a command. Shorten it, or use “Update case” on a message."
        )
    lines = {each.conversation_key: _line(each) for each in conversations[:_OPTIONS]}
    block = {
        "type": "input",
        "block_id": PICK,
        "label": plain(f"Which conversation? {typed}", _LABEL),
        "element": {"type": "static_select", "action_id": _VALUE, "options": list(lines.values())},
    }
    return {
        "type": "modal",
        "callback_id": PICK,
        "title": plain("Open conversations", _TITLE),
        "submit": plain("Go", _TITLE),
        "close": plain("Cancel", _TITLE),
        "private_metadata": carried,
        "blocks": [block],
    }


def _line(conversation: OpenConversation) -> Json:
    case = f"Case {conversation.case} · " if conversation.case else ""
    label = f"{case}{conversation.customer}: {conversation.opening}"
    when = conversation.last_message_at.strftime("Last message %Y-%m-%d %H:%M UTC")
    return _option(label, conversation.conversation_key, when)


def picked(view: Json) -> str | None:
    """The key of the conversation that was chosen."""
    state = part(part(part(part(view, "state"), "values"), PICK), _VALUE)
    return text(part(state, "selected_option"), "value") or None


def options(choices: Sequence[Choice]) -> Json:
    return {"options": _options(choices)[:_OPTIONS]}
