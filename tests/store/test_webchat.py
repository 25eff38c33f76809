"""A web chat's feed: numbered without gaps, once per key, never skipping what commits late."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from store import webchat
from store.engine import Connection, Database
from store.model import Card, CardField, CardSuggestion, CaseNumber, utcnow
from store.webchat import File, Post, UnknownConversation

KEY = "c1"
CARD = Card(
    number=CaseNumber(1042),
    title="Kettle leaks",
    status="new",
    status_label="New",
    owner=None,
    fields=(CardField(label="Priority", value="High", internal=True),),
    suggestions=(CardSuggestion(id=7, label="Product", value="Kettle", quote="my kettle"),),
    changed="Priority set to High",
    updated_at=utcnow(),
)


def post(key: str, **changes: object) -> Post:
    plain = Post(conversation_key=KEY, key=key, author_id="ada", activity={"type": "message", "text": key})
    return replace(plain, **changes)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.write_now(partial(webchat.start, conversation_key=KEY))
    yield database
    database.close()


def append(database: Database, entry: Post, *files: File) -> str:
    return database.write_now(partial(webchat.append, post=entry, files=files))


def read(database: Database, *, after: int = 0, limit: int = 100) -> list[webchat.Entry]:
    return database.read_now(partial(webchat.read, conversation_key=KEY, after=after, limit=limit))


def test_a_conversation_starts_once(database: Database) -> None:
    start = partial(webchat.start, conversation_key="c2")
    assert database.write_now(start) is True
    assert database.write_now(start) is False
    assert database.read_now(partial(webchat.started, conversation_key="c2"))
    assert not database.read_now(partial(webchat.started, conversation_key="c3"))


def test_entries_are_numbered_from_one_and_read_by_watermark(database: Database) -> None:
    ids = [append(database, post(key)) for key in "abc"]
    assert ids == ["c1|0000001", "c1|0000002", "c1|0000003"]
    assert [entry.activity["text"] for entry in read(database)] == ["a", "b", "c"]
    assert [entry.seq for entry in read(database, after=1)] == [2, 3]
    assert [entry.seq for entry in read(database, after=1, limit=1)] == [2]
    assert read(database, after=3) == []
    assert database.read_now(partial(webchat.newest, conversation_keys=[KEY, "c9"])) == {KEY: 3}


def test_the_same_key_is_posted_once_and_has_one_id(database: Database) -> None:
    first = append(database, post("a"))
    append(database, post("b"))
    assert append(database, post("a")) == first
    assert len(read(database)) == 2
    assert database.read_now(partial(webchat.find, conversation_key=KEY, post_key="a")) == first
    assert database.read_now(partial(webchat.find, conversation_key=KEY, post_key="z")) is None


def test_an_edit_is_a_new_entry_with_the_old_id(database: Database) -> None:
    first = append(database, post("a"))
    assert append(database, post("a2", edit=first)) == first
    assert [(entry.seq, entry.activity_id) for entry in read(database)] == [(1, first), (2, first)]


def test_a_card_an_audience_and_every_letter_survive(database: Database) -> None:
    text = "שלום\u200f \U0001f600 <b>&amp; \N{ZERO WIDTH SPACE}' OR 1=1; --"
    append(database, post("a", activity={"type": "message", "text": text}, card=CARD, audience="bob"))
    entry = read(database)[0]
    assert (entry.activity, entry.card, entry.audience) == ({"type": "message", "text": text}, CARD, "bob")
    assert abs((utcnow() - entry.created_at).total_seconds()) < 60


def test_files_are_kept_with_their_post_and_found_in_their_conversation_only(database: Database) -> None:
    photo = File(id="f1", name="photo.png", content_type="image/png", content=b"\x00\xff")
    append(database, post("a"), photo)
    append(database, post("a"), photo)  # a retry
    assert database.read_now(partial(webchat.file, conversation_key=KEY, file_id="f1")) == photo
    assert database.read_now(partial(webchat.file, conversation_key="c2", file_id="f1")) is None


def test_a_conversation_nobody_started_is_unknown(database: Database) -> None:
    with pytest.raises(UnknownConversation):
        append(database, post("a", conversation_key="nowhere"))
    with pytest.raises(UnknownConversation):
        database.read_now(partial(webchat.read, conversation_key="nowhere", after=0, limit=1))


def test_whoever_appends_at_the_same_time_waits_so_that_readers_skip_nothing(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.write_now(partial(webchat.start, conversation_key=KEY))
    holding, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> str:
        appended = webchat.append(connection, post("slow"))
        holding.set()
        assert go_on.wait(20)
        return appended

    with ThreadPoolExecutor() as threads:
        first = threads.submit(database.write_now, slow)
        assert holding.wait(20)
        second = threads.submit(append, database, post("quick"))
        assert read(database) == []  # the quick one did not get ahead
        go_on.set()
        assert [first.result(), second.result()] == ["c1|0000001", "c1|0000002"]
    assert [entry.activity["text"] for entry in read(database)] == ["slow", "quick"]
    database.close()
