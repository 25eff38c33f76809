"""Conditions as a form has them: groups in groups, to any depth, and no difference when they are saved as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from playwright.async_api import Locator, Page, expect
from pydantic import TypeAdapter

from agent.settings import AllOf, AnyOf, CaseField, Condition, Expression, FieldType, Operator, Option, Problem
from bot.console import conditions
from bot.console.conditions import DEEPEST, Group, Row, TooDeep
from store.model import AccountRole
from tests.adapters.browser import page
from tests.bot.console.site import PASSWORD, Site
from tests.bot.console.test_pages_in_a_browser import log_in
from tests.bot.console.test_settings import in_force, values
from tests.bot.console.test_settings_in_a_browser import saved

EXPRESSIONS: TypeAdapter[Expression] = TypeAdapter(Expression)
NESTED = {
    "any": [
        {"field": "priority", "operator": "equals", "value": "High"},
        {
            "all": [
                {"field": "case_category", "operator": "equals", "value": "Billing"},
                {
                    "any": [
                        {"field": "issue_description", "operator": "contains", "value": "refund"},
                        {"field": "issue_description", "operator": "contains", "value": "charge"},
                    ]
                },
            ]
        },
    ]
}
_CONDITION = st.builds(Condition, field=st.sampled_from(["a", "b"]), operator=st.just(Operator.HAS_DATA))
_NESTED: st.SearchStrategy[Expression] = st.recursive(
    _CONDITION,
    lambda inside: (
        st.lists(inside, min_size=2, max_size=4)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([AllOf(all=parts), AnyOf(any=parts)]))
    ),
    max_leaves=12,
)


def sent(group: Group, prefix: str = "") -> MultiDict[str]:
    """What the form of a group would send."""
    form = MultiDict({f"{prefix}match": group.match, f"{prefix}size": str(len(group.rows))})
    form[f"{prefix}groups"] = str(len(group.groups))
    for number, row in enumerate(group.rows):
        form[f"{prefix}c{number}.field"], form[f"{prefix}c{number}.operator"] = row.field, row.operator
    for number, each in enumerate(group.groups):
        form.extend(sent(each, f"{prefix}g{number}."))
    return form


@given(_NESTED)
def test_conditions_of_any_depth_come_back_from_their_form_as_they_were(expression: Expression) -> None:
    typed = conditions.typed(sent(conditions.shown(expression)), {})
    assert EXPRESSIONS.validate_python(conditions.expressed(typed, {})) == expression


def deep(levels: int) -> Expression:
    expression: Expression = Condition(field="a", operator=Operator.HAS_DATA)
    for _ in range(levels):
        expression = AllOf(all=(expression, Condition(field="b", operator=Operator.HAS_DATA)))
    return expression


def test_what_is_nested_deeper_than_a_page_shows_is_said_to_be() -> None:
    assert conditions.shown(deep(DEEPEST)).groups
    with pytest.raises(TooDeep):
        conditions.shown(deep(DEEPEST + 2))
    form = MultiDict({"g0." * depth + "groups": "1" for depth in range(300)})
    assert conditions.expressed(conditions.typed(form, {}), {}) is None


def test_a_fault_names_the_group_in_the_group() -> None:
    shown = conditions.shown(EXPRESSIONS.validate_python(NESTED))
    problem = Problem("update_rules[0].when.any[1].all[1].any[0].value", "is wrong")
    assert conditions.faults([problem], shown) == ["Condition 1 of group 2.2: is wrong"]


def test_a_group_goes_with_its_last_condition() -> None:
    shown = conditions.shown(EXPRESSIONS.validate_python(NESTED))
    for button in ("drop:1.1:1", "drop:1.1:0", "drop:9:9", "drop:1.9:0", "drop:x:y", "group:7", "condition:"):
        conditions.pressed(shown, button, {})
    high, billing = ("priority", "High"), ("case_category", "Billing")
    left = [{"field": field, "operator": "equals", "value": value} for field, value in (high, billing)]
    assert conditions.expressed(shown, {}) == {"any": left}


async def test_groups_are_put_into_groups_by_clicking_and_without_script(site: Site) -> None:
    site.account("ada", AccountRole.ADMINISTRATOR)
    async with page(java_script_enabled=False) as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await view.goto(f"{site.base}console/agent/rules/new")
        await view.get_by_label("Rule name").fill("Deep")
        await view.get_by_role("button", name="Add a condition").click()
        await view.get_by_role("button", name="Add a group inside group 1").click()
        await view.get_by_role("button", name="Add a group inside group 1.2").click()
        await view.get_by_label("Of the groups in group 1", exact=True).select_option("any")
        for place, field in (("1.1", "Priority"), ("1.2.1", "Product"), ("1.2.2", "Serial number")):
            await view.get_by_label(f"Field of condition 1 in group {place}", exact=True).select_option(field)
            await view.get_by_role("button", name=f"of condition 1 in group {place}", exact=False).first.click()
            operator = view.get_by_label(f"Operator of condition 1 in group {place}", exact=True)
            await operator.select_option("Contains data")
        await view.get_by_role("group", name="Fields to update").get_by_label("Product", exact=True).check()
        await saved(view)
    [rule] = [each for each in in_force(site).update_rules if each.name == "Deep"]

    def has(name: str) -> dict[str, Any]:
        return {"field": name, "operator": "contains_data", "value": None}

    assert rule.when is not None
    assert rule.when.model_dump(mode="json") == {
        "any": [has("priority"), {"all": [has("product"), has("serial_number")]}]
    }


async def test_a_rule_with_groups_in_groups_saved_as_it_is_changes_nothing(site: Site) -> None:
    def nested(document: dict[str, Any]) -> None:
        document["update_rules"] = [{"name": "Deep", "when": NESTED, "fields": ["priority"]}]

    await site.put_in_force(nested)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    form = values(await ada.get("/console/agent/rules/0")) | {"do": ["review"]}
    answer = await ada.send(
        "POST", "/console/agent/rules/form", data=[(name, each) for name in form for each in form[name]]
    )
    assert answer.location == "/console/agent/rules?done=same", answer.text


# --- inputs that follow the chosen field --------------------------------------------------------------


FITTING: list[tuple[str, str, list[str], list[str]]] = [
    ("priority", "equals", ["High", "leak"], ["High"]),
    ("priority", "is_one_of", ["High", "leak", "Low"], ["High", "Low"]),
    ("priority", "contains", ["leak"], ["leak"]),
    ("amount", "greater_than", ["leak"], []),
    ("amount", "greater_than", ["12.5"], ["12.5"]),
    ("bought", "before", ["leak", "2026-03-12"], ["2026-03-12"]),
    ("mended", "equals", ["leak", "yes"], ["yes"]),
    ("said", "begins_with", ["leak"], ["leak"]),
    ("said", "contains_data", ["leak"], ["leak"]),
    ("", "equals", ["leak"], ["leak"]),
]


@pytest.mark.parametrize(("chosen", "operator", "before", "after"), FITTING)
def test_what_was_typed_for_another_field_stays_where_it_fits(
    chosen: str, operator: str, before: list[str], after: list[str]
) -> None:
    options = tuple(Option(value=each) for each in ("High", "Low"))
    types = {"amount": FieldType.DECIMAL, "bought": FieldType.DATE, "mended": FieldType.YES_NO, "said": FieldType.TEXT}
    fields = {name: CaseField(id=name, label=name, type=each) for name, each in types.items()}
    fields["priority"] = CaseField(id="priority", label="Priority", type=FieldType.CHOICE, options=options)
    other = Row(field="amount", operator="equals", values=["leak"])
    typed = Group(groups=[Group(rows=[other, Row(field=chosen, operator=operator, values=before)])])
    for button in ("fit", "fit:", "fit:0:2", "fit:7:0", "fit:x:y", "fit:0:1"):
        conditions.pressed(typed, button, fields)
    assert [each.values for each in typed.groups[0].rows] == [["leak"], after]


async def at_a_new_rule(view: Page, site: Site, path: str = "rules/new") -> None:
    site.account("ada", AccountRole.ADMINISTRATOR)
    await log_in(view, site.base, "ada", PASSWORD)
    await expect(view.get_by_role("heading", level=1)).to_have_text("Inbox")
    await view.goto(f"{site.base}console/agent/{path}")


def part(view: Page, what: str, about: str = "of condition 1 in group 1") -> Locator:
    return view.get_by_label(f"{what} {about}", exact=True)


async def test_the_inputs_of_a_condition_follow_its_field_with_the_focus_where_it_was(site: Site) -> None:
    async with page() as view:
        await at_a_new_rule(view, site)
        await view.get_by_role("button", name="Add a condition").click()
        await part(view, "Field").focus()
        await view.keyboard.type("Prio")
        await expect(part(view, "Operator")).to_have_value("equals")
        await expect(part(view, "Field")).to_be_focused()
        await expect(view.get_by_role("status")).to_have_text("The inputs after it fit “Priority” now.")
        await expect(view.get_by_role("button", name="Use this field and operator")).to_have_count(0)
        await part(view, "Value").select_option("Urgent")
        await part(view, "Operator").select_option("Is one of")
        await expect(part(view, "Value")).to_have_attribute("multiple", "")
        await expect(part(view, "Value")).to_have_values(["Urgent"])
        await part(view, "Field").select_option("Choose …")
        await expect(part(view, "Operator")).to_have_count(0)
        await expect(part(view, "Value")).to_have_count(0)


async def test_what_was_typed_outlives_fields_and_operators_that_it_does_not_fit(site: Site) -> None:
    async with page() as view:
        await at_a_new_rule(view, site)
        await view.get_by_role("button", name="Add a condition").click()
        await part(view, "Field").select_option("Issue description")
        await part(view, "Value").fill("leak")
        await part(view, "Operator").focus()
        for _ in range(5):  # from Equals by way of Contains data, which takes none
            await view.keyboard.press("ArrowDown")
        await expect(part(view, "Operator")).to_have_value("contains_data")
        await expect(part(view, "Value")).to_have_count(0)
        for _ in range(2):
            await view.keyboard.press("ArrowUp")
        await expect(part(view, "Value")).to_have_value("leak")
        await expect(part(view, "Operator")).to_be_focused()
        await expect(part(view, "Operator")).to_have_value("contains")
        await part(view, "Field").select_option("Purchase date")
        await expect(part(view, "Value")).to_have_attribute("type", "date")
        await expect(part(view, "Value")).to_have_value("")
        await part(view, "Field").select_option("Serial number")
        await expect(part(view, "Value")).to_have_value("leak")


@pytest.mark.parametrize(
    ("path", "about", "field", "value"),
    [
        ("queues/new", "of condition 1 in group 1", "Priority", "High"),
        ("record-creation/0", "of condition 1 in group 1 of step 1", "Has attachments", "yes"),
    ],
)
async def test_the_conditions_of_queues_and_of_steps_follow_as_well_each_by_itself(
    site: Site, path: str, about: str, field: str, value: str
) -> None:
    async with page() as view:
        await at_a_new_rule(view, site, path)
        await view.get_by_role("button", name="Add a condition").first.click()
        await view.get_by_role("button", name="Add a condition to group 1").click()
        second = about.replace("condition 1", "condition 2")
        for each in (second, about):
            await part(view, "Field", each).select_option(field)
        await part(view, "Value", about).select_option(value)
        await expect(part(view, "Operator", second)).to_have_value("equals")
        await part(view, "Operator", second).select_option("Contains data")
        await expect(part(view, "Value", second)).to_have_count(0)
        await expect(part(view, "Value", about)).to_have_value(value)


async def test_the_button_comes_back_where_the_inputs_could_not_follow(site: Site) -> None:
    async with page(tolerated="net::ERR") as view:
        await at_a_new_rule(view, site)
        await view.get_by_role("button", name="Add a condition").click()
        await view.context.set_offline(True)
        await part(view, "Field").select_option("Priority")
        button = view.get_by_role("button", name="Use this field and operator")
        await expect(button).to_be_visible()
        await view.context.set_offline(False)
        await button.click()
        await expect(part(view, "Operator")).to_have_value("equals")
