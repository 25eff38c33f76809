"""Every sentence that the agent itself says to people: plain text, which each channel escapes for its own markup.

What others wrote stands in quotation marks, on one line and shortened. Functions that speak to customers are given
nothing internal, or leave it out themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.decision import Decision, Outcome, Write
from agent.fields import display
from agent.settings import CaseField, FieldType, Queue, Settings
from bot.text import listed, one_line, quoted
from store.cases import FieldWrite
from store.model import Card, Case, CaseStatus, Category, Change, Evidence, FieldId, Value

NO_CHANGES = "No changes."
NOTHING = "—"  # an empty field
UNTITLED = "Untitled case"
_MOST_PROBLEMS = 5  # of one command

STATUS_LABELS = {
    CaseStatus.NEW: "New",
    CaseStatus.IN_PROGRESS: "In progress",
    CaseStatus.RESOLVED: "Resolved",
    CaseStatus.CANCELLED: "Cancelled",
    CaseStatus.MERGED: "Merged",
}
_HINTS = {FieldType.EMAIL: "an e-mail address", FieldType.PHONE: "a phone number"}


# --- to customers, and to everybody in the thread ---------------------------------------------------


def refused_customer() -> str:
    return "Sorry, commands are for our support team; nothing was changed. Just write what you need, and it is read."


def missing_question(missing: Sequence[FieldId], settings: Settings) -> str | None:
    """One short question; None when nothing is missing that a customer could say."""
    fields = [field for field_id in missing if (field := settings.field(field_id)) and not field.internal]
    if not fields:
        return None
    names = listed([_asked(field) for field in fields])
    return f"To open a case I still need your {names}. Could you write {'it' if len(fields) == 1 else 'them'} here?"


def thread_update(number: int, changed: str) -> str:
    """`changed` as `card.changed_line` gives it."""
    return f"Case {number}: {changed.removesuffix('.')}."


def status_of(case: Case) -> str:
    """A merged case says where it went."""
    label = STATUS_LABELS[case.status]
    return f"{label} into case {case.merged_into}" if case.merged_into else label


def status_set(status: CaseStatus) -> str:
    return f"status set to {STATUS_LABELS[status]}"


def merged(number: int, into: int) -> str:
    return f"Case {number} was merged into case {into}: everything goes on there."


def split_off(number: int) -> str:
    return f"This conversation does not belong to case {number} any more."


def owner_set(name: str) -> str:
    return f"owner is now {one_line(name, 60)}"


def queue_of(queue_id: str, settings: Settings) -> str:
    """A queue's name; cases keep the id of one that was removed."""
    queue = settings.queue(queue_id)
    return queue.name if queue else f"{queue_id} (no longer a queue)"


def no_such_queue(queue_id: str, settings: Settings) -> str:
    active = listed([each.id for each in settings.queues if each.active])
    return f"No queue {quoted(queue_id)} takes cases; {active or 'none'} would."


def moved(number: int, queue_id: str | None, settings: Settings) -> str:
    return f"Case {number} is now in {_queue(queue_id, settings)}."


def in_queue_already(number: int, queue_id: str | None, settings: Settings) -> str:
    return f"Case {number} is in {_queue(queue_id, settings)} already."


def _queue(queue_id: str | None, settings: Settings) -> str:
    return f"the queue {quoted(queue_of(queue_id, settings))}" if queue_id else "no queue"


def queue_fits(queue: Queue) -> str:
    if queue.when is None:
        return f"The queue {quoted(queue.name)} takes what no queue before it takes."
    return f"The conditions of the queue {quoted(queue.name)} hold."


def queue_named(rule: str) -> str:
    return f"The record-creation rule {quoted(rule)} names it."


def field_set(field: CaseField, value: Value | None, settings: Settings) -> str:
    return f"{field.label} cleared" if is_empty(value) else f"{field.label} set to {shown(field, value, settings)}"


def went_wrong(reference: str) -> str:
    """`reference` stands in our log as well."""
    return f"Something went wrong on our side (reference {reference}). Nothing was changed."


# --- to representatives: what a command did ---------------------------------------------------------


