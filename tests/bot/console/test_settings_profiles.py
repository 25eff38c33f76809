"""Experience profiles and record-creation rules at the console: written, ordered, removed, and in force at once."""

from __future__ import annotations

from typing import Any

import pytest

from agent.settings import OUT_OF_THE_BOX, Feature, RecordCreationRule
from store.model import AccountRole
from tests.bot.console.site import Answer, Browser, Site
from tests.bot.console.test_settings import HOSTILE, in_force, save, values
from tests.bot.console.test_settings_fields import sent
from tests.flow.desk import change_settings

PROFILES = "/console/profiles"
RULES = "/console/agent/record-creation"


async def edited(browser: Browser, path: str, **changed: Any) -> Answer:
    form = f"{path.rpartition('/')[0]}/form"
    return await sent(browser, values(await browser.get(path)), form, **changed)


async def pressed(browser: Browser, path: str, do: str) -> Answer:
    page = path.rpartition("/")[0]
    based_on = values(await browser.get(f"{page}/new"))["based_on"][0]
    return await browser.post(f"{path}/change", {"do": do, "based_on": based_on}, page=page)


# --- profiles ---------------------------------------------------------------------------------------


async def test_a_profile_says_who_may_work_on_cases(site: Site) -> None:
    ada, robin = await site.logged_in("ada", AccountRole.ADMINISTRATOR), await site.logged_in("robin")
    assert (await robin.get("/console/cases")).status == 200
    await save(ada, await edited(ada, f"{PROFILES}/0", members=""))
    form = {"name": "Second level", "members": " robin \n\nrobin\nU0BEA", "features": Feature.CASES}
    review = await edited(ada, f"{PROFILES}/new", **form)
    page = await ada.get(PROFILES)
    assert "No profile: may use nothing" in page.text
    assert (await save(ada, review)).location == f"{PROFILES}?done=saved", review.text
    profile = in_force(site).experience_profiles[-1]
    assert (profile.name, profile.members, profile.features) == ("Second level", ("robin", "U0BEA"), (Feature.CASES,))
    assert '<span class="tag" dir="auto">Second level</span>' in (await ada.get(PROFILES)).text


