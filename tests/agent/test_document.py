from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.document import MAX_CHARACTERS, Difference, SettingsError, differences, dump, load, starter
from agent.settings import Condition, Level, Operator, Settings
from agent.text import name_key
from tests.agent.examples import SETTINGS, with_settings

SMALL = """
fields:
  - {id: name, label: Name, type: text}
  - {id: priority, label: Priority, type: choice, options: [{value: Low}, {value: "No"}]}
default_fields: [name]
"""


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(text)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return [str(problem) for problem in caught.value.problems]


# --- reading ----------------------------------------------------------------------------------------


def test_words_that_yaml_takes_for_something_else_are_what_they_look_like() -> None:
    read = load(
        SMALL + "ask_for_missing: off\nregion: NO\nautomation: {update: off}\n"
        "update_rules:\n- {name: R, fields: [name], when: {field: priority, operator: equals, value: no}}\n"
    )
    assert (read.ask_for_missing, read.region, read.automation.update) == ("off", "NO", Level.OFF)


def test_a_date_in_a_condition_stays_text() -> None:
    text = SMALL.replace("type: text", "type: date")
    rule = "update_rules:\n- {name: R, fields: [name], when: {field: name, operator: before, value: 2026-03-12}}\n"
    (loaded,) = load(text + rule).update_rules
    assert loaded.when is not None
    assert loaded.when.model_dump()["value"] == "2026-03-12"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1", "line 1, column 6: "),
        ("fields: []\nfields: []", "line 2, column 1: the key 'fields' stands twice here"),
        ("a: {b: 1, b: 2}", "line 1, column 11: the key 'b' stands twice here"),
        ("a: &x [1]\nb: *x", "line 1, column 4: write things out: anchors (&) and aliases (*) are not used here"),
        ("a: !!python/object/apply:os.system [ls]", "line 1, column 4: tags (!) are not used here"),
        ("? [a]\n: b", "line 1, column 3: a key is a single word"),
        ("a: \x00", "this is not YAML: "),
        ("a: 1\n---\nb: 2", "line 2, column 1: "),
        ("[" * 5000, "the document is nested too deeply"),
        ("#" * (MAX_CHARACTERS + 1), f"the document is longer than {MAX_CHARACTERS} characters"),
        ("", "the document has to hold keys and values, such as `fields` and `default_fields`"),
        ("- a", "the document has to hold keys and values, such as `fields` and `default_fields`"),
    ],
)
def test_text_that_is_no_document_is_told_where_and_why(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("addition", "problem"),
    [
        ("compny: X", "compny: there is no key 'compny' here; did you mean 'company'?"),
        ("creation: {requires: all}", "creation.requires: there is no key 'requires' here; did you mean 'require'?"),
        (
            "channels: {slak: {enabled: true}}",
            "channels.slak: there is no key 'slak' here; did you mean 'slack'?",
        ),
        (
            "channels: {slack: {enable: true}}",
            "channels.slack.enable: there is no key 'enable' here; did you mean 'enabled'?",
        ),
        (
            "channels: {slack: {representatives: [U1, ' ']}}",
            "channels.slack.representatives[1]: is empty: write a user's id as the channel gives it",
        ),
        (
            "channels: {email: {representatives: [bea@example.org, '@example.org', example.org, bea]}}",
            "channels.email.representatives[3]: is neither an address (bea@example.org) nor a domain (example.org)",
        ),
        ("ask_for_missing: onc", "ask_for_missing: should be off or once; did you mean 'once'?"),
        ("categories: [chat, fax]", "categories[1]: should be chat, email or voice"),
        ("company: 5", "company: should be text: put it in quotation marks"),
        ("categories: chat", "categories: should be a list"),
        ("automation: full", "automation: should hold keys and values"),
        ("evaluation: {quiet: -1}", "evaluation.quiet: should be greater than or equal to 0"),
        ("timezone: Mars", "timezone: there is no time zone 'Mars': write one such as Europe/Berlin"),
        ("update_rules: [{fields: [name]}]", "update_rules[0].name: is missing"),
        ("creation: {require: most}", "creation.require: should be all or any, or a whole number"),
    ],
)
def test_a_problem_is_named_with_its_path_and_what_would_be_right(addition: str, problem: str) -> None:
    assert problems(SMALL + addition) == [problem]


