"""Slack's markup as plain text, and back."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import blocks, words
from store.model import Json
from tests.adapters.slack.block_kit import assert_message

NAMES = {"UADA": "Ada", "UCASEWRIGHT": "Casewright", "CHELP": "help", "SCREW": "@crew"}


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
        ("ask <@UCASEWRIGHT> and <@UCASEWRIGHT|cw>", "ask @Casewright and @Casewright"),
        ("<@UCASEWRIGHT> <@UCASEWRIGHT>, help", "help"),
        ("*see <https://example.org/_a_|the manual>* now", "see the manual (https://example.org/_a_) now"),
        ("run `a_b *c* :tada: &lt;x&gt;` twice", "run a_b *c* :tada: <x> twice"),
        ("```\nE_07 *failed*\n``` again", "E_07 *failed* again"),
        ("_serial_number_ of *the* _HE_25", "serial_number of the _HE_25"),
        (":flag-de: :+1: 10:30:45", "🇩🇪 👍 10:30:45"),
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


@pytest.mark.parametrize(
    ("element", "read"),
    [
        ({"type": "channel", "channel_id": "CHELP"}, "#help"),
        ({"type": "usergroup", "usergroup_id": "SCREW"}, "@crew"),
        ({"type": "usergroup", "usergroup_id": "SNONE"}, "@SNONE"),
        ({"type": "broadcast", "range": "here"}, "@here"),
        ({"type": "date", "timestamp": 1700000000, "format": "{date}", "fallback": "14 November"}, "14 November"),
        ({"type": "color", "value": "#ff0000"}, "#ff0000"),
        ({"type": "emoji", "name": "wave", "skin_tone": 3}, "👋🏼"),
        ({"type": "emoji", "name": "our_logo", "unicode": "zz"}, ":our_logo:"),
        ({"type": "link", "url": "https://example.org/a", "text": "the manual"}, "the manual (https://example.org/a)"),
        ({"type": "link", "url": "mailto:ada@example.org?subject=x", "text": "Ada"}, "ada@example.org"),
    ],
)
def test_each_element_of_rich_text_reads_as_people_see_it(element: Json, read: str) -> None:
    assert plain("", blocks=[rich(element)]) == read


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


def test_a_message_that_was_passed_on_is_read_as_exactly_as_one_that_was_typed() -> None:
    typed = rich({"type": "text", "text": "my _HE25_ leaks"})
    shared = {"is_share": True, "text": "my HE25 leaks", "message_blocks": [{"message": {"blocks": [typed]}}]}
    assert plain("", attachments=[shared]) == "my _HE25_ leaks"
    assert plain("look", attachments=[shared]) == "look"


def test_a_hostile_text_is_read_in_no_time() -> None:
    started = time.process_time()
    for piece in ("*a ", " _a", "_a", "*a_b~c`d", "`", "<", "```x", ":a", " ", "<@UCASEWRIGHT> "):
        plain("<@UCASEWRIGHT>" + piece * (40_000 // len(piece)) + "x")
    assert time.process_time() - started < 5  # a second at most; a pattern that backtracks takes minutes


def test_who_is_mentioned_is_known_from_text_and_blocks() -> None:
    message: Json = {"text": "<@UADA>", "blocks": [rich({"type": "user", "user_id": "UBEN"})]}
    assert words.mentioned(message) == {"UADA", "UBEN"}


TYPES = [
    "rich_text",
    "rich_text_section",
    "rich_text_list",
    "ordered",
    "rich_text_quote",
    "text",
    "user",
    "link",
    "emoji",
]
KEYS = ["type", "text", "elements", "style", "offset", "indent", "url", "name", "unicode", "skin_tone", "user_id"]
SCALARS: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9)
JSON: st.SearchStrategy[Any] = (
    SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(KEYS), SCALARS, max_size=2)
)
INLINE: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)}, optional=dict.fromkeys(KEYS[3:], JSON)
)
ELEMENTS: st.SearchStrategy[Any] = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(TYPES)},
        optional={"elements": JSON | st.lists(INLINE, max_size=2), "offset": JSON, "indent": JSON, "style": JSON},
    ),
    max_size=2,
)
RICH: st.SearchStrategy[Any] = st.lists(
    st.fixed_dictionaries({"type": st.just("rich_text"), "elements": JSON | ELEMENTS}), max_size=2
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "text": JSON | st.text(alphabet="<>@!#|^&*_~`: \n\0U1a"),
            "blocks": JSON | RICH,
            "attachments": JSON
            | st.lists(st.fixed_dictionaries({"text": JSON, "message_blocks": JSON | RICH}), max_size=2),
        },
    )
)
def test_whatever_slack_sends_is_read_without_an_error(message: Json) -> None:
    words.mentioned(message)
    assert not re.search("[\0\ud800-\udfff]", words.plain(message, names={}, app_user="U1"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0:*_~`@"), max_size=60))
def test_what_slack_escaped_comes_back_the_same(typed: str) -> None:
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain(escaped) == typed.strip()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_what_was_typed_as_rich_text_is_read_to_the_letter(typed: str) -> None:
    assert plain("", blocks=[rich({"type": "text", "text": typed})]) == typed.strip()


@given(st.text(max_size=20), st.sampled_from([1, 200, 1500, 5000]))
def test_what_we_post_fits_and_mentions_nobody(piece: str, times: int) -> None:
    text = piece * times
    told = words.mrkdwn(text)
    assert "<" not in told
    assert words.length(told) <= (4_000 if words.length(text) <= words.MOST else 40_000)
    assert re.sub("&(amp|lt|gt);", "", told).count("&") == 0
    if blocks_of := words.rich(text):
        assert_message(blocks_of)
        assert (
            words.plain({"blocks": blocks_of}, names={}, app_user="") == re.sub("[\0\ud800-\udfff]", "", text).strip()
        )


def test_a_text_too_long_for_blocks_is_posted_whole_as_text() -> None:
    text = "My kettle leaks. " * 1000
    assert words.rich(text) == []
    assert words.mrkdwn(text) == text


def test_a_button_keeps_its_verb_and_value() -> None:
    assert blocks.button("Claim", "run", {"text": "/claim 1"})["action_id"] == "casewright:run:claim"
