from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.settings import CaseField
from bot.commands import (
    COMMANDS,
    CancelCase,
    CaseFilter,
    CaseScope,
    ClaimCase,
    Command,
    CommandError,
    CreateCase,
    Help,
    ListCases,
    MergeCase,
    Note,
    ReopenCase,
    ResolveCase,
    ShowCase,
    UpdateCase,
    Verb,
    help_text,
    parse,
)
from bot.text import tidy
from store.commands import command_word
from store.model import CaseNumber
from tests.bot.examples import SETTINGS

CASE = CaseNumber(1042)


def assigned(text: str) -> dict[str, str]:
    """The fields that an update sets, by id."""
    command = parse(text, SETTINGS)
    assert isinstance(command, UpdateCase | CreateCase), command
    return {each.field.id: each.text for each in command.assignments}


def problems(text: str) -> tuple[str, ...]:
    command = parse(text, SETTINGS)
    assert isinstance(command, CommandError), command
    return command.problems


def filtered(text: str) -> CaseFilter:
    command = parse(text, SETTINGS)
    assert isinstance(command, ListCases), command
    return command.filter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/update-case", UpdateCase()),
        ("/update-case 1042", UpdateCase(number=CASE)),
        ("/update-case #1042", UpdateCase(number=CASE)),
        ("/UPDATE-Case 1042", UpdateCase(number=CASE)),
        ("  /update-case\n1042  ", UpdateCase(number=CASE)),
        ("/update–case 1042", UpdateCase(number=CASE)),
        ("/create-case", CreateCase()),
        ("/case", ShowCase()),
        ("/case #1042", ShowCase(number=CASE)),
        ("/case ١٠٤٢", ShowCase(number=CASE)),
        ("/cases", ListCases(filter=CaseFilter())),
        ("/claim", ClaimCase()),
        ("/claim 1042", ClaimCase(number=CASE)),
        ("/resolve", ResolveCase()),
        ("/resolve 1042", ResolveCase(number=CASE)),
        ("/resolve 1042 Replaced under warranty", ResolveCase(number=CASE, text="Replaced under warranty")),
        ("/resolve Replaced it", ResolveCase(text="Replaced it")),
        ('/resolve "2 units replaced"', ResolveCase(text="2 units replaced")),
        ("/reopen 1042", ReopenCase(number=CASE)),
        ("/cancel 1042 Sent twice", CancelCase(number=CASE, reason="Sent twice")),
        ("/cancel Sent twice", CancelCase(reason="Sent twice")),
        ('/cancel "2 of the same"', CancelCase(reason="2 of the same")),
        ("/merge 1042 into 12", MergeCase(number=CASE, into=CaseNumber(12))),
        ("/merge #1042 INTO\n#12", MergeCase(number=CASE, into=CaseNumber(12))),
        ("/merge into 12", MergeCase(into=CaseNumber(12))),
        ("/note 1042 Called back", Note(number=CASE, text="Called back")),
        ("/note: said a=b and it's “odd", Note(text="said a=b and it's “odd")),
        ("/note #urgent call them", Note(text="#urgent call them")),
        ("/note first\nsecond", Note(text="first\nsecond")),
        ("/help", Help()),
        ("/help?", Help()),
        ("/help /Update-Case", Help(topic="update-case")),
    ],
)
def test_each_verb_is_read(text: str, expected: Command) -> None:
    assert parse(text, SETTINGS) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "/",
        "/ 3",
        "3/4 of them",
        "/usr/bin is full",
        "/etc/hosts is broken",
        "/case/1042 is the address",
        "/data is full",
        "//case",
        "please type /update-case",
        "/5",
        "/... what?",
    ],
)
def test_ordinary_text_is_no_command(text: str) -> None:
    assert parse(text, SETTINGS) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/updatecase", "/update-case"),
        ("/upate-case 1042 priority=high", "/update-case"),
        ("/update_case", "/update-case"),
        ("/noet 1042 hello", "/note"),
        ("/close 1042 done", "/resolve"),
        ("/assign", "/claim"),
        ("/join 17 into 12", "/merge"),
        ("/help updatecase", "/update-case"),
    ],
)
def test_an_unknown_command_gets_the_nearest_match(text: str, meant: str) -> None:
    assert f"Did you mean {meant}?" in problems(text)[0]


