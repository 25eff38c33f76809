"""Queues: which one a new case goes to, and what is wrong with those that can't be."""

from __future__ import annotations

from typing import Any

import pytest

from agent import language
from agent.document import SettingsError, dump, load, starter
from agent.queues import queue_for
from agent.rules import Facts
from agent.settings import Settings
from store.model import Category, FieldId, Value

DEFECT = {"field": "case_category", "operator": "equals", "value": "Product defect"}
MAILED = {"field": "conversation.category", "operator": "equals", "value": "email"}
GERMAN = {"field": "conversation.language", "operator": "equals", "value": "de"}


def settings(*queues: dict[str, Any], **more: Any) -> Settings:
    whole = starter().model_dump(mode="json") | {"queues": list(queues)} | more
    return Settings.model_validate(whole)


def facts(values: dict[str, Value] | None = None, **more: Any) -> Facts:
    plain: dict[str, Any] = {"channel": "webchat", "category": Category.CHAT, "language": None, "ended": False}
    return Facts(values={FieldId(name): value for name, value in (values or {}).items()}, **{**plain, **more})


HARDWARE = {"id": "hardware", "name": "Hardware", "when": DEFECT}
POST = {"id": "post", "name": "Post", "when": {"any": [MAILED, GERMAN]}}
REST = {"id": "rest", "name": "All the rest"}


@pytest.mark.parametrize(
    ("known", "queue"),
    [
        (facts({"case_category": "Product defect"}), "hardware"),
        (facts({"case_category": "Product defect"}, category=Category.EMAIL), "hardware"),
        (facts({"case_category": "Billing"}, category=Category.EMAIL), "post"),
        (facts(language="de"), "post"),
        (facts(), "rest"),
    ],
)
def test_a_case_goes_to_the_first_queue_whose_conditions_hold(known: Facts, queue: str) -> None:
    found = queue_for(settings(HARDWARE, POST, REST), known)
    assert found is not None
    assert found.id == queue


def test_without_a_queue_that_takes_it_a_case_goes_to_none() -> None:
    assert queue_for(settings(HARDWARE), facts()) is None
    assert queue_for(settings(REST | {"active": False}), facts()) is None
    assert queue_for(settings(), facts()) is None


def test_a_queue_without_members_is_everybodys_and_others_are_their_members() -> None:
    known = settings(HARDWARE | {"members": ["robin", "U0BEA"]}, POST | {"members": ["*"]}, REST)
    assert known.queues_of({"robin", "account 2"}) == ("hardware", "post", "rest")
    assert known.queues_of({"olaf"}) == ("post", "rest")


def test_the_language_is_wanted_where_a_queue_asks_for_it() -> None:
    assert language.wanted(settings(POST))
    assert not language.wanted(settings(POST | {"active": False}, HARDWARE))


RULE = {"name": "Every mail", "items": [{"queue": "hardware"}]}


@pytest.mark.parametrize(
    ("queues", "rules", "problem"),
    [
        ([HARDWARE, REST | {"id": "hardware"}], [], "queues: 2 have the id 'hardware': each needs its own"),
        ([HARDWARE, REST | {"name": "hardware"}], [], "queues: 2 have the name 'hardware': each needs its own"),
        ([REST | {"id": "none"}], [], "queues[0].id: 'none' means something else where cases are listed"),
        ([REST | {"id": "A b"}], [], "queues[0].id: should be lower case letters, digits and underscores"),
        ([REST | {"members": [" "]}], [], "queues[0].members[0]: is empty"),
        ([REST, HARDWARE | {"when": DEFECT | {"field": "case_categry"}}], [], "queues[1].when.field: there is no "),
        ([HARDWARE | {"when": {"all": [MAILED | {"value": "post"}]}}], [], "queues[0].when.all[0].value: 'post' "),
        ([HARDWARE | {"id": "ware"}], [RULE], "record_creation_rules[0].items[0].queue: there is no queue 'hardware'"),
        ([HARDWARE | {"active": False}], [RULE], "record_creation_rules[0].items[0].queue: the queue 'hardware' "),
    ],
)  # fmt: skip
def test_what_is_wrong_with_queues_is_told_with_its_place(
    queues: list[dict[str, Any]], rules: list[dict[str, Any]], problem: str
) -> None:
    text = str({**starter().model_dump(mode="json"), "queues": queues, "record_creation_rules": rules})
    with pytest.raises(SettingsError) as refused:
        load(text.replace("True", "true").replace("False", "false").replace("None", "null"))
    assert problem in str(refused.value)


def test_queues_are_exported_and_imported_as_they_were() -> None:
    whole = settings(HARDWARE | {"members": ["robin"]}, REST, record_creation_rules=[RULE])
    assert load(dump(whole)) == whole
