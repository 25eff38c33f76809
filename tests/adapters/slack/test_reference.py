"""Slack's own examples of its events, in their whole shape: none fails, and those we leave alone store nothing."""

from __future__ import annotations

from tests.adapters.slack import events
from tests.adapters.slack.reference import APP_RATE_LIMITED, EVENTS, IGNORED
from tests.adapters.slack.slack import SlackRemote
from tests.adapters.slack.subtypes import CHANGES_NOT_OF_TEXT, IGNORED_SUBTYPES, SUBTYPES


async def test_every_event_of_the_reference_is_taken(remote: SlackRemote) -> None:
    for name, event in {**EVENTS, **SUBTYPES}.items():
        assert await remote.deliver(events.envelope(event)) == 200, name


async def test_events_that_we_leave_alone_store_nothing(remote: SlackRemote) -> None:
    for name in IGNORED:
        assert await remote.deliver(events.envelope(EVENTS[name])) == 200, name
        assert remote.inbox.received == [], name


async def test_messages_that_nobody_said_and_changes_of_no_words_store_nothing(remote: SlackRemote) -> None:
    left_alone = {name: SUBTYPES[name] for name in IGNORED_SUBTYPES} | CHANGES_NOT_OF_TEXT
    for name, event in left_alone.items():
        assert await remote.deliver(events.envelope(event)) == 200, name
        assert remote.inbox.received == [], name


async def test_being_told_that_we_are_told_too_little_is_no_failure(remote: SlackRemote) -> None:
    assert await remote.deliver(APP_RATE_LIMITED) < 500