def test_a_lone_word_after_a_slash_that_resembles_nothing_points_to_help() -> None:
    command = parse("/frobnicate", SETTINGS)

    assert command == CommandError(
        problems=("There is no command /frobnicate. /help lists what you can type.",), verb=None
    )


def test_an_error_in_a_known_command_names_the_command() -> None:
    command = parse("/claim now", SETTINGS)

    assert isinstance(command, CommandError)
    assert command.verb == "claim"


@pytest.mark.parametrize(
    "mention",
    ["@Casewright ", "@casewright, ", "<@U024BE7LH> ", "<@U024BE7LH|casewright>: ", '<at id="0">Case Wright</at> '],
)
def test_a_mention_of_the_agent_may_stand_before_the_command(mention: str) -> None:
    assert parse(f"{mention}/case 1042", SETTINGS) == ShowCase(number=CASE)


def test_invisible_characters_and_odd_blanks_do_not_matter() -> None:
    text = "\ufeff\u200b/update-case\u00a01042\u2003serial\u00a0number\u200b=\u202eAB12\u202c"

    command = parse(text, SETTINGS)

    assert isinstance(command, UpdateCase)
    assert command.number == CASE
    assert assigned(text) == {"serial": "AB12"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("priority=high", {"priority": "high"}),
        ("Priority = high", {"priority": "high"}),
        ("serial number=AB12", {"serial": "AB12"}),
        ("Serial_Number=AB12", {"serial": "AB12"}),
        ("serial=AB12", {"serial": "AB12"}),
        ('"Serial number"="HE25-44 0917"', {"serial": "HE25-44 0917"}),
        ("“Serial number” = “HE25-44 0917”", {"serial": "HE25-44 0917"}),
        ("priority=high serial number=AB 12 number=3", {"priority": "high", "serial": "AB 12", "number": "3"}),
        ("priority=high, serial number=AB12; number=3", {"priority": "high", "serial": "AB12", "number": "3"}),
        ("issue description=it leaks,", {"issue_description": "it leaks"}),
        ('priority="high","serial number"="AB12"', {"priority": "high", "serial": "AB12"}),
        ("number=3 serial number=AB12", {"number": "3", "serial": "AB12"}),
        ("issue description = “it leaks, still”", {"issue_description": "it leaks, still"}),
        ("issue description = ‘it leaks’ number=3", {"issue_description": "it leaks", "number": "3"}),
        ("issue description = 'it doesn't leak' number=3", {"issue_description": "it doesn't leak", "number": "3"}),
        ("issue description = „undicht“ number=3", {"issue_description": "undicht", "number": "3"}),
        ("issue description = «fuite» number=3", {"issue_description": "fuite", "number": "3"}),
        ('issue description = "it leaks” number=3', {"issue_description": "it leaks", "number": "3"}),
        ('issue description = “it leaks" number=3', {"issue_description": "it leaks", "number": "3"}),
        ('issue description = “the 15" screen” number=3', {"issue_description": 'the 15" screen', "number": "3"}),
        ('issue description = "said \\"no\\" to \\\\ me"', {"issue_description": 'said "no" to \\ me'}),
        ('issue description = "priority=high"', {"issue_description": "priority=high"}),
        ('issue description = wrote "priority=high" twice', {"issue_description": 'wrote "priority=high" twice'}),
        ("issue description = it doesn't work, again", {"issue_description": "it doesn't work, again"}),
        ("issue description = one\n\ntwo", {"issue_description": "one\n\ntwo"}),
        ("issue description=not my serial number=3", {"issue_description": "not my", "serial": "3"}),
        ("issue description=my serial product=Aria", {"issue_description": "my serial", "product": "Aria"}),
        ("product=", {"product": ""}),
        ('product=""', {"product": ""}),
        ("product= priority=high", {"product": "", "priority": "high"}),
    ],
)
def test_fields_are_named_and_quoted_as_people_do(text: str, expected: dict[str, str]) -> None:
    assert assigned(f"/update-case 1042 {text}") == expected
    assert assigned(f"/create-case {text}") == expected


