"""The app's own page: who sees what on it, and that Slack takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from adapters.desk import CaseLine, Overview
from adapters.slack.home import home
from store.model import CaseNumber
from tests.adapters.slack.block_kit import assert_view
from tests.adapters.slack.test_blocks import HOSTILE, MOMENTS, buttons, said

LINE = CaseLine(
    number=CaseNumber(1042),
    title="The kettle <leaks>",
    status="New",
    owner=None,
    suggestions=2,
    conversation_key="C1:1.1",
    updated_at=datetime(2026, 11, 25, 14, 30, tzinfo=UTC),
)


def link(key: str) -> str | None:
    return f"https://example.org/{key}"


def test_a_representative_can_claim_and_update_what_waits() -> None:
    shown = home(Overview(representative=True, mine=(), waiting=(LINE,)), link, {})["blocks"]
    assert {"Waiting for you", "1042 · The kettle <leaks>", "\nNew · unclaimed · 2 suggestions"} <= set(said(shown))
    assert buttons(shown) == {
        "Claim": ("casewright:run:claim", {"text": "/claim 1042"}),
        "Update…": ("casewright:update", {"case": 1042}),
        "Open": ("casewright:open_conversation", {}),
    }


def test_a_customer_sees_their_own_cases_and_no_work_of_the_team() -> None:
    shown = home(Overview(representative=False, mine=(LINE,), waiting=()), link, {})["blocks"]
    assert "Waiting for you" not in set(said(shown))
    assert "\nNew · unclaimed" in set(said(shown))
    assert list(buttons(shown)) == ["Open"]


def test_an_empty_page_says_what_to_do() -> None:
    nobody = home(Overview(representative=False, mine=()), link, {})["blocks"]
    assert list(said(nobody)) == ["My cases", "You have no case. Write to me in Messages, and I will see to it."]
    team = home(Overview(representative=True, mine=()), link, {})["blocks"]
    assert "Nothing waits: every case has an owner." in list(said(team))


def test_a_case_of_another_channel_has_no_thread_to_open() -> None:
    elsewhere = replace(LINE, owner="Ada", conversation_key=None)
    assert buttons(home(Overview(representative=True, mine=(elsewhere,)), link, {})["blocks"]) == {}


def test_cases_that_do_not_fit_are_counted() -> None:
    view = home(Overview(representative=True, mine=(LINE,) * 50, waiting=(LINE,) * 50), link, {})
    assert_view(view)
    assert list(said(view["blocks"])).count("… and 35 more: /cases lists them.") == 2


LINES = st.lists(
    st.builds(
        CaseLine,
        number=st.integers(1, 10**9).map(CaseNumber),
        title=HOSTILE,
        status=HOSTILE,
        owner=st.none() | HOSTILE,
        suggestions=st.integers(0, 99),
        conversation_key=st.none() | st.just("C1:1.1"),
        updated_at=MOMENTS,
    ),
    max_size=4,
).map(tuple)


@given(st.builds(Overview, representative=st.booleans(), mine=LINES, waiting=LINES))
def test_slack_takes_every_page(overview: Overview) -> None:
    assert_view(home(overview, link, {}))
