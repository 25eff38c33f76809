"""What the agent would have done: the settings make the difference in a simulation that they make live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from agent.predictor import Abstention, Prediction, PredictionRequest
from agent.settings import Settings
from bot.simulation.course import Course, Fate
from bot.simulation.figures import play
from bot.simulation.labelled import Labelled
from store.cases import Placing
from store.model import Category, Evidence, FieldId, Value
from tests.agent.embedded.talking import NOBODY, NOON, said

FIELDS = [{"id": name, "label": name.capitalize(), "type": "text"} for name in ("name", "place", "colour")]
DOCUMENT: dict[str, Any] = {"fields": FIELDS, "default_fields": ["name", "place"]}


def settings(**changed: Any) -> Settings:
    return Settings.model_validate({**DOCUMENT, **changed})


def course(using: Settings, *lines: str, **changed: Any) -> Course:
    """Played with a predictor that reads "name=Jo" as it stands there, the latest word for each field."""
    told = Labelled(
        id="x",
        channel="slack",
        tags=(),
        settings=using,
        transcript=said(*lines),
        sender=NOBODY,
        now=NOON,
        expected={},
        contained={},
        evidence={},
        category=Category.CHAT,
    )
    found = play(replace(told, **changed), _read).course
    assert found is not None
    return found


def _read(request: PredictionRequest) -> list[Prediction | Abstention]:
    read: Mapping[str, Prediction] = {}
    for message in request.transcript:
        for word in message.text.split():
            name, _, value = word.partition("=")
            start = message.text.index(word)
            evidence = Evidence(message_id=message.id, quote=word, start=start, end=start + len(word))
            read = {**read, name: Prediction(field=FieldId(name), value=value, confidence=0.9, evidence=(evidence,))}
    wanted = [FieldId(field.id) for field in request.fields]
    return [read.get(name) or Abstention(field=name, reason="It is not said.") for name in wanted]


def values(found: Course) -> Mapping[FieldId, Value]:
    return found.values


@pytest.mark.parametrize(("require", "opened"), [("all", 2), ("any", 1), (1, 1), (2, 2)])
def test_a_case_is_opened_once_as_much_is_there_as_the_draft_requires(require: Any, opened: int) -> None:
    found = course(settings(creation={"require": require}), "it is broken", "name=Jo", "place=Rome")
    assert (found.fate, found.opened) == (Fate.CREATED, opened)


def test_without_what_is_required_there_is_no_case_and_the_reason_says_what_was_missing() -> None:
    found = course(settings(), "name=Jo")
    assert (found.fate, found.opened, found.values) == (Fate.NOT_CREATED, None, {})
    assert found.why == "No case because Place did not resolve."


def test_optional_fields_are_filled_at_the_opening() -> None:
    lines = ("name=Jo place=Rome colour=red",)
    assert values(course(settings(creation={"optional": ["colour"]}), *lines)) == {
        "name": "Jo", "place": "Rome", "colour": "red",
    }  # fmt: skip
    assert values(course(settings(), *lines)) == {"name": "Jo", "place": "Rome"}


def test_update_rules_say_what_an_open_case_takes_on() -> None:
    lines = ("name=Jo place=Rome", "colour=red")
    when = {"field": "place", "operator": "equals", "value": "Rome"}
    holding = settings(update_rules=[{"name": "Colours", "when": when, "fields": ["colour"]}])
    found = course(holding, *lines)
    assert (found.updates, found.values[FieldId("colour")]) == (1, "red")
    without = course(settings(update_without_rules="nothing"), *lines, "name=Ann")
    assert (without.updates, values(without)) == (0, {"name": "Jo", "place": "Rome"})


def test_a_correction_updates_the_case_and_counts_as_a_flip() -> None:
    found = course(settings(), "name=Jo place=Rome", "rather name=Ann")
    assert (found.updates, found.flips, found.values[FieldId("name")]) == (1, 1, "Ann")


def test_a_greeting_opens_nothing_whatever_a_predictor_reads_in_it() -> None:
    everything = settings(default_fields=["name"])
    vouched = course(everything, "Hello!")
    assert (vouched.fate, vouched.why) == (
        Fate.NOT_CREATED,
        "No case because the customer has reported or asked nothing yet.",
    )


@pytest.mark.parametrize(
    ("level", "fate", "opened"),
    [("full", Fate.CREATED, 0), ("confirm", Fate.PROPOSED, 0), ("shadow", Fate.WATCHED, 0), ("off", Fate.OFF, None)],
)
def test_the_level_of_automation_says_who_opens(level: str, fate: Fate, opened: int | None) -> None:
    found = course(settings(automation={"create": level}), "name=Jo place=Rome", "name=Ann")
    assert (found.fate, found.opened) == (fate, opened)
    assert bool(found.values) is (level == "full")


@pytest.mark.parametrize(
    ("level", "updates", "suggested", "name"),
    [("full", 1, 0, "Ann"), ("confirm", 0, 1, "Jo"), ("shadow", 1, 0, "Jo"), ("off", 0, 0, "Jo")],
)
def test_the_level_of_automation_says_who_updates(level: str, updates: int, suggested: int, name: str) -> None:
    using = settings(automation={"update": level})
    found = course(using, "name=Jo place=Rome", "rather name=Ann", *(("still name=Ann",) if level == "confirm" else ()))
    assert (found.updates, found.suggested, found.values[FieldId("name")]) == (updates, suggested, name)


def test_a_channel_that_is_switched_off_has_no_cases() -> None:
    found = course(settings(channels={"slack": {"enabled": False}}), "name=Jo place=Rome")
    assert (found.fate, found.why) == (Fate.OFF, "The channel slack is switched off.")


def test_a_conversation_of_a_case_that_was_there_joins_it_and_updates_it() -> None:
    found = course(settings(), "name=Jo", joins=True)
    assert (found.fate, found.opened, found.updates, values(found)) == (Fate.JOINED, None, 1, {"name": "Jo"})


def test_a_mail_opens_its_case_by_the_rule_of_its_mailbox_or_not_at_all() -> None:
    items = [{"when": {"field": "mail.body", "operator": "contains", "value": "broken"}, "values": {"colour": "red"}}]
    ruled = settings(record_creation_rules=[{"name": "Support", "items": items}])
    mail = {"channel": "email", "category": Category.EMAIL}
    found = course(ruled, "it is broken name=Jo", **mail)
    assert (found.fate, found.opened, values(found)) == (Fate.CREATED, 0, {"colour": "red", "name": "Jo"})
    assert course(ruled, "name=Jo place=Rome", **mail).fate is Fate.OFF


ROMAN = {"id": "roman", "name": "Roman", "when": {"field": "place", "operator": "equals", "value": "Rome"}}
RED = {"id": "red", "name": "Red", "when": {"field": "colour", "operator": "equals", "value": "red"}}
REST = {"id": "rest", "name": "The rest"}
FITS = "The conditions of the queue “Roman” hold."


@pytest.mark.parametrize(
    ("level", "queue"), [("full", "roman"), ("confirm", "roman"), ("shadow", "roman"), ("off", None)]
)
def test_a_case_lands_in_the_queue_that_the_draft_has_for_its_first_values(level: str, queue: str | None) -> None:
    using = settings(queues=[RED, ROMAN, REST], automation={"create": level})
    found = course(using, "name=Jo", "place=Rome", "colour=red place=Oslo").placing
    assert found == (Placing(queue=queue, why=FITS) if queue else None)


def test_a_case_that_no_queue_takes_and_one_that_was_there_are_placed_nowhere() -> None:
    assert course(settings(queues=[RED]), "name=Jo place=Rome").placing is None
    assert course(settings(queues=[REST]), "name=Jo place=Rome", joins=True).placing is None
    assert course(settings(queues=[REST]), "name=Jo").placing is None


def test_the_language_of_the_conversation_counts_for_the_queue() -> None:
    german = {"field": "conversation.language", "operator": "equals", "value": "de"}
    using = settings(queues=[{"id": "german", "name": "German", "when": german}, REST])
    spoken = ("Meine Kaffeemaschine tropft seit gestern, und ich weiß nicht warum.", "name=Jo place=Rom")
    landed = [course(using, *lines).placing for lines in (spoken, ("name=Jo place=Rome",))]
    assert [each and each.queue for each in landed] == ["german", "rest"]


@pytest.mark.parametrize(
    ("named", "queue", "why"),
    [(None, "roman", FITS), ("rest", "rest", "The record-creation rule “Support” names it.")],
)
def test_a_mails_case_lands_where_its_rule_says_else_by_its_first_fill(named: str | None, queue: str, why: str) -> None:
    ruled = settings(queues=[ROMAN, REST], record_creation_rules=[{"name": "Support", "items": [{"queue": named}]}])
    found = course(ruled, "name=Jo place=Rome", "place=Oslo", channel="email", category=Category.EMAIL)
    assert found.placing == Placing(queue=queue, why=why)
