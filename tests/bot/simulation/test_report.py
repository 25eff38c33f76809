"""The report: one page, complete in itself, in which nothing that a customer wrote is markup."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from agent.settings import CaseField, FieldType, Option
from bot.simulation import plots, report
from bot.simulation.figures import Played, Slot, play
from bot.simulation.labelled import Labelled
from bot.simulation.playing import detail
from store.model import Category, FieldId, Value
from tests.adapters.browser import page
from tests.agent.embedded.talking import NOBODY, NOON, field, request, said

HOSTILE = "<script>alert(1)</script><img src=//evil.example/x onerror=alert(2)> &amp; \u202egnp"
ISSUE = field("multiline", "Issue")
PRIORITY = CaseField(
    id="priority",
    label="Priority",
    type=FieldType.CHOICE,
    options=tuple(Option(value=each) for each in ("High", "Low")),
)


def played(opened: int | None, *, due: bool, after: int | None = None, **labels: Any) -> Played:
    conversation = Labelled(
        id="x<b>1</b>",
        channel="slack",
        tags=(),
        settings=request(ISSUE, others=(PRIORITY,)).settings,
        transcript=said(HOSTILE),
        sender=NOBODY,
        now=NOON,
        expected={FieldId("issue"): [HOSTILE]},
        contained={},
        evidence={},
        case=due,
        case_after=after,
        category=Category.CHAT,
    )
    one = play(replace(conversation, **labels), lambda _: [])
    assert one.course is not None
    return replace(one, course=replace(one.course, opened=opened, why=HOSTILE))


def slot(value: Value | None, confidence: float, *, right: bool, expected: bool = True, of: CaseField = ISSUE) -> Slot:
    return Slot(
        field=of, value=value, confidence=confidence, expected=expected, right=right, refused=None, overlaps=None,
        quotes=(HOSTILE,),
    )  # fmt: skip


def written(every: Sequence[Played]) -> str:
    file = io.StringIO()
    report.write(file, every, map(detail, every), source=HOSTILE)
    return file.getvalue()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_nothing_that_a_customer_wrote_is_markup_and_nothing_comes_from_outside() -> None:
    one = replace(played(0, due=True), slots=(slot(HOSTILE, 0.9, right=True),))
    text = written([one])
    tags = _Tags()
    tags.feed(text)
    assert not {"script", "img", "b", "link", "iframe"} & {tag for tag, _ in tags.found}
    assert not [attributes for _, attributes in tags.found if {"src", "onerror", "onclick"} & {*attributes}]
    assert all(str(each["href"]).startswith("#") for _, each in tags.found if "href" in each)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\u202e" not in text


@pytest.fixture
def two_cases(tmp_path: Path) -> Path:
    file = tmp_path / "report.html"
    one = replace(played(0, due=False), slots=(slot("it", 0.9, right=False),))
    file.write_text(written([played(0, due=True), one]))
    return file


async def test_a_link_from_the_cases_opens_what_came_of_the_conversation(two_cases: Path) -> None:
    async with page(viewport={"width": 390, "height": 800}) as view:
        await view.goto(two_cases.as_uri())
        await expect(view.locator("#c1")).to_be_hidden()
        await view.locator("a[href='#c1']").click()
        await expect(view.locator("#c1")).to_be_visible()
        assert await view.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(
    ("opened", "due", "after", "verdict"),
    [
        (None, False, None, "rightly none"),
        (None, True, 1, "missed"),
        (1, False, None, "not due"),
        (1, True, 1, "in time"),
        (1, True, None, "in time"),
        (0, True, 1, "too early"),
        (3, True, 1, "late by 2"),
    ],
)
def test_a_verdict_says_when_a_case_was_opened(
    opened: int | None, *, due: bool, after: int | None, verdict: str
) -> None:
    assert report.verdict(played(opened, due=due, after=after)) == verdict


def test_a_confusion_counts_what_is_so_against_what_was_predicted() -> None:
    def chosen(value: str | None, actual: str | None) -> Played:
        expected = {FieldId("priority"): [actual]} if actual else {}
        right = value is not None and value == actual
        one = slot(value, 0.9, right=right, expected=actual is not None, of=PRIORITY)
        return replace(played(None, due=False, expected=expected), slots=(one,))

    [found] = report.confusions(
        [chosen("High", "High"), chosen("Low", "High"), chosen(None, "Low"), chosen("Low", None)]
    )
    assert found.predicted == ["High", "Low", "left empty"]
    assert found.rows == [("High", [1, 1, 0]), ("Low", [0, 0, 1]), ("left empty", [0, 1, 0])]


def test_a_dot_of_the_reliability_diagram_stands_where_confidence_and_share_meet() -> None:
    drawn = plots.reliability([slot("a", 0.72, right=True), slot("b", 0.78, right=False), slot(None, 0, right=False)])
    assert drawn.count("<circle") == 1
    assert "2 values at 0.75: 0.50 right" in drawn
    assert 'cx="184.0" cy="134.0"' in drawn


def test_the_curve_has_a_point_for_each_confidence() -> None:
    slots = [
        slot("a", 0.9, right=True),
        slot("b", 0.9, right=True),
        slot("c", 0.6, right=False),
        slot(None, 0, right=False),
    ]
    assert 'd="M134.0 34.0L184.0 100.7"' in plots.precision_against_coverage(slots)
    assert "curve" not in plots.precision_against_coverage([])


def test_several_values_stand_side_by_side() -> None:
    assert "a · b" in written([replace(played(0, due=True), slots=(slot(["a", "b"], 0.9, right=True),))])
