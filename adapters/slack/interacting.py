"""What people do beside writing: slash commands, shortcuts, buttons, forms, reactions, the app's own page.

Slack gives three seconds. What is decided is stored before it is acknowledged; what only shows something, a form with
its predictions, is filled in afterwards, in a task of its own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from functools import partial
from typing import Any

import structlog

from adapters.desk import Desk, Form, NotAllowed, Target
from adapters.payload import parsed, part, parts, required
from adapters.payload import text as text_of
from adapters.slack import addresses, home, modals
from adapters.slack.api import Api, ApiRefused
from adapters.slack.blocks import VERB
from adapters.slack.configuration import InForce
from adapters.slack.people import People
from adapters.slack.places import Places
from adapters.slack.receiving import Origin, Receiving
from adapters.slack.surface import CREATE, FIRST_WORDS, SHORTCUTS, UPDATE
from store.model import Author, CaseNumber, Json
from store.slack import CHANNEL

log = structlog.get_logger()

_FOUND = 100  # entries of a catalogue that Slack takes at once
_NUMBER = re.compile(r"#?(\d{1,10})\b")
# Without a case's number, these are about a conversation, which Slack does not say.
_NEEDS_CONVERSATION = {"update-case", "create-case", "claim", "resolve", "reopen", "cancel", "merge", "note", "case"}


class Interacting:
    def __init__(  # noqa: PLR0917 -- its parts, each once
        self,
        desk: Desk,
        api: Api,
        people: People,
        places: Places,
        receiving: Receiving,
        in_force: InForce,
    ) -> None:
        self._desk = desk
        self._api = api
        self._people = people
        self._places = places
        self._receiving = receiving
        self._in_force = in_force
        self._tasks: set[asyncio.Task[None]] = set()

    # --- commands -------------------------------------------------------------------------------------

    async def command(self, origin: Origin, body: Json) -> None:
        """A slash command: about a case by its number, a conversation that is picked, or neither."""
        channel, user = required(body, "channel_id"), required(body, "user_id")
        author = await self._people.author(origin.workspace, user)
        text = f"{required(body, 'command')} {text_of(body, 'text')}".strip()
        key = await self._place_of_command(origin, channel, author, text)
        if key is None:
            await self._pick(origin, channel, author, text, required(body, "trigger_id"))
            return
        external_id = f"command:{required(body, 'trigger_id')}"
        inbound = self._receiving.typed(origin, key, author, text, external_id=external_id)
        await self._receiving.store(inbound)

    async def _place_of_command(self, origin: Origin, channel: str, author: Author, text: str) -> str | None:
        """None: the conversation has to be picked."""
        name, _, rest = text.removeprefix("/").partition(" ")
        number = _NUMBER.match(rest.strip())
        desk = addresses.desk(channel, author.id)
        if name not in _NEEDS_CONVERSATION or not await self._desk.is_representative(CHANNEL, author):
            return desk
        if number is None:
            return None
        if name == "update-case" and "=" not in rest:
            # What it reads is one of the case's own conversations.
            return await self._desk.conversation_of(CHANNEL, origin.account, CaseNumber(int(number[1]))) or desk
        return desk

    async def _pick(self, origin: Origin, channel: str, author: Author, text: str, trigger: str) -> None:
        try:
            found = await self._desk.conversations(CHANNEL, origin.account, f"{channel}:", author)
        except NotAllowed as error:
            view = modals.message("Not possible", str(error))
        else:
            view = (
                modals.picker(found, text, {"account": origin.account, "text": text})
                if found
                else modals.message("No conversation", "There is no open conversation in this channel.")
            )
        await self._open(origin, trigger, view)

    # --- shortcuts and reactions ----------------------------------------------------------------------

    async def shortcut(self, origin: Origin, body: Json) -> None:
        """On a message: a form to open a case from its conversation, or to update the one that is there."""
        new = body.get("callback_id") == CREATE
        channel = required(body, "channel", "id")
        view_id = await self._open(
            origin, required(body, "trigger_id"), modals.loading(SHORTCUTS[CREATE if new else UPDATE][0])
        )
        author = await self._people.author(origin.workspace, required(body, "user", "id"))
        if not await self._desk.is_representative(CHANNEL, author):
            await self._show(origin, view_id, modals.message("Not possible", _FOR_THE_TEAM))
            return
        key = await self._receiving.follow(origin, channel, part(body, "message"))
        if key is None:
            await self._show(origin, view_id, modals.message("Nothing to read", "Nobody has written anything there."))
            return
        self._later(self._fill(origin, view_id, key, author, new=new))

    async def reaction(self, origin: Origin, event: Json) -> None:
        """A representative's reaction opens a case from the message's conversation, unless one is open there."""
        watching, item = await self._in_force(), part(event, "item")
        name = text_of(event, "reaction").partition("::")[0]  # "raised_hand::skin-tone-3"
        if name != watching.reaction or item.get("type") != "message":
            return
        author = await self._people.author(origin.workspace, required(event, "user"))
        if author.is_bot or not await self._desk.is_representative(CHANNEL, author):
            return
        channel, ts = required(item, "channel"), required(item, "ts")
        key = await self._places.where_it_was_said(origin.account, channel, ts)
        if key is None:
            message = await self._message(origin, channel, ts)
            key = await self._receiving.follow(origin, channel, message) if message else None
        if key is None:
            return
        external_id = f"reaction:{channel}:{ts}:{author.id}:{event.get('event_ts')}"
        action: Json = {"verb": "open_case"}
        await self._receiving.store(self._receiving.pressed(origin, key, author, action, external_id=external_id))

    async def _message(self, origin: Origin, channel: str, ts: str) -> Json | None:
        """A message that Slack only named. Raises RetryLater; None where Slack doesn't show it."""
        asked = {"channel": channel, "ts": ts, "limit": 1, "inclusive": True}
        try:
            answer = await self._api.read(origin.workspace.token, "conversations.replies", asked)
        except ApiRefused as error:
            log.info("slack_message_not_told", reason=str(error))
            return None
        return next((each for each in parts(answer, "messages") if each.get("ts") == ts), None)

    # --- buttons --------------------------------------------------------------------------------------

    async def button(self, origin: Origin, body: Json) -> None:
        """Raises ValueError for a button that is none of ours."""
        pressed = (parts(body, "actions") or [{}])[0]
        verb = text_of(pressed, "action_id").removeprefix(VERB).partition(":")[0]
        author = await self._people.author(origin.workspace, required(body, "user", "id"))
        value = parsed(pressed, "value")
        key = await self._place_of_button(origin, body, value)
        external_id = f"button:{pressed.get('action_ts')}:{author.id}:{pressed.get('action_id')}"
        if verb == "update":
            await self._update(origin, body, key, author, _case(value.get("case")))
        elif verb == "run" and key is not None:
            text = text_of(value, "text")
            await self._receiving.store(self._receiving.typed(origin, key, author, text, external_id=external_id))
        elif verb in {"accept_suggestion", "reject_suggestion"} and key is not None:
            action = {"verb": verb, "case": value.get("case"), "suggestion": value.get("suggestion")}
            await self._receiving.store(self._receiving.pressed(origin, key, author, action, external_id=external_id))
        self._refresh(origin, body, key, author)

    async def _place_of_button(self, origin: Origin, body: Json, value: Json) -> str | None:
        container = part(body, "container")
        if container.get("type") == "message":
            channel = required(container, "channel_id")
            root = text_of(container, "thread_ts") or required(container, "message_ts")
            known = await self._places.known(origin.account, channel, root)
            if known is not None:
                return known
        metadata = parsed(part(body, "view"), "private_metadata")
        if "target" in metadata:
            return text_of(part(metadata, "target"), "conversation_key")
        number = value.get("case") or _number(text_of(value, "text"))
        return await self._desk.conversation_of(CHANNEL, origin.account, CaseNumber(int(number))) if number else None

    async def _update(
        self, origin: Origin, body: Json, key: str | None, author: Author, case: CaseNumber | None
    ) -> None:
        view_id = await self._open(origin, required(body, "trigger_id"), modals.loading(SHORTCUTS[UPDATE][0]))
        if key is None:
            await self._show(
                origin, view_id, modals.message("Not possible", "Its conversation is not on this channel.")
            )
            return
        self._later(self._fill(origin, view_id, key, author, new=False, case=case))

    def _refresh(self, origin: Origin, body: Json, key: str | None, author: Author) -> None:
        """The view in which the button stands shows what became of it."""
        view = part(body, "view")
        if view.get("type") == "home":
            self._later(self._publish_after(origin, key, author))
        elif view.get("type") == "modal" and "target" in (metadata := parsed(view, "private_metadata")):
            target = part(metadata, "target")
            key, case = text_of(target, "conversation_key"), _case(target.get("case"))
            self._later(self._fill(origin, required(view, "id"), key, author, new=case is None, case=case))

    # --- forms ----------------------------------------------------------------------------------------

    async def submitted(self, origin: Origin, body: Json) -> Json | None:
        """What Slack is to do with the view; None closes it."""
        view = part(body, "view")
        author = await self._people.author(origin.workspace, required(body, "user", "id"))
        metadata = parsed(view, "private_metadata")
        if view.get("callback_id") == modals.PICK:
            return await self._picked(origin, view, author, metadata)
        if view.get("callback_id") != modals.FORM:
            return None
        target = _target(origin, metadata)
        values = modals.values_of(view)
        problems = await self._desk.check(target, author, values)
        if problems:
            return modals.errors(view, problems)
        action: Json = {"verb": "create_case", "values": values}
        if target.case is not None:
            action = {"verb": "update_case", "case": target.case, "revision": target.revision, "values": values}
        await self._receiving.store(
            self._receiving.pressed(origin, target.conversation_key, author, action, external_id=_view_id(view))
        )
        return None

    async def _picked(self, origin: Origin, view: Json, author: Author, metadata: Json) -> Json | None:
        key = modals.picked(view)
        if key is None:
            return None
        text = text_of(metadata, "text")
        inbound = self._receiving.typed(origin, key, author, text, external_id=_view_id(view))
        await self._receiving.store(inbound)
        answer = modals.message("On its way", "The answer comes in the thread of that conversation, for you alone.")
        return {"response_action": "update", "view": answer}

    async def options(self, _origin: Origin, body: Json) -> Json:
        field_id = text_of(body, "action_id").removeprefix(modals.SEARCH)
        found = await self._desk.choices(field_id, text_of(body, "value"), limit=_FOUND)
        return modals.options(found)

    async def _fill(
        self, origin: Origin, view_id: str, key: str, author: Author, *, new: bool, case: CaseNumber | None = None
    ) -> None:
        try:
            form = await self._desk.form(CHANNEL, origin.account, key, author, new=new, case=case)
        except NotAllowed as error:
            await self._show(origin, view_id, modals.message("Not possible", str(error)))
            return
        await self._show(origin, view_id, modals.form(form, _metadata(form)))

    # --- the app's own page ---------------------------------------------------------------------------

    async def home_opened(self, origin: Origin, event: Json) -> None:
        if event.get("tab") == "home":
            author = await self._people.author(origin.workspace, required(event, "user"))
            self._later(self._publish(origin, author))

    async def assistant_opened(self, origin: Origin, event: Json) -> None:
        """First words to choose from; without them, people write their own."""
        thread = part(event, "assistant_thread")
        prompts = [{"title": title, "message": message} for title, message in FIRST_WORDS]
        asked = {
            "channel_id": required(thread, "channel_id"),
            "thread_ts": required(thread, "thread_ts"),
            "prompts": prompts,
        }
        self._later(self._suggest(origin, asked))

    async def _suggest(self, origin: Origin, asked: Json) -> None:
        await self._api.write(origin.workspace.token, "assistant.threads.setSuggestedPrompts", asked)

    async def _publish_after(self, origin: Origin, key: str | None, author: Author) -> None:
        if key is not None:
            await self._desk.caught_up(CHANNEL, origin.account, key)
        await self._publish(origin, author)

    async def _publish(self, origin: Origin, author: Author) -> None:
        overview = await self._desk.overview(CHANNEL, origin.account, author)
        view = home.home(overview, partial(addresses.link, origin.account), {"account": origin.account})
        await self._api.write(origin.workspace.token, "views.publish", {"user_id": author.id, "view": view})

    # --- views ----------------------------------------------------------------------------------------

    async def _open(self, origin: Origin, trigger: str, view: Json) -> str:
        answer = await self._api.write(origin.workspace.token, "views.open", {"trigger_id": trigger, "view": view})
        return required(answer, "view", "id")

    async def _show(self, origin: Origin, view_id: str, view: Json) -> None:
        await self._api.write(origin.workspace.token, "views.update", {"view_id": view_id, "view": view})

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_harmless(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


_FOR_THE_TEAM = "This is for the support team. Just write what you need, and they will see it."


async def _harmless(work: Coroutine[Any, Any, None]) -> None:
    """It only shows something: whoever waits for it can ask again."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 -- whatever it is, nothing was to be kept
        log.warning("slack_view_not_shown", error=repr(error))


def _number(text: str) -> str | None:
    """The case that a command names: `/claim 1042`."""
    found = _NUMBER.match(text.partition(" ")[2].strip())
    return found[1] if found else None


def _case(found: object) -> CaseNumber | None:
    return CaseNumber(found) if isinstance(found, int) else None


def _metadata(form: Form) -> Json:
    target = form.target
    told = {"conversation_key": target.conversation_key, "case": target.case, "revision": target.revision}
    return {"account": target.account, "target": told}


def _target(origin: Origin, metadata: Json) -> Target:
    """Raises ValueError where it is none of ours."""
    told = part(metadata, "target")
    if not told:
        raise ValueError("The view is none of ours.")
    case = told.get("case")
    return Target(
        channel=CHANNEL,
        account=origin.account,
        conversation_key=required(told, "conversation_key"),
        case=_case(case),
        revision=int(told.get("revision") or 0),
    )


def _view_id(view: Json) -> str:
    """Slack sends the same submission again, when it had no answer, under the same hash."""
    return f"view:{view.get('id')}:{view.get('hash')}"
