"""What a representative types, read the same way on every channel. Pure: who may do it is decided elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.settings import Settings
from agent.text import DASHES
from bot import words
from bot.assignments import Assignment, phrases, read, unquoted
from bot.text import nearest, tidy
from store.commands import BLANK, SLASH
from store.model import CaseNumber

LARGEST_NUMBER = 2**31 - 1  # what a database keeps as an integer


@dataclass(frozen=True, kw_only=True, slots=True)
class Verb:
    """One command as help, the nearest match and the channels' manifests show it."""

    name: str
    usage: str
    summary: str
    example: str
    also: tuple[str, ...] = ()  # what people type instead; answered with the right one, never run


COMMANDS = (
    Verb(
        name="update-case",
        usage="[NUMBER] [field=value ...]",
        summary="Update the case from the conversation, or set the fields that you name.",
        example='/update-case 1042 priority=high serial number="HE25-44 0917"',
        also=("update", "set", "edit", "change"),
    ),
    Verb(
        name="create-case",
        usage="[field=value ...]",
        summary="Open a case from this conversation; fields that you name are set as you say.",
        example='/create-case issue description="The coffee maker leaks"',
        also=("create", "new", "open", "new-case", "open-case"),
    ),
    Verb(
        name="case",
        usage="[NUMBER]",
        summary="Show a case: this conversation's, or the one with the number.",
        example="/case 1042",
        also=("show", "show-case", "view"),
    ),
    Verb(
        name="cases",
        usage="[mine] [unclaimed] [open | resolved | all] [words] [field=value ...]",
        summary="List cases; without a filter, the open ones.",
        example="/cases mine priority=high",
        also=("list", "list-cases", "search", "find"),
    ),
    Verb(
        name="claim",
        usage="[NUMBER]",
        summary="Make the case yours.",
        example="/claim 1042",
        also=("take", "assign", "own"),
    ),
    Verb(
        name="resolve",
        usage="[NUMBER] [TEXT]",
        summary="Resolve the case, with what solved it. A text that begins with a number needs quotes.",
        example="/resolve 1042 Replaced under warranty",
        also=("close", "close-case", "resolve-case", "solve", "done"),
    ),
    Verb(
        name="reopen",
        usage="[NUMBER]",
        summary="Open a resolved or cancelled case again; it keeps its number.",
        example="/reopen 1042",
        also=("reopen-case", "unresolve"),
    ),
    Verb(
        name="cancel",
        usage="[NUMBER] REASON",
        summary="Close a case that needs nothing, and say why. A reason that begins with a number needs quotes.",
        example="/cancel 1042 Sent to us by mistake",
        also=("cancel-case", "drop", "discard"),
    ),
    Verb(
        name="note",
        usage="[NUMBER] TEXT",
        summary="Keep a note with the case, for the team only. A text that begins with a number needs quotes.",
        example="/note 1042 Called back, no answer",
        also=("comment", "add-note"),
    ),
    Verb(
        name="help",
        usage="[COMMAND]",
        summary="Show what you can type.",
        example="/help update-case",
        also=("commands",),
    ),
    Verb(  # last: the menu of Teams holds ten commands
        name="merge",
        usage="[NUMBER] into NUMBER",
        summary="Merge a case into another, which keeps all conversations. There is no way back.",
        example="/merge 1042 into 1017",
        also=("merge-case", "join", "combine"),
    ),
)
_VERBS = {verb.name: verb for verb in COMMANDS}
_ALSO = {other: verb.name for verb in COMMANDS for other in verb.also}


