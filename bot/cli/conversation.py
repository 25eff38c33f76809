"""`casewright conversation`: what was said, and why a conversation has no case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from bot.cli.naming import Naming, naming
from bot.cli.opening import opened
from bot.cli.output import AsJson, moment, safe, show, show_json, show_table
from bot.cli.problems import Mistake
from bot.cli.telling import evaluation_lines
from bot.text import one_line, tidy
from store import conversations, evaluations, overview
from store.engine import Connection
from store.evaluations import Evaluation
from store.model import Conversation, ConversationId, Message
from store.overview import Glance

app = typer.Typer(no_args_is_help=True, add_completion=False)

_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    message: Message
    earlier: tuple[str, ...]  # wordings before the one that stands, oldest first


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    conversation: Conversation
    messages: tuple[Said, ...]
    evaluations: tuple[Evaluation, ...]  # the latest 50, oldest first


@app.command("list")
def list_(
    *,
    without_case: Annotated[bool, typer.Option("--without-case", help="Only those that have no live case.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List conversations, newest first, with what the latest evaluation of each found."""
    with opened() as database:
        found = database.read_now(
            partial(overview.conversations_listed, without_case=without_case, limit=limit),
        )
    if as_json:
        show_json(found)
    elif not found:
        show("There is none.")
    else:
        headers = ("id", "channel", "customer", "messages", "latest", "case", "evaluation")
        show_table(headers, [_row(each) for each in found])


def _row(each: Glance) -> tuple[object, ...]:
    latest = moment(each.last_message_at) if each.last_message_at else None
    found = f"{each.outcome}: {each.why}" if each.outcome else None
    return each.id, each.channel, each.customer, each.messages, latest, each.case_number, found


@app.command("show")
def show_(
    conversation_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=_LARGEST, help="As `conversation list` prints it.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show a conversation's messages with their earlier wordings, and every evaluation, also those without a case."""
    with opened() as database:
        record, names = database.read_now(partial(_read, conversation_id=ConversationId(conversation_id)))
    if as_json:
        show_json(record)
        return
    _show_head(record.conversation)
    show("", safe("Messages", "bold"))
    for said in record.messages:
        show(*_message_lines(said), indent=2)
    show("", safe("Evaluations", "bold"))
    for evaluation in record.evaluations:
        first, *rest = evaluation_lines(evaluation, names)
        show(first, indent=2)
        show(*rest, indent=4)


def _read(connection: Connection, conversation_id: ConversationId) -> tuple[Record, Naming]:
    if not overview.has_conversation(connection, conversation_id):
        raise Mistake(f"There is no conversation {conversation_id}. `casewright conversation list` lists them.")
    said = conversations.transcript(connection, conversation_id)
    record = Record(
        conversation=conversations.get(connection, conversation_id),
        messages=tuple(
            Said(message=each, earlier=tuple(conversations.revisions(connection, each.id) if each.revision else ()))
            for each in said
        ),
        evaluations=tuple(reversed(evaluations.of_conversation(connection, conversation_id))),
    )
    return record, naming(connection)


def _show_head(conversation: Conversation) -> None:
    show(safe(f"Conversation {conversation.id} on {one_line(conversation.channel)}", "bold"))
    show(f"Case: {conversation.case_number or 'none'}")
    show(f"State: {'ended' if conversation.ended else 'open'}")
    show(f"Asked for what is missing: {'yes' if conversation.asked else 'no'}")


def _message_lines(said: Said) -> Iterator[str]:
    message = said.message
    marks = [name for name, holds in (("deleted", message.deleted), ("noise", message.noise)) if holds]
    after = f" [{', '.join(marks)}]" if marks else ""
    name = one_line(message.author.name, 60)
    yield f"{moment(message.sent_at)}  {name} ({message.author.role}), message {message.id}{after}"
    yield from (f"    {line}" for line in tidy(message.text).split("\n"))
    for earlier in said.earlier:
        yield f"    before: {one_line(earlier, 1000)}"
