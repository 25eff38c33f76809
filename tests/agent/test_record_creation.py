"""Which mails open a case and with what, and what is wrong with a rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.document import SettingsError, dump, load, starter
from agent.record_creation import MailFacts, item_for, rule_for, values_of
from agent.settings import Settings, UnknownSender
from store.model import FieldId
from tests.agent.examples import SETTINGS, with_settings

MAIL = MailFacts(
    mailbox="support",
    subject="Invoice 17 is wrong",
    body="You charged me twice.",
    sender="ann@shop.example",
    recipients=("support@example.org", "carol@shop.example"),
    has_attachments=False,
)


def ruled(*rules: dict[str, Any]) -> Settings:
    return with_settings(record_creation_rules=[{"name": f"Rule {at}", **rule} for at, rule in enumerate(rules)])


def when(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": f"mail.{field}", "operator": operator, "value": value}


def chosen(settings: Settings, mail: MailFacts = MAIL) -> int | None:
    """The position of the item that opens the case."""
    rule = rule_for(settings, mail.mailbox)
    assert rule is not None
    item = item_for(rule, mail, settings, "email")
    return None if item is None else rule.items.index(item)


def test_the_starter_opens_a_case_of_every_mail_and_takes_new_people_in() -> None:
    rule = rule_for(starter(), "anything")
    assert rule is not None
    assert rule.unknown_sender is UnknownSender.CREATE_CONTACT
    assert item_for(rule, MAIL, starter(), "email") == rule.items[-1]


@pytest.mark.parametrize(
    ("rules", "name"),
    [
        ([{"mailbox": "support"}, {"mailbox": "*"}], "Rule 0"),
        ([{"mailbox": "*"}, {"mailbox": "support"}], "Rule 0"),
        ([{"mailbox": "sales"}, {"mailbox": "support"}], "Rule 1"),
        ([{"mailbox": "support", "active": False}, {"mailbox": "*"}], "Rule 1"),
        ([{"mailbox": "sales"}], None),
        ([{"active": False}], None),
        ([], None),
    ],
)
def test_the_first_active_rule_for_the_mailbox_counts(rules: list[dict[str, Any]], name: str | None) -> None:
    rule = rule_for(ruled(*rules), "support")
    assert (rule.name if rule else None) == name


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (when("subject", "contains", "INVOICE"), True),
        (when("subject", "begins_with", "Re:"), False),
        (when("body", "contains", "charged"), True),
        (when("sender", "equals", "ann@shop.example"), True),
        (when("sender_domain", "is_one_of", ["dealer.example", "shop.example"]), True),
        (when("sender_domain", "equals", "hop.example"), False),
        (when("recipients", "contains", "carol@shop.example"), True),
        (when("has_attachments", "equals", True), False),  # noqa: FBT003 - an operand
        (when("has_attachments", "equals", False), True),  # noqa: FBT003
        ({"field": "conversation.channel", "operator": "equals", "value": "email"}, True),
        ({"all": [when("subject", "contains", "invoice"), when("body", "contains", "kettle")]}, False),
        ({"any": [when("subject", "contains", "invoice"), when("body", "contains", "kettle")]}, True),
    ],
)
def test_conditions_ask_what_the_mail_says(condition: dict[str, Any], holds: bool) -> None:  # noqa: FBT001
    assert (chosen(ruled({"items": [{"when": condition}]})) == 0) == holds


def test_the_first_item_whose_condition_holds_is_taken_and_a_blank_one_always_holds() -> None:
    never, always = when("subject", "contains", "kettle"), when("subject", "contains", "invoice")
    assert chosen(ruled({"items": [{"when": never}, {"when": always}, {"values": {"priority": "Low"}}]})) == 1
    assert chosen(ruled({"items": [{"when": never}, {"values": {"priority": "Low"}}, {"when": always}]})) == 1
    assert chosen(ruled({"items": [{"when": never}]})) is None
    assert chosen(ruled({"items": []})) is None


def test_values_are_written_as_a_person_would_have_and_the_sender_is_the_customer() -> None:
    settings = ruled({"items": [{"values": {"priority": "hIGH", "serial_number": "ab1234"}}]})
    values = values_of(settings.record_creation_rules[0].items[0], MAIL, settings)
    assert values == {"contact": "ann@shop.example", "priority": "High", "serial_number": "AB1234"}


def test_a_rule_that_names_the_customer_has_the_last_word() -> None:
    settings = ruled({"items": [{"values": {"contact": "desk@dealer.example"}}]})
    values = values_of(settings.record_creation_rules[0].items[0], MAIL, settings)
    assert values == {"contact": "desk@dealer.example"}


def test_a_value_that_the_settings_allow_no_more_is_left_out_and_no_mail_lost_over_it() -> None:
    settings = ruled({"items": [{"values": {"priority": "Whenever", "serial_number": "AB1234"}}]})
    values = values_of(settings.record_creation_rules[0].items[0], MAIL, settings)
    assert values == {"contact": "ann@shop.example", "serial_number": "AB1234"}


@given(subject=st.text(), body=st.text(), sender=st.text(), recipients=st.lists(st.text()).map(tuple))
def test_whatever_a_mail_says_it_is_data(subject: str, body: str, sender: str, recipients: tuple[str, ...]) -> None:
    mail = replace(MAIL, subject=subject, body=body, sender=sender, recipients=recipients)
    settings = ruled({"items": [{"when": when("subject", "contains", "kettle")}, {"values": {"priority": "Low"}}]})
    position = chosen(settings, mail)
    assert position in {0, 1}
    values = values_of(settings.record_creation_rules[0].items[position], mail, settings)
    assert values.get(FieldId("contact")) == (sender or None)
    assert values.get(FieldId("priority")) == ("Low" if position else None)


# --- what is wrong with a rule ----------------------------------------------------------------------

RULE = "record_creation_rules[0]"


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("unknown_sender: drop", "unknown_sender: should be create_contact or skip"),
        ("join_resolved_days: -1", "join_resolved_days: should be greater than or equal to 0"),
        ("join_resolved_days: true", "join_resolved_days: should be a number"),
        ("itms: []", "itms: there is no key 'itms' here; did you mean 'items'?"),
        ("items: [{vals: {}}]", "items[0].vals: there is no key 'vals' here; did you mean 'values'?"),
        ("items: [{}, {values: {priorty: Low}}]", "items[1].values.priorty: there is no field 'priorty'; did you mean"),
        ("items: [{values: {priority: Lowest}}]", "items[0].values.priority: "),
        (
            "items: [{when: {all: [{field: mail.subjct, operator: contains, value: x}]}}]",
            "items[0].when.all[0].field: there is no field 'mail.subjct'; did you mean 'mail.subject'?",
        ),
        (
            "items: [{when: {field: mail.has_attachments, operator: equals, value: sometimes}}]",
            "items[0].when.value: write true or false",
        ),
        # A case's own fields are not there yet.
        (
            "items: [{when: {field: priority, operator: equals, value: Low}}]",
            "items[0].when.field: there is no field 'priority'",
        ),
    ],
)
def test_a_problem_of_a_rule_is_named_with_its_path(rule: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(f"{dump(SETTINGS).partition('record_creation_rules:')[0]}\nrecord_creation_rules: [{{name: R, {rule}}}]\n")
    [found] = map(str, caught.value.problems)
    assert found.startswith(f"{RULE}.{problem}")


def test_two_rules_of_one_name_are_a_problem() -> None:
    rules = "\nrecord_creation_rules: [{name: R}, {name: r}]\n"
    with pytest.raises(SettingsError, match="2 have the name 'r'"):
        load(dump(SETTINGS).partition("record_creation_rules:")[0] + rules)


def test_rules_survive_the_way_through_a_file() -> None:
    settings = ruled(
        {"mailbox": "support", "unknown_sender": "skip", "join_resolved_days": 2.5, "reopen": False},
        {"items": [{"when": {"any": [when("has_attachments", "equals", True)]}, "values": {"priority": "Low"}}]},  # noqa: FBT003
    )
    assert load(dump(settings)) == settings
