"""Who read which case: kept for every page that shows one, where the settings want it."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select, update

from bot.access.rights import Scope
from store import case_reads, sessions
from store.model import CaseNumber, utcnow
from store.schema import sessions as session_rows
from tests.bot.console.site import Site
from tests.bot.console.test_workspace_case import does, talked_about


def keep(document: dict[str, Any]) -> None:
    document["keep_case_reads"] = True


def ways(site: Site, number: int) -> list[str]:
    reads = site.database.read_now(partial(case_reads.of_case, number=CaseNumber(number)))
    return [each.way for each in reads]


async def test_a_case_can_t_be_read_unnoticed(site: Site) -> None:
    """By its page, what keeps the page up to date, a form that is refused, its conversation, and its messages."""
    await site.put_in_force(keep)
    number, robin = talked_about(site), await site.logged_in("robin")
    await robin.get(f"/console/cases/{number}")
    assert ways(site, number) == ["console"]
    live = await robin.get(f"/console/cases/{number}/live")
    assert ways(site, number) == ["console"] * 2
    await robin.get(f"/console/cases/{number}/live", **{"If-None-Match": live.headers["Etag"]})
    assert ways(site, number) == ["console"] * 2  # nothing was shown
    await does(robin, number, "note", text="")
    assert ways(site, number) == ["console"] * 4  # the page with the form, and the one that refuses it
    await robin.get("/console/inbox/1")
    assert ways(site, number) == ["console"] * 5
    key = {"Authorization": f"Bearer {site.key(Scope.READ_CONVERSATIONS)}"}
    await site.browser().get("/api/v1/conversations/1/messages", **key)
    assert ways(site, number) == ["api", *["console"] * 5]


async def test_a_page_that_was_left_open_does_not_keep_its_session_alive(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    a_while_ago = utcnow() - sessions.IDLE / 2

    def last_seen() -> Any:
        return site.database.read_now(
            lambda connection: connection.execute(select(session_rows.c.seen_at)).scalar_one()
        )

    site.database.write_now(lambda connection: connection.execute(update(session_rows).values(seen_at=a_while_ago)))
    assert (await robin.get(f"/console/cases/{number}/live")).status == 200
    assert last_seen() == a_while_ago
    await robin.get(f"/console/cases/{number}")
    assert last_seen() > a_while_ago
