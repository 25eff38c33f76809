"""*Record-creation rules*: which mails become cases, by which conditions, and what they set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from agent.conditions import MAIL
from agent.settings import CaseField, CreationItem, FieldType, Problem, RecordCreationRule, UnknownSender
from bot.access.routes import Refused, Route, Visit
from bot.console import conditions, entries, inputs
from bot.console.conditions import Group, TooDeep
from bot.console.field_uses import CREATION_RULES as PATH
from bot.console.rendering import Pages
from bot.console.reviewing import Json, Reviewing, as_document, latest
from bot.settings import InForce
from store.engine import Database

_DEEP = "Its conditions are nested deeper than a page shows: change the rule in an exported file."
_MOST = 20  # items of a rule, values of an item
_UNKNOWN = {
    UnknownSender.CREATE_CONTACT: "Open a case, and remember them",
    UnknownSender.SKIP: "Keep the mail, open none",
}


@dataclass(kw_only=True)
class Item:
    """One step of a rule as it was typed: when it opens the case, and the texts that its fields are set to."""

    conditions: Group = field(default_factory=Group)
    values: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    queue: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    rule: Json
    items: list[Item]
    base: InForce
    position: str


class RecordCreation:
    """A rule is named by its position in the version that the page was made from."""

    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing
        self._entries = entries.Ordered(reviewing, "record_creation_rules", PATH)

    def routes(self) -> list[Route]:
        return self._entries.routes(listed=self._list, new=self._new, opened=self._edit, typed=self._typed)

    async def _list(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        return self._pages.show(
            visit,
            "record_creation.html",
            title="Record-creation rules",
            rules=now.settings.record_creation_rules,
            based_on=now.version,
        )

    async def _new(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        rule = RecordCreationRule(name="-").model_dump(mode="json") | {"name": ""}
        return self._form(visit, Draft(rule=rule, items=[Item()], base=now, position=""))

    async def _edit(self, visit: Visit) -> web.StreamResponse:
        now, position = await self._database.read(latest), int(visit.request.match_info["id"])
        rule = entries.at(now.settings.record_creation_rules, position)
        try:
            items = [_shown(each) for each in rule.items]
        except TooDeep:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, _DEEP) from None
        return self._form(
            visit, Draft(rule=rule.model_dump(mode="json"), items=items, base=now, position=str(position))
        )

    def _form(self, visit: Visit, draft: Draft, problems: Sequence[Problem] = ()) -> web.Response:
        inside = [each for each in problems if _item_of(each) is not None]
        return self._pages.show(
            visit,
            "record_creation_rule.html",
            title="Record-creation rule" if draft.position else "New record-creation rule",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            rule=draft.rule,
            items=draft.items,
            most=_MOST,
            unknown=list(_UNKNOWN.items()),
            fields=draft.base.settings.fields,
            queues=draft.base.settings.queues,
            known=conditions.known_fields(MAIL),
            operators=conditions.operators,
            kind=conditions.kind,
            based_on=draft.base.version,
            position=draft.position,
            errors=entries.told((each for each in problems if each not in inside), _part),
            faults={number: _faults(inside, number, item) for number, item in enumerate(draft.items)},
        )

    async def _typed(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base = await self._reviewing.base(form)
        position = str(form.get("position", ""))
        draft = Draft(rule=_of_form(form), items=_items(form), base=base, position=position)
        if (button := str(form.get("do", ""))) != "review":
            _pressed(draft.items, button)
            return self._form(visit, draft)
        fields = {each.id: each for each in base.settings.fields}
        draft.rule["items"] = [_written(each, fields) for each in draft.items]
        document = as_document(base.settings)
        entries.put(document["record_creation_rules"], draft.rule, position)
        if problems := await self._reviewing.problems(document):
            return self._form(visit, draft, problems)
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH, form=form)


# --- an item, shown and typed -----------------------------------------------------------------------


def _shown(item: CreationItem) -> Item:
    texts = {
        name: ("yes" if value else "no") if isinstance(value, bool) else str(value)
        for name, value in item.values.items()
    }
    return Item(conditions=conditions.shown(item.when), values=list(texts.items()), queue=item.queue or "")


def _items(form: MultiMapping[Any]) -> list[Item]:
    text = str(form.get("items", "0"))
    count = min(int(text), _MOST) if re.fullmatch("[0-9]{1,3}", text) else 0
    return [_item(form, f"i{number}.") for number in range(count)]


def _item(form: MultiMapping[Any], name: str) -> Item:
    pairs = [(str(form.get(f"{name}v{at}.field", "")), str(form.get(f"{name}v{at}.value", ""))) for at in range(_MOST)]
    values = [(chosen, text.strip()) for chosen, text in pairs if chosen]
    queue = str(form.get(f"{name}queue", ""))
    return Item(conditions=conditions.typed(form, MAIL, name), values=values, queue=queue)


def _of_form(form: MultiMapping[Any]) -> Json:
    return {
        "name": str(form.get("name", "")),
        "active": "active" in form,
        "mailbox": str(form.get("mailbox", "")).strip() or "*",
        "unknown_sender": str(form.get("unknown_sender", "")),
        "join_resolved_days": inputs.number(str(form.get("join_resolved_days", ""))),
        "reopen": "reopen" in form,
    }


def _written(item: Item, fields: Mapping[str, CaseField]) -> Json:
    values = {name: _value(text, fields.get(name)) for name, text in item.values}
    return {"when": conditions.expressed(item.conditions, MAIL), "values": values, "queue": item.queue or None}


def _value(text: str, known: CaseField | None) -> str | bool | int:
    if known is not None and known.type is FieldType.YES_NO:
        return {"yes": True, "no": False}.get(text.casefold(), text)
    if known is not None and known.type is FieldType.INTEGER and re.fullmatch("-?[0-9]{1,15}", text):
        return int(text)
    return text


def _pressed(items: list[Item], button: str) -> None:
    """Adds, moves or takes away an item, or does what a button of an item's conditions says."""
    place = re.fullmatch(r"i([0-9]{1,2})\.(.*)", button)
    if button == "item" and len(items) < _MOST:
        items.append(Item())
    if place is None or int(place[1]) >= len(items):
        return
    number = int(place[1])
    match place[2]:
        case "remove":
            del items[number]
        case "up" if number > 0:
            items.insert(number - 1, items.pop(number))
        case other:
            conditions.pressed(items[number].conditions, other, MAIL)


# --- what is wrong ----------------------------------------------------------------------------------

_ITEM = re.compile(r"record_creation_rules\[[0-9]+\]\.items\[([0-9]+)\]")


def _item_of(problem: Problem) -> int | None:
    place = _ITEM.match(problem.path)
    return int(place[1]) if place else None


def _faults(problems: Sequence[Problem], number: int, item: Item) -> list[str]:
    mine = [each for each in problems if _item_of(each) == number]
    of_conditions = [each for each in mine if ".when" in each.path]
    return [*conditions.faults(of_conditions, item.conditions), *(e.sentence for e in mine if e not in of_conditions)]


def _part(path: str) -> str:
    """The input that a problem's path belongs to."""
    names = ("mailbox", "unknown_sender", "join_resolved_days")
    return next((name for name in names if path.endswith(f".{name}")), "name")
