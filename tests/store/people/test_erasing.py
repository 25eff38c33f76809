"""Erasing a contact: no word of theirs is left anywhere, and everybody else's is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from store import cases, search
from store.engine import Connection, Database
from store.people import erasing, remains
from store.people.erasing import ERASED, Counts, Kind
from store.people.reach import UnknownContact
from store.schema import audit, conversations, evaluations, inbox, mails, metadata
from tests.store.examples import count
from tests.store.people.scene import ADMINISTRATOR, WORD, Scene, holding, rooms, set_up


def named(columns: str) -> set[str]:
    return set(columns.split())


# Tables with no room for a customer's words: keys and names of ours, what channels name things, the team's people.
OURS = {
    "saved_views",
    "webhook_endpoints",
    "webhook_deliveries",
    "accounts",
    "account_identities",
    "agent_figures",
    "api_keys",
    "case_reads",
    "figures_counted",
    "login_attempts",
    "login_links",
    "mail_folders",
    "mailboxes",
    "posted_cards",
    "predictions_spent",
    "sessions",
    "settings_versions",
    "slack_bots",
    "slack_installations",
    "slack_oauth_states",
    "timers",
    "workers",
}

PLANTED = named("""
    api_answers.body audit.evidence audit.new audit.old audit.reason case_values.evidence case_values.value
    case_words.words cases.resolution cases.title contact_identities.email contact_identities.external_id
    contacts.name conversations.reply_address evaluations.detail examples.gist examples.value examples.words
    examples.wrong files.address files.content files.link files.name inbox.error inbox.payload mail_sent.address
    mails.raw mails.reason mails.sender mails.subject message_revisions.text messages.attachments messages.text
    outbox.error outbox.payload participants.author_id participants.email participants.name slack_messages.author
    suggestions.evidence suggestions.value teams_greetings.address teams_greetings.greeted webchat_feed.activity
    webchat_feed.audience webchat_feed.author_id webchat_files.content webchat_files.name
""")
OTHERS = {"messages.text", "participants.name", "contacts.name", "case_values.value", "audit.new", "outbox.payload"}
# In tables that hold customers' words: keys, kinds and states of ours, the team's people, ids that channels give.
WITHOUT = named("""
    api_answers.caller api_answers.fingerprint api_answers.key audit.actor_id audit.actor_kind audit.actor_name
    audit.field audit.predictor audit.rule audit.what case_values.field case_values.writer_id case_values.writer_kind
    case_values.writer_name cases.owner_id cases.owner_kind cases.owner_name cases.queue cases.status
    contact_identities.account contact_identities.channel conversations.account conversations.category
    conversations.channel conversations.key conversations.language evaluations.outcome evaluations.predictor
    evaluations.trigger evaluations.why examples.field examples.gist_by files.account files.channel files.content_type
    files.key files.reason files.state inbox.account inbox.channel inbox.error_id inbox.external_id inbox.kind
    inbox.status mail_sent.account mail_sent.key mails.account mails.conversation_key mails.digest mails.folder
    mails.signal mails.state messages.external_id outbox.error_id outbox.key outbox.kind outbox.native_id outbox.status
    participants.role slack_messages.account slack_messages.channel slack_messages.conversation_key slack_messages.ts
    suggestions.field suggestions.status teams_greetings.account webchat_feed.activity_id webchat_feed.conversation_key
    webchat_feed.post_key webchat_files.content_type webchat_files.conversation_key webchat_files.id
""")


def erased(database: Database, scene: Scene, *, dry_run: bool = False) -> Counts:
    counts = database.write_now(partial(erasing.erase, contact_id=scene.ann, by=ADMINISTRATOR, dry_run=dry_run))
    if not dry_run:
        remains.remove(database)
    return counts


def everything(database: Database) -> dict[str, list[str]]:
    def read(connection: Connection) -> dict[str, list[str]]:
        return {
            table.name: sorted(map(str, connection.execute(select(table)).all())) for table in metadata.sorted_tables
        }

    return database.read_now(read)


def test_no_word_of_a_contact_is_left_in_any_table(database: Database) -> None:
    scene = set_up(database)
    assert holding(database, WORD) == PLANTED

    erased(database, scene)

    assert holding(database, WORD) == set()
    for find in (search.cases_with, search.conversations_with):
        assert database.read_now(partial(find, text=f"edited{WORD}")) == []
        assert database.read_now(partial(find, text=f"value{WORD}")) == []


def test_every_column_with_room_for_words_is_thought_of(database: Database) -> None:
    """A new one fails here until it is said whether a customer's words can land in it, and they are erased from it."""
    set_up(database)
    thought_of = PLANTED | WITHOUT | {each for each in rooms() if each.partition(".")[0] in OURS}
    assert rooms() - thought_of == set()