def rule(when: str) -> str:
    return SMALL + f"update_rules:\n- {{name: R, fields: [name], when: {when}}}\n"


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("{all: [{field: name, operator: equal, value: x}]}", "all[0].operator: should be equals, "),
        ("{any: [{all: [{fild: name, operator: equals}]}]}", "any[0].all[0].field: is missing"),
        ("{all: [{field: name, operator: equals, value: {a: 1}}]}", "all[0].value: should be "),
        ("{all: [{field: name, operator: is_one_of, value: [1, 2]}]}", "all[0].value[0]: should be text: "),
        ("{all: {field: name}}", "all: should be a list"),
    ],
)
def test_a_path_into_a_rule_names_keys_and_positions_only(when: str, problem: str) -> None:
    assert problems(rule(when))[0].startswith(f"update_rules[0].when.{problem}")


def test_a_record_creation_rule_that_names_a_vanished_field_is_told_beside_other_mistakes() -> None:
    text = (
        "surprise: 1\n"
        + SMALL
        + (
            "record_creation_rules:\n- name: R\n  items:\n"
            "  - {values: {priorty: Low}, when: {field: mail.subjekt, operator: equals, value: x}}\n"
        )
    )
    found = problems(text)
    assert (
        "record_creation_rules[0].items[0].values.priorty: there is no field 'priorty'; did you mean 'priority'?"
        in found
    )
    assert any(each.startswith("record_creation_rules[0].items[0].when.field: ") for each in found)


def test_shape_and_references_are_told_together() -> None:
    found = problems("""
fields:
  - {id: name, label: Name, typ: text}
  - {id: priority, label: Priority, type: choice, options: [{value: Low}]}
default_fields: [name, nam]
creation: {require: sum, optional: [prioriti]}
update_rules:
  - {name: A, fields: [nothing], when: {field: priority, operator: before, value: Low}}
  - {name: B, fields: [name], when: {field: name, operator: before, value: x}}
  - {name: C, fields: [name], when: {field: priority, operator: equls, value: x}}
""")
    assert [problem.split(":")[0] for problem in found] == [
        "fields[0].type",
        "fields[0].typ",
        "creation.require",
        "update_rules[2].when.operator",
        "default_fields[1]",
        "creation.optional[0]",
        "update_rules[0].fields[0]",
        "update_rules[0].when.operator",
    ]


