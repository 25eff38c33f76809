"""What a channel's forms, pickers and pages show of conversations and cases. Implements `adapters.desk.Desk`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import assert_never

from rapidfuzz import fuzz

from adapters.desk import (
    CaseLine,
    Choice,
    Form,
    FormField,
    Input,
    NotAllowed,
    OpenConversation,
    OpenSuggestion,
    Overview,
    Target,
    Values,
)
from agent import fields
from agent.decision import Trigger, Write
from agent.settings import CaseField, Feature, FieldType, Option, Settings
from bot import words
from bot.evaluation import Evaluator, Finding, Question
from bot.settings import CurrentSettings
from bot.text import one_line
from bot.tracker import is_representative
from store import cases, conversations, overview, work
from store.engine import Connection, Database
from store.model import Author, Case, CaseNumber, CaseStatus, FieldId, Value, utcnow

_LISTED = 100  # options that a form lists by itself
_SHOWN = 20  # cases of an overview
_PICKED = 50  # conversations of a picker
_RECENT = timedelta(days=30)  # a conversation that ended earlier is not offered
_PATIENCE, _POLL = 2.0, 0.05  # seconds
_CLOSE_ENOUGH = 60.0  # of 100


class CaseDesk:
    def __init__(self, database: Database, settings: CurrentSettings, evaluator: Evaluator) -> None:
        self._database = database
        self._settings = settings
        self._evaluator = evaluator

    async def is_representative(self, channel: str, author: Author) -> bool:
        return is_representative(author, channel, await self._in_force())

    async def form(self, channel: str, account: str, conversation_key: str, author: Author, *, new: bool) -> Form:
        settings = await self._in_force()
        _require(author, channel, settings)
        await self._read_what_came(channel, account, conversation_key)
        found = partial(conversations.find, channel=channel, account=account, key=conversation_key)
        conversation_id = await self._database.read(found)
        if conversation_id is None:
            raise NotAllowed("Nothing is known of this conversation.")
        question = Question(conversation_id=conversation_id, trigger=Trigger.COMMAND, manual=new)
        finding = await self._evaluator.find(question)
        case = finding.snapshot.case
        if case is None and not new:
            raise NotAllowed(words.no_case_here())
        target = Target(
            channel=channel,
            account=account,
            conversation_key=conversation_key,
            case=case.number if case else None,
            revision=case.revision if case else 0,
        )
        return _form(target, finding)

    async def check(self, target: Target, values: Values) -> Mapping[str, str]:
        settings = await self._in_force()
        problems = {
            field_id: problem
            for field_id, given in values.items()
            if (problem := _problem(settings.field(field_id), given, settings)) is not None
        }
        if problems:
            return problems
        if target.case is None:
            return {} if any(values.values()) else {"": "Fill in at least one field."}
        stale = await self._database.read(partial(_is_stale, number=target.case, revision=target.revision))
        return {"": stale} if stale else {}

    async def choices(self, field_id: str, typed: str, *, limit: int) -> Sequence[Choice]:
        settings = await self._in_force()
        field = settings.field(field_id)
        return [_choice(each) for each in _best(field.choices if field else (), typed.strip())[:limit]]

    async def conversations(
        self, channel: str, account: str, key_prefix: str, author: Author
    ) -> Sequence[OpenConversation]:
        _require(author, channel, await self._in_force())
        since = utcnow() - _RECENT
        ask = partial(
            overview.open_conversations,
            channel=channel,
            account=account,
            key_prefix=key_prefix,
            since=since,
            limit=_PICKED,
        )
        return [
            OpenConversation(
                conversation_key=each.key,
                customer=one_line(each.customer, 40),
                opening=one_line(each.opening, 80),
                case=each.case_number,
                last_message_at=each.last_message_at,
            )
            for each in await self._database.read(ask)
        ]

    async def conversation_of(self, channel: str, account: str, number: CaseNumber) -> str | None:
        ask = partial(overview.conversation_key, channel=channel, account=account, number=number)
        return await self._database.read(ask)

    async def overview(self, channel: str, account: str, author: Author) -> Overview:
        representative = is_representative(author, channel, await self._in_force())
        ask = partial(_overview, channel=channel, account=account, author=author, representative=representative)
        return await self._database.read(ask)

    async def _in_force(self) -> Settings:
        return (await self._settings.recently(self._database)).settings

    async def _read_what_came(self, channel: str, account: str, key: str) -> None:
        """Waits a little for what was received just before: a form would not know of it."""
        waits = partial(work.waits, channel=channel, account=account, key=key)
        for _ in range(int(_PATIENCE / _POLL)):
            if not await self._database.read(waits):
                return
            await asyncio.sleep(_POLL)


def _require(author: Author, channel: str, settings: Settings) -> None:
    if not is_representative(author, channel, settings):
        raise NotAllowed(words.refused_customer())
    if not settings.allows(author, Feature.CASES):
        raise NotAllowed(words.not_in_profile())


# --- forms ------------------------------------------------------------------------------------------


def _form(target: Target, finding: Finding) -> Form:
    settings, case, decision = finding.snapshot.settings, finding.snapshot.case, finding.decision
    found = {each.field: each for each in decision.writes}
    why = {each.field: each.reason for each in decision.refusals}
    title = one_line(case.title, 120) if case else one_line(decision.title or "New case", 120)
    return Form(
        target=target,
        title=title,
        fields=tuple(
            _field(each, case, found.get(FieldId(each.id)), why.get(FieldId(each.id), ""), settings)
            for each in settings.fields
        ),
        suggestions=tuple(_suggestions(case, settings)),
    )


def _field(field: CaseField, case: Case | None, found: Write | None, why: str, settings: Settings) -> FormField:
    held = case.values.get(FieldId(field.id)) if case else None
    stored = held.value if held else None
    predicted = found is not None and found.value is not None
    value = found.value if found is not None and predicted else stored
    quote = found.evidence[0].quote if found is not None and found.evidence else ""
    told = _shown(field, stored, settings) if predicted else ""
    return FormField(
        id=field.id,
        label=field.label,
        input=_input(field.type),
        hint=field.description,
        filled=_filled(value),
        stored=told,
        because=one_line(quote, 300) if predicted else one_line(why, 300),
        predicted=predicted,
        choices=_choices(field),
        searched=len(field.choices) > _LISTED,
    )


def _shown(field: CaseField, value: Value | None, settings: Settings) -> str:
    return "" if value is None else words.shown(field, value, settings)


def _filled(value: Value | None) -> tuple[str, ...]:
    """As `agent.fields.parse` reads it back."""
    if value is None or value == "":
        return ()
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    return tuple(value) if isinstance(value, list) else (str(value),)


_YES_NO = (Choice(value="yes", label="Yes"), Choice(value="no", label="No"))


def _choices(field: CaseField) -> tuple[Choice, ...]:
    if field.type is FieldType.YES_NO:
        return _YES_NO
    return tuple(_choice(each) for each in field.choices) if len(field.choices) <= _LISTED else ()


def _choice(option: Option) -> Choice:
    return Choice(value=option.value, label=option.value, hint=option.description)


def _input(kind: FieldType) -> Input:  # noqa: PLR0911 -- one for each kind of input
    match kind:
        case FieldType.MULTILINE:
            return Input.LINES
        case FieldType.CHOICE | FieldType.LOOKUP:
            return Input.ONE_OF
        case FieldType.MULTI_CHOICE:
            return Input.SOME_OF
        case FieldType.YES_NO:
            return Input.YES_NO
        case FieldType.DATE:
            return Input.DATE
        case FieldType.DATETIME:
            return Input.MOMENT
        case (
            FieldType.TEXT
            | FieldType.INTEGER
            | FieldType.DECIMAL
            | FieldType.CURRENCY
            | FieldType.EMAIL
            | FieldType.PHONE
            | FieldType.IDENTIFIER
        ):
            return Input.LINE
        case _:
            assert_never(kind)


def _suggestions(case: Case | None, settings: Settings) -> Iterator[OpenSuggestion]:
    for each in case.suggestions if case else ():
        if field := settings.field(each.field):
            quote = one_line(each.evidence[0].quote, 300) if each.evidence else ""
            value = words.shown(field, each.value, settings)
            yield OpenSuggestion(id=each.id, label=field.label, value=value, quote=quote)


# --- what was filled in -----------------------------------------------------------------------------


def parsed(field: CaseField, given: Sequence[str], settings: Settings) -> Value | None:
    """What a form's input says, None where it is empty. Raises agent.fields.BadValue."""
    if not any(each.strip() for each in given):
        return None
    if field.type is FieldType.MULTI_CHOICE:
        chosen = [fields.parse(field, each, settings, utcnow()) for each in given]
        return [str(value) for each in chosen for value in (each if isinstance(each, list) else [each])]
    return fields.parse(field, given[0], settings, utcnow())


