"""What an administrator sets by clicking: everything that the settings hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from agent.settings import Settings
from store import settings as versions
from store.model import AccountRole
from tests.bot.console.site import Browser, Site
from tests.bot.console.test_settings import in_force, reviewed, save

CHANNELS, PREDICTION, GENERAL = (f"/console/agent/{name}" for name in ("channels", "prediction", "general"))

OF_LISTS = {
    # Where the entries of a list are edited, and what stands before the names of its inputs there.
    "fields[].options[].": ("/console/agent/fields/2", "o0."),
    "fields[].catalogue[].": ("/console/agent/fields/3", "o0."),
    "fields[].": ("/console/agent/fields/5", ""),
    "update_rules[].": ("/console/agent/rules/0", ""),
    "queues[].": ("/console/agent/queues/0", ""),
    "record_creation_rules[].items[].": ("/console/agent/record-creation/0", "i0."),
    "record_creation_rules[].": ("/console/agent/record-creation/0", ""),
    "experience_profiles[].": ("/console/profiles/1", ""),
}
OTHERWISE = {
    # Inputs that are not called as the settings are.
    "update_rules[].when": ("/console/agent/rules/0", "g0.c0.field"),
    "queues[].when": ("/console/agent/queues/0", "g0.c0.field"),
    "record_creation_rules[].items[].when": ("/console/agent/record-creation/0", "i0.g0.c0.field"),
    "record_creation_rules[].items[].values": ("/console/agent/record-creation/0", "i0.v0.field"),
    "fields[].identity": ("/console/agent/fields/1", "identity"),  # of addresses and numbers alone
}
PLAIN = ("/console/agent", CHANNELS, PREDICTION, GENERAL)


def leaves(schema: Mapping[str, Any], node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Everything in the settings that has a value of its own; conditions, which nest, count as one."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    parts = [each for each in node.get("anyOf", ()) if each.get("type") != "null"]
    if path.endswith(".when") or ("additionalProperties" in node and not node.get("properties")):
        yield path
    elif parts:
        yield from {leaf: None for each in parts for leaf in leaves(schema, each, path)}
    elif "properties" in node:
        for name, below in node["properties"].items():
            yield from leaves(schema, below, f"{path}.{name}" if path else name)
    elif "$ref" in node.get("items", {}) and leaves_below(schema, node["items"]):
        yield from leaves(schema, node["items"], f"{path}[]")
    else:
        yield path


def leaves_below(schema: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    return "properties" in schema["$defs"][node["$ref"].rpartition("/")[2]]


def with_one_of_each(document: dict[str, Any]) -> None:
    condition = {"field": "case_category", "operator": "equals", "value": "Billing"}
    document["update_rules"] = [{"name": "One", "when": condition, "fields": ["priority"]}]
    item = {"when": {"field": "mail.subject", "operator": "contains", "value": "x"}, "values": {"priority": "High"}}
    document["record_creation_rules"] = [{"name": "One", "items": [item]}]
    document["queues"] = [{"id": "one", "name": "One", "when": condition}]
    document["experience_profiles"].append({"name": "Another", "members": ["bea"], "features": []})


async def test_everything_in_the_settings_is_edited_on_some_page(site: Site) -> None:
    await site.put_in_force(with_one_of_each)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    pages: dict[str, str] = {}
    schema = Settings.model_json_schema()
    lacking: list[str] = []
    for leaf in leaves(schema, schema):
        found = [await named(ada, pages, path, name) for path, name in places(leaf)]
        if not any(found):
            lacking.append(leaf)
    assert lacking == []
    assert len(list(leaves(schema, schema))) > 60


def places(leaf: str) -> Iterator[tuple[str, str]]:
    if leaf in OTHERWISE:
        yield OTHERWISE[leaf]
        return
    for start, (path, name) in OF_LISTS.items():
        if leaf.startswith(start):
            yield path, name + leaf.removeprefix(start)
            return
    yield from ((path, leaf) for path in PLAIN)


async def named(browser: Browser, pages: dict[str, str], path: str, name: str) -> bool:
    if path not in pages:
        answer = await browser.get(path)
        assert answer.status == 200, path
        pages[path] = answer.text
    return f'name="{name}"' in pages[path]


@pytest.mark.parametrize("path", [CHANNELS, PREDICTION, GENERAL])
async def test_a_sheet_saved_as_it_is_changes_nothing(site: Site, path: str) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await reviewed(ada, path)
    assert answer.location == f"{path}?done=same", answer.text


async def test_what_a_channel_has_of_its_own_is_set_on_the_page_of_channels(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    review = await reviewed(
        ada,
        CHANNELS,
        **{
            "channels.slack.watched": ["C0123456789\r\n*\r\n"],
            "channels.slack.reaction": [""],
            "channels.slack.session_hours": ["1.5"],
            "channels.teams.greeting": [" Hello!\r\nWrite to us. "],
            "channels.email.representatives": ["bea@example.org\n\nexample.com"],
        },
    )
    assert (await save(ada, review)).location == f"{CHANNELS}?done=saved"
    channels = in_force(site).channels
    assert channels.slack.watched == ("C0123456789", "*")
    assert channels.slack.reaction is None
    assert channels.slack.session_hours == 1.5
    assert channels.teams.greeting == "Hello!\nWrite to us."
    assert channels.email.representatives == ("bea@example.org", "example.com")


async def test_all_that_is_wrong_is_told_at_once_each_at_its_input(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await reviewed(
        ada,
        CHANNELS,
        **{
            "channels.slack.watched": ["C0123456789\ngeneral"],
            "channels.slack.grouping_seconds": ["soon"],
            "channels.email.representatives": ["nobody"],
        },
    )
    assert answer.status == 422
    told = "Line 2: should be a channel&#39;s id as Slack gives it, such as C0123456789, or *"
    assert f'<p class="error" id="channels.slack.watched-more">{told}</p>' in answer.text
    assert '<p class="error" id="channels.slack.grouping_seconds-more">should be a number</p>' in answer.text
    assert "Line 1: is neither an address (bea@example.org) nor a domain (example.org)" in answer.text
    assert "C0123456789\ngeneral</textarea>" in answer.text
    assert site.database.read_now(versions.current_number) == 1


async def test_prices_are_set_together_and_taken_away_by_leaving_them_empty(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    some = {"prediction.prices.currency": ["EUR"], "prediction.prices.input": ["2.5"]}
    lacking = await reviewed(ada, PREDICTION, **some)
    assert lacking.status == 422
    assert '<p class="error" id="prediction.prices.output-more">should be a number</p>' in lacking.text
    limits = {"prediction.tokens_per_day": [""], "prediction.tokens_per_conversation": ["500"]}
    await save(ada, await reviewed(ada, PREDICTION, **some, **limits, **{"prediction.prices.output": ["10"]}))
    prediction = in_force(site).prediction
    assert prediction.prices is not None
    assert (prediction.prices.currency, prediction.prices.input, prediction.prices.output) == ("EUR", 2.5, 10)
    assert (prediction.tokens_per_day, prediction.tokens_per_conversation) == (None, 500)

    empty = {f"prediction.prices.{name}": [""] for name in ("currency", "input", "output", "cached")}
    await save(ada, await reviewed(ada, PREDICTION, **empty))
    assert in_force(site).prediction.prices is None


async def test_the_company_and_how_long_it_keeps_things_are_general_settings(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    wrong = await reviewed(ada, GENERAL, timezone=["Berlin"], forget_after_days=["3"])
    assert wrong.status == 422
    assert "there is no time zone &#39;Berlin&#39;: write one such as Europe/Berlin" in wrong.text
    assert "should be greater than or equal to 30" in wrong.text
    await save(ada, await reviewed(ada, GENERAL, company=[""]))
    assert in_force(site).company == ""
    chosen = {"company": ["Ours"], "timezone": ["Europe/Berlin"], "region": ["DE"], "currency": ["EUR"]}
    review = await reviewed(ada, GENERAL, **chosen, keep_case_reads=["on"], forget_after_days=["365"])
    await save(ada, review)
    settings = in_force(site)
    assert (settings.company, settings.timezone, settings.region) == ("Ours", "Europe/Berlin", "DE")
    assert (settings.currency, settings.keep_case_reads, settings.forget_after_days) == ("EUR", True, 365)


async def test_a_field_that_is_personal_stays_so_when_its_form_is_saved(site: Site) -> None:
    def personal(document: dict[str, Any]) -> None:
        document["fields"][0]["personal"] = True

    await site.put_in_force(personal)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    shown = await ada.get("/console/agent/fields/0")
    assert 'name="personal" value="on" checked' in shown.text
