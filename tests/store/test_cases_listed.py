"""Which cases a filter finds: everything that is given holds, and what people type is no pattern and no SQL."""

import pytest

from store import cases
from store.cases import CaseFilter
from store.engine import Database
from store.model import Actor, ActorKind, CaseStatus, FieldId, Value
from tests.store.examples import ANNA, changed, field, numbers, opened, shown

BEA = Actor(kind=ActorKind.PERSON, id="U2", name="Bea")
PRODUCT, TAGS, URGENT, CALLS = (FieldId(each) for each in ("product", "tags", "urgent", "calls"))


def found(database: Database, **wanted: object) -> list[int]:
    return numbers(database.read_now(lambda connection: cases.listed(connection, CaseFilter(**wanted))))  # pyright: ignore[reportArgumentType] # the tests give what the names say


def having(database: Database, name: str, value: Value | None) -> list[int]:
    return found(database, fields=((FieldId(name), value),))


def saying(database: Database, *words: str) -> list[int]:
    return found(database, words=words)


def test_without_a_filter_all_are_listed_newest_first_up_to_the_limit(database: Database) -> None:
    for key in "abc":
        opened(database, key=key)

    assert found(database) == [1003, 1002, 1001]
    assert found(database, limit=2) == [1003, 1002]


def test_what_is_listed_is_the_whole_case(database: Database) -> None:
    case = opened(database, field("product", "Aria 3000"), field("urgent", True))  # noqa: FBT003 - a value

    assert database.read_now(lambda connection: cases.listed(connection, CaseFilter())) == [case]


def test_by_status(database: Database) -> None:
    for key in "abc":
        opened(database, key=key)
    changed(database, cases.set_status, 1002, CaseStatus.IN_PROGRESS)
    changed(database, cases.set_status, 1003, CaseStatus.RESOLVED)

    assert found(database, statuses=(CaseStatus.RESOLVED,)) == [1003]
    assert found(database, statuses=(CaseStatus.NEW, CaseStatus.IN_PROGRESS)) == [1002, 1001]


def test_by_owner(database: Database) -> None:
    for key in "abc":
        opened(database, key=key)
    changed(database, cases.set_owner, 1001, ANNA)
    changed(database, cases.set_owner, 1002, BEA)

    assert found(database, owner_id=ANNA.id) == [1001]
    assert found(database, unclaimed=True) == [1003]
    assert found(database, owner_id=ANNA.id, unclaimed=True) == []


def test_by_what_waits_for_a_decision(database: Database) -> None:
    for key in "abc":
        opened(database, key=key)
    for number in (1001, 1002):
        changed(database, cases.suggest, number, [field("product", "Aria 3000")])
    [suggestion] = shown(database, 1002).suggestions
    changed(database, cases.decide_suggestion, 1002, suggestion.id, accept=False)

    assert found(database, undecided=True) == [1001]


VALUES: list[Value] = [
    "High",
    "",
    "Übergröße",
    'a "quoted" one',
    True,
    False,
    1,
    0,
    10**15,
    ["a", "b"],
    ["b", "a"],
    ["a"],
    [],
]


def test_by_the_value_of_a_field_exactly(database: Database) -> None:
    """True is not 1 and not "true"; the order of a list counts."""
    for number, value in enumerate(VALUES):
        opened(database, field("field", value), field("other", "x"), key=str(number))

    assert [having(database, "field", value) for value in VALUES] == [[1001 + n] for n in range(len(VALUES))]
    assert having(database, "other", "High") == []


def test_by_a_field_that_is_empty(database: Database) -> None:
    opened(database, field("product", "Aria 3000"), key="a")
    opened(database, field("priority", "High"), key="b")
    opened(database, field("product", "Aria 2000"), key="c")
    changed(database, cases.write, 1003, [field("product", None)])

    assert having(database, "product", None) == [1003, 1002]


def test_everything_given_must_hold(database: Database) -> None:
    opened(database, field("product", "Aria 3000"), field("priority", "High"), key="a", title="Kettle leaks")
    opened(database, field("product", "Aria 3000"), field("priority", "Low"), key="b", title="Kettle smells")
    both = ((FieldId("product"), "Aria 3000"), (FieldId("priority"), "High"))

    assert found(database, fields=both) == [1001]
    assert found(database, fields=both, words=("kettle",)) == [1001]
    assert found(database, fields=both, words=("smells",)) == []
    assert found(database, words=("kettle", "aria")) == [1002, 1001]
    assert found(database, words=("kettle", "low")) == [1002]


def test_words_are_found_in_titles_and_in_text_values_whatever_their_case(database: Database) -> None:
    opened(database, title="Kettle LEAKS", key="a")
    opened(database, field("issue_description", "The kettle leaks at the bottom"), title="Another", key="b")
    opened(database, field("tags", ["Leaks", "Größe"]), title="A third", key="c")
    opened(database, title="Nothing of it", key="d")

    assert saying(database, "leaks") == saying(database, "lEAks") == [1003, 1002, 1001]
    assert saying(database, "größe") == [1003]


def test_words_of_any_script_are_found_whatever_their_case(database: Database) -> None:
    opened(database, field("product", "ÄRGER mit ΩМЕГА"), title="ÜBERGRÖSSE", key="a")

    for word in ("ärger", "ωмега", "übergrösse"):
        assert saying(database, word) == [1001]


def test_words_are_not_found_in_what_is_no_text(database: Database) -> None:
    opened(database, field("urgent", True), field("calls", 1), field("cleared", "x"), title="Case", key="a")  # noqa: FBT003 - a value
    changed(database, cases.write, 1001, [field("cleared", None)])

    for word in ("1", "true", "null", "x"):
        assert saying(database, word) == []


@pytest.mark.parametrize(
    "odd",
    [
        "100%",
        "a_b",
        "c:\\new",
        "d/e",
        "it's",
        'say "hi"',
        "'; DROP TABLE cases; --",
        "x' OR '1'='1",
        "<b>",
        "a\nb",
        "مرحبا",
        "%",
        "_",
        "\\",
        '"',
    ],
)
def test_odd_characters_are_found_as_they_stand(database: Database, odd: str) -> None:
    plain = "100 axb cn d e its say hi x 1 ab"
    opened(database, field("text", plain), title=plain, key="neither")
    opened(database, field("text", plain), title=f"before {odd} after", key="title")
    opened(database, field("text", f"before {odd} after"), title=plain, key="value")

    assert saying(database, odd) == [1003, 1002]


def test_a_filter_of_sql_is_harmless(database: Database) -> None:
    opened(database)
    attack = "'; DELETE FROM case_conversations; --"

    assert found(database, owner_id=attack, fields=((FieldId(attack), attack),), words=(attack,)) == []
    assert found(database) == [1001]