def _problem(field: CaseField | None, given: Sequence[str], settings: Settings) -> str | None:
    if field is None:
        return "The settings do not know this field any more: open the form again."
    try:
        parsed(field, given, settings)
    except fields.BadValue as error:
        return str(error)
    return None


def _is_stale(connection: Connection, *, number: CaseNumber, revision: int) -> str | None:
    try:
        case = cases.get(connection, number)
    except cases.UnknownCase:
        return words.unknown_case(number)
    return None if case.revision == revision else words.changed_meanwhile(number)


# --- lists ------------------------------------------------------------------------------------------


def _best(options: Sequence[Option], typed: str) -> list[Option]:
    """Those that begin so, those that contain it, then those that are near to it."""
    if not typed:
        return list(options)
    scored = [(_fit(option, typed.casefold()), option) for option in options]
    return [option for score, option in sorted(scored, key=lambda each: -each[0]) if score >= _CLOSE_ENOUGH]


def _fit(option: Option, typed: str) -> float:
    names = [each.casefold() for each in (option.value, *option.synonyms)]
    if any(each.startswith(typed) for each in names):
        return 300.0
    if any(typed in each for each in names):
        return 200.0
    return max(fuzz.WRatio(typed, each) for each in names)


def _overview(connection: Connection, *, channel: str, account: str, author: Author, representative: bool) -> Overview:
    def line(case: Case) -> CaseLine:
        return CaseLine(
            number=case.number,
            title=one_line(case.title, 120),
            status=words.STATUS_LABELS[case.status],
            owner=one_line(case.owner.name, 60) if case.owner else None,
            suggestions=len(case.suggestions) if representative else 0,
            conversation_key=overview.conversation_key(connection, channel, account, case.number),
            updated_at=case.updated_at,
        )

    if not representative:
        mine = overview.cases_of(connection, channel, account, author.id, limit=_SHOWN)
        return Overview(representative=False, mine=tuple(map(line, mine)))
    open_ones = tuple(status for status in CaseStatus if status.is_open)
    mine = cases.listed(connection, cases.CaseFilter(statuses=open_ones, owner_id=author.id, limit=_SHOWN))
    unclaimed = cases.listed(connection, cases.CaseFilter(statuses=open_ones, unclaimed=True, limit=_SHOWN))
    undecided = [each for each in mine if each.suggestions]
    return Overview(
        representative=True, mine=tuple(map(line, mine)), waiting=tuple(map(line, [*undecided, *unclaimed][:_SHOWN]))
    )
