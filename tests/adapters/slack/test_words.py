"""Slack's markup as plain text, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import blocks, words
from store.model import Json

NAMES = {"UADA": "Ada"}


def plain(text: str, **more: Any) -> str:
    return words.plain({"text": text, **more}, names=NAMES, app_user="UCASEWRIGHT")


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@UCASEWRIGHT> my kettle leaks", "my kettle leaks"),
        ("<@UCASEWRIGHT>: /update-case 1042", "/update-case 1042"),
        ("ask <@UADA> or <@UBEN|ben>", "ask @Ada or @ben"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("see <https://example.org/a|the manual>", "see the manual (https://example.org/a)"),
        ("see <https://example.org>", "see https://example.org"),
        ("<http://hearth.example|hearth.example>", "http://hearth.example"),
        ("write to <mailto:ada@example.org|ada@example.org>", "write to ada@example.org"),
        ("call <tel:+4930123456|030 123456>", "call 030 123456"),
        ("<!here> in <#C1|help> ask <!subteam^S1|@support>", "@here in #help ask @support"),
        ("<!date^1700000000^{date}|14 November>", "14 November"),
        ("*It* _leaks_ ~dry~ `now`", "It leaks dry now"),
        ("serial_number_HE25_44 and 2*3*4", "serial_number_HE25_44 and 2*3*4"),
        ("thanks :tada: :not_an_emoji: :wave::skin-tone-3:", "thanks 🎉 :not_an_emoji: 👋🏼"),
        ("NUL\0and \ud800 go", "NULand  go"),
    ],
)
def test_markup_is_read_as_people_see_it(written: str, read: str) -> None:
    assert plain(written) == read


def test_what_a_client_typed_is_told_exactly_by_its_blocks() -> None:
    elements = (
        {"type": "user", "user_id": "UCASEWRIGHT"},
        {"type": "text", "text": " my _HE25_ *leaks* & "},
        {"type": "text", "text": "hisses", "style": {"bold": True}},
        {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fc"},
        {"type": "link", "url": "https://example.org"},
    )
    assert plain("anything", blocks=[rich(*elements)]) == "my _HE25_ *leaks* & hisses👋🏼https://example.org"


def test_lists_and_quotes_keep_their_lines() -> None:
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "leaks"}]}
    told = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_list", "style": "ordered", "elements": [item, item]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "a\nb"}]},
        ],
    }
    assert plain("", blocks=[told]) == "1. leaks\n2. leaks\n> a\n> b"


def test_a_message_that_was_passed_on_without_a_word_gives_its_text() -> None:
    assert plain("", attachments=[{"text": "My kettle leaks", "is_share": True}]) == "My kettle leaks"


def test_who_is_mentioned_is_known_from_text_and_blocks() -> None:
    message: Json = {"text": "<@UADA>", "blocks": [rich({"type": "user", "user_id": "UBEN"})]}
    assert words.mentioned(message) == {"UADA", "UBEN"}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(max_size=9)
    | st.sampled_from(["rich_text", "text", "user"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "blocks", "attachments", "style", "url"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["text", "blocks", "attachments"]), JSON))
def test_whatever_slack_sends_is_read_without_an_error(message: Json) -> None:
    words.mentioned(message)
    words.plain(message, names={}, app_user="U1")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0:*_~`@"), max_size=60))
def test_what_slack_escaped_comes_back_the_same(typed: str) -> None:
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain(escaped) == typed.strip()


@given(st.text(max_size=20_000))
def test_what_we_post_fits_and_mentions_nobody(text: str) -> None:
    assert "<" not in words.mrkdwn(text)
    for block in words.rich(text):
        (section,) = block["elements"]
        assert all(0 < len(each["text"]) <= 3000 for each in section["elements"])


def test_a_button_keeps_its_verb_and_value() -> None:
    assert blocks.button("Claim", "run", {"text": "/claim 1"})["action_id"] == "casewright:run:claim"