def test_no_file_of_sqlite_has_a_word_left(sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    database = Database(sqlite_url)
    scene = set_up(database)
    assert WORD.encode() in b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))

    erased(database, scene)

    for each in file.parent.glob(f"{file.name}*"):
        assert WORD.encode() not in each.read_bytes().lower(), each.name
    database.close()


def test_what_others_wrote_stays(database: Database) -> None:
    scene = set_up(database)
    written = {each for each in holding(database, "bobword") | holding(database, "robword") if each in OTHERS}
    assert written == OTHERS

    erased(database, scene)

    assert (holding(database, "bobword") | holding(database, "robword")) >= OTHERS
    case = database.read_now(partial(cases.get, number=scene.bobs))
    assert {str(name) for name in case.values} == {"priority"}


def test_numbers_and_the_fact_of_every_change_stay(database: Database) -> None:
    scene = set_up(database)

    def trail(connection: Connection) -> list[tuple[object, ...]]:
        kept = (audit.c.id, audit.c.at, audit.c.what, audit.c.field, audit.c.actor_name, audit.c.confidence)
        mine = audit.c.case_number == scene.case, audit.c.what != "erased"
        return [tuple(row) for row in connection.execute(select(*kept).where(*mine).order_by(audit.c.id))]

    before, looks = database.read_now(trail), count(database, evaluations)

    erased(database, scene)

    assert database.read_now(trail) == before
    assert count(database, evaluations) == looks
    case = database.read_now(partial(cases.get, number=scene.case))
    assert (case.title, case.values, case.suggestions, case.resolution) == (ERASED, {}, (), None)
    assert case.status == "resolved"
    assert database.read_now(partial(cases.closed_at, number=scene.case)) is not None


def test_a_dry_run_changes_nothing_and_tells_exactly_what_a_run_would(database: Database) -> None:
    scene = set_up(database)
    before = everything(database)

    told = erased(database, scene, dry_run=True)

    assert everything(database) == before
    assert erased(database, scene) == told
    assert told[Kind.CONTACTS] == 1
    assert told[Kind.CASES] == 1
    assert told[Kind.CONVERSATIONS] == 2
    assert told[Kind.MAILS] == 2
    assert told[Kind.FILES] == 2


def test_who_was_erased_is_unknown_afterwards(database: Database) -> None:
    scene = set_up(database)
    erased(database, scene)
    with pytest.raises(UnknownContact, match=f"There is no contact {scene.ann}"):
        erased(database, scene)


def test_the_same_event_and_the_same_mail_are_known_when_they_come_again(database: Database) -> None:
    scene = set_up(database)

    def names(connection: Connection) -> list[tuple[object, ...]]:
        events = select(inbox.c.channel, inbox.c.account, inbox.c.external_id).order_by(inbox.c.id)
        places = select(mails.c.folder, mails.c.uid, mails.c.digest).order_by(mails.c.id)
        return [tuple(row) for query in (events, places) for row in connection.execute(query)]

    before = database.read_now(names)
    erased(database, scene)
    assert database.read_now(names) == before


def test_a_thread_that_others_share_goes_on_and_one_that_nobody_does_is_over(database: Database) -> None:
    scene = set_up(database)
    erased(database, scene)

    def state(connection: Connection) -> dict[int, tuple[str, bool]]:
        rows = connection.execute(select(conversations))
        return {row.id: (row.key, row.erased_at is not None) for row in rows}

    assert database.read_now(state) == {
        scene.chat: (f"erased:{scene.chat}", True),
        scene.mailed: (f"erased:{scene.mailed}", True),
        scene.shared: ("C1:17.1", False),
    }