async def test_the_profile_out_of_the_box_keeps_its_name_and_features_and_is_not_removed(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    await save(ada, await edited(ada, f"{PROFILES}/0", name="Other", members="robin", features="none"))
    (profile,) = in_force(site).experience_profiles
    assert (profile.name, profile.members, profile.features) == (OUT_OF_THE_BOX, ("robin",), tuple(Feature))
    refused = await pressed(ada, f"{PROFILES}/0", "remove")
    assert refused.status == 409
    assert "always there" in refused.text


async def test_a_profile_is_removed_and_names_are_its_own(site: Site) -> None:
    def two(document: dict[str, Any]) -> None:
        document["experience_profiles"].append({"name": "Second", "members": [], "features": []})

    change_settings(site.database, two)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    for name, told in ((OUT_OF_THE_BOX, "each needs its own"), ("", "should have at least 1 character")):
        answer = await edited(ada, f"{PROFILES}/1", name=name)
        assert answer.status == 422
        assert told in answer.text
    await save(ada, await pressed(ada, f"{PROFILES}/1", "remove"))
    assert [each.name for each in in_force(site).experience_profiles] == [OUT_OF_THE_BOX]


# --- record-creation rules --------------------------------------------------------------------------


async def test_a_record_creation_rule_is_written_with_conditions_and_values(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    form = values(await ada.get(f"{RULES}/new"))
    form = values(await sent(ada, form, f"{RULES}/form", do="i0.group", name="Urgent mail", mailbox="support"))
    fitted = await sent(ada, form, f"{RULES}/form", do="i0.fit", **{"i0.g0.c0.field": "mail.subject"})
    typed = {
        "i0.g0.c0.operator": "contains",
        "i0.g0.c0.value": "urgent",
        "i0.v0.field": "priority",
        "i0.v0.value": "High",
    }
    added = await sent(ada, values(fitted), f"{RULES}/form", do="item", **typed)
    review = await sent(ada, values(added), f"{RULES}/form")
    assert (await save(ada, review)).location == f"{RULES}?done=saved", review.text
    rule = in_force(site).record_creation_rules[-1]
    assert rule.model_dump(mode="json", exclude_defaults=True) == {
        "name": "Urgent mail",
        "mailbox": "support",
        "items": [
            {
                "when": {"field": "mail.subject", "operator": "contains", "value": "urgent"},
                "values": {"priority": "High"},
            },
            {},
        ],
    }


def several(document: dict[str, Any]) -> None:
    when = {"any": [{"field": "mail.sender", "operator": "ends_with", "value": "x.org"}] * 2}
    items = [{"when": when, "values": {"priority": "High", "contact": "a@example.org"}}, {}]
    document["record_creation_rules"] = [
        {"name": "First", "items": items, "join_resolved_days": 3.5, "reopen": False},
        {"name": "Second", "active": False, "unknown_sender": "skip"},
    ]


@pytest.mark.parametrize("path", [f"{RULES}/0", f"{RULES}/1", f"{PROFILES}/0"])
async def test_what_is_saved_as_its_form_shows_it_changes_nothing(site: Site, path: str) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await edited(ada, path)
    assert answer.location == f"{path.rpartition('/')[0]}?done=same", answer.text


async def test_steps_and_rules_are_moved_and_taken_away(site: Site) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    moved = await sent(ada, values(await ada.get(f"{RULES}/0")), f"{RULES}/form", do="i1.up")
    await save(ada, await sent(ada, values(moved), f"{RULES}/form"))
    assert [each.when is None for each in rules(site)[0].items] == [True, False]
    dropped = await sent(ada, values(await ada.get(f"{RULES}/0")), f"{RULES}/form", do="i0.remove")
    await save(ada, await sent(ada, values(dropped), f"{RULES}/form"))
    assert [each.when is None for each in rules(site)[0].items] == [False]
    await save(ada, await pressed(ada, f"{RULES}/1", "up"))
    await save(ada, await pressed(ada, f"{RULES}/0", "activate"))
    await save(ada, await pressed(ada, f"{RULES}/1", "remove"))
    assert [(each.name, each.active) for each in rules(site)] == [("Second", True)]


def rules(site: Site) -> tuple[RecordCreationRule, ...]:
    return in_force(site).record_creation_rules


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"i0.v0.value": "Gigantic"}, "&#39;Gigantic&#39; is not one of"),
        ({"join_resolved_days": "soon"}, "should be a number"),
        ({"name": "Second"}, "each needs its own"),
        ({"i0.g0.c1.value": ""}, "Condition 2 of group 1: ends_with needs a value"),
        ({"unknown_sender": "other"}, "should be create_contact or skip"),
    ],
)
async def test_what_is_wrong_with_a_record_creation_rule_is_told(
    site: Site, changed: dict[str, str], told: str
) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await edited(ada, f"{RULES}/0", **changed)
    assert answer.status == 422
    assert told in answer.text


async def test_nothing_written_in_profiles_and_these_rules_gets_into_a_page_as_markup(site: Site) -> None:
    def hostile(document: dict[str, Any]) -> None:
        document["experience_profiles"][0]["members"] = [HOSTILE]
        document["experience_profiles"].append({"name": HOSTILE, "members": [HOSTILE], "features": []})
        document["channels"]["slack"]["representatives"] = [HOSTILE]
        document["fields"][3]["label"] = HOSTILE
        when = {"field": "mail.subject", "operator": "is_one_of", "value": [HOSTILE]}
        items = [{"when": when, "values": {"issue_description": HOSTILE}}]
        document["record_creation_rules"] = [{"name": HOSTILE, "mailbox": HOSTILE, "items": items}]

    change_settings(site.database, hostile)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    pages = [await ada.get(path) for path in (PROFILES, f"{PROFILES}/1", RULES, f"{RULES}/0")]
    pages += [await edited(ada, f"{PROFILES}/1", name=f"{HOSTILE}2", members=HOSTILE, features=HOSTILE)]
    pages += [await edited(ada, f"{RULES}/0", mailbox=f"{HOSTILE}2"), await edited(ada, f"{RULES}/0", name="")]
    for each in pages:
        assert each.status in {200, 422}
        assert "<img src=x" not in each.text