@given(st.text(max_size=80) | st.from_regex(r"[-\[\]{}:,'\"&*!?|> \na0]{1,60}", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        load(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "fields",
                        "id",
                        "type",
                        "default_fields",
                        "creation",
                        "optional",
                        "update_rules",
                        "when",
                        "all",
                        "name",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_stands_where_something_else_belongs_is_told(data: Any) -> None:
    """Broken documents that JSON or YAML can hold; the checks that follow the shape must cope with all of them."""
    with pytest.raises(SettingsError):
        load(dump_plain({"fields": data, "update_rules": data, "default_fields": data, "creation": data}))


def dump_plain(data: Any) -> str:
    import yaml  # noqa: PLC0415 - the tests alone write what is no settings document

    return yaml.safe_dump(data)


# --- writing ----------------------------------------------------------------------------------------

TEXT = st.text(max_size=30)
NAMES = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
LINES = st.sampled_from(
    ["off", "no", "null", "~", "1e3", "0x1", "2026-03-12", "12:30", "<<", "=", "- a", "a: b", "#", "é\n b"]
)


TAKEN = {name_key(name) for field in SETTINGS.fields for name in (field.id, field.label)} | {"kind", "k"}
LABELS = (NAMES | LINES).filter(lambda label: name_key(label) not in TAKEN)


def condition(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def fields(label: str, description: str, synonyms: list[str], threshold: float) -> list[dict[str, Any]]:
    amount = {"id": "amount", "label": label, "type": "decimal", "description": description, "threshold": threshold}
    kind = {"id": "kind", "label": "K", "type": "choice", "options": [{"value": label, "synonyms": synonyms}]}
    return [*(field.model_dump() for field in SETTINGS.fields), amount, kind]


NUMBERS = st.integers(-(10**14), 10**14) | st.floats(0.001, 1e6)
CONDITIONS = st.builds(condition, st.just("issue_description"), st.just("equals"), TEXT | LINES) | st.builds(
    condition, st.just("amount"), st.just("less_than"), NUMBERS
)
EXPRESSIONS: st.SearchStrategy[Any] = st.recursive(
    CONDITIONS,
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=5,
)
RULES = st.fixed_dictionaries(
    {"name": st.uuids().map(str), "when": st.none() | EXPRESSIONS, "fields": st.just(["kind"])}
)
CHANNEL = st.fixed_dictionaries({"enabled": st.booleans()})
CHANNELS = st.dictionaries(st.sampled_from(("teams", "slack", "email", "webchat", "voice")), CHANNEL, max_size=2)
KEYS: dict[str, st.SearchStrategy[Any]] = {
    "company": TEXT | LINES,
    "fields": st.builds(fields, LABELS, TEXT | LINES, st.lists(NAMES | LINES, max_size=3), st.floats(0, 1)),
    "update_rules": st.lists(RULES, max_size=2),
    "automation": st.fixed_dictionaries({"create": st.sampled_from(Level), "update": st.sampled_from(Level)}),
    "evaluation": st.fixed_dictionaries({"quiet": st.floats(0, 30)}),
    "channels": CHANNELS,
}
DOCUMENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(KEYS)


@settings(max_examples=50)
@given(DOCUMENTS)
def test_what_is_written_reads_back_the_same(document: dict[str, Any]) -> None:
    written = with_settings(**document)
    assert load(dump(written)) == written


def test_a_document_shows_every_key_in_the_order_of_the_models() -> None:
    keys = [line.split(":")[0] for line in dump(SETTINGS).splitlines() if line[:1].isalpha()]
    assert keys == list(Settings.model_fields)


def test_entries_leave_out_what_is_at_its_default() -> None:
    assert "threshold" not in dump(SETTINGS)


# --- comparing --------------------------------------------------------------------------------------


def test_equal_settings_have_no_differences() -> None:
    assert differences(SETTINGS, SETTINGS) == []


def test_differences_follow_names_and_not_positions() -> None:
    fields = [field.model_dump(mode="json") for field in SETTINGS.fields]
    changed = [{**fields[0], "label": "Problem"}, *fields[1:-1]]
    new = with_settings(fields=changed, creation={"optional": ["case_category"]}, company="X")
    assert differences(SETTINGS, new) == [
        Difference(path="company", old="", new="X"),
        Difference(path="fields[issue_description].label", old="Issue description", new="Problem"),
        Difference(path="fields[language]", old=fields[-1], new=None),
        Difference(path="creation.optional", old=["case_category", "language"], new=["case_category"]),
    ]


def test_options_and_rules_are_told_by_their_names() -> None:
    rules = [{"name": "Product defect", "fields": ["product"]}, {"name": "Always {}", "fields": ["priority"]}]
    paths = [each.path for each in differences(SETTINGS, with_settings(update_rules=rules))]
    assert paths == [
        "update_rules[Product defect].when",
        "update_rules[Product defect].fields",
        "update_rules[Always {}]",
    ]


def test_another_order_is_a_difference_of_its_own() -> None:
    rules = [{"name": "A", "fields": ["product"]}, {"name": "B", "fields": ["priority"]}]
    before, after = with_settings(update_rules=rules), with_settings(update_rules=rules[::-1])
    assert differences(before, after) == [Difference(path="update_rules", old=["A", "B"], new=["B", "A"])]


@settings(max_examples=50)
@given(DOCUMENTS, DOCUMENTS)
def test_settings_differ_exactly_when_differences_are_told(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = with_settings(**one), with_settings(**other)
    assert bool(differences(before, after)) is (before != after)


# --- the starter settings ---------------------------------------------------------------------------


def test_the_starter_settings_hold_the_worked_example() -> None:
    start = starter()
    (rule,) = start.update_rules
    labels = {field.id: field.label for field in start.fields}
    assert [labels[name] for name in start.default_fields] == ["Issue description", "Contact"]
    assert rule.when == Condition(field="case_category", operator=Operator.EQUALS, value="Product defect")
    assert [labels[name] for name in rule.fields] == ["Product", "Priority", "Serial number"]
    assert not set(rule.fields) & {*start.default_fields, *start.creation.optional}
    assert "case_category" in start.creation.optional
    assert {field.id for field in start.fields if field.identity} == {"contact"}


def test_the_starter_settings_read_back_the_same() -> None:
    assert load(dump(starter())) == starter()