def update_answer(number: int, decision: Decision, settings: Settings) -> str:
    """Field by field what an update from the conversation did, on whose words, and what it left alone."""
    lines = list(_decision_lines(decision, settings))
    match decision.outcome:
        case Outcome.UPDATED if decision.writes:
            return _bulleted(f"Case {number} updated:", lines)
        case Outcome.CREATED:
            return _bulleted(f"Case {number} is open:", lines)
        case Outcome.UPDATED | Outcome.NO_CHANGES:
            return _bulleted(f"{NO_CHANGES}{_looked_at(decision, settings)}", lines)
        case Outcome.PROPOSED:
            return _bulleted(f"Case {number}: suggested, for you to accept or reject:", lines)
        case Outcome.SHADOW | Outcome.OFF | Outcome.NOT_CREATED:
            return f"Nothing was changed. {one_line(decision.why, 400)}"


def case_proposed(decision: Decision, settings: Settings) -> str:
    """What a case would be opened with, and how to have it so."""
    fields = [(field, each) for each in decision.writes if (field := settings.field(each.field))]
    lines = [f"{field.label}: {shown(field, each.value, settings)}{_because(each)}" for field, each in fields]
    accept = "/create-case opens it; /create-case FIELD=VALUE opens it with a value of yours."
    return f"{_bulleted('A case is proposed for this conversation:', lines)}\n{accept}"


def not_delivered(reason: str, reference: str) -> str:
    """`reason` is the channel's, with other people's words in it."""
    return f"An answer did not reach the customer (reference {reference}): {one_line(reason, 600)}"


def came_back(addresses: str) -> str:
    return (
        f"A mail of ours came back: it did not reach {one_line(addresses, 300) or 'somebody; the report names nobody'}."
    )


def passed_on_without(left_out: Sequence[str]) -> str:
    """To a representative, of their own mail's files."""
    return "Your mail went on without some of its files. " + one_line(" ".join(left_out), 1000)


def not_all_kept(left_out: Sequence[str]) -> str:
    """To the team, of a customer's mail."""
    return "Some files of a mail are in the mail alone. " + one_line(" ".join(left_out), 1000)


def reached_not_everybody(reason: str) -> str:
    return f"An answer did not reach everybody: {one_line(reason, 600)}"


def fields_set(
    number: int,
    changes: Sequence[Change],
    settings: Settings,
    *,
    already: Sequence[FieldWrite] = (),
    confirmed: Sequence[FieldWrite] = (),
) -> str:
    """The answer to fields that a person set: `already` stood there by a person, `confirmed` by the agent."""
    lines = _differences(changes, settings)
    lines += [f"{said}; it is yours now, and the agent leaves it alone" for said in _standing(confirmed, settings)]
    same = list(_standing(already, settings))
    if lines:
        return _bulleted(f"Case {number} updated:", [*lines, *same])
    return " ".join([NO_CHANGES, *(f"{said}." for said in same)])


def _standing(writes: Sequence[FieldWrite], settings: Settings) -> Iterator[str]:
    for each in writes:
        if field := settings.field(each.field):
            value = "empty" if is_empty(each.value) else shown(field, each.value, settings)
            yield f"{field.label} is {value} already"


def opened(number: int, changes: Sequence[Change], settings: Settings) -> str:
    """The answer to a case that a person opened with values of their own."""
    return _bulleted(f"Case {number} is open:", _differences(changes, settings))


def claimed(number: int, before: str | None) -> str:
    """`before`: whose it was."""
    return f"Case {number} is yours now" + (f"; it was with {one_line(before, 60)}." if before else ".")


def already_yours(number: int) -> str:
    return f"{NO_CHANGES} Case {number} is yours already."


def resolved(number: int, text: str) -> str:
    return f"Case {number} is resolved{f': {quoted(text)}' if text else ''}."


def cancelled(number: int, reason: str) -> str:
    return f"Case {number} is cancelled: {quoted(reason)}."


def reopened(number: int, status: CaseStatus) -> str:
    return f"Case {number} is open again: {STATUS_LABELS[status]}."


def status_already(number: int, status: CaseStatus) -> str:
    """A closed case can't be closed again, an open one not reopened."""
    return f"{NO_CHANGES} Case {number} is {STATUS_LABELS[status]} already."


def open_here(number: int) -> str:
    return f"{NO_CHANGES} Case {number} of this conversation is open."


def note_kept(number: int) -> str:
    return f"Note kept with case {number}, for the team only."


def suggestion_rejected(number: int, label: str) -> str:
    return f"Case {number}: the suggestion for {label} is rejected and won't come again."


def suggestion_gone() -> str:
    return f"{NO_CHANGES} This suggestion is not open any more."


def reply(name: str, text: str, category: Category) -> str:
    """A representative's own words, which we post: a mail is signed, elsewhere the name comes first."""
    said = one_line(name, 60)
    return f"{text}\n\n{said}" if category is Category.EMAIL else f"{said}: {text}"


