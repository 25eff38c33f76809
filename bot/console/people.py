"""Accounts: who may use the console, in which role, and who they are on the channels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web

from agent.settings import Channels
from bot.access.rights import MANAGE_ACCOUNTS
from bot.access.routes import Refused, Route, Visit
from bot.console.rendering import Pages, form_of, seen
from bot.text import tidy
from store import accounts, sessions
from store.accounts import (
    Account,
    Identity,
    IdentityTaken,
    LastAdministrator,
    LoginTaken,
    UnknownAccount,
)
from store.engine import Connection, Database
from store.model import AccountRole

log = structlog.get_logger()

PATH = "/console/accounts"
INVITATION = timedelta(days=1)
_ONE = f"{PATH}/{{id:[0-9]{{1,18}}}}"
_LAST = "This is the last administrator: make somebody else one first."
_LONGEST = 200


class People:
    def __init__(self, database: Database, pages: Pages, *, local_passwords: bool) -> None:
        self._database = database
        self._pages = pages
        self._local_passwords = local_passwords

    def routes(self) -> list[Route]:
        right = MANAGE_ACCOUNTS
        return [
            Route(method="GET", path=PATH, right=right, handler=self._list),
            Route(method="POST", path=PATH, right=right, handler=self._add),
            Route(method="GET", path=_ONE, right=right, handler=self._show),
            Route(method="POST", path=_ONE, right=right, handler=self._change),
            Route(method="POST", path=f"{_ONE}/link", right=right, handler=self._make_link),
            Route(method="POST", path=f"{_ONE}/logout", right=right, handler=partial(self._do, sessions.end_all)),
            Route(method="POST", path=f"{_ONE}/disable", right=right, handler=partial(self._do, accounts.disable)),
            Route(method="POST", path=f"{_ONE}/enable", right=right, handler=partial(self._do, accounts.enable)),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._listing(visit)

    async def _listing(
        self, visit: Visit, wrong: dict[str, str] | None = None, form: dict[str, str] | None = None
    ) -> web.Response:
        return self._pages.show(
            visit,
            "accounts.html",
            title="Accounts",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            accounts=await self._database.read(accounts.listed),
            form=defaultdict(str, form or {}),
            errors=wrong or {},
            local_passwords=self._local_passwords,
        )

    async def _add(self, visit: Visit) -> web.StreamResponse:
        if not self._local_passwords:
            raise Refused(HTTPStatus.FORBIDDEN, "The provider's groups say who gets an account.")
        form = dict(await form_of(visit))
        if wrong := _problems(form):
            return await self._listing(visit, wrong, form)
        role = AccountRole(form["role"])

        def add(connection: Connection) -> tuple[Account, str]:
            added = accounts.add(connection, login=form["login"], name=form["name"], role=role, email=form.get("email"))
            return added, sessions.make_link(connection, added.id, lifetime=INVITATION)

        try:
            added, token = await self._database.write(add)
        except LoginTaken:
            return await self._listing(visit, {"login": "There is an account with this login already."}, form)
        log.info("account_added", account=added.id, by=visit.visitor.id)
        return self._link_page(visit, added, token)

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(self, visit: Visit, wrong: dict[str, str] | None = None) -> web.Response:
        account = await self._account(visit)
        return self._pages.show(
            visit,
            "account.html",
            title=account.name,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            shown=account,
            sessions=await self._database.read(partial(sessions.of_account, account=account)),
            channels=list(Channels.model_fields),
            identities=defaultdict(str, {each.channel: each.external_id for each in account.identities}),
            errors=wrong or {},
            local_passwords=self._local_passwords,
        )

    async def _change(self, visit: Visit) -> web.StreamResponse:
        account, form = await self._account(visit), dict(await form_of(visit))
        if account.issuer is not None:  # what the provider says of them is not ours to change
            form |= {"name": account.name, "email": account.email or "", "role": account.role}
        if wrong := _problems({**form, "login": account.login}):
            return await self._page(visit, wrong)
        named = {channel: form.get(f"identity-{channel}", "").strip() for channel in Channels.model_fields}
        change = partial(
            accounts.change,
            account_id=account.id,
            name=form["name"],
            email=form.get("email"),
            role=AccountRole(form["role"]),
            identities=[Identity(channel, user[:_LONGEST]) for channel, user in named.items() if user],
        )
        try:
            await self._database.write(change)
        except LastAdministrator:
            return await self._page(visit, {"role": _LAST})
        except IdentityTaken as error:
            return await self._page(visit, {"identities": str(error)})
        log.info("account_changed", account=account.id, by=visit.visitor.id)
        return seen(f"{PATH}/{account.id}", "saved")

    async def _make_link(self, visit: Visit) -> web.StreamResponse:
        account = await self._account(visit)
        if not account.enabled:
            raise Refused(HTTPStatus.CONFLICT, "The account is disabled: enable it first.")
        make = partial(sessions.make_link, account_id=account.id, lifetime=INVITATION)
        token = await self._database.write(make)
        log.info("link_made", account=account.id, by=visit.visitor.id)
        return self._link_page(visit, account, token)

    def _link_page(self, visit: Visit, account: Account, token: str) -> web.Response:
        link = f"{visit.origin}/console/link/{token}"
        return self._pages.show(visit, "made_link.html", title="One-time link", made_for=account, link=link)

    async def _do(self, work: Callable[[Connection, int], None], visit: Visit) -> web.StreamResponse:
        account = await self._account(visit)
        try:
            await self._database.write(lambda connection: work(connection, account.id))
        except LastAdministrator:
            return await self._page(visit, {"role": _LAST})
        log.info("account_changed", account=account.id, by=visit.visitor.id, what=work.__name__)
        return seen(f"{PATH}/{account.id}", "done")

    async def _account(self, visit: Visit) -> Account:
        number = int(visit.request.match_info["id"])
        try:
            return await self._database.read(partial(accounts.get, account_id=number))
        except UnknownAccount:
            raise Refused(HTTPStatus.NOT_FOUND) from None


def _problems(form: dict[str, str]) -> dict[str, str]:
    """By the field, what is wrong with it; the texts are made tidy on the way."""
    for name in ("login", "name", "email"):
        form[name] = " ".join(tidy(form.get(name, "")).split())
    wrong: dict[str, str] = {}
    if not form["login"] or len(form["login"]) > _LONGEST or " " in form["login"]:
        wrong["login"] = f"Write an e-mail address or a name without blanks, of at most {_LONGEST} characters."
    if not form["name"] or len(form["name"]) > _LONGEST:
        wrong["name"] = f"Write the person’s name, of at most {_LONGEST} characters."
    if form["email"] and (len(form["email"]) > _LONGEST or "@" not in form["email"].strip("@") or " " in form["email"]):
        wrong["email"] = "Write an e-mail address such as ann@example.org, or nothing."
    if form.get("role") not in set(AccountRole):
        wrong["role"] = "Choose administrator or representative."
    return wrong
