"""What a channel's forms, pickers and pages show of conversations and cases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from rapidfuzz import fuzz, process

from adapters.desk import CaseLine, Choice, Form, NotAllowed, OpenConversation, Overview, Target, Values
from agent.decision import Snapshot, Trigger
from agent.settings import Feature, Option, Settings
from bot import card, forms, words
from bot.evaluation import Evaluator, Question
from bot.settings import CurrentSettings
from bot.text import one_line
from bot.tracker import is_representative
from store import cases, conversations, overview, search, work
from store.cases import CaseFilter, UnknownCase
from store.engine import Connection, Database
from store.model import Author, Card, Case, CaseNumber, CaseStatus, ConversationId, utcnow

_SHOWN = 20  # cases of an overview
_PICKED = 50  # conversations of a picker
_RECENT = timedelta(days=30)  # a conversation that ended earlier is not offered
_PATIENCE, _POLL = 2.0, 0.05  # seconds
_ALIKE = 60  # of 100: what is still offered of a catalogue
_OPEN = tuple(status for status in CaseStatus if status.is_open)


class CaseDesk:
    """Implements `adapters.desk.Desk`."""

    def __init__(
        self,
        database: Database,
        settings: CurrentSettings,
        evaluator: Evaluator,
        *,
        demo_representatives: frozenset[str] = frozenset(),
    ) -> None:
        self._database = database
        self._settings = settings
        self._evaluator = evaluator
        self._demo_representatives = demo_representatives

    async def is_representative(self, channel: str, author: Author) -> bool:
        return is_representative(author, channel, await self._in_force(), self._demo_representatives)

    async def form(
        self,
        channel: str,
        account: str,
        conversation_key: str,
        author: Author,
        *,
        new: bool,
        case: CaseNumber | None = None,
    ) -> Form:
        await self._require(channel, author)
        found = partial(conversations.find, channel=channel, account=account, key=conversation_key)
        conversation_id = await self._database.read(found)
        if conversation_id is None:
            raise NotAllowed(words.unknown_conversation())
        await self._read_what_came(conversation_id)
        if case is not None and not await self._database.read(partial(_has, conversation_id, number=case)):
            raise NotAllowed(words.unknown_case(case))
        trigger = Trigger.FORM if new else Trigger.COMMAND
        question = Question(conversation_id=conversation_id, trigger=trigger, manual=new, case_number=case)
        finding = await self._evaluator.find(question)
        if problem := nothing_to_show(finding.snapshot):
            raise NotAllowed(problem)
        shown = finding.snapshot.case
        target = Target(
            channel=channel,
            account=account,
            conversation_key=conversation_key,
            case=shown.number if shown else None,
            revision=shown.revision if shown else 0,
        )
        return forms.form(target, finding)

    async def check(self, target: Target, author: Author, values: Values) -> Mapping[str, str]:
        try:
            await self._require(target.channel, author)
        except NotAllowed as error:
            return {"": str(error)}
        answers = forms.read(values, await self._in_force(), utcnow())
        if target.case is not None:
            problem = await self._database.read(partial(_outdated, number=target.case, revision=target.revision))
        else:
            problem = None if answers.say_something or answers.problems else words.nothing_filled_in()
        return {**answers.problems, **({"": problem} if problem else {})}

    async def choices(self, field_id: str, typed: str, *, limit: int) -> Sequence[Choice]:
        field = (await self._in_force()).field(field_id)
        return [forms.choice(each) for each in _best(field.choices if field else (), typed, limit)]

    async def conversations(
        self, channel: str, account: str, key_prefix: str, author: Author
    ) -> Sequence[OpenConversation]:
        await self._require(channel, author)
        ask = partial(
            overview.open_conversations,
            channel=channel,
            account=account,
            key_prefix=key_prefix,
            since=utcnow() - _RECENT,
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

    async def caught_up(self, channel: str, account: str, conversation_key: str) -> None:
        found = partial(conversations.find, channel=channel, account=account, key=conversation_key)
        conversation_id = await self._database.read(found)
        if conversation_id is not None:
            await self._read_what_came(conversation_id)

    async def overview(self, channel: str, account: str, author: Author) -> Overview:
        ask = _representatives_page if await self.is_representative(channel, author) else _customers_page
        return await self._database.read(partial(ask, channel=channel, account=account, author=author))

    async def search(self, channel: str, account: str, author: Author, text: str, *, limit: int) -> Sequence[CaseLine]:
        if text.strip() and await self.is_representative(channel, author):
            found = partial(_found, channel=channel, account=account, text=text, limit=limit)
            return await self._database.read(found)
        own = await self.overview(channel, account, author)
        lines = {each.number: each for each in (*own.mine, *own.waiting)}.values()
        wanted = text.casefold().split()
        return [each for each in lines if all(word in f"{each.number} {each.title}".casefold() for word in wanted)][
            :limit
        ]

    async def card(
        self, channel: str, account: str, conversation_key: str, author: Author, number: CaseNumber
    ) -> tuple[Card, bool] | None:
        representative = await self.is_representative(channel, author)
        ask = partial(
            _card,
            channel=channel,
            account=account,
            key=conversation_key,
            number=number,
            settings=await self._in_force(),
        )
        found = await self._database.read(ask)
        return None if found is None else (found, representative)

    async def _in_force(self) -> Settings:
        return (await self._settings.recently(self._database)).settings

    async def _require(self, channel: str, author: Author) -> None:
        """Raises NotAllowed for all but representatives whose profile has cases."""
        if not await self.is_representative(channel, author):
            raise NotAllowed(words.refused_customer())
        if not (await self._in_force()).allows(author, Feature.CASES):
            raise NotAllowed(words.not_in_profile())

    async def _read_what_came(self, conversation_id: ConversationId) -> None:
        """Waits a little for what was received before: a message that was fetched for this form is to be in it."""
        last = await self._database.read(partial(work.last_waiting, conversation_id=conversation_id))
        if last is None:
            return
        waits = partial(work.waits, conversation_id=conversation_id, event_id=last)
        for _ in range(round(_PATIENCE / _POLL)):
            await asyncio.sleep(_POLL)
            if not await self._database.read(waits):
                return


def nothing_to_show(snapshot: Snapshot) -> str | None:
    """Why a form has nothing to show."""
    if snapshot.case is not None:
        return None if snapshot.case.status.is_open else words.is_closed(snapshot.case)
    if not snapshot.manual:
        return words.no_case_here()
    said = any(each.text.strip() for each in snapshot.transcript if not each.deleted)
    return None if said else words.nothing_written()


def _card(
    connection: Connection, *, channel: str, account: str, key: str, number: CaseNumber, settings: Settings
) -> Card | None:
    conversation_id = conversations.find(connection, channel=channel, account=account, key=key)
    try:
        case = cases.get(connection, number)
    except UnknownCase:
        return None
    if conversation_id not in case.conversations:
        return None
    return card.build(case, settings, owner_name=case.owner.name if case.owner else None, changed=None)


def _has(conversation_id: ConversationId, connection: Connection, *, number: CaseNumber) -> bool:
    try:
        return conversation_id in cases.get(connection, number).conversations
    except UnknownCase:
        return False


def _found(connection: Connection, *, channel: str, account: str, text: str, limit: int) -> list[CaseLine]:
    numbers = sorted(search.cases_with(connection, text), reverse=True)
    lines: list[CaseLine] = []
    for number in numbers:
        try:
            case = cases.get(connection, CaseNumber(number))
        except UnknownCase:  # a number that somebody typed
            continue
        key = overview.conversation_key(connection, channel, account, case.number)
        lines.append(_line(case, len(case.suggestions), key))
        if len(lines) == limit:
            break
    return lines


def _outdated(connection: Connection, *, number: CaseNumber, revision: int) -> str | None:
    try:
        return forms.outdated(cases.get(connection, number), revision)
    except UnknownCase:
        return words.unknown_case(number)


def _best(options: Sequence[Option], typed: str, limit: int) -> list[Option]:
    """Entries that begin as was typed, then those with a word in them that does, then those that are alike."""
    wanted = " ".join(typed.casefold().split())
    names = [[each.casefold() for each in (option.value, *option.synonyms)] for option in options]
    begin = [at for at, mine in enumerate(names) if any(each.startswith(wanted) for each in mine)]
    hold = [at for at, mine in enumerate(names) if any(f" {wanted}" in each for each in mine)]
    found = dict.fromkeys([*begin, *hold])
    if len(found) < limit:
        called = {(at, number): name for at, mine in enumerate(names) for number, name in enumerate(mine)}
        alike = process.extract(wanted, called, scorer=fuzz.WRatio, score_cutoff=_ALIKE, limit=None)
        found |= dict.fromkeys(at for _, _, (at, _) in alike)
    return [options[at] for at in found][:limit]


# --- a person's own page ----------------------------------------------------------------------------


def _representatives_page(connection: Connection, *, channel: str, account: str, author: Author) -> Overview:
    mine = CaseFilter(statuses=_OPEN, owner_id=author.id, limit=_SHOWN)
    undecided = CaseFilter(statuses=_OPEN, owner_id=author.id, undecided=True, limit=_SHOWN)
    unclaimed = CaseFilter(statuses=_OPEN, unclaimed=True, limit=_SHOWN)
    waiting = [*cases.listed(connection, undecided), *cases.listed(connection, unclaimed)]

    def line(case: Case) -> CaseLine:
        return _line(case, len(case.suggestions), overview.conversation_key(connection, channel, account, case.number))

    return Overview(
        representative=True,
        mine=tuple(map(line, cases.listed(connection, mine))),
        waiting=tuple(map(line, waiting[:_SHOWN])),
    )


def _customers_page(connection: Connection, *, channel: str, account: str, author: Author) -> Overview:
    mine = overview.cases_of(connection, channel, account, author.id, limit=_SHOWN)
    keys = [overview.conversation_key(connection, channel, account, case.number) for case in mine]
    return Overview(representative=False, mine=tuple(_line(case, 0, key) for case, key in zip(mine, keys, strict=True)))


def _line(case: Case, suggestions: int, conversation_key: str | None) -> CaseLine:
    return CaseLine(
        number=case.number,
        title=one_line(case.title),
        status=words.status_of(case),
        owner=one_line(case.owner.name, 60) if case.owner else None,
        suggestions=suggestions,
        conversation_key=conversation_key,
        updated_at=case.updated_at,
    )
