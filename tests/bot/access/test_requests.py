"""What a request says of where it comes from, and what is believed of it."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from bot.access.requests import HOME, address_of, derived, is_ours, origin_of, safe_next, same
from bot.api.cursors import cursor, wanted

ORIGIN = "https://cases.example.org"


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def test_the_configured_address_counts_whatever_the_request_names() -> None:
    request = make_mocked_request("GET", "/console", headers={"Host": "evil.example"})
    assert origin_of(request, "https://cases.example.org/desk") == ORIGIN
    assert origin_of(request, None) == "http://evil.example"


def test_who_a_proxy_adds_counts_only_where_there_is_a_proxy() -> None:
    request = make_mocked_request("GET", "/", headers=headers(("X-Forwarded-For", "1.2.3.4, 192.0.2.7")))
    assert address_of(request, behind_proxy=True) == "192.0.2.7"
    assert address_of(request, behind_proxy=False) == (request.remote or "unknown")


@pytest.mark.parametrize(
    ("sent", "ours"),
    [
        ([], True),
        ([("Origin", ORIGIN), ("Sec-Fetch-Site", "same-origin")], True),
        ([("Origin", "https://evil.example")], False),
        ([("Origin", ORIGIN), ("Origin", "https://evil.example")], False),
        ([("Origin", f"{ORIGIN}.evil.example")], False),
        ([("Origin", "http://cases.example.org")], False),
        ([("Sec-Fetch-Site", "cross-site"), ("Origin", ORIGIN)], False),
    ],
)
def test_a_change_comes_from_a_page_of_ours(sent: list[tuple[str, str]], *, ours: bool) -> None:
    assert is_ours(headers(*sent), ORIGIN) is ours


@given(st.text())
def test_after_the_login_one_stays_at_the_console(path: str) -> None:
    for tried in (path, HOME + path, f"{HOME}/{path}"):
        after = safe_next(tried)
        assert after == HOME or after.startswith((f"{HOME}/", f"{HOME}?"))
        assert not {"\r", "\n", "\\", "@"} & set(after)
        assert "//" not in after


def test_what_is_derived_tells_the_purpose_and_not_the_token() -> None:
    assert derived("token", "csrf") != derived("token", "nonce")
    assert derived("token", "csrf") == derived("token", "csrf")
    assert "token" not in derived("token", "csrf")
    assert same("é", "é")
    assert not same("\udcff", "x")


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_a_cursor_goes_on_where_it_was_made(position: int) -> None:
    assert wanted({"after": cursor(position)}).after == (position,)
    assert wanted({"after": cursor(7, position)}, parts=2).after == (7, position)
