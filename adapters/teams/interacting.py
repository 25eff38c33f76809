"""What people press, ask for and fill in: Teams calls it invokes, and waits for an answer to each.

What somebody decides goes the way of events, and is stored before it is answered. Who may do what is asked of the desk:
nothing that comes back with a card or dialog is believed but as the name of something.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus

from adapters import adaptive
from adapters.desk import CaseLine, Desk, NotAllowed, Target
from adapters.payload import part, parts, required, text
from adapters.teams import cards, dialogs, words
from adapters.teams.configuration import CHANNEL
from adapters.teams.gate import TEAMS
from adapters.teams.places import Place
from adapters.teams.receiving import Receiving
from adapters.teams.surface import CREATE, SEARCH, UPDATE
from store.commands import command_word
from store.model import Author, CaseNumber, InboundKind, Json

_MESSAGE = "application/vnd.microsoft.activity.message"
_SEARCHED = "application/vnd.microsoft.search.searchResponse"
_THUMBNAIL = "application/vnd.microsoft.card.thumbnail"
_FOUND = 25  # cases that a search offers
_AHEAD = 15  # choices that Teams shows of a search (learn.microsoft.com, "Typeahead search in Adaptive Cards")
_VERBS = {"accept_suggestion", "reject_suggestion"}

Answer = tuple[int, Json]


class Interacting:
    def __init__(self, desk: Desk, receiving: Receiving) -> None:
        self._desk = desk
        self._receiving = receiving
        self._answers: dict[str, Callable[[Place, Author, Json], Awaitable[Answer]]] = {
            "adaptiveCard/action": self._card_action,
            "application/search": self._typed_ahead,
            "composeExtension/fetchTask": self._message_action,
            "composeExtension/submitAction": self._submitted,
            "composeExtension/query": self._searched,
            "task/fetch": self._dialog_of_card,
            "task/submit": self._submitted,
        }

    async def answer(self, place: Place, activity: Json) -> Answer:
        """Status and body. Raises ValueError for what is none of ours, and what `Receive` raises."""
        answer = self._answers.get(text(activity, "name"))
        if answer is None:
            return HTTPStatus.NOT_IMPLEMENTED, {}
        return await answer(place, await self._receiving.people.author(place, activity), activity)

    async def submitted_in_message(self, place: Place, activity: Json) -> None:
        """A button's press from a client that knows no Action.Execute: a message without words."""
        author = await self._receiving.people.author(place, activity)
        data = part(activity, "value")
        await self._pressed(place, author, text(data, "verb"), data, f"{place.key}|{required(activity, 'id')}")

    # --- buttons --------------------------------------------------------------------------------------

    async def _card_action(self, place: Place, author: Author, activity: Json) -> Answer:
        action = part(part(activity, "value"), "action")
        verb, data = text(action, "verb"), part(action, "data")
        if verb == "refresh":
            return await self._redrawn(place, author, data)
        await self._pressed(place, author, verb, data, _event_id(place, activity))
        return HTTPStatus.OK, {"statusCode": 200, "type": _MESSAGE, "value": "Taken up; the card follows."}

    async def _pressed(self, place: Place, author: Author, verb: str, data: Json, event_id: str) -> None:
        """Raises ValueError for a button that is none of ours."""
        if verb == "run" and text(data, "text"):
            inbound = self._receiving.typed(place, author, text(data, "text"), external_id=event_id)
        elif verb in _VERBS:
            action: Json = {"verb": verb, "case": data.get("case"), "suggestion": data.get("suggestion")}
            inbound = self._receiving.pressed(place, author, action, external_id=event_id)
        else:
            raise ValueError("The button is none of ours.")
        await self._receiving.store(inbound)

    async def _redrawn(self, place: Place, author: Author, data: Json) -> Answer:
        found = await self._desk.card(CHANNEL, place.tenant, place.key, author, dialogs.case_number(data.get("case")))
        if found is None:
            raise ValueError("There is no such case in this conversation.")
        card, representative = found
        shown = cards.case_card(card, representative=representative)
        return HTTPStatus.OK, {"statusCode": 200, "type": adaptive.CONTENT_TYPE, "value": shown}

    # --- dialogs --------------------------------------------------------------------------------------

    async def _message_action(self, place: Place, author: Author, activity: Json) -> Answer:
        """On a message: its conversation is the chat's or the thread's."""
        command = text(part(activity, "value"), "commandId")
        if command not in {CREATE, UPDATE}:
            raise ValueError(f"The command should be {CREATE} or {UPDATE}.")
        if await self._desk.is_representative(CHANNEL, author):
            await self._hear(place, part(part(activity, "value"), "messagePayload"))
        return await self._form(place, author, required(activity, "id"), new=command == CREATE)

    async def _dialog_of_card(self, place: Place, author: Author, activity: Json) -> Answer:
        data = _data(activity)
        case = None if data.get("case") is None else dialogs.case_number(data["case"])
        new = text(data, "verb") == "create"
        return await self._form(place, author, required(activity, "id"), new=new, case=case)

    async def _form(
        self, place: Place, author: Author, form_id: str, *, new: bool, case: CaseNumber | None = None
    ) -> Answer:
        try:
            form = await self._desk.form(CHANNEL, place.tenant, place.key, author, new=new, case=case)
        except NotAllowed as error:
            return HTTPStatus.OK, dialogs.message("Not possible", str(error))
        return HTTPStatus.OK, dialogs.dialog(form, form_id)

    async def _hear(self, place: Place, message: Json) -> None:
        """The message an action was called on, where we had not heard it: without consent, mentions alone reach us."""
        sender = part(part(message, "from"), "user")
        body = part(message, "body")
        content = text(body, "content")
        user_id, message_id = text(sender, "id"), text(message, "id")
        if not (user_id and message_id and content.strip()):
            return
        mentions = parts(message, "mentions")
        said = words.of_html(content, mentions, "") if text(body, "contentType") == "html" else content
        if not said or command_word(said) is not None:  # whoever wrote a command did not give it to us
            return
        author = Author(id=user_id, name=text(sender, "displayName"))
        heard = self._receiving.typed(place, author, said, external_id=f"{place.key}|{message_id}")
        await self._receiving.store(replace(heard, kind=InboundKind.MESSAGE, raw={"message": message}))

    async def _submitted(self, place: Place, author: Author, activity: Json) -> Answer:
        data = _data(activity)
        target = dialogs.target_of(place.tenant, data)
        if target.conversation_key != place.key:
            raise ValueError("The dialog belongs to another conversation.")
        form_id, values = dialogs.form_id_of(data), dialogs.values_of(data)
        problems = await self._desk.check(target, author, values)
        if problems:
            return await self._again(target, author, form_id, problems, values)
        action: Json = {"verb": "create_case", "values": values}
        if target.case is not None:
            action = {"verb": "update_case", "case": target.case, "revision": target.revision, "values": values}
        # Pressed again, or sent again after our answer was lost, it has another activity's id, and is the same form.
        event_id = f"{TEAMS}|{place.key}|form|{author.id}|{form_id}"
        await self._receiving.store(self._receiving.pressed(place, author, action, external_id=event_id))
        return HTTPStatus.OK, dialogs.said("Saved; the card follows.")

    async def _again(
        self,
        target: Target,
        author: Author,
        form_id: str,
        problems: Mapping[str, str],
        values: dict[str, list[str]],
    ) -> Answer:
        """As it was filled in, and still about the case as it was then: overtaken once, it stays so."""
        new, case = target.case is None, target.case
        try:
            form = await self._desk.form(CHANNEL, target.account, target.conversation_key, author, new=new, case=case)
        except NotAllowed as error:
            return HTTPStatus.OK, dialogs.message("Not possible", str(error))
        return HTTPStatus.OK, dialogs.dialog(replace(form, target=target), form_id, problems, values)

    # --- searches -------------------------------------------------------------------------------------

    async def _typed_ahead(self, _place: Place, author: Author, activity: Json) -> Answer:
        asked = part(activity, "value")
        if not await self._desk.is_representative(CHANNEL, author):
            return HTTPStatus.OK, {"statusCode": 200, "type": _SEARCHED, "value": {"results": []}}
        found = await self._desk.choices(text(asked, "dataset"), text(asked, "queryText"), limit=_AHEAD)
        results = [{"title": each.label, "value": dialogs.choice_value(each.value)} for each in found]
        return HTTPStatus.OK, {"statusCode": 200, "type": _SEARCHED, "value": {"results": results}}

    async def _searched(self, place: Place, author: Author, activity: Json) -> Answer:
        """Cases by number or words; without any, those that are one's own or wait."""
        asked = part(activity, "value")
        if text(asked, "commandId") != SEARCH:
            raise ValueError(f"The command should be {SEARCH}.")
        wanted = " ".join(
            str(each.get("value") or "") for each in parts(asked, "parameters") if each.get("name") == "q"
        )
        found = await self._desk.search(CHANNEL, place.tenant, author, wanted, limit=_FOUND)
        result = {"type": "result", "attachmentLayout": "list", "attachments": [_preview(each) for each in found]}
        return HTTPStatus.OK, {"composeExtension": result}


def _preview(line: CaseLine) -> Json:
    title, under = f"Case {line.number}: {line.title}", line.status + (f" · {line.owner}" if line.owner else "")
    card = adaptive.document([adaptive.line(title, weight="bolder"), adaptive.line(under)], fallback=title)
    preview = {"contentType": _THUMBNAIL, "content": {"title": title, "text": under}}
    return {**cards.attachment(card), "preview": preview}


def _data(activity: Json) -> Json:
    return part(part(activity, "value"), "data")


def _event_id(place: Place, activity: Json) -> str:
    """Teams tries an invoke again under the same id."""
    return f"{TEAMS}|{place.key}|{required(activity, 'id')}"
