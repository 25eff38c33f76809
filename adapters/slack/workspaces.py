"""Whose token is used for which workspace: the one of the environment, or those that OAuth brought."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore

from adapters.channel import Undeliverable
from adapters.slack.api import Api, ApiRefused
from store import slack
from store.engine import Database

T = TypeVar("T")
STATE_SECONDS = 600
_FRESH = 30.0  # seconds for which an installation is remembered; others may have removed it


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """A workspace that we are installed in; `whole`: with the whole of its Enterprise Grid."""

    team_id: str
    enterprise_id: str | None
    token: str
    bot_id: str
    bot_user_id: str
    name: str = ""
    whole: bool = False
    installed_at: float = 0.0  # by OAuth


class NotInstalled(Undeliverable):
    """Nobody has installed us there, or it was taken back."""


class Workspaces:
    """Finds the token of a workspace, and remembers it for a while."""

    def __init__(
        self, database: Database, api: Api, bot_token: str | None, installations: Installations | None
    ) -> None:
        self._database = database
        self._api = api
        self._bot_token = bot_token
        self._installations = installations
        self._single: Workspace | None = None
        self._known: dict[tuple[str | None, str], tuple[float, Workspace]] = {}

    async def of(self, team_id: str, enterprise_id: str | None = None) -> Workspace:
        """Raises NotInstalled, and RetryLater where Slack can't be asked."""
        if self._bot_token is not None:
            single = await self.single(self._bot_token)
            if team_id != single.team_id and not await self._is_of_grid(team_id, enterprise_id, single):
                raise NotInstalled(f"The bot token is of workspace {single.team_id}, not of {team_id}.")
            return replace(single, team_id=team_id)
        moment = asyncio.get_running_loop().time()
        known = self._known.get((enterprise_id, team_id))
        if known is not None and known[0] > moment:
            return known[1]
        found = await self._installed(team_id, enterprise_id)
        self._known[enterprise_id, team_id] = (moment + _FRESH, found)
        return found

    async def single(self, token: str, *, afresh: bool = False) -> Workspace:
        """The workspace of the environment's token. Raises NotInstalled and RetryLater."""
        if self._single is None or afresh:
            try:
                answer = await self._api.write(token, "auth.test")
            except ApiRefused as error:
                raise NotInstalled(f"Slack refuses the bot token: {error.error}.") from error
            self._single = Workspace(
                team_id=str(answer["team_id"]),
                enterprise_id=answer.get("enterprise_id"),
                token=token,
                bot_id=str(answer.get("bot_id") or ""),
                bot_user_id=str(answer["user_id"]),
                name=str(answer.get("team") or ""),
            )
        return self._single

    def forget(self) -> None:
        self._known.clear()

    async def _is_of_grid(self, team_id: str, enterprise_id: str | None, single: Workspace) -> bool:
        if single.enterprise_id is None:
            return False
        return single.enterprise_id in {enterprise_id, *(await self._enterprises(team_id))}

    async def _enterprises(self, team_id: str) -> Sequence[str | None]:
        """A file names its workspace alone, and what comes from another organisation's people names theirs."""
        return await self._database.read(partial(slack.enterprises_of, account=team_id))

    async def _installed(self, team_id: str, enterprise_id: str | None) -> Workspace:
        bot = await self._bot(team_id, enterprise_id)
        for each in () if bot else await self._enterprises(team_id):
            bot = bot or await self._bot(team_id, each)
        if bot is None:
            raise NotInstalled(f"Casewright is not installed in the workspace {team_id}.")
        return Workspace(
            team_id=team_id,
            enterprise_id=bot.enterprise_id,
            token=bot.bot_token,
            bot_id=bot.bot_id,
            bot_user_id=bot.bot_user_id,
            name=bot.team_name or bot.enterprise_name or "",
            whole=bot.team_id is None,
            installed_at=bot.installed_at,
        )

    async def _bot(self, team_id: str, enterprise_id: str | None) -> Bot | None:
        """The workspace's own installation, or that on the whole of the organisation."""
        if self._installations is None:
            return None
        bot = await self._installations.async_find_bot(enterprise_id=enterprise_id, team_id=team_id)
        if bot is not None or enterprise_id is None:
            return bot
        return await self._installations.async_find_bot(
            enterprise_id=enterprise_id, team_id=None, is_enterprise_install=True
        )


class Authorization(AsyncAuthorize):
    """Tells bolt for which installation a request is; without one, bolt answers by itself."""

    def __init__(self, workspaces: Workspaces) -> None:
        super().__init__()
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: object,  # noqa: ARG002 -- bolt calls it by keyword
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,  # noqa: ARG002
        actor_team_id: str | None = None,  # noqa: ARG002
        actor_user_id: str | None = None,  # noqa: ARG002
    ) -> AuthorizeResult | None:
        try:
            workspace = await self._workspaces.of(team_id or "", enterprise_id)
        except NotInstalled:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            bot_id=workspace.bot_id,
            bot_user_id=workspace.bot_user_id,
            bot_token=workspace.token,
        )


class Installations(AsyncInstallationStore):
    """slack_sdk's own store in our database, called in a thread: it blocks."""

    def __init__(self, database: Database, client_id: str) -> None:
        self._store = SQLAlchemyInstallationStore(client_id, database.engine)

    async def async_save(self, installation: Installation) -> None:
        if installation.is_enterprise_install:  # Slack may name a workspace, by which nobody would look for it
            installation.team_id = None
        await asyncio.to_thread(self._store.save, installation)

    async def async_save_bot(self, bot: Bot) -> None:
        await asyncio.to_thread(self._store.save_bot, bot)

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        return await _asked(
            lambda: self._store.find_bot(
                enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
            )
        )

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        return await _asked(
            lambda: self._store.find_installation(
                enterprise_id=enterprise_id,
                team_id=team_id,
                user_id=user_id,
                is_enterprise_install=is_enterprise_install,
            )
        )

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await _asked(lambda: self._store.delete_bot(enterprise_id=enterprise_id, team_id=team_id))

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        await _asked(
            lambda: self._store.delete_installation(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id)
        )


class States(AsyncOAuthStateStore):
    """What guards the way back from Slack's consent page, in our database."""

    def __init__(self, database: Database) -> None:
        self._store = SQLAlchemyOAuthStateStore(STATE_SECONDS, database.engine)

    async def async_issue(self, *_args: object, **_kwargs: object) -> str:
        return await _asked(cast("Any", self._store).issue)

    async def async_consume(self, state: str) -> bool:
        return await _asked(lambda: self._store.consume(state))


async def _asked(question: Callable[[], T]) -> T:
    return await asyncio.to_thread(question)