def test_an_unknown_field_names_the_nearest_and_lists_all() -> None:
    (problem,) = problems("/update-case 1042 serial nmber=AB12")

    assert problem.startswith("There is no field “serial nmber”. Did you mean Serial number?")
    assert "Issue description, Contact, Product, Priority, Serial number, Number and Under warranty" in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/update-case priority=low Priority=high", "Priority is set twice."),
        ("/update-case product=Aria product=", "Product is set twice."),
        ('/update-case product="Aria 3000', "A quotation mark has no partner"),
        ("/update-case product=“Aria 3000", "A quotation mark has no partner"),
        ("/update-case product='Aria 3000", "A quotation mark has no partner"),
        ('/update-case product=Aria" 3000', "A quotation mark has no partner"),
        ('/update-case product="Aria" 3000', "The quotation marks end too early"),
        ('/update-case product="Aria"priority=high', "No field name stands before “=high”"),
        ('/update-case product="Aria"3000 priority=high', "The quotation marks end too early"),
        ("/update-case product=priority=high", "No field name stands before “=high”"),
        ("/update-case =high", "No field name stands before “=high”"),
        ("/update-case priority==high", "No field name stands before “=high”"),
        ("/update-case issue description=see https://x.example/?id=5", "There is no field “https://x.example/?id”"),
        ("/update-case 1042 please priority=high", "I can't read “please” here. Write /update-case"),
        ("/update-case 1042 high", "I can't read “high” here. Write /update-case"),
        ("/create-case the printer burns", "I can't read “the printer burns” here. Write /create-case"),
        ("/update-case 1042 = high", "There is no field “1042”"),
        ("/case abc", "I can't read “abc” here. Write /case [NUMBER]"),
        ("/case 1042 1043", "I can't read “1043” here"),
        ("/case -1", "I can't read “-1” here"),
        ("/case 0", "0 can't be a case number"),
        ("/case 2147483648", "2147483648 can't be a case number: those go from 1 to 2147483647."),
        ("/note", "A note needs a text."),
        ('/note 1042 ""', "A note needs a text."),
        ("/cancel 1042", "Say why the case is cancelled. Write /cancel [NUMBER] REASON."),
        ('/cancel " "', "Say why the case is cancelled."),
        ("/merge", "Say into which case. Write /merge [NUMBER] into NUMBER."),
        ("/merge 1042", "Say into which case."),
        ("/merge 1042 12", "Say into which case."),
        ("/merge 1042 into", "Say into which case."),
        ("/merge 1042 into that", "Say into which case."),
        ("/merge 1042 into 12 please", "Say into which case."),
        ("/merge 1042 into 0", "0 can't be a case number"),
        ("/cases open resolved", "Choose one of open or resolved."),
        ("/cases mine unclaimed", "Choose one of mine or unclaimed."),
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_an_error(text: str, words: str) -> None:
    assert words in problems(text)[0]


def test_a_number_of_any_length_is_answered() -> None:
    assert len(problems(f"/claim {'9' * 10_000}")[0]) < 120


def test_all_problems_are_listed_at_once() -> None:
    found = problems('/update-case 0 please prioritee=high product=x product=y number="3')

    assert len(found) == 5


def test_more_assignments_than_fields_can_be_are_refused_as_one() -> None:
    assert len(problems("/update-case " + "a= " * 5000)) == 1


