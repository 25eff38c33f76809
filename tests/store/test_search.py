"""Words are found where they stand now, in cases and in messages, on both databases."""

from __future__ import annotations

from functools import partial

import pytest

from store import cases, conversations
from store.engine import Connection, Database
from store.model import CaseStatus, ConversationId
from store.workspace import CasesWanted, ConversationsWanted, cases_page, conversations_page
from tests.store.examples import CUSTOMER, changed, conversation, field, open_case, opened, say, wrote


def found(database: Database, text: str) -> list[int]:
    return [each.number for each in database.read_now(partial(cases_page, wanted=CasesWanted(text=text)))]


def conversations_found(database: Database, text: str) -> list[int]:
    page = partial(conversations_page, wanted=ConversationsWanted(text=text))
    return [each.id for each in database.read_now(page)]


def test_a_case_is_found_by_its_title_its_values_and_its_number(database: Database) -> None:
    case = opened(database, field("product", "Aria 3000"), field("contact", "ann.abel@example.com"))
    opened(database, title="Nothing of the kind", key="other")
    for text in ("leaks", "KETTLE", "aria 3000", "abel", "ann.abel@example.com", "kett", str(case.number)):
        assert found(database, text) == [case.number], text


@pytest.mark.parametrize("text", ["steam", "kettle steam", "ett", '"', "''", "*", "a OR b", "NEAR(", "\\", "%", ":*"])
def test_what_is_not_said_is_not_found_and_no_sign_is_an_operator(database: Database, text: str) -> None:
    opened(database, field("product", "Aria 3000"))
    assert found(database, text) == []


def test_what_a_case_said_before_is_not_found_any_more(database: Database) -> None:
    case = opened(database, field("product", "Aria 3000"))
    changed(database, cases.write, case.number, [field("product", "Bolero")])
    assert found(database, "Aria") == []
    assert found(database, "Bolero") == [case.number]


def test_a_resolution_is_found(database: Database) -> None:
    case = opened(database)
    changed(database, cases.set_status, case.number, CaseStatus.RESOLVED, resolution="A new gasket")
    assert found(database, "gasket") == [case.number]


def test_a_message_is_found_as_it_reads_now_and_finds_the_case_of_its_conversation(database: Database) -> None:
    def talk(connection: Connection) -> tuple[ConversationId, int]:
        place = conversation(connection)
        say(connection, place, wrote("The spout drips: HE25-44/0917", message_id="m"))
        return place, open_case(connection, conversation_id=place)

    place, number = database.write_now(talk)
    assert conversations_found(database, "spout 0917") == [place]
    assert found(database, "HE25-44") == [number]
    edit = partial(conversations.edit, conversation_id=place, external_id="m", author_id=CUSTOMER.id, noise=False)
    database.write_now(partial(edit, text="The lid drips"))
    assert conversations_found(database, "spout") == []
    assert found(database, "lid") == [number]


def test_a_text_of_any_length_and_of_any_signs_can_be_kept(database: Database) -> None:
    def talk(connection: Connection) -> ConversationId:
        place = conversation(connection)
        say(connection, place, wrote(" ".join(f"wörter{number}" for number in range(150_000)), external_id="long"))
        return place

    place = database.write_now(talk)
    assert conversations_found(database, "WÖRTER77") == [place]
