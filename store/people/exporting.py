"""Everything that is held of a contact, as one document, and the files that go with it.

Of a conversation with other customers it holds the contact's own words alone; of one without, also what was answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from pydantic_core import to_jsonable_python
from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, or_, select

from store.mail import CHANNEL as EMAIL
from store.model import Json
from store.people.reach import Reach, files_in, message_ids, messages_of, reach
from store.schema import (
    audit,
    case_values,
    cases,
    conversations,
    evaluations,
    examples,
    files,
    inbox,
    mails,
    message_revisions,
    messages,
    participants,
    suggestions,
    webchat_files,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedFile:
    """`place` is a name of ours within the export: what people call a file may lead anywhere."""

    place: str
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    document: Json
    files: tuple[ExportedFile, ...]


def export(connection: Connection, contact_id: int) -> Export:
    """Raises UnknownContact."""
    found = reach(connection, contact_id)
    cited = message_ids(connection, found)
    kept = tuple(_files(connection, found))
    document: Json = {
        "contact": found.person,
        "conversations": [_conversation(connection, found, each) for each in found.conversations],
        "cases": [_case(connection, each) for each in found.own],
        "words_in_other_cases": [_quoted(connection, each, cited) for each in found.others],
        "examples": [_readable(each) for each in _rows(connection, examples, examples.c.contact_id == contact_id)],
        "events": _rows(connection, inbox, inbox.c.id.in_(found.events)),
        "files": [{"place": each.place, "name": each.name, "content_type": each.content_type} for each in kept],
    }
    return Export(document=to_jsonable_python(document), files=kept)


def write_zip(exported: Export, into: BinaryIO) -> None:
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        archive.writestr("contact.json", json.dumps(exported.document, ensure_ascii=False, indent=2))
        for each in exported.files:
            archive.writestr(each.place, each.content)


def _rows(connection: Connection, table: Table, condition: ColumnElement[bool]) -> list[Json]:
    found = connection.execute(select(table).where(condition).order_by(*table.primary_key)).mappings()
    return [{str(name): value for name, value in row.items()} for row in found]


def _readable(example: Json) -> Json:
    """What is made of the words, to compare them, says nothing beside them."""
    return {name: value for name, value in example.items() if name not in {"gist", "gist_by"}}


def _conversation(connection: Connection, found: Reach, conversation_id: int) -> Json:
    row = connection.execute(select(conversations).where(conversations.c.id == conversation_id)).one()
    alone = conversation_id in found.alone
    whole = messages.c.conversation_id == conversation_id
    mine = whole if alone else whole & messages_of(found)
    said = (
        select(messages, participants.c.name, participants.c.role)
        .join(participants, participants.c.id == messages.c.participant_id)
        .where(mine)
        .order_by(messages.c.id)
    )
    earlier = message_revisions.c.message_id.in_(select(messages.c.id).where(mine))
    here = evaluations.c.conversation_id == conversation_id
    return {
        "id": conversation_id,
        "channel": row.channel,
        "began": row.created_at,
        "other_customers": not alone,
        "messages": [_message(each) for each in connection.execute(said).mappings()],
        "earlier_wordings": _rows(connection, message_revisions, earlier),
        "evaluations": _rows(connection, evaluations, here) if alone else [],
    }


def _message(row: RowMapping) -> Json:
    kept = ("id", "name", "role", "text", "attachments", "sent_at", "received_at", "deleted_at")
    return {name: row[name] for name in kept}


def _case(connection: Connection, number: int) -> Json:
    (row,) = _rows(connection, cases, cases.c.number == number)
    return {
        **row,
        "values": _rows(connection, case_values, case_values.c.case_number == number),
        "suggestions": _rows(connection, suggestions, suggestions.c.case_number == number),
        "history": _rows(connection, audit, audit.c.case_number == number),
    }


def _quoted(connection: Connection, number: int, cited: frozenset[int]) -> Json:
    """Of somebody else's case, what rests on this contact's words."""
    values = _rows(connection, case_values, case_values.c.case_number == number)
    return {"number": number, "values": [each for each in values if _cites(each["evidence"], cited)]}


def _cites(evidence: Sequence[Any], cited: frozenset[int]) -> bool:
    return any(each["message_id"] in cited for each in evidence)


def _files(connection: Connection, found: Reach) -> Iterable[ExportedFile]:
    attached = connection.execute(select(messages.c.attachments).where(messages_of(found))).scalars()
    keys = sorted(files_in(attached))
    copies = _rows(connection, files, and_(files.c.key.in_(keys), files.c.content.is_not(None)))
    uploads = _rows(connection, webchat_files, webchat_files.c.id.in_(keys))
    for number, each in enumerate((*copies, *uploads), 1):
        yield ExportedFile(
            place=f"files/{number}",
            name=each["name"],
            content_type=each["content_type"],
            content=bytes(each["content"]),
        )
    for each in _rows(connection, mails, _mails_of(connection, found)):
        yield ExportedFile(
            place=f"mails/{each['id']}.eml",
            name=each["subject"],
            content_type="message/rfc822",
            content=bytes(each["raw"]),
        )


def _mails_of(connection: Connection, found: Reach) -> ColumnElement[bool]:
    """Those that they sent; their conversations' answers stand among the messages."""
    talks = select(conversations.c.account, conversations.c.key).where(
        conversations.c.id.in_(found.alone), conversations.c.channel == EMAIL
    )
    here = [
        and_(mails.c.account == row.account, mails.c.conversation_key == row.key) for row in connection.execute(talks)
    ]
    return or_(mails.c.sender.in_(found.person.addresses), *here)