class CaseScope(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseFilter:
    """Everything that is given must hold. A field with an empty text asks for cases without a value in it."""

    mine: bool = False
    unclaimed: bool = False
    scope: CaseScope = CaseScope.OPEN
    fields: tuple[Assignment, ...] = ()
    words: tuple[str, ...] = ()  # words and quoted phrases to be found in title or values


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateCase:
    """Without assignments: update from the conversation."""

    number: CaseNumber | None = None  # None, here and below: this conversation's case
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateCase:
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowCase:
    number: CaseNumber | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ListCases:
    filter: CaseFilter


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimCase:
    number: CaseNumber | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolveCase:
    number: CaseNumber | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReopenCase:
    number: CaseNumber | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelCase:
    number: CaseNumber | None = None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeCase:
    number: CaseNumber | None = None
    into: CaseNumber


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    number: CaseNumber | None = None
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    topic: str | None = None  # a verb's name


OfACase = ShowCase | ClaimCase | ResolveCase | ReopenCase | CancelCase | Note
Command = UpdateCase | CreateCase | ListCases | OfACase | MergeCase | Help


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandError:
    """A command that can't be carried out as typed. Nothing of it may be applied."""

    problems: tuple[str, ...]  # sentences for the person who typed it
    verb: str | None  # None: the command itself is unknown; a customer may just have meant the words


def parse(text: str, settings: Settings) -> Command | CommandError | None:
    """None where the text is no command: ordinary words, a path, a fraction. Never raises."""
    found = _COMMAND.match(tidy(text).strip())
    if found is None:
        return None
    name, rest = _verb_name(found["verb"]), found["rest"].strip()
    if name in _READERS:
        command, problems = _READERS[name](rest, settings)
        return CommandError(problems=problems, verb=name) if problems else command
    likely = _likely_verb(name)
    if likely or (name.replace("-", "").isalpha() and not rest):
        return CommandError(problems=(words.unknown_command(name, likely),), verb=None)
    return None


def help_text(topic: str | None = None) -> str:
    if topic is None:
        return "\n".join(f"/{verb.name} {verb.usage} — {verb.summary}" for verb in COMMANDS)
    verb = _VERBS[topic]
    return f"/{verb.name} {verb.usage}\n{verb.summary}\nExample: {verb.example}"


# Mentions of the agent may stand before the command; a second slash in the first word makes it a path. Possessive
# throughout: the time stays linear whatever is written.
_COMMAND = re.compile(
    rf"(?:{BLANK}++|(?:<at\b[^<>]*+>[^<>]*+</at>|<@[^<>\s]++>)[,:]?|@[^\s/]++\s++)*+"
    rf"{SLASH}(?P<verb>[^\s/]++)(?P<rest>\Z|\s.*+)",
    re.DOTALL,
)
_NUMBER = re.compile(r"#?(\d+)(?=\s|\Z)(?!\s*=)")
_INTO = re.compile(r"into\s+", re.IGNORECASE)


def _verb_name(written: str) -> str:
    """Phones make dashes of hyphens and end a line with a stop."""
    return DASHES.sub("-", written).casefold().rstrip(".,:;!?")


def _likely_verb(name: str) -> str | None:
    return _ALSO.get(name) or nearest(name, _VERBS)


def _number(rest: str) -> tuple[CaseNumber | None, str, tuple[str, ...]]:
    """The case number that may come first, what follows it, and what is wrong with it."""
    found = _NUMBER.match(rest)
    if found is None:
        return None, rest, ()
    digits, after = found[1], rest[found.end() :].strip()
    if len(digits) > len(str(LARGEST_NUMBER)) or not 1 <= int(digits) <= LARGEST_NUMBER:
        return None, after, (words.impossible_number(digits, LARGEST_NUMBER),)
    return CaseNumber(int(digits)), after, ()


_Read = tuple[Command, tuple[str, ...]]  # the command counts only where there are no problems


def _update_case(rest: str, settings: Settings) -> _Read:
    number, rest, problems = _number(rest)
    reading = read(rest, settings.fields)
    command = UpdateCase(number=number, assignments=reading.assignments)
    return command, (*problems, *_stray(reading.head, "update-case"), *reading.problems)


def _create_case(rest: str, settings: Settings) -> _Read:
    reading = read(rest, settings.fields)
    problems = (*_stray(reading.head, "create-case"), *reading.problems)
    return CreateCase(assignments=reading.assignments), problems


def _only_number(verb: str, command: Callable[[CaseNumber | None], Command]) -> Callable[[str, Settings], _Read]:
    def reader(rest: str, _settings: Settings) -> _Read:
        number, rest, problems = _number(rest)
        return command(number), (*problems, *_stray(rest, verb))

    return reader


def _resolve(rest: str, _settings: Settings) -> _Read:
    number, rest, problems = _number(rest)
    return ResolveCase(number=number, text=unquoted(rest)), problems


def _cancel(rest: str, _settings: Settings) -> _Read:
    number, rest, problems = _number(rest)
    reason = unquoted(rest).strip()
    missing = () if reason else (words.reason_missing(_usage("cancel")),)
    return CancelCase(number=number, reason=reason), (*problems, *missing)


def _merge(rest: str, _settings: Settings) -> _Read:
    number, rest, problems = _number(rest)
    word = _INTO.match(rest)
    into, stray, wrong = _number(rest[word.end() :]) if word else (None, rest, ())
    if into is None or stray:
        return Help(), (*problems, *(wrong or (words.merge_needs_number(_usage("merge")),)))
    return MergeCase(number=number, into=into), problems


def _note(rest: str, _settings: Settings) -> _Read:
    number, rest, problems = _number(rest)
    text = unquoted(rest)
    missing = () if text.strip() else (words.note_needs_text(_usage("note")),)
    return Note(number=number, text=text), (*problems, *missing)


def _help(rest: str, _settings: Settings) -> _Read:
    topic = _verb_name(rest.removeprefix("/"))
    if not topic or topic in _VERBS:
        return Help(topic=topic or None), ()
    return Help(), (words.unknown_command(topic, _likely_verb(topic)),)


def _list_cases(rest: str, settings: Settings) -> _Read:
    reading = read(rest, settings.fields)
    parts = list(phrases(reading.head))
    keywords = {word.casefold() for word, is_quoted in parts if not is_quoted} & _KEYWORDS
    scopes = [scope for scope in CaseScope if scope in keywords]
    wanted = CaseFilter(
        mine="mine" in keywords,
        unclaimed="unclaimed" in keywords,
        scope=scopes[0] if scopes else CaseScope.OPEN,
        fields=reading.assignments,
        words=tuple(word for word, is_quoted in parts if is_quoted or word.casefold() not in _KEYWORDS),
    )
    return ListCases(filter=wanted), (*_contradictions(wanted, scopes), *reading.problems)


_KEYWORDS = frozenset({"mine", "unclaimed", *CaseScope})


def _contradictions(wanted: CaseFilter, scopes: Sequence[CaseScope]) -> Iterator[str]:
    if len(scopes) > 1:
        yield words.choose_one(scopes)
    if wanted.mine and wanted.unclaimed:
        yield words.choose_one(("mine", "unclaimed"))


def _stray(rest: str, verb: str) -> tuple[str, ...]:
    return (words.stray_words(rest, _usage(verb)),) if rest else ()


def _usage(verb: str) -> str:
    return f"/{verb} {_VERBS[verb].usage}"


_READERS: dict[str, Callable[[str, Settings], _Read]] = {
    "update-case": _update_case,
    "create-case": _create_case,
    "case": _only_number("case", lambda number: ShowCase(number=number)),
    "cases": _list_cases,
    "claim": _only_number("claim", lambda number: ClaimCase(number=number)),
    "resolve": _resolve,
    "reopen": _only_number("reopen", lambda number: ReopenCase(number=number)),
    "cancel": _cancel,
    "merge": _merge,
    "note": _note,
    "help": _help,
}
