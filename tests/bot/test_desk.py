"""What a channel with forms is shown: by whom it may be asked, filled with what, checked how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from adapters.desk import Choice, Form, FormField, Input, NotAllowed, Target
from agent.predictor import Abstention, Prediction, PredictionRequest
from agent.settings import (
    CaseField,
    Channels,
    ChannelSettings,
    Creation,
    ExperienceProfile,
    FieldType,
    Option,
    Settings,
    UpdateRule,
)
from bot.desk import CaseDesk
from bot.evaluation import Evaluator
from bot.metrics import Metrics
from bot.settings import CurrentSettings
from store import cases, contacts, work
from store import settings as versions
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Connection, Database
from store.model import Author, CaseNumber, CaseStatus, ConversationId, Evidence, FieldId
from tests.store.examples import ANNA, BY_AGENT, BY_ANNA, changed, conversation, field, open_case, say, shown, wrote

REPRESENTATIVE = Author(id="U1", name="Anna Berg", groups=("S1",))
CUSTOMER = Author(id="ada", name="Ada")
MANY = tuple(Option(value=f"Model {number}", synonyms=(f"M{number}",)) for number in range(1, 151))
SETTINGS = Settings(
    channels=Channels(webchat=ChannelSettings(representatives=("S1",))),
    currency="EUR",
    fields=(
        CaseField(id="issue", label="Issue", type=FieldType.MULTILINE, description="What is wrong."),
        CaseField(id="model", label="Model", type=FieldType.LOOKUP, catalogue=MANY),
        CaseField(id="notes", label="Notes", type=FieldType.TEXT),
        CaseField(id="warranty", label="Under warranty", type=FieldType.YES_NO, internal=True),
        CaseField(
            id="priority",
            label="Priority",
            type=FieldType.CHOICE,
            options=(Option(value="Low", description="It can wait."), Option(value="High")),
        ),
        CaseField(id="price", label="Price", type=FieldType.CURRENCY),
        CaseField(id="draft", label="Draft", type=FieldType.TEXT),
    ),
    default_fields=("issue", "priority"),
    creation=Creation(optional=("model",)),
    update_rules=(
        UpdateRule.model_validate(
            {
                "name": "Expensive",
                "when": {"field": "priority", "operator": "equals", "value": "High"},
                "fields": ["price", "warranty"],
            }
        ),
        UpdateRule(name="Not yet", active=False, fields=("draft",)),
    ),
    experience_profiles=(ExperienceProfile(name="Support", members=("S1",)),),
)


class Reads:
    """Implements `agent.predictor.Predictor`: reads of a field what it is told that some words mean."""

    name, version = "reads", "1"

    def __init__(self) -> None:
        self.meanings: dict[str, tuple[str, Any]] = {}

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        return [self._answer(FieldId(each.id), request) for each in request.fields]

    def _answer(self, name: FieldId, request: PredictionRequest) -> Prediction | Abstention:
        quote, value = self.meanings.get(name, ("", None))
        said = [each for each in request.transcript if quote and quote in each.text]
        if not said:
            return Abstention(field=name, reason="Nothing says so.")
        start = said[-1].text.index(quote)
        evidence = Evidence(message_id=said[-1].id, quote=quote, start=start, end=start + len(quote))
        return Prediction(field=name, value=value, confidence=0.9, evidence=(evidence,))


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    save(opened, SETTINGS)
    yield opened
    opened.close()


@pytest.fixture
def reads() -> Reads:
    return Reads()


@pytest.fixture
def desk(database: Database, reads: Reads) -> CaseDesk:
    return a_desk(database, reads)


def a_desk(database: Database, reads: Reads) -> CaseDesk:
    settings = CurrentSettings()
    return CaseDesk(database, settings, Evaluator(database, settings, reads, Metrics()))


def save(database: Database, settings: Settings) -> None:
    def write(connection: Connection) -> None:
        number = versions.current_number(connection)
        document = settings.model_dump(mode="json")
        versions.save(connection, document, author="test", comment="", based_on=number)

    database.write_now(write)


def begun(database: Database, *texts: str, key: str = "thread") -> ConversationId:
    """A conversation in which Ada wrote these."""

    def begin(connection: Connection) -> ConversationId:
        found = conversation(connection, key)
        for text in texts:
            say(connection, found, wrote(text))
        return found

    return database.write_now(begin)


async def shows(desk: CaseDesk, *, new: bool, key: str = "thread") -> Form:
    return await desk.form("webchat", "main", key, REPRESENTATIVE, new=new)


def at(form: Form, name: str) -> FormField:
    return next(each for each in form.fields if each.id == name)


# --- who may ask ------------------------------------------------------------------------------------


async def test_a_representative_is_whom_the_settings_list_or_a_group_of_theirs(desk: CaseDesk) -> None:
    assert await desk.is_representative("webchat", REPRESENTATIVE)
    assert await desk.is_representative("webchat", Author(id="S1"))
    assert not await desk.is_representative("webchat", replace(REPRESENTATIVE, groups=()))
    assert not await desk.is_representative("slack", REPRESENTATIVE)


async def test_the_demonstrations_representative_is_one(database: Database, reads: Reads) -> None:
    settings = CurrentSettings()
    evaluator = Evaluator(database, settings, reads, Metrics())
    demo = CaseDesk(database, settings, evaluator, demo_representatives=frozenset({"demo"}))
    assert await demo.is_representative("webchat", Author(id="demo"))


@pytest.mark.parametrize("new", [True, False])
async def test_customers_are_shown_no_form_and_no_conversations(desk: CaseDesk, database: Database, new: bool) -> None:  # noqa: FBT001 - parametrized
    begun(database, "It leaks")
    with pytest.raises(NotAllowed, match="support team"):
        await desk.form("webchat", "main", "thread", CUSTOMER, new=new)
    with pytest.raises(NotAllowed, match="support team"):
        await desk.conversations("webchat", "main", "", CUSTOMER)


async def test_a_profile_without_cases_is_shown_none(database: Database, reads: Reads) -> None:
    others = (ExperienceProfile(name="Others", members=("S2",)),)
    save(database, SETTINGS.model_copy(update={"experience_profiles": others}))
    begun(database, "It leaks")
    with pytest.raises(NotAllowed, match="experience profile"):
        await shows(a_desk(database, reads), new=True)


async def test_a_form_needs_a_conversation_with_words(desk: CaseDesk, database: Database) -> None:
    with pytest.raises(NotAllowed, match="known"):
        await shows(desk, new=True)
    begun(database)
    with pytest.raises(NotAllowed, match="written anything"):
        await shows(desk, new=True)


async def test_a_form_to_change_a_case_needs_an_open_one(desk: CaseDesk, database: Database) -> None:
    found = begun(database, "It leaks")
    with pytest.raises(NotAllowed, match="/create-case"):
        await shows(desk, new=False)
    number = database.write_now(partial(open_case, conversation_id=found))
    changed(database, cases.set_status, number, CaseStatus.RESOLVED)
    with pytest.raises(NotAllowed, match=f"/reopen {number}"):
        await shows(desk, new=False)


# --- a new case -------------------------------------------------------------------------------------


async def test_a_new_case_offers_all_that_can_be_predicted_in_the_settings_order(
    desk: CaseDesk, database: Database, reads: Reads
) -> None:
    begun(database, "My Model 7 leaks, I paid 12.50 for it")
    reads.meanings = {"issue": ("My Model 7 leaks", "My Model 7 leaks"), "price": ("12.50", "12.50 EUR")}
    form = await shows(desk, new=True)

    assert [each.id for each in form.fields] == ["issue", "model", "warranty", "priority", "price"]
    assert form.title == "My Model 7 leaks"
    assert form.target == Target(channel="webchat", account="main", conversation_key="thread")
    price = at(form, "price")
    assert (price.filled, price.because, price.predicted, price.stored) == (("12.50 EUR",), "12.50", True, "")
    model = at(form, "model")
    assert (model.filled, model.because, model.predicted) == ((), "Nothing says so.", False)


async def test_inputs_fit_their_fields(desk: CaseDesk, database: Database) -> None:
    begun(database, "It leaks")
    form = await shows(desk, new=True)

    assert (at(form, "issue").input, at(form, "issue").hint) == (Input.LINES, "What is wrong.")
    assert at(form, "priority").choices == (
        Choice(value="Low", label="Low", hint="It can wait."),
        Choice(value="High", label="High"),
    )
    assert [each.value for each in at(form, "warranty").choices] == ["yes", "no"]
    assert (at(form, "model").searched, at(form, "model").choices) == (True, ())
    assert not at(form, "priority").searched


async def test_a_second_case_is_a_representatives_decision(desk: CaseDesk, database: Database) -> None:
    found = begun(database, "It leaks")
    database.write_now(partial(open_case, conversation_id=found))
    assert (await shows(desk, new=True)).target.case is None


# --- a case that is there ---------------------------------------------------------------------------


async def test_a_case_is_shown_as_an_update_would_leave_it(desk: CaseDesk, database: Database, reads: Reads) -> None:
    found = begun(database, "My Model 7 leaks, it is urgent")
    stored = [field("notes", "old words"), field("priority", "Low")]
    number = database.write_now(_opening(found, stored))
    reads.meanings = {"priority": ("urgent", "High"), "issue": ("leaks", "leaks"), "warranty": ("leaks", True)}
    form = await shows(desk, new=False)

    assert len(form.fields) == len(SETTINGS.fields)
    assert (form.target.case, form.target.revision) == (number, shown(database, number).revision)
    assert at(form, "notes") == replace(at(form, "notes"), filled=("old words",), predicted=False, stored="")
    priority = at(form, "priority")
    assert (priority.filled, priority.stored, priority.because) == (("High",), "Low", "urgent")
    # What the change lets an update rule ask for is filled in as well.
    assert (at(form, "warranty").filled, at(form, "warranty").stored) == (("yes",), "")


async def test_a_persons_value_stays_and_the_agents_is_an_open_suggestion(
    desk: CaseDesk, database: Database, reads: Reads
) -> None:
    found = begun(database, "It is urgent")
    number = database.write_now(_opening(found, [field("priority", "Low")], BY_ANNA))
    changed(database, cases.suggest, number, [field("priority", "High", confidence=0.8)], origin=BY_AGENT)
    reads.meanings = {"priority": ("urgent", "High")}
    form = await shows(desk, new=False)

    priority = at(form, "priority")
    assert (priority.filled, priority.predicted) == (("Low",), False)
    assert [(each.label, each.value) for each in form.suggestions] == [("Priority", "High")]


async def test_a_field_that_a_person_emptied_is_filled_with_what_is_read_now(
    desk: CaseDesk, database: Database, reads: Reads
) -> None:
    found = begun(database, "It is urgent")
    number = database.write_now(_opening(found, [field("priority", "Low")]))
    changed(database, cases.write, number, [field("priority", None)])
    reads.meanings = {"priority": ("urgent", "High")}
    assert at(await shows(desk, new=False), "priority").filled == ("High",)


async def test_a_value_that_no_input_could_hold_is_told_beside_it(desk: CaseDesk, database: Database) -> None:
    found = begun(database, "It leaks")
    database.write_now(_opening(found, [field("priority", "Medium")]))
    priority = at(await shows(desk, new=False), "priority")
    assert (priority.filled, priority.stored) == ((), "Medium")


async def test_the_form_of_an_earlier_case_is_shown_in_its_own_conversation_alone(
    desk: CaseDesk, database: Database
) -> None:
    found = begun(database, "It leaks")
    begun(database, "Something else", key="elsewhere")
    first = database.write_now(_opening(found, [field("notes", "the first")]))
    second = database.write_now(_opening(found, [field("notes", "the second")]))
    form = await desk.form("webchat", "main", "thread", REPRESENTATIVE, new=False, case=first)
    assert (form.target.case, at(form, "notes").filled) == (first, ("the first",))
    assert (await shows(desk, new=False)).target.case == second
    with pytest.raises(NotAllowed, match=f"no case {first}"):
        await desk.form("webchat", "main", "elsewhere", REPRESENTATIVE, new=False, case=first)


async def test_a_representative_finds_any_case_and_a_customer_their_own(desk: CaseDesk, database: Database) -> None:
    found = begun(database, "It leaks")
    number = database.write_now(_opening(found, [field("notes", "a crack in the lid")]))
    changed(database, cases.set_status, number, CaseStatus.RESOLVED)

    async def finds(author: Author, text: str) -> list[CaseNumber]:
        return [each.number for each in await desk.search("webchat", "main", author, text, limit=9)]

    assert await finds(REPRESENTATIVE, "crack") == await finds(REPRESENTATIVE, str(number)) == [number]
    assert await finds(REPRESENTATIVE, "toaster") == await finds(REPRESENTATIVE, "9999999") == []
    assert await finds(Author(id="mallory", name="Mallory"), "crack") == []


def _opening(
    found: ConversationId, writes: Sequence[FieldWrite], origin: Origin = BY_AGENT
) -> Callable[[Connection], CaseNumber]:
    def opening(connection: Connection) -> CaseNumber:
        return open_case(connection, *writes, conversation_id=found, origin=origin)

    return opening


async def test_a_form_waits_a_little_and_not_for_ever_for_what_was_received(desk: CaseDesk, database: Database) -> None:
    """Nobody handles it here."""
    database.write_now(lambda connection: work.accept(connection, wrote("It leaks")))
    with pytest.raises(NotAllowed, match="written anything"):
        await shows(desk, new=True)


# --- checking ---------------------------------------------------------------------------------------


async def test_each_bad_value_is_told_at_its_field(desk: CaseDesk) -> None:
    target = Target(channel="webchat", account="main", conversation_key="thread")
    problems = await desk.check(
        target, REPRESENTATIVE, {"priority": ["Hihg"], "price": ["a lot"], "issue": ["It leaks"]}
    )
    assert problems.keys() == {"priority", "price"}
    assert "High" in problems["priority"]


async def test_who_may_not_fill_in_a_form_is_told_that_and_nothing_else(desk: CaseDesk) -> None:
    target = Target(channel="webchat", account="main", conversation_key="thread", case=CaseNumber(4711))
    problems = await desk.check(target, CUSTOMER, {"priority": ["Hihg"]})
    assert problems.keys() == {""}
    assert "4711" not in problems[""]


async def test_a_new_case_needs_something_filled_in(desk: CaseDesk) -> None:
    target = Target(channel="webchat", account="main", conversation_key="thread")
    assert (await desk.check(target, REPRESENTATIVE, {"issue": [" "], "price": []})).keys() == {""}
    assert await desk.check(target, REPRESENTATIVE, {"issue": ["It leaks"], "price": []}) == {}


async def test_a_case_that_is_not_as_it_was_shown_is_not_changed(desk: CaseDesk, database: Database) -> None:
    found = begun(database, "It leaks")
    number = database.write_now(partial(open_case, conversation_id=found))

    def target(revision: int = 0, case: int = number) -> Target:
        return Target(
            channel="webchat", account="main", conversation_key="thread", case=CaseNumber(case), revision=revision
        )

    values = {"notes": ["new words"]}
    assert await desk.check(target(), REPRESENTATIVE, values) == {}
    assert await desk.check(target(case=4711), REPRESENTATIVE, values) == {"": "There is no case 4711."}
    changed(database, cases.write, number, [field("notes", "other words")])
    assert "changed meanwhile" in (await desk.check(target(), REPRESENTATIVE, values))[""]
    revision = changed(database, cases.set_status, number, CaseStatus.RESOLVED).revision
    assert "resolved" in (await desk.check(target(revision), REPRESENTATIVE, values))[""]


# --- a long catalogue -------------------------------------------------------------------------------


async def found(desk: CaseDesk, typed: str, limit: int = 3) -> list[str]:
    return [each.value for each in await desk.choices("model", typed, limit=limit)]


async def test_a_catalogue_is_searched_by_what_people_type(desk: CaseDesk) -> None:
    assert await found(desk, "") == ["Model 1", "Model 2", "Model 3"]
    assert await found(desk, "model 14") == ["Model 14", "Model 140", "Model 141"]
    assert (await found(desk, "m77"))[0] == "Model 77"
    assert (await found(desk, "77"))[0] == "Model 77"
    assert (await found(desk, "modl 150"))[0] == "Model 150"
    assert await desk.choices("gone", "x", limit=3) == []


# --- lists ------------------------------------------------------------------------------------------


async def test_a_representatives_page_has_their_cases_and_what_waits(desk: CaseDesk, database: Database) -> None:
    first, second, third, fourth = (database.write_now(partial(open_case, key=key)) for key in "abcd")
    for number in (first, second, fourth):
        changed(database, cases.set_owner, number, ANNA)
    changed(database, cases.suggest, second, [field("priority", "High", confidence=0.8)])
    changed(database, cases.set_status, fourth, CaseStatus.RESOLVED)
    page = await desk.overview("webchat", "main", REPRESENTATIVE)

    assert page.representative
    assert [each.number for each in page.mine] == [second, first]
    assert [(each.number, each.suggestions) for each in page.waiting] == [(second, 1), (third, 0)]
    assert [each.conversation_key for each in page.mine] == ["b", "a"]


async def test_a_customers_page_has_their_own_cases_alone(desk: CaseDesk, database: Database) -> None:
    theirs = begun(database, "It leaks")
    other = database.write_now(lambda connection: conversation(connection, "other"))

    def open_one(connection: Connection, where: ConversationId, author: Author) -> CaseNumber:
        who = contacts.identify(connection, "webchat", "main", author)
        return cases.create(connection, BY_AGENT, title="Leak", conversation_id=where, contact_id=who, writes=())

    number = database.write_now(partial(open_one, where=theirs, author=CUSTOMER))
    database.write_now(partial(open_one, where=other, author=Author(id="bob")))
    page = await desk.overview("webchat", "main", CUSTOMER)
    assert not page.representative
    assert [(each.number, each.status, each.conversation_key) for each in page.mine] == [(number, "New", "thread")]
    assert page.waiting == ()
    assert (await desk.overview("webchat", "main", Author(id="stranger"))).mine == ()


async def test_a_picker_shows_who_wrote_what(desk: CaseDesk, database: Database) -> None:
    begun(database, "It leaks\neverywhere")
    [line] = await desk.conversations("webchat", "main", "thr", REPRESENTATIVE)
    assert (line.customer, line.opening, line.case) == ("Ada", "It leaks everywhere", None)
    assert await desk.conversation_of("webchat", "main", CaseNumber(1001)) is None
