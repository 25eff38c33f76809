"""Fields and their catalogues: defined, changed, moved, removed with what names them, read from files."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import FormData

from bot.console import catalogue_file
from bot.console.field_form import named_after
from bot.console.reviewing import as_document
from store.model import AccountRole
from tests.bot.console.site import Answer, Browser, Site
from tests.bot.console.test_settings import HOSTILE, in_force, save, values
from tests.flow.desk import change_settings

FIELDS = "/console/agent/fields"
STARTER = ("issue_description", "contact", "case_category", "product", "priority", "serial_number")


def at(name: str) -> str:
    return f"{FIELDS}/{STARTER.index(name)}"


async def sent(browser: Browser, form: dict[str, list[str]], path: str = f"{FIELDS}/form", **changed: Any) -> Answer:
    whole = {"do": ["review"], **form, **{name: [value] for name, value in changed.items()}}
    return await browser.send("POST", path, data=[(name, each) for name in whole for each in whole[name]])


async def edited(browser: Browser, name: str, **changed: Any) -> Answer:
    return await sent(browser, values(await browser.get(at(name))), **changed)


# --- defined and changed ----------------------------------------------------------------------------


async def test_a_field_is_defined_with_its_options_and_described(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    form = values(await ada.get(f"{FIELDS}/new"))
    fitted = await sent(ada, form, do="fit", label="Where it stands", type="choice", more="Kitchen\nGarden\n")
    review = await sent(ada, values(fitted), **{"o1.synonyms": "Yard\nLawn", "o1.description": "Use when: outside"})
    assert (await save(ada, review)).location == f"{FIELDS}?done=saved", review.text
    field = in_force(site).fields[-1].model_dump(mode="json")
    assert (field["id"], field["label"], field["type"]) == ("where_it_stands", "Where it stands", "choice")
    assert [each["value"] for each in field["options"]] == ["Kitchen", "Garden"]
    assert field["options"][1]["synonyms"] == ["Yard", "Lawn"]
    assert field["options"][1]["description"] == "Use when: outside"


@pytest.mark.parametrize("name", STARTER)
async def test_a_field_saved_as_its_form_shows_it_changes_nothing(site: Site, name: str) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await edited(ada, name)
    assert answer.location == f"{FIELDS}?done=same", answer.text


async def test_the_id_of_a_field_that_cases_have_stays(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    await save(ada, await edited(ada, "priority", id="urgency", label="How urgent"))
    field = in_force(site).field("priority")
    assert field is not None
    assert field.label == "How urgent"


async def test_an_option_is_taken_away_and_the_rest_stays(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    form = await sent(ada, values(await ada.get(at("priority"))), do="drop:1")
    await save(ada, await sent(ada, values(form)))
    field = in_force(site).field("priority")
    assert field is not None
    assert [each.value for each in field.options] == ["Low", "High", "Urgent"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"label": ""}, "should have at least 1 character"),
        ({"label": "Contact"}, "is also a name of the field"),
        ({"threshold": "2"}, "less than or equal to 1"),
        ({"threshold": "high"}, "should be a number"),
        ({"type": "identifier", "pattern": ""}, "write the form that it has"),
        ({"type": "identifier", "pattern": "[A-"}, "pattern"),
        ({"type": "lookup", "rows": "0"}, "write at least one"),
        ({"o0.value": ""}, "1, value: should have at least 1 character"),
        ({"o0.value": "Urgent"}, "names &#39;urgent&#39; twice"),
        ({"type": "nonsense"}, "should be "),
    ],
)
async def test_what_is_wrong_with_a_field_is_told_and_nothing_is_saved(
    site: Site, changed: dict[str, str], told: str
) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await edited(ada, "priority", **changed)
    assert answer.status == 422
    assert told in answer.text


async def test_a_change_that_breaks_a_rule_names_the_rule(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await edited(ada, "case_category", **{"o0.value": "Defect"})
    assert answer.status == 422
    assert "In the rule “Product defect”: &#39;Product defect&#39; is not one of" in answer.text


async def test_two_administrators_change_two_fields_and_both_keep_theirs(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    ben = await site.logged_in("ben", AccountRole.ADMINISTRATOR)
    adas = await edited(ada, "priority", label="How urgent")
    await save(ben, await edited(ben, "serial_number", label="Number on the back"))
    told = await save(ada, adas)
    assert told.status == 409
    await save(ada, told)
    labels = [each.label for each in in_force(site).fields]
    assert "How urgent" in labels
    assert "Number on the back" in labels


def test_an_id_is_made_of_a_label() -> None:
    assert named_after("Größe der Füße (cm)") == "groe_der_fue_cm"
    assert named_after("2. Serial number") == "serial_number"


# --- removed and moved ------------------------------------------------------------------------------


async def remove(browser: Browser, name: str, **more: str) -> Answer:
    form = {"based_on": values(await browser.get(FIELDS), "<main")["based_on"][0], **more}
    return await browser.post(f"{at(name)}/remove", form, page=FIELDS)


async def test_the_buttons_that_move_a_field_remove_none(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await ada.post(f"{at('priority')}/change", {"based_on": "1", "do": "remove"}, page=FIELDS)
    assert answer.location == f"{FIELDS}?done=same", answer.text


async def test_a_field_is_removed_with_what_names_it_once_that_is_wanted(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    asked = await remove(ada, "priority")
    assert "The rule “Product defect” updates it" in asked.text
    assert "Remove it everywhere" in asked.text
    await save(ada, await remove(ada, "priority", everywhere="yes"))
    settings = in_force(site)
    assert settings.field("priority") is None
    assert settings.update_rules[0].fields == ("product", "serial_number")


async def test_a_field_that_a_condition_asks_for_stays_until_the_condition_is_changed(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    for answer in (await remove(ada, "case_category"), await remove(ada, "case_category", everywhere="yes")):
        assert "A condition of the rule “Product defect” asks for it" in answer.text
        assert "It is an optional field for new cases" in answer.text
        assert "Remove it everywhere" not in answer.text


async def test_a_field_stays_that_is_all_a_rule_updates_or_that_a_case_takes(site: Site) -> None:
    def tight(document: dict[str, Any]) -> None:
        document["update_rules"] = [{"name": "Alone", "fields": ["priority"]}]
        document["creation"]["require"] = 2
        document["record_creation_rules"][0]["items"] = [{"values": {"priority": "High", "product": "Kettle One"}}]

    change_settings(site.database, tight)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    assert "The rule “Alone” updates nothing else" in (await remove(ada, "priority")).text
    assert "A case takes 2 default fields, of which 1 would be left" in (await remove(ada, "contact")).text
    assert "The record-creation rule “Every mail” sets it" in (await remove(ada, "product")).text
    await save(ada, await remove(ada, "product", everywhere="yes"))
    assert in_force(site).record_creation_rules[0].items[0].values == {"priority": "High"}


async def test_a_field_is_moved(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    await save(ada, await ada.post(f"{FIELDS}/1/change", {"do": "up", "based_on": "1"}, page=FIELDS))
    assert [each.id for each in in_force(site).fields][:2] == ["contact", "issue_description"]


# --- catalogues -------------------------------------------------------------------------------------


async def upload(browser: Browser, content: bytes | str, way: str = "add", name: str = "product") -> Answer:
    page = await browser.get(f"{at(name)}/catalogue")
    form = FormData()
    for key, value in {"csrf": page.csrf, "based_on": values(page, "<main")["based_on"][0], "way": way}.items():
        form.add_field(key, value)
    if isinstance(content, bytes):
        form.add_field("file", content, filename="catalogue.csv", content_type="text/csv")
    else:
        form.add_field("text", content)
    return await browser.send("POST", f"{at(name)}/catalogue", data=form)


async def taken_over(browser: Browser, preview: Answer, name: str = "product") -> Answer:
    assert preview.status == 200, preview.text
    return await save(
        browser, await sent(browser, values(preview, 'aria-labelledby="preview"'), f"{at(name)}/catalogue")
    )


async def test_a_catalogue_is_seen_before_it_is_taken_over_and_can_be_downloaded(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    preview = await upload(ada, "value;synonyms\nKettle One;the pot|teapot\nKettle Two;\n".encode("utf-8-sig"))
    assert "1 added, 1 changed, 0 removed, of then 10." in preview.text
    assert "Read with semicolons between the cells, as utf-8." in preview.text
    assert (await taken_over(ada, preview)).location == f"{at('product')}/catalogue?done=saved"
    field = in_force(site).field("product")
    assert field is not None
    kettle = next(each for each in field.catalogue if each.value == "Kettle One")
    assert kettle.synonyms == ("the pot", "teapot")
    assert kettle.description == "Electric kettle with four temperatures."  # the file has no column for it

    file = await ada.get(f"{at('product')}/catalogue/file")
    assert "attachment" in file.headers["Content-Disposition"]
    again = await upload(ada, file.text, "replace")
    assert "0 added, 0 changed, 0 removed, of then 10." in again.text


async def test_a_catalogue_is_replaced_by_a_file_of_a_spreadsheet(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    preview = await upload(ada, 'Value\tDescription\nKüche\t"Fürs\nKochen"\n'.encode("cp1252"), "replace")
    assert "as cp1252" in preview.text
    assert "1 added, 0 changed, 9 removed, of then 1." in preview.text
    await taken_over(ada, preview)
    field = in_force(site).field("product")
    assert field is not None
    assert [(each.value, each.description) for each in field.catalogue] == [("Küche", "Fürs\nKochen")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name,synonyms\nKettle,pot\n", "Line 1: there is no column &#39;name&#39;"),
        ("value,synonym\nKettle,pot\n", "did you mean &#39;synonyms&#39;?"),
        ("value,synonyms\nKettle,pot\n\n,empty\n", "Line 4: value should have at least 1 character"),
        (f"value\nKettle\n{'x' * 121}\n", "Line 3: value should have at most 120 characters"),
        ('value,description\n"two\nlines",x\nKettle,a,b\n', "Line 4: there are 3 cells for 2 columns"),
        ("value\nKettle\nPan\nKETTLE\n", "Line 4: &#39;KETTLE&#39; stands in line 2 already"),
        ('value\n"Kettle\n', "this is no row of a CSV file"),
        ("value\nKet\x1btle\n", "Line 2: remove the control characters"),
        ("value\n", "there is no entry in it"),
        ("  ", "choose a file, or paste lines"),
        (b"\xff\xfe\x00", "The file is no text"),
        (b"value\nKet\x00tle\n", "Line 2: remove the control characters"),
        ("value\n" + "x" * 500_001, "it is longer than 500 KB"),
        ("value\n" + "\n".join(map(str, range(10_001))), "at most 10,000 entries"),
    ],
)
async def test_what_is_wrong_with_a_file_is_told_with_its_line_and_the_text_given_back(
    site: Site, content: bytes | str, told: str
) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await upload(ada, content)
    assert answer.status == 422
    assert told in answer.text
    assert "Review changes" not in answer.text


async def test_options_that_a_rule_asks_for_can_t_be_replaced_away(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await upload(ada, "value\nBilling\n", "replace", "case_category")
    assert answer.status == 422
    assert "In the rule “Product defect”" in answer.text


async def test_ten_thousand_entries_are_taken_over_looked_through_and_kept_by_the_form(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    lines = "\n".join(f"Product number {number},Family {number % 100}" for number in range(10_000))
    await taken_over(ada, await upload(ada, f"value,parent\n{lines}", "replace"))
    found = await ada.get(f"{at('product')}/catalogue?q=number+4711")
    assert "Product number 4711" in found.text
    assert "Product number 4712" not in found.text
    assert "Product number 150<" in (await ada.get(f"{at('product')}/catalogue?page=1")).text
    await save(ada, await edited(ada, "product", label="Machine"))
    field = in_force(site).field("product")
    assert field is not None
    assert (field.label, len(field.catalogue)) == ("Machine", 10_000)


async def test_settings_too_long_for_a_page_are_refused_with_what_to_do_instead(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    lines = "\n".join(f"Product number {number},{'x' * 90}" for number in range(4_000))
    await taken_over(ada, await upload(ada, f"value,description\n{lines}"))
    lines = "\n".join(f"More number {number},{'x' * 90}" for number in range(4_000))
    preview = values(await upload(ada, f"value,description\n{lines}"), 'aria-labelledby="preview"')
    refused = await sent(ada, preview, f"{at('product')}/catalogue")
    assert refused.status == 413
    assert "import it with “casewright settings import”" in refused.text


def test_what_was_written_is_read_again() -> None:
    entries = [{"value": 'a "b", c', "synonyms": ["x", "y; z"], "description": "one\ntwo", "parent": None}]
    table = catalogue_file.read(catalogue_file.written(entries))
    assert (table.entries, table.problems) == (entries, [])


# --- nothing becomes markup -------------------------------------------------------------------------


async def test_nothing_written_in_fields_and_catalogues_gets_into_a_page_as_markup(site: Site) -> None:
    entry = {"value": HOSTILE, "synonyms": [HOSTILE], "description": HOSTILE, "parent": HOSTILE}

    def hostile(document: dict[str, Any]) -> None:
        document["fields"][3] |= {"label": HOSTILE, "description": HOSTILE, "catalogue": [entry]}
        document["update_rules"][0]["name"] = HOSTILE

    change_settings(site.database, hostile)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    pages = [await ada.get(path) for path in (FIELDS, at("product"), f"{at('product')}/catalogue?q=<img src=x")]
    pages += [
        await edited(ada, "product", **{"o0.value": f"{HOSTILE}2", "type": HOSTILE}),
        await remove(ada, "product"),
    ]
    pages += [await upload(ada, f"value\n{HOSTILE}3\n"), await upload(ada, f"<img src=x>\n{HOSTILE}\n")]
    pages.append(await edited(ada, "product", id=HOSTILE, description=f"{HOSTILE}2"))
    for each in pages:
        assert each.status in {200, 422}
        assert "<img src=x" not in each.text
    assert as_document(in_force(site))["fields"][3]["label"] == HOSTILE
