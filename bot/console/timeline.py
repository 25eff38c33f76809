"""What was said in a case's conversations, with the words that its values rest on marked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from bot.console.attachments import FileShown
from store.model import Conversation, ConversationId, Evidence, Message, MessageId, Role


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a message; `fields` are those whose values cite it."""

    text: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    id: MessageId
    conversation: Conversation
    author: str
    role: Role
    at: datetime
    segments: tuple[Segment, ...]
    files: Sequence[FileShown]
    edited: bool
    deleted: bool


def timeline(
    talks: Mapping[ConversationId, tuple[Conversation, Sequence[Message]]],
    cited: Mapping[str, Sequence[Evidence]],
    files: Mapping[MessageId, Sequence[FileShown]],
) -> list[Said]:
    """All conversations in one, by when it was said. `cited`: evidence, by field."""
    said = [
        _said(message, talk, cited, files.get(message.id, ()))
        for talk, messages in talks.values()
        for message in messages
    ]
    return sorted(said, key=lambda each: (each.at, each.id))


def _said(
    message: Message, talk: Conversation, cited: Mapping[str, Sequence[Evidence]], files: Sequence[FileShown]
) -> Said:
    spans = [(each.start, each.end, field) for field, found in cited.items() for each in found if stands(each, message)]
    return Said(
        id=message.id,
        conversation=talk,
        author=message.author.name,
        role=message.author.role,
        at=message.sent_at,
        segments=segments(message.text, spans),
        files=files,
        edited=message.revision > 0,
        deleted=message.deleted,
    )


def stands(evidence: Evidence, message: Message) -> bool:
    """Whether the quoted words are still there."""
    same = message.text[evidence.start : evidence.end] == evidence.quote
    return evidence.message_id == message.id and not message.deleted and same


def segments(text: str, spans: Iterable[tuple[int, int, str]]) -> tuple[Segment, ...]:
    """The text cut where a span begins or ends; spans may overlap."""
    marked = [(start, end, field) for start, end, field in spans if 0 <= start < end <= len(text)]
    cuts = sorted({0, len(text), *(start for start, _, _ in marked), *(end for _, end, _ in marked)})
    return tuple(
        Segment(text[start:end], tuple(dict.fromkeys(f for low, high, f in marked if low <= start and end <= high)))
        for start, end in pairwise(cuts)
    )