def nobody_to_answer() -> str:
    return "The customer of this conversation was erased: there is nobody to answer."


def nothing_to_undo() -> str:
    return "This is no change of the agent's that still stands."


def case_list(cases: Sequence[Case], *, more: bool) -> str:
    """`more`: there are others beside these."""
    if not cases:
        return "No case fits."
    lines = [_case_line(each) for each in cases]
    return "\n".join([*lines, "… and more: narrow it down with words or field=value."] if more else lines)


def card_text(card: Card, *, internal: bool) -> str:
    """A card where a channel can show nothing but text; `internal` only where representatives alone read it."""
    lines = [f"Case {card.number}: {card.title}", f"Status: {card.status_label}"]
    lines += [f"Owner: {card.owner}"] if card.owner else []
    for each in card.fields:
        if internal or not each.internal:
            lines.append(f"{each.label}: {each.value}" + (" (internal)" if each.internal else ""))
    if internal:
        lines += [f"Suggested {each.label}: {each.value} ({quoted(each.quote)})" for each in card.suggestions]
    return "\n".join(lines)


def failed(reason: str) -> str:
    """A mark that a case carries."""
    return f"Failed: {reason}"


# --- to representatives: why a command did nothing --------------------------------------------------


def not_done(problems: Sequence[str]) -> str:
    """All that keeps a command from being carried out, at once; of a long list its beginning."""
    if len(problems) == 1:
        return f"{problems[0]} Nothing was changed."
    more = len(problems) - _MOST_PROBLEMS
    shown = [*problems[:_MOST_PROBLEMS], f"… and {more} more."] if more > 0 else problems
    return _bulleted("Nothing was changed:", shown)


def unknown_case(number: int) -> str:
    return f"There is no case {number}."


def another_conversations_case(number: int) -> str:
    return (
        f"Case {number} is not of this conversation, whose words say nothing about it: write /update-case in one of its"
        f" own, or set its fields here, as in /update-case {number} FIELD=VALUE."
    )


def no_case_here() -> str:
    return "This conversation has no case yet. /create-case opens one; or name a case: /case 1042."


def unknown_conversation() -> str:
    return "Nothing is known of this conversation yet: nobody has written in it since I am here."


def nothing_written() -> str:
    return "Nobody has written anything in this conversation yet that a case could be opened from."


def is_closed(case: Case) -> str:
    if case.merged_into is not None:
        return merged(case.number, case.merged_into)
    status = STATUS_LABELS[case.status].lower()
    return f"Case {case.number} is {status}: /reopen {case.number} opens it again, /create-case opens a new one."


def reason_missing(usage: str = "") -> str:
    """`usage`: of a command."""
    return "Say why the case is cancelled." + (f" Write {usage}." if usage else "")


def merge_needs_number(usage: str) -> str:
    return f"Say into which case. Write {usage}."


def merged_with_itself(number: int) -> str:
    return f"Case {number} can't be merged into itself: choose another one."


def merged_closed(case: Case) -> str:
    """Only open cases are merged, and into open ones."""
    if case.merged_into is not None:
        return f"Case {case.number} was merged into case {case.merged_into} already."
    return f"Case {case.number} is {STATUS_LABELS[case.status].lower()}: reopen it first; only open cases are merged."


def not_of_the_case(number: int) -> str:
    return f"This conversation is none of case {number} any more."


def only_conversation(number: int) -> str:
    return f"This is the only conversation of case {number}: cancel the case instead."


def changed_meanwhile(number: int) -> str:
    return f"Case {number} has changed meanwhile: open the form again, it shows what is true now."


def field_gone(field_id: str) -> str:
    return f"The settings know no field {quoted(field_id, 64)} any more: open the form again."


def no_field(field_id: str) -> str:
    return f"The settings know no field {quoted(field_id, 64)}."


def filled_in() -> str:
    return "A representative filled in the form."


def nothing_filled_in() -> str:
    return "Fill in at least one field."


def not_in_profile() -> str:
    return "Your experience profile does not include this; an administrator can change it."


def unknown_button() -> str:
    return "This button is not one of ours, or from before an update."


def unknown_command(name: str, likely: str | None) -> str:
    hint = f"Did you mean /{likely}?" if likely else "/help lists what you can type."
    return f"There is no command /{one_line(name, 40)}. {hint}"


