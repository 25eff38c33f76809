"""How Slack reaches us: HTTP on our own server, or Socket Mode; one code path behind both.

`process_before_response`: bolt would acknowledge first and work afterwards; we acknowledge what is stored.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from adapters.channel import Overloaded, RetryLater, Undeliverable
from adapters.payload import parsed, part, storable, text
from adapters.slack.api import Api, ApiRefused
from adapters.slack.interacting import Interacting
from adapters.slack.people import People
from adapters.slack.receiving import Origin, Receiving
from adapters.slack.surface import EVENTS, INSTALL, REDIRECT
from adapters.slack.workspaces import Authorization, Installations, NotInstalled, Workspaces
from store.engine import DatabaseUnavailable
from store.model import Json

log = structlog.get_logger()

_BODY_LIMIT = 1 << 20  # bytes
# Bolt takes a number for granted, and letters that are ASCII.
_SIGNED = {
    "X-Slack-Request-Timestamp": re.compile("[0-9]{1,12}"),
    "X-Slack-Signature": re.compile("[ -~]*"),
}
_ANY = re.compile(r".*", re.DOTALL)
_TRANSIENT = (Overloaded, RetryLater, DatabaseUnavailable)

Handler = Callable[[Origin, Json], Awaitable[Json | None]]


class Transport:
    def __init__(
        self,
        workspaces: Workspaces,
        receiving: Receiving,
        interacting: Interacting,
        people: People,
        *,
        signing_secret: str | None,
        installations: Installations | None,
        oauth: AsyncOAuthFlow | None,
    ) -> None:
        self._workspaces = workspaces
        self._receiving = receiving
        self._interacting = interacting
        self._people = people
        self._installations = installations
        self._oauth = oauth
        self._has_http = signing_secret is not None
        self._bolt = AsyncApp(
            name="casewright",
            logger=_quiet_logger(),
            process_before_response=True,
            signing_secret=signing_secret or "",
            authorize=cast("Any", Authorization(workspaces)),  # the annotation forgets that None is an answer
            oauth_flow=oauth,
            attaching_conversation_kwargs_enabled=False,  # it fails on odd events before we see them
            ignoring_self_events_enabled=False,  # `reading` tells ours apart, also where they were edited or deleted
        )
        self._listen(self._bolt)

    def _listen(self, app: Any) -> None:  # bolt leaves its decorators half typed
        app.event(_ANY)(self._answering(self._event))
        app.command(_ANY)(self._answering(self._nothing_back(self._interacting.command)))
        app.shortcut(_ANY)(self._answering(self._nothing_back(self._interacting.shortcut)))
        app.action(_ANY)(self._answering(self._nothing_back(self._interacting.button)))
        app.view_submission(_ANY)(self._answering(self._interacting.submitted))
        app.view_closed(_ANY)(self._answering(_ignored))
        app.options(_ANY)(self._answering(self._interacting.options))

    # --- HTTP -----------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        ways = [web.post(EVENTS, self._http)] if self._has_http else []
        if self._oauth is not None:
            ways += [web.get(INSTALL, self._install), web.get(REDIRECT, self._installed)]
        return ways

    async def _http(self, request: web.Request) -> web.Response:
        if request.content_length is not None and request.content_length > _BODY_LIMIT:
            return web.json_response({"error": f"The body is larger than {_BODY_LIMIT} bytes."}, status=413)
        if not all(fits.fullmatch(request.headers.get(name, "0")) for name, fits in _SIGNED.items()):
            return web.json_response({"error": "This is not signed as Slack signs."}, status=HTTPStatus.UNAUTHORIZED)
        try:
            asked = await to_bolt_request(request)
        except (ValueError, AttributeError, TypeError, LookupError, RecursionError):
            # Bolt looks into a body before it knows whose it is and whether it has a shape.
            return web.json_response({"error": "The body is not what Slack sends."}, status=HTTPStatus.BAD_REQUEST)
        return await to_aiohttp_response(await self._bolt.async_dispatch(asked))

    async def _install(self, request: web.Request) -> web.Response:
        flow = cast("AsyncOAuthFlow", self._oauth)
        return await to_aiohttp_response(await flow.handle_installation(await to_bolt_request(request)))

    async def _installed(self, request: web.Request) -> web.Response:
        flow = cast("AsyncOAuthFlow", self._oauth)
        answer = await to_aiohttp_response(await flow.handle_callback(await to_bolt_request(request)))
        self._workspaces.forget()
        return answer

    # --- Socket Mode ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def connected(self, api: Api, app_token: str) -> AsyncGenerator[SocketModeClient]:
        """What isn't acknowledged because a socket was lost, Slack sends again over the next."""
        client = api.client(app_token)
        handler = AsyncSocketModeHandler(self._bolt, app_token, web_client=client, logger=_quiet_logger())
        try:
            await handler.connect_async()
            yield handler.client
        finally:
            await handler.close_async()

    # --- dispatch -------------------------------------------------------------------------------------

    def _answering(self, handle: Handler) -> Callable[..., Awaitable[BoltResponse]]:
        """One listener of bolt: what goes wrong becomes a status by which Slack does the right thing."""

        async def listener(body: Json, context: AsyncBoltContext) -> BoltResponse:
            answer = None
            try:
                told = storable(body)
                answer = await handle(await self._origin(told, context), told)
            except _TRANSIENT as error:
                log.warning("slack_put_off", error=str(error))
                return BoltResponse(status=503, body="", headers={"Retry-After": "5"})
            except NotInstalled as error:  # Slack tells of it by two events, in any order
                log.info("slack_not_installed", reason=str(error))
            except (ApiRefused, Undeliverable) as error:  # the same again would be refused again
                log.warning("slack_refused", error=str(error))
            except (ValueError, KeyError, TypeError, IndexError) as error:
                log.warning("slack_malformed", error=repr(error))
                return BoltResponse(status=400, body="This is not what Slack's reference says.")
            return BoltResponse(status=200, body=answer or "")

        return listener

    async def _origin(self, body: Json, context: AsyncBoltContext) -> Origin:
        opened_in = text(parsed(part(body, "view"), "private_metadata"), "account")
        team_id = opened_in or str(context.team_id or body.get("team_id") or "")
        workspace = await self._workspaces.of(team_id, context.enterprise_id)
        return Origin(account=team_id, enterprise_id=context.enterprise_id, workspace=workspace)

    def _nothing_back(self, handle: Callable[[Origin, Json], Awaitable[None]]) -> Handler:
        async def handled(origin: Origin, body: Json) -> Json | None:
            await handle(origin, body)
            return None

        return handled

    async def _event(self, origin: Origin, body: Json) -> Json | None:
        """Every kind that is not named here is ignored on purpose: tests/adapters/slack/events.py has them all."""
        event = part(body, "event")
        match event.get("type"):
            case "message" | "app_mention":
                await self._receiving.message(origin, event, text(body, "event_id"))
            case "reaction_added":
                await self._interacting.reaction(origin, event)
            case "app_home_opened":
                await self._interacting.home_opened(origin, event)
            case "assistant_thread_started":
                await self._interacting.assistant_opened(origin, event)
            case "user_change":
                self._people.changed(part(event, "user"))
            case "subteam_updated" | "subteam_created" | "subteam_members_changed":
                self._people.groups_changed()
            case "tokens_revoked" | "app_uninstalled":
                await self._uninstalled(origin, event, when=body.get("event_time"))
            case _:
                pass
        return None

    async def _uninstalled(self, origin: Origin, event: Json, *, when: object) -> None:
        if event["type"] == "tokens_revoked" and not part(event, "tokens").get("bot"):
            return  # somebody's own token, which we have no use for
        if isinstance(when, int) and when < int(origin.workspace.installed_at):
            return  # Slack sends it again for hours: we have been installed anew since
        log.warning("slack_uninstalled", account=origin.account)
        if self._installations is not None:
            await self._installations.async_delete_all(
                enterprise_id=origin.workspace.enterprise_id,
                team_id=None if origin.workspace.whole else origin.account,
            )
        self._workspaces.forget()


async def _ignored(_origin: Origin, _body: Json) -> Json | None:
    return None


def _quiet_logger() -> logging.Logger:
    """Bolt logs request bodies when asked for more: what customers write is no log line."""
    logger = logging.getLogger("casewright.slack")
    logger.setLevel(logging.WARNING)
    return logger
