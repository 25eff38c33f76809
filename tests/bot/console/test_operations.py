"""The operations page: how the channels do, what was given up and tried again, mails in review, the agent's figures."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from sqlalchemy import insert, select

from store import contacts, mail, outbox, work
from store.engine import Connection
from store.mail import MailState
from store.model import AccountRole, Author, utcnow
from store.schema import agent_figures, inbox, mails
from store.schema import outbox as posts
from tests.bot.console.site import Browser, Site
from tests.store.people.scene import chat
from tests.store.test_mail import kept

PAGE = "/console/operations"
EVIL = '"><script>alert(1)</script>'


@pytest.fixture
async def ada(site: Site) -> Browser:
    return await site.logged_in("ada", AccountRole.ADMINISTRATOR)


def bury(connection: Connection, number: int) -> int:
    work.accept(connection, chat(f"Number {number}", number, conversation_key=f"chat-{number}"))
    (claim,) = work.claim(connection, worker=1, seconds=30, limit=9)
    work.fail(connection, claim.lease, claim.event, error=f"{EVIL} {number}", error_id="ref1", retry=None)
    outbox.queue_text(connection, claim.lease.conversation_id, f"post {number}", "Hello")
    (post,) = outbox.claim(connection, worker=1, seconds=30, limit=1)
    outbox.bury(connection, post, error=EVIL, error_id="ref2")
    return claim.event.id


def dead_events(site: Site, *numbers: int) -> list[int]:
    """Events that were given up, and a post with each; before the running worker sees them."""
    return [site.database.write_now(partial(bury, number=number)) for number in numbers]


def statuses(site: Site, table: Any) -> set[str]:
    return set(site.database.read_now(lambda connection: connection.execute(select(table.c.status)).scalars().all()))


def busy(connection: Connection) -> None:
    """A month of figures, work that was given up, mails, and contacts, as a page shows them to an operator."""
    made: list[dict[str, Any]] = []
    for ago in range(30):
        day = (utcnow().date() - timedelta(days=ago)).isoformat()
        for number, field in enumerate(("issue_description", "contact", "case_category", "priority")):
            common = {"day": day, "channel": ("webchat", "email")[ago % 2], "field": field}
            made += [{**common, "what": "written", "count": 20 + 7 * (ago * 5 % 6) - 3 * number}]
            made += [{**common, "what": "corrected", "count": (ago + number) % 4}]
            made += [{**common, "what": "abstained", "count": 3 * number}]
        none = {"day": day, "channel": "webchat", "field": ""}
        made += [{**none, "what": "created", "count": 4 + ago % 5}, {**none, "what": "looked", "count": 40 + ago}]
    connection.execute(insert(agent_figures), made)
    for number in range(100, 103):
        bury(connection, number)
    raw = b"From: Eve <eve@x.example>\r\nSubject: Is my order lost?\r\n\r\nIt should be here by now.\r\n"
    reason = "The sender may be forged. No server vouches that eve@x.example wrote this."
    mail.keep(connection, kept(state=MailState.REVIEW, subject="Is my order lost?", raw=raw, reason=reason))
    mail.keep(connection, kept(2, "two", state=MailState.IGNORED, reason="It is an automatic answer."))
    who = Author(id="ann.abel@customer.example", name="Ann Abel", email="ann.abel@customer.example")
    contacts.identify(connection, "email", "support", who)
    condition = mail.Condition(state="connected", sentence="Connected to mail.example.org.", last_arrival=utcnow())
    mail.attend(connection, "support", holder="other", condition=condition, seconds=60)


async def test_the_overview_says_how_the_channels_do_and_how_much_waits(site: Site, ada: Browser) -> None:
    dead_events(site, 1, 2)
    condition = mail.Condition(state="unreachable", sentence="The server does not answer.", last_arrival=None)
    attend = partial(mail.attend, account="support", holder="other", condition=condition, seconds=60)
    site.database.write_now(attend)

    text = (await ada.get(PAGE)).text

    assert "Web chat" in text
    assert "Connected" in text
    assert "The server does not answer." in text
    assert "<dt>Given up</dt><dd>4</dd>" in text


async def test_what_was_given_up_is_tried_again_one_by_one(site: Site, ada: Browser) -> None:
    first, second = dead_events(site, 1, 2)
    page = f"{PAGE}/work"
    text = (await ada.get(page)).text
    assert "ref1" in text
    assert "<script>alert" not in text

    done = await ada.post(f"{page}/retry", {"kind": "event", "id": str(first)}, page=page)

    assert done.location == f"{page}?done=event"
    state = select(inbox.c.id, inbox.c.status)
    states = dict(map(tuple, site.database.read_now(lambda connection: connection.execute(state).all())))
    assert states[first] != "dead"
    assert states[second] == "dead"
    again = await ada.post(f"{page}/retry", {"kind": "event", "id": "999"}, page=page)
    assert again.status == HTTPStatus.CONFLICT


@pytest.mark.parametrize(("kind", "table", "other"), [("event", inbox, posts), ("post", posts, inbox)])
async def test_all_of_a_kind_are_tried_again_at_once(
    site: Site, ada: Browser, kind: str, table: Any, other: Any
) -> None:
    dead_events(site, 1, 2, 3)
    await ada.post(f"{PAGE}/work/retry-all", {"kind": kind}, page=PAGE)
    assert "dead" not in statuses(site, table)
    assert "dead" in statuses(site, other)


async def test_lists_go_on_where_a_page_ended(site: Site, ada: Browser) -> None:
    dead_events(site, *range(52))
    first = (await ada.get(f"{PAGE}/work")).text
    assert first.count('name="id"') == 50
    after = first.partition("after=")[2].partition('"')[0]
    assert (await ada.get(f"{PAGE}/work?kind=event&after={after}")).text.count('name="id"') == 2
    for wrong in ("work?kind=x", "work?after=x", "work?after=1e3", "mails?state=x", "?days=8"):
        assert (await ada.get(f"{PAGE}/{wrong}".replace("/?", "?"))).status == HTTPStatus.BAD_REQUEST


async def test_a_mail_in_review_is_read_and_dismissed(site: Site, ada: Browser) -> None:
    raw = f"From: Eve <eve@x.example>\r\nSubject: {EVIL}\r\n\r\nHelp {EVIL}\r\n".encode()
    review = kept(state=MailState.REVIEW, subject=EVIL, reason=EVIL, raw=raw, conversation_key=None)
    site.database.write_now(partial(mail.keep, mail=review))
    number = site.database.read_now(lambda connection: connection.execute(select(mails.c.id)).scalar_one())
    page = f"{PAGE}/mails/{number}"

    listed, shown = await ada.get(f"{PAGE}/mails"), await ada.get(page)
    assert page in listed.text
    assert "Help" in shown.text
    assert "<script>alert" not in listed.text + shown.text
    assert (await ada.get(f"{page}/raw")).headers["Content-Disposition"].startswith("attachment")

    unknown = await ada.post(f"{page}/decide", {"what": "accept"}, page=page)
    assert unknown.status == HTTPStatus.CONFLICT
    assert "The mailbox support is not set up here" in unknown.text
    assert (await ada.post(f"{page}/decide", {"what": "dismiss"}, page=page)).location.endswith("done=dismiss")
    assert "Nothing waits for a decision." in (await ada.get(f"{PAGE}/mails")).text
    again = await ada.post(f"{page}/decide", {"what": "dismiss"}, page=page)
    assert again.status == HTTPStatus.CONFLICT
    assert page in (await ada.get(f"{PAGE}/mails?state=dismissed")).text


async def test_a_mail_whose_event_was_given_up_is_tried_again(site: Site, ada: Browser) -> None:
    def fail(connection: Connection) -> int:
        mail.keep(connection, kept(state=MailState.WAITING, digest="chat-1|9", raw=b"Subject: x\r\n\r\nHelp\r\n"))
        event = bury(connection, 9)
        known = {"channel": "email", "account": "support", "external_id": "chat-1|9"}
        connection.execute(inbox.update().where(inbox.c.id == event).values(known))
        return connection.execute(select(mails.c.id)).scalar_one()

    page = f"{PAGE}/mails/{site.database.write_now(fail)}"
    assert "Retry" in (await ada.get(page)).text
    await ada.post(f"{page}/decide", {"what": "retry"}, page=page)
    assert "dead" not in statuses(site, inbox)


async def test_the_agents_figures_are_drawn_and_stand_in_a_table(site: Site, ada: Browser) -> None:
    today = utcnow().date().isoformat()
    rows = [("", "created", 3), ("issue_description", "written", 8), ("issue_description", "corrected", 2)]
    made = [{"day": today, "channel": "webchat", "field": f, "what": w, "count": c} for f, w, c in rows]
    site.database.write_now(lambda connection: connection.execute(insert(agent_figures), made))

    text = (await ada.get(f"{PAGE}?days=30")).text

    assert "<dt>Cases opened</dt><dd>3</dd>" in text
    assert "<dt>Right, as people left it</dt><dd>75%</dd>" in text
    assert ": 8 values written</title>" in text
    assert "style=" not in text
    by_field = text.partition("By field")[2]
    assert "75%" in by_field
