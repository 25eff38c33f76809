"""A long conversation page by page, and the files in it."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from bot.console.transcripts import SHOWN
from store import cases, conversations, files, mail, webchat
from store.engine import Connection
from store.files import File
from store.model import Attachment, Evidence, MessageId
from store.schema import conversations as conversation_rows
from tests.bot.console.site import Answer, Browser, Site
from tests.store.examples import BY_AGENT, NOON, conversation, field, open_case, say, wrote
from tests.store.test_mail import kept

HOSTILE = "<img src=x onerror=alert(1)>\"'\r\nX-Evil: 1"


def long_talk(site: Site, count: int) -> tuple[int, list[int]]:
    """A case whose value rests on the fifth of so many messages in two conversations, and their ids."""

    def work(connection: Connection) -> tuple[int, list[int]]:
        first, second = conversation(connection, "one"), conversation(connection, "two")
        connection.execute(update(conversation_rows).values(channel="voice"))  # which does not run
        for number in range(count):
            key, place = (("one", first), ("two", second))[number % 2]
            at = NOON + timedelta(minutes=number)
            say(connection, place, wrote(f"Message {number} leaks", conversation_key=key, sent_at=at))
        found = [each for place in (first, second) for each in conversations.transcript(connection, place)]
        ids = sorted(int(each.id) for each in found)
        evidence = Evidence(message_id=MessageId(ids[4]), quote="leaks", start=10, end=15)
        value = field("issue_description", "leaks", evidence=(evidence,))
        number = open_case(connection, value, conversation_id=first)
        cases.link(connection, BY_AGENT, number, second)
        return number, ids

    return site.database.write_now(work)


def shown(answer: Answer) -> list[int]:
    assert answer.status == 200, answer.text
    return [int(each) for each in re.findall(r'<li id="m([0-9]+)"', answer.text)]


def link(answer: Answer, text: str) -> str:
    found = re.search(f'href="([^"]*)"[^>]*>{text}</a>', answer.text)
    assert found is not None, text
    return found[1]


async def test_a_long_conversation_is_read_back_page_by_page_and_nothing_is_left_out(site: Site) -> None:
    number, ids = long_talk(site, 2 * SHOWN + 30)
    robin = await site.logged_in("robin")
    latest = await robin.get(f"/console/cases/{number}")
    middle = await robin.get(link(latest, "Earlier messages"))
    oldest = await robin.get(link(middle, "Earlier messages"))
    assert [*shown(oldest), *shown(middle), *shown(latest)] == ids
    assert "Latest messages" not in latest.text
    assert "Earlier messages" not in oldest.text
    assert link(oldest, "Latest messages") == f"/console/cases/{number}"


async def test_a_conversation_without_a_case_is_read_page_by_page_as_well(site: Site) -> None:
    long_talk(site, 2 * SHOWN + 30)
    robin = await site.logged_in("robin")
    latest = await robin.get("/console/inbox/1")
    earlier = await robin.get(link(latest, "Earlier messages"))
    assert (len(shown(latest)), len(shown(earlier))) == (SHOWN, 15)
    assert not set(shown(latest)) & set(shown(earlier))
    assert (await robin.get("/console/inbox/1?before=soon")).status == 400


async def test_the_words_behind_a_value_lead_to_the_page_that_holds_their_message(site: Site) -> None:
    number, ids = long_talk(site, SHOWN + 60)
    robin = await site.logged_in("robin")
    page = await robin.get(f"/console/cases/{number}")
    assert ids[4] not in shown(page)
    there = link(page, "“leaks”")
    assert there == f"/console/cases/{number}?at={ids[4]}#m{ids[4]}"
    opened = await robin.get(there.partition("#")[0])
    assert shown(opened) == ids[:15]
    assert '<mark data-fields="issue_description">leaks</mark>' in opened.text
    assert link(opened, "“leaks”") == f"#m{ids[4]}"


async def test_an_earlier_page_stays_the_same_when_it_is_kept_up_to_date(site: Site) -> None:
    number, ids = long_talk(site, SHOWN + 60)
    robin = await site.logged_in("robin")
    opened = await robin.get(f"/console/cases/{number}?at={ids[4]}")
    live = re.search(r'data-live="([^"]*)"', opened.text)
    assert live is not None
    say_more = partial(say, conversation_id=1, inbound=wrote("One more", conversation_key="one"))
    site.database.write_now(say_more)
    assert shown(await robin.get(live[1])) == shown(opened)
    assert "One more" in (await robin.get(f"/console/cases/{number}/live")).text


# --- files ------------------------------------------------------------------------------------------


def with_file(site: Site, url: str, *, channel: str, name: str = "photo.png", **more: Any) -> int:
    """A message with a file; its id."""

    def work(connection: Connection) -> int:
        place = conversation(connection, "filed")
        account = {"account": "support"} if channel == "email" else {}
        connection.execute(update(conversation_rows).values(channel=channel, **account))
        file = Attachment(name=name, content_type="image/png", size=2048, url=url)
        say(connection, place, wrote("See the picture", conversation_key="filed", attachments=(file,), **more))
        return int(conversations.transcript(connection, place)[0].id)

    return site.database.write_now(work)


def filed(key: str = "key", link: str = "") -> File:
    return File(
        key=key, channel="slack", account="T1", name="photo.png", content_type="image/png", address="a", link=link
    )


def is_saved(answer: Answer) -> bool:
    """Never shown in place: not even a picture."""
    disposition, headers = answer.headers["Content-Disposition"], answer.headers
    return (
        disposition.startswith("attachment;")
        and headers["X-Content-Type-Options"] == "nosniff"
        and "sandbox" in headers["Content-Security-Policy"]
    )


async def thread(robin: Browser) -> str:
    page = await robin.get("/console/inbox/1")
    return page.text[page.text.index('class="files"') :].partition("</ul>")[0]


async def test_a_files_name_size_and_state_stand_at_its_message_and_its_copy_is_downloaded(site: Site) -> None:
    message = with_file(site, "/slack/files/key", channel="slack")
    site.database.write_now(partial(files.keep, kept=[filed()]))
    robin, path = await site.logged_in("robin"), f"/console/messages/{message}/files/0"
    waiting = await thread(robin)
    assert "photo.png" in waiting
    assert "2.0 KiB" in waiting
    assert "is being copied" in waiting
    assert path not in waiting
    assert (await robin.get(path)).status == 404
    site.database.write_now(partial(files.copied, key="key", content=b"PNG", content_type="image/png"))
    assert f'href="{path}"' in await thread(robin)
    answer = await robin.get(path)
    assert answer.status == 200
    assert is_saved(answer)


async def test_a_file_of_which_no_copy_could_be_made_says_so(site: Site) -> None:
    with_file(site, "/slack/files/key", channel="slack")
    site.database.write_now(partial(files.keep, kept=[filed()]))
    site.database.write_now(partial(files.left_as_link, key="key", reason="It was too large."))
    assert "no copy was made" in await thread(await site.logged_in("robin"))


async def test_a_file_of_a_mail_is_read_out_of_the_mail(site: Site) -> None:
    raw = (
        b"From: ann@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n"
        b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\n"
        b"line one\r\n--b--\r\n"
    )
    message = with_file(site, "mail:one/0", channel="email")
    site.database.write_now(partial(mail.keep, mail=kept(raw=raw)))
    answer = await (await site.logged_in("robin")).get(f"/console/messages/{message}/files/0")
    assert answer.status == 200
    assert answer.text.strip() == "line one"
    assert is_saved(answer)


async def test_a_file_of_a_chat_is_found_in_its_own_conversation_alone(site: Site) -> None:
    def work(connection: Connection) -> None:
        for key in ("filed", "other"):
            webchat.start(connection, key)
            post = webchat.Post(conversation_key=key, key="p", author_id="ann", activity={"type": "message"})
            kept_file = webchat.File(id=f"of-{key}", name="a", content_type="text/html", content=key.encode())
            webchat.append(connection, post, [kept_file])

    site.database.write_now(work)
    message = with_file(site, "/v3/directline/conversations/filed/files/of-filed", channel="webchat")
    robin = await site.logged_in("robin")
    answer = await robin.get(f"/console/messages/{message}/files/0")
    assert (answer.status, answer.text) == (200, "filed")
    assert is_saved(answer)
    for wrong in (f"{message}/files/1", f"{message + 1}/files/0", f"{message}/files/-1"):
        assert (await robin.get(f"/console/messages/{wrong}")).status == 404


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://evil.example/x", "//evil.example/x", "/etc/passwd"])
async def test_a_link_that_a_customer_sent_as_a_file_is_told_and_never_followed(site: Site, url: str) -> None:
    message = with_file(site, url, channel="webchat", name=HOSTILE)
    robin = await site.logged_in("robin")
    told = await thread(robin)
    assert "<img" not in told
    assert "evil.example" not in told
    assert "javascript:" not in told
    assert (await robin.get(f"/console/messages/{message}/files/0")).status == 404


async def test_a_hostile_name_of_a_file_makes_no_header_of_its_own(site: Site) -> None:
    message = with_file(site, "/slack/files/key", channel="slack", name=HOSTILE)
    site.database.write_now(partial(files.keep, kept=[filed()]))
    site.database.write_now(partial(files.copied, key="key", content=b"x", content_type="image/png"))
    answer = await (await site.logged_in("robin")).get(f"/console/messages/{message}/files/0")
    assert answer.status == 200
    assert "X-Evil" not in answer.headers
    assert is_saved(answer)


async def test_the_files_of_a_deleted_message_are_neither_told_nor_handed_out(site: Site) -> None:
    message = with_file(site, "/slack/files/key", channel="slack", external_id="e")
    site.database.write_now(partial(files.keep, kept=[filed()]))
    site.database.write_now(partial(files.copied, key="key", content=b"x", content_type="image/png"))
    site.database.write_now(partial(conversations.remove, conversation_id=1, external_id="e"))
    robin = await site.logged_in("robin")
    assert "photo.png" not in (await robin.get("/console/inbox/1")).text
    assert (await robin.get(f"/console/messages/{message}/files/0")).status == 404
