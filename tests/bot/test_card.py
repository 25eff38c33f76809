import pytest

from bot.card import VALUE_LIMIT, build, changed_line
from bot.words import card_text
from store.model import CardField, CardSuggestion, CaseStatus, Change, FieldId, Suggestion, Value
from tests.bot.examples import ANNA, NOON, SETTINGS, a_case, evidence

HIGH = Suggestion(id=5, field=FieldId("priority"), value="High", confidence=0.8, evidence=evidence("it is urgent"))


def field_change(field: str, old: Value | None, new: Value | None) -> Change:
    return Change(what="field", field=FieldId(field), old=old, new=new)


def test_a_card_shows_fields_with_a_value_in_the_order_of_the_settings() -> None:
    case = a_case({"warranty": False, "number": 0, "priority": "Low", "product": "Aria 3000", "contact": ""})

    card = build(case, SETTINGS, owner_name=None, changed=None)

    assert card.fields == (
        CardField(label="Product", value="Aria 3000"),
        CardField(label="Priority", value="Low", internal=True),
        CardField(label="Number", value="0"),
        CardField(label="Under warranty", value="No"),
    )


def test_a_card_names_number_title_status_and_owner() -> None:
    case = a_case(status=CaseStatus.IN_PROGRESS, owner=ANNA)

    card = build(case, SETTINGS, owner_name="Anna Berg", changed="Priority set to High")

    assert (card.number, card.title, card.status, card.status_label, card.owner, card.changed, card.updated_at) == (
        1042, "Headphones crackle", "in_progress", "In progress", "Anna Berg", "Priority set to High", NOON,
    )  # fmt: skip


def test_suggestions_carry_the_words_behind_them() -> None:
    card = build(a_case(suggestions=(HIGH,)), SETTINGS, owner_name=None, changed=None)

    assert card.suggestions == (CardSuggestion(id=5, label="Priority", value="High", quote="it is urgent"),)


def test_what_the_settings_no_longer_know_is_left_out() -> None:
    gone = Suggestion(id=6, field=FieldId("gone"), value="x", confidence=0.8)

    card = build(a_case({"gone": "secret"}, suggestions=(gone,)), SETTINGS, owner_name=None, changed=None)

    assert (card.fields, card.suggestions) == ((), ())


def test_long_and_hostile_values_are_tamed_and_keep_their_lines() -> None:
    case = a_case({"issue_description": "one\ntwo \u202e" + "x" * 10_000}, title="a\u202eb\n" * 100)

    card = build(case, SETTINGS, owner_name=None, changed=None)

    assert card.fields[0].value.startswith("one\ntwo x")
    assert len(card.fields[0].value) == VALUE_LIMIT
    assert "\u202e" not in card.title
    assert len(card.title) <= 120


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ([Change(what="status", old="new", new="in_progress")], "Status set to In progress"),
        ([Change(what="owner", old=None, new="Anna Berg")], "Owner is now Anna Berg"),
        ([field_change("product", None, "Aria 3000")], "Product set to Aria 3000"),
        ([field_change("product", "Aria 3000", None)], "Product cleared"),
        (
            [
                field_change("product", "Aria 2000", "Aria 3000"),
                field_change("priority", "Low", "High"),
                Change(what="status", old="new", new="resolved", reason="Replaced"),
            ],
            "Product set to Aria 3000 and status set to Resolved",
        ),
        ([Change(what="created", new="Headphones"), field_change("product", None, "Aria 3000")], "Case opened"),
        ([field_change("priority", "Low", "High")], None),
        ([field_change("product", "Aria 3000", "Aria 3000")], None),
        ([Change(what="note", new="angry customer")], None),
        ([Change(what="suggested", field=FieldId("product"), new="Aria 3000")], None),
        ([], None),
    ],
)
def test_customers_hear_of_status_owner_and_their_own_fields_alone(changes: list[Change], line: str | None) -> None:
    assert changed_line(changes, SETTINGS) == line


def test_a_card_as_text_shows_customers_nothing_internal() -> None:
    case = a_case({"product": "Aria 3000", "priority": "Low"}, suggestions=(HIGH,))
    card = build(case, SETTINGS, owner_name="Anna Berg", changed=None)

    assert card_text(card, internal=False).splitlines() == [
        "Case 1042: Headphones crackle",
        "Status: New",
        "Owner: Anna Berg",
        "Product: Aria 3000",
    ]
    assert card_text(card, internal=True).splitlines()[4:] == [
        "Priority: Low (internal)",
        "Suggested Priority: High (“it is urgent”)",
    ]
