"""Words of customers, of administrators and of addresses are text on every page: no page lets one be markup."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from bot.access.rights import Scope
from store.model import AccountRole
from tests.bot.console.site import Site
from tests.bot.console.test_matrix import TABLE
from tests.bot.console.test_operations import busy
from tests.bot.console.test_workspace_case import HOSTILE, does, talked_about

MARKUP = re.compile("<script>|<img src=x|javascript:")
NAME = HOSTILE[:40]


def hostile(settings: dict[str, Any]) -> None:
    settings["company"] = HOSTILE
    settings["update_rules"][0]["name"] = HOSTILE
    settings["queues"] = [{"id": "first", "name": HOSTILE, "description": HOSTILE, "members": [HOSTILE]}]
    settings["record_creation_rules"][0]["name"] = HOSTILE
    everything = settings["experience_profiles"][0]
    settings["experience_profiles"] = [everything, {**everything, "name": HOSTILE, "members": [HOSTILE]}]
    for field in settings["fields"]:
        field["label"] = f"{HOSTILE} {field['id']}"
        field["description"] = HOSTILE
        for entry in (*field["options"], *field["catalogue"]):
            entry["description"] = HOSTILE
            entry["synonyms"] = [*entry["synonyms"], f"{HOSTILE} {entry['value']}"]
            if field["id"] != "case_category":
                entry["parent"] = HOSTILE


async def test_whatever_anybody_wrote_is_text_on_every_page(site: Site) -> None:
    await site.put_in_force(hostile)
    site.database.write_now(busy)
    number, ada = talked_about(site, said=f"My {HOSTILE}"), await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    account = site.account("eve", password=None)
    named = {"name": HOSTILE, "login": "<script>", "email": '"><img@x', "role": "representative"}
    for path, form in (
        (f"accounts/{account.id}", {**named, "identity-slack": HOSTILE}),
        ("accounts", named),
        ("keys", {"name": HOSTILE, "scope": Scope.READ_CASES, "lifetime": "90"}),
        ("views/cases", {"name": NAME, "query": f"q={quote(HOSTILE)}"}),
        ("views/inbox", {"name": NAME, "query": f"q={quote(HOSTILE)}"}),
        (f"cases/{number}/note", {"text": HOSTILE}),
    ):
        answer = await ada.post(f"/console/{path}", form, page="/console/me")
        assert answer.status in {200, 303}, (path, answer.status)
    assert (await does(ada, number, "cancel", text=HOSTILE)).status == 303

    parts = {"id": 1, "number": number, "version": 2, "name": "console.css", "list": "cases", "token": "x", "rest": "x"}
    parts |= {"position": 0}
    pages = [each[4:].format(**parts) for each in TABLE if each.startswith("GET /console") and "export" not in each]
    word = quote(f'">{HOSTILE}')
    pages += [
        f"/console/agent/{each}"
        for each in ("fields/0", "fields/3/catalogue", "rules/0", "queues/0", "record-creation/0")
    ]
    pages += [f"/console/{each}?q={word}" for each in ("cases", "inbox", "people", "agent/fields/3/catalogue")]
    pages += [f"/console/login?next={word}", f"/console/me?done={word}", f"/console/cases/{number}/merge?into={word}"]
    pages += [
        "/console/profiles/1",
        f"/console/accounts/{account.id}",
        f"/console/{word}",
        f"/console/cases?status={word}",
    ]
    pages += ["/console/agent/versions/difference?old=1&new=2", "/console/operations/mails?state=all"]
    told = 0
    for path in pages:
        answer = await ada.get(path)
        assert answer.status < 500, path
        if "html" in answer.headers.get("Content-Type", ""):
            assert MARKUP.search(answer.text) is None, path
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"], path
            told += "&lt;script&gt;" in answer.text
    assert told > 15  # the words are there
