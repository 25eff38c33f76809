"""People's data at the console and through the API: what an administrator hands out and erases."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from functools import partial
from http import HTTPStatus
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from bot.access.rights import Scope
from store import contacts
from store.model import AccountRole, Author
from store.schema import audit, outbox
from store.schema import contacts as rows
from tests.adapters.webchat import until
from tests.bot.cli.test_contacts import age
from tests.bot.console.site import Browser, Site
from tests.store.people.scene import WORD, Scene, holding, set_up, w

PAGE = "/console/people"


@pytest.fixture
def scene(site: Site) -> Scene:
    return set_up(site.database)


@pytest.fixture
async def ada(site: Site) -> Browser:
    return await site.logged_in("ada", AccountRole.ADMINISTRATOR)


async def test_an_administrator_finds_somebody_hands_out_what_is_held_and_erases_it(
    site: Site, scene: Scene, ada: Browser
) -> None:
    found = await ada.get(f"{PAGE}?q=address{WORD}")
    assert f"{PAGE}/{scene.ann}" in found.text
    assert "Bob Bobword" not in found.text

    async with ada.session.get(f"{ada.base}{PAGE}/{scene.ann}/export") as answer:
        assert answer.headers["Content-Type"] == "application/zip"
        archive = ZipFile(io.BytesIO(await answer.read()))
    assert w("title") in archive.read("contact.json").decode()

    page = f"{PAGE}/{scene.ann}"
    told = await ada.post(f"{page}/rehearsal", page=page)
    assert "<dt>Contacts</dt><dd>1</dd>" in told.text
    unsure = await ada.post(f"{page}/erase", {"confirm": "yes"}, page=page)
    assert unsure.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert holding(site.database, WORD)

    done = await ada.post(f"{page}/erase", {"confirm": str(scene.ann)}, page=page)
    assert done.location == f"{PAGE}?done=erased"
    assert holding(site.database, WORD) == set()
    assert (await ada.get(page)).status == HTTPStatus.NOT_FOUND
    who = select(audit.c.actor_name).where(audit.c.what == "erased", audit.c.case_number == scene.case)
    assert site.database.read_now(lambda connection: connection.execute(who).scalars().all()) == ["Ada"]


async def test_a_case_of_somebody_who_was_erased_can_still_be_looked_at(scene: Scene, ada: Browser) -> None:
    page = f"{PAGE}/{scene.ann}"
    await ada.post(f"{page}/erase", {"confirm": str(scene.ann)}, page=page)
    for path in (f"/console/cases/{scene.case}", f"/console/cases/{scene.bobs}", f"/console/inbox/{scene.chat}"):
        shown = await ada.get(path)
        assert shown.status == HTTPStatus.OK
        assert "None" not in shown.text


async def test_a_case_of_an_erased_customer_is_worked_on_and_nobody_is_told(
    site: Site, scene: Scene, ada: Browser
) -> None:
    page, case = f"{PAGE}/{scene.ann}", f"/console/cases/{scene.case}"
    await ada.post(f"{page}/erase", {"confirm": str(scene.ann)}, page=page)

    answer = await ada.post(f"{case}/reply", {"text": "Hello?", "conversation": str(scene.chat)}, page=case)
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "there is nobody to answer" in answer.text
    shown = (await ada.get(case)).text
    read = {name: shown.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("seen", "revision")}
    done = await ada.post(f"{case}/claim", read, page=case)
    assert done.status == HTTPStatus.SEE_OTHER

    posts = select(outbox.c.id).where(outbox.c.conversation_id.in_([scene.chat, scene.mailed]))
    assert site.database.read_now(lambda connection: connection.execute(posts).scalars().all()) == []


async def test_through_the_api_a_key_with_the_scope_exports_and_erases(site: Site, scene: Scene) -> None:
    program, key = site.browser(), {"Authorization": f"Bearer {site.key(Scope.MANAGE_PEOPLE)}"}
    path = f"/api/v1/contacts/{scene.ann}"

    async def erase(body: dict[str, Any]) -> Any:
        answer = await program.send("POST", f"{path}/erase", json=body, headers=key)
        return answer.status, json.loads(answer.text)

    exported = json.loads((await program.get(f"{path}/export", **key)).text)
    assert exported["document"]["contact"]["id"] == scene.ann
    assert w("bytes") in [base64.b64decode(each["content"]).decode() for each in exported["files"]]
    status, told = await erase({"dry_run": True})
    assert (status, told["dry_run"], told["counts"]["contacts"]) == (HTTPStatus.OK, True, 1)
    assert holding(site.database, WORD)
    status, done = await erase({})
    assert (status, done["dry_run"], done["counts"]["contacts"]) == (HTTPStatus.OK, False, 1)
    assert holding(site.database, WORD) == set()
    assert (await erase({}))[0] == HTTPStatus.NOT_FOUND


async def test_the_list_goes_on_where_a_page_ended(site: Site, ada: Browser) -> None:
    def many(connection: Any) -> None:
        for number in range(51):
            contacts.identify(connection, "webchat", "default", Author(id=f"u{number}", name=f"Person {number}"))

    site.database.write_now(many)
    first = await ada.get(f"{PAGE}?q=Person")
    assert first.text.count('<p class="name">') == 50
    after = first.text.partition("after=")[2].partition('"')[0]
    second = await ada.get(f"{PAGE}?q=Person&after={after}")
    assert second.text.count('<p class="name">') == 1
    assert (await ada.get(f"{PAGE}?after=x")).status == HTTPStatus.BAD_REQUEST


async def test_what_people_are_called_is_text_and_nothing_else(site: Site, ada: Browser) -> None:
    evil = Author(id="<img src=x onerror=alert(1)>", name='"><script>alert(1)</script>')
    number = site.database.write_now(partial(contacts.identify, channel="webchat", account="default", author=evil))
    for path in (PAGE, f"{PAGE}/{number}", f"{PAGE}?q=%22%3E%3Cscript%3E"):
        text = (await ada.get(path)).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


async def test_the_page_rehearses_retention_and_the_daily_run_does_it(site: Site, scene: Scene, ada: Browser) -> None:
    assert (await ada.post(f"{PAGE}/retention", page=PAGE)).status == HTTPStatus.CONFLICT
    site.database.write_now(age)
    await site.put_in_force(lambda settings: settings.update(forget_after_days=365))
    gone = select(rows.c.erased_at).where(rows.c.id == scene.ann)

    async with asyncio.timeout(20):  # until the product is done with what the scene began
        while "<dt>Contacts</dt>" not in (await ada.post(f"{PAGE}/retention", page=PAGE)).text:
            site.database.write_now(age)
    running = asyncio.create_task(site.app.forgetting.run())
    await until(lambda: bool(site.database.read_now(lambda connection: connection.execute(gone).scalar_one())))
    running.cancel()