def test_filters_combine() -> None:
    wanted = filtered('/cases mine resolved coffee "leaks badly" priority=high serial number=')

    assert (wanted.mine, wanted.unclaimed, wanted.scope) == (True, False, CaseScope.RESOLVED)
    assert wanted.words == ("coffee", "leaks badly")
    assert [(each.field.id, each.text) for each in wanted.fields] == [("priority", "high"), ("serial", "")]


def test_a_quoted_keyword_is_a_word_to_look_for() -> None:
    assert filtered('/cases "mine" ALL') == CaseFilter(scope=CaseScope.ALL, words=("mine",))


def test_help_shows_every_command_from_the_one_table() -> None:
    lines = help_text().splitlines()

    assert len(lines) == len(COMMANDS)
    assert all(line.startswith(f"/{verb.name} ") for line, verb in zip(lines, COMMANDS, strict=True))


@pytest.mark.parametrize("verb", COMMANDS, ids=[verb.name for verb in COMMANDS])
def test_the_examples_in_the_help_are_right(verb: Verb) -> None:
    example = help_text(verb.name).rpartition("Example: ")[2]

    assert example.startswith(f"/{verb.name}")
    assert not isinstance(parse(example, SETTINGS), CommandError | None)


_LIKE_COMMANDS = st.builds(
    "/{} {}".format,
    st.sampled_from([verb.name for verb in COMMANDS]),
    st.text(st.sampled_from("=\"'“”‘’„«»\\ ,;\n#1aé\u200d\u00a0") | st.characters(), max_size=60),
)


@given(st.text() | _LIKE_COMMANDS)
@example("@" * 5000)
@example("@a: " * 5000)
@example("/update-case " + " 'a" * 5000)
@example("/update-case x=" + "“" * 5000)
@example("/update-case x=" + '\\"' * 5000)
def test_no_text_makes_the_parser_fail(text: str) -> None:
    parse(text, SETTINGS)


@pytest.mark.parametrize("hostile", ["“" * 20_000, " 'a" * 20_000, '"a" ' * 20_000, "a= " * 20_000])
def test_hostile_text_is_read_in_linear_time(hostile: str) -> None:
    started = perf_counter()

    parse(f"/update-case x={hostile}", SETTINGS)

    assert perf_counter() - started < 5  # a hundredth of that; half a minute where the time is quadratic


@given(st.text())
def test_a_value_in_quotes_is_given_back_as_it_was(value: str) -> None:
    written = value.replace("\\", "\\\\").replace('"', '\\"')

    assert assigned(f'/update-case "Issue description"="{written}" number=3') == {
        "issue_description": tidy(value),
        "number": "3",
    }


@given(st.lists(st.sampled_from(SETTINGS.fields), unique_by=lambda field: field.id), st.sampled_from(["label", "id"]))
def test_any_fields_in_any_order_are_told_apart_without_quotes(fields: list[CaseField], named_by: str) -> None:
    names = [getattr(field, named_by) for field in fields]

    read = assigned("/update-case 1042 " + " ".join(f"{name}=some value" for name in names))

    assert read == {field.id: "some value" for field in fields}


@pytest.mark.parametrize("slash", ["\uff0f", "\u2044", "\u2215"])
def test_other_keyboards_slashes_are_slashes_and_hidden_like_them(slash: str) -> None:
    assert parse(f"{slash}case 1042", SETTINGS) == ShowCase(number=CASE)
    assert command_word(f"{slash}note a fool") == "note"


@pytest.mark.parametrize("blank", ["\ufe0f", "\u2800", "\u3164", "\u200d", "\u200b\u2060", "\u115f \uffa0"])
def test_what_nobody_sees_hides_no_command(blank: str) -> None:
    for text in (f"{blank}/case 1042", f"<@U1>{blank}/case 1042"):
        assert parse(text, SETTINGS) == ShowCase(number=CASE)
        assert command_word(text) == "case"
