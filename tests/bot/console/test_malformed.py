"""What no browser sends: it is refused as the sender's mistake, before anybody's time is spent on it."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from store.model import AccountRole
from tests.bot.console.site import SECRET, Site

BAD = HTTPStatus.BAD_REQUEST
FORM = "application/x-www-form-urlencoded"


def parts(*sent: tuple[str, str]) -> str:
    """A body of several parts, each its headers and its text."""
    return "".join(f"--B\r\n{headers}\r\n\r\n{text}\r\n" for headers, text in sent) + "--B--\r\n"


@pytest.mark.parametrize("charset", ["nope", "rot13", "unicode_escape", "utf-7", "punycode"])
async def test_a_form_is_utf_8_and_nothing_else(site: Site, charset: str) -> None:
    """Some of Python's character sets are no text, and some take minutes for a megabyte."""
    answer = await site.browser().send(
        "POST", "/console/login", data="login=a", headers={"Content-Type": f"{FORM}; charset={charset}"}
    )
    assert (answer.status, "UTF-8" in answer.text) == (BAD, True)


@pytest.mark.parametrize(
    ("path", "kind"), [("/console/login", FORM), ("/v3/directline/conversations", "application/json")]
)
async def test_a_body_that_is_not_packed_as_it_says_is_the_senders_mistake(site: Site, path: str, kind: str) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": "gzip", "Authorization": f"Bearer {SECRET}"}
    answer = await site.browser().send("POST", path, data=b"no gzip", headers=headers)
    assert answer.status == BAD


async def test_nobody_sends_a_form_in_parts_who_is_not_logged_in(site: Site) -> None:
    """No page before the login has one, and each part may name a character set of its own."""
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    body = parts(('Content-Disposition: form-data; name="login"', "ada"))
    answer = await site.browser().send("POST", "/console/login", data=body, headers=headers)
    assert answer.status == BAD


@pytest.mark.parametrize(
    "headers",
    [
        'Content-Disposition: form-data; name="text"\r\nContent-Type: text/plain; charset=nope',
        'Content-Disposition: form-data; name="text"\r\nContent-Type: text/plain; charset=unicode_escape',
        'Content-Disposition: form-data; name="text"\r\nContent-Transfer-Encoding: nope',
        'Content-Disposition: form-data; name="text"\r\nContent-Transfer-Encoding: base64',
        "X-No-Name: at all",
    ],
)
async def test_a_part_that_is_no_text_is_refused(site: Site, headers: str) -> None:
    ada, number = await site.logged_in("ada", AccountRole.ADMINISTRATOR), site.case(issue_description="It leaks")
    token = (await ada.get("/console/me")).csrf
    body = parts((headers, r"\ud800"), ('Content-Disposition: form-data; name="csrf"', token))
    answer = await ada.send(
        "POST",
        f"/console/cases/{number}/note",
        data=body,
        headers={"Content-Type": "multipart/form-data; boundary=B"},
    )
    assert answer.status == BAD


async def test_half_a_character_in_what_a_page_carries_is_no_text_either(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    carried = {"wanted": "{}", "typed": r'["/console/agent", [["company", "\ud800"]]]', "based_on": "1"}
    answer = await ada.post("/console/agent/review", carried, page="/console/me")
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY


async def test_what_is_refused_is_told_in_words_of_people_and_with_what_would_be_right(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    nameless = await ada.post("/console/views/cases", {"name": ""}, page="/console/me")
    assert "<h1>That is not right</h1>" in nameless.text
    assert "A view needs a name of 1 to 40 characters." in nameless.text
    much = await ada.post("/console/views/cases", dict.fromkeys(map(str, range(1001)), "x"), page="/console/me")
    assert (much.status, "at most 1 MB and 1,000 inputs" in much.text) == (413, True)