def unknown_field(name: str, likely: str | None, labels: Sequence[str]) -> str:
    if not labels:
        return f"There is no field {quoted(name, 60)}: none are set up."
    meant = f" Did you mean {likely}?" if likely else ""
    hint = "A value that holds an equals sign needs quotes around it."
    return f"There is no field {quoted(name, 60)}.{meant} The fields are {listed(labels)}. {hint}"


def field_twice(label: str) -> str:
    return f"{label} is set twice."


def unnamed_assignment(text: str) -> str:
    hint = "A value that holds an equals sign needs quotes around it."
    return f"No field name stands before {quoted(text, 40)}. {hint}"


def too_many_assignments(most: int) -> str:
    return f"That is more than {most} equals signs. A value that holds one needs quotes around it."


def unclosed_quote(text: str) -> str:
    hint = "Quotes go around the whole value, and a \\ before a quotation mark inside."
    return f"A quotation mark has no partner in {quoted(text, 60)}. {hint}"


def text_after_quote(text: str) -> str:
    return f"The quotation marks end too early in {quoted(text, 60)}: they go around the whole value."


def stray_words(text: str, usage: str) -> str:
    return f"I can't read {quoted(text, 60)} here. Write {usage}."


def impossible_number(digits: str, largest: int) -> str:
    return f"{one_line(digits, 20)} can't be a case number: those go from 1 to {largest}."


def note_needs_text(usage: str) -> str:
    return f"A note needs a text. Write {usage}."


def choose_one(choices: Sequence[str]) -> str:
    return f"Choose one of {listed(choices, 'or')}."


# --- parts of sentences -----------------------------------------------------------------------------


def is_empty(value: Value | None) -> bool:
    """False and 0 are values."""
    return value is None or (not value and isinstance(value, str | list))


def shown(field: CaseField, value: Value | None, settings: Settings, limit: int = 120) -> str:
    return NOTHING if value is None or is_empty(value) else one_line(display(field, value, settings), limit)


def _asked(field: CaseField) -> str:
    hint = _HINTS.get(field.type)
    return f"{field.label} ({hint})" if hint else field.label


def _decision_lines(decision: Decision, settings: Settings) -> Iterator[str]:
    for write in decision.writes:
        if field := settings.field(write.field):
            yield _difference(field, write.old, write.value, settings) + _because(write)
    for write in decision.suggestions:
        if field := settings.field(write.field):
            yield _suggested(field, write, settings, proposed=decision.outcome is Outcome.PROPOSED)
    for refusal in decision.refusals:
        if field := settings.field(refusal.field):
            yield f"{field.label}: left as it is, because {_sentence(refusal.reason)}"


def _differences(changes: Sequence[Change], settings: Settings) -> list[str]:
    fields = [(field, each) for each in changes if each.field and (field := settings.field(each.field))]
    return [_difference(field, each.old, each.new, settings) for field, each in fields if each.old != each.new]


def _difference(field: CaseField, old: Value | None, new: Value | None, settings: Settings) -> str:
    return f"{field.label}: {shown(field, old, settings)} → {shown(field, new, settings)}"


def _suggested(field: CaseField, write: Write, settings: Settings, *, proposed: bool) -> str:
    if proposed:
        return _difference(field, write.old, write.value, settings) + _because(write)
    kept, read = shown(field, write.old, settings), shown(field, write.value, settings)
    return f"{field.label}: kept yours ({kept}), the agent read {read}{_because(write)}"


def _because(write: Write) -> str:
    if write.evidence:
        return f" ({_quotes(write.evidence)})"
    return " (the words behind it are gone)" if write.value is None else " (the sender's verified identity)"


def _quotes(evidence: Sequence[Evidence]) -> str:
    return ", ".join(quoted(each.quote) for each in evidence[:2])


def _looked_at(decision: Decision, settings: Settings) -> str:
    labels = [field.label for field_id in decision.fields if (field := settings.field(field_id))]
    return f" Looked at {listed(labels)}." if labels else ""


def _case_line(case: Case) -> str:
    owner = one_line(case.owner.name, 40) if case.owner else "unclaimed"
    return f"{case.number} · {STATUS_LABELS[case.status]} · {owner} · {one_line(case.title, 80)}"


def _sentence(reason: str) -> str:
    """The end of a sentence of ours: other people's words in it are data, and it closes with a stop."""
    line = one_line(reason, 300)
    start = line[:1].lower() if line[1:2].islower() or line.startswith("A ") else line[:1]
    return start + line[1:] + ("" if line.endswith((".", "!", "?", "…")) else ".")


def _bulleted(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, *(f"• {line}" for line in lines)])
