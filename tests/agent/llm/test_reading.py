"""What a model finds, over real requests to a provider on loopback."""

from dataclasses import replace

import pytest

from agent.predictor import Prediction
from store.model import MessageId
from tests.agent.examples import CUSTOMER, message, said, with_settings
from tests.agent.llm.fake import KEY, Asked, FakeProvider, Item, found, reading, saying, withdrawn
from tests.agent.llm.talking import BY_MODEL, UNMASKED, settings_with, talk, value, values, why

LEAKS = "My Aria 3000 leaks since Monday, serial AB1234."


async def test_a_value_comes_with_the_place_of_its_words(fake: FakeProvider) -> None:
    fake.model = reading(product=("Aria 3000", "Aria 3000"), serial_number=("AB1234", "AB1234"))
    answers = await talk(fake).hears("Hello!", LEAKS)

    product = answers["product"]
    assert isinstance(product, Prediction)
    (evidence,) = product.evidence
    assert (evidence.message_id, evidence.quote) == (MessageId(2), "Aria 3000")
    assert LEAKS[evidence.start : evidence.end] == "Aria 3000"
    assert value(answers["serial_number"]) == "AB1234"


async def test_the_description_is_the_customers_words_and_not_the_models(fake: FakeProvider) -> None:
    fake.model = saying(found("issue_description", "The appliance exhibits a leak.", "leaks since Monday"))
    answers = await talk(fake).hears(LEAKS)
    assert value(answers["issue_description"]) == "leaks since Monday"


async def test_what_is_not_mentioned_is_abstained_from(fake: FakeProvider) -> None:
    answers = await talk(fake).hears(LEAKS)
    assert why(answers["product"]) == "The model finds nothing said about it."


@pytest.mark.parametrize("status", ["ambiguous", "contradicted"])
async def test_an_abstention_says_why_in_the_models_words(fake: FakeProvider, status: str) -> None:
    fake.model = saying(withdrawn("product", status, "Two machines are named."))
    answers = await talk(fake).hears("The Aria 2000 or the Aria 3000?")
    assert why(answers["product"]) == f"The model finds it {status}: Two machines are named."


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        (found("serial_number", "AB1234", ""), "no words are quoted"),
        (found("serial_number", "AB1234", "serial number AB1234"), "do not stand in message 1"),
        (found("serial_number", "AB1234", "serial AB1234", 7), "there is no message 7"),
        (found("serial_number", "XY9999", "serial AB1234"), "does not stand in the words quoted"),
        (found("serial_number", "1234", "1234"), "does not have the form"),
        (found("product", "Aria 4000", "Aria 3000"), "is not one of Aria 2000 or Aria 3000"),
        (found("contact", "ann@example.org", "leaks since Monday"), "does not stand in the words quoted"),
    ],
)
async def test_what_the_conversation_does_not_bear_out_is_told_to_the_model_once_and_then_not_believed(
    fake: FakeProvider, item: Item, complaint: str
) -> None:
    fake.model = saying(item)
    answers = await talk(fake).hears(LEAKS)

    assert complaint in why(answers[item["field"]])
    first, second = fake.asked
    assert first.corrections == []
    assert complaint in second.corrections[0]


async def test_a_model_that_mends_its_answer_is_believed(fake: FakeProvider) -> None:
    def learns(asked: Asked) -> list[Item]:
        return [found("product", "Aria 3000", "Aria 3000" if asked.corrections else "the Aria 3000")]

    fake.model = learns
    answers = await talk(fake).hears(LEAKS)
    assert value(answers["product"]) == "Aria 3000"
    assert len(fake.asked) == 2


async def test_a_form_that_was_not_kept_is_mended_too(fake: FakeProvider) -> None:
    def learns(asked: Asked) -> list[Item]:
        return [found("priority", "High" if asked.corrections else "Gigantic", "leaks")]

    fake.model = learns
    assert value((await talk(fake).hears(LEAKS))["priority"]) == "High"


async def test_a_field_that_is_answered_twice_is_not_answered(fake: FakeProvider) -> None:
    fake.model = saying(found("priority", "High", "leaks"), found("priority", "Low", "since Monday"))
    assert why((await talk(fake).hears(LEAKS))["priority"]).endswith("answer once")


async def test_an_answer_that_is_not_borne_out_takes_nothing_back(fake: FakeProvider) -> None:
    conversation = talk(fake)
    fake.model = reading(product=("Aria 3000", "Aria 3000"))
    await conversation.hears(LEAKS)
    fake.model = saying(found("product", "Aria 2000", "the Aria 2000"))
    assert value((await conversation.hears(LEAKS, "It is the big one."))["product"]) == "Aria 3000"


async def test_what_the_customer_takes_back_is_gone(fake: FakeProvider) -> None:
    conversation = talk(fake)
    fake.model = reading(product=("Aria 3000", "Aria 3000"))
    await conversation.hears(LEAKS)
    fake.model = saying(withdrawn("product", "contradicted", "It is not the Aria."))
    assert value((await conversation.hears(LEAKS, "No, it is not the Aria."))["product"]) is None


async def test_the_words_of_a_representative_count_once_the_customer_agrees(fake: FakeProvider) -> None:
    question = "R: Is it the Aria 3000?"
    fake.model = saying(found("product", "Aria 3000", "Aria 3000", 2))
    alone = await talk(fake).hears("It leaks.", question)
    assert "only once the customer has confirmed" in why(alone["product"])

    item = found("product", "Aria 3000", "Aria 3000", 2)
    item["quotes"].append({"message": 3, "quote": "Yes, that one"})
    fake.model = saying(item)
    assert value((await talk(fake).hears("It leaks.", question, "Yes, that one"))["product"]) == "Aria 3000"


async def test_spaces_and_line_breaks_in_a_quote_may_differ(fake: FakeProvider) -> None:
    fake.model = saying(found("issue_description", "", "it leaks all over"))
    answers = await talk(fake).hears("Since Monday it\nleaks  all over.")
    assert value(answers["issue_description"]) == "it\nleaks  all over"


@pytest.mark.parametrize(
    ("type_", "text", "given", "right"),
    [
        ("integer", "I bought two of them", "2", 2),
        ("integer", "I bought two of them", "3", None),
        ("decimal", "it weighs 12,50 kg", "12.5", "12.5"),
        ("currency", "you charged 1.234,50 EUR", "1234.50 EUR", "1234.50 EUR"),
        ("currency", "you charged 1.234,50 EUR", "99 EUR", None),
        ("date", "it arrived on 3 November", "2026-11-03", "2026-11-03"),
        ("date", "it arrived on 3 November", "2026-11-04", None),
        ("phone", "call +44 20 7946 0958", "+44 20 7946 0958", "+442079460958"),
        ("phone", "call +44 20 7946 0958", "+44 20 7946 0999", None),
        ("email", "ann dot lee at example dot org", "ann.lee@example.org", "ann.lee@example.org"),
        ("email", "ann dot lee at example dot org", "bob@example.org", None),
        ("yes_no", "it still has its guarantee", "yes", True),
        ("text", "the sign says Miller and Sons", "Miller and Sons", "Miller and Sons"),
        ("text", "the sign says Miller and Sons", "Smith", None),
    ],
)
async def test_a_value_follows_from_its_quote_or_is_none(
    fake: FakeProvider, type_: str, text: str, given: str, right: object
) -> None:
    field = {"id": "asked", "label": "Asked", "type": type_}
    settings = with_settings(
        fields=[field], default_fields=["asked"], creation={}, update_rules=[], prediction=UNMASKED.prediction
    )
    fake.model = saying(found("asked", given, text))
    assert value((await talk(fake, settings).hears(text))["asked"]) == right


async def test_a_name_from_a_long_catalogue_is_mended_by_what_there_is(fake: FakeProvider) -> None:
    entries = [{"value": f"Aria {number}"} for number in range(2000, 4000)] + [{"value": "Borealis Kettle"}]
    field = {"id": "product", "label": "Product", "type": "lookup", "catalogue": entries}
    settings = with_settings(
        fields=[field], default_fields=["product"], creation={}, update_rules=[], prediction=BY_MODEL.prediction
    )

    def learns(asked: Asked) -> list[Item]:
        return [found("product", "Borealis Kettle" if asked.corrections else "Borealys", "Borealys")]

    fake.model = learns
    assert value((await talk(fake, settings).hears("my Borealys leaks"))["product"]) == "Borealis Kettle"
    first, second = fake.asked
    assert "Borealis" not in first.instructions
    assert "did you mean Borealis Kettle?" in second.corrections[0]


# --- what is sent -----------------------------------------------------------------------------------


async def test_the_key_goes_to_the_provider_and_nowhere_else(fake: FakeProvider) -> None:
    conversation = talk(fake)
    await conversation.hears(LEAKS)
    assert fake.asked[0].authorization == f"Bearer {KEY}"
    assert KEY not in repr(conversation.llm) + repr(fake.configuration) + conversation.said_by + str(
        conversation.reading
    )


async def test_the_instructions_are_the_same_each_time_so_that_they_can_be_cached(fake: FakeProvider) -> None:
    await talk(fake).hears(LEAKS)
    await talk(fake).hears("Something else altogether, from somebody else.")
    first, second = fake.asked
    assert first.instructions == second.instructions
    assert first.body["response_format"] == second.body["response_format"]
    assert LEAKS not in first.instructions


async def test_messages_stand_between_marks_that_nobody_can_guess(fake: FakeProvider) -> None:
    await talk(fake).hears(LEAKS)
    await talk(fake).hears(LEAKS)
    marks = [asked.prompt.split("\n")[0].split()[1] for asked in fake.asked]
    assert marks[0] != marks[1]
    assert all(len(mark) == 24 for mark in marks)
    for mark, asked in zip(marks, fake.asked, strict=True):
        assert asked.prompt.split("\n")[-1] == f"END {mark}"


async def test_the_model_has_no_tools(fake: FakeProvider) -> None:
    await talk(fake).hears(LEAKS)
    assert "tools" not in fake.asked[0].body


async def test_a_message_is_sent_once_and_what_is_known_stands_in_for_it(fake: FakeProvider) -> None:
    conversation = talk(fake)
    fake.model = reading(product=("Aria 3000", "Aria 3000"))
    await conversation.hears(LEAKS)
    fake.model = reading(serial_number=("CD5678", "CD5678"))
    answers = await conversation.hears(LEAKS, "R: Which serial number?", "It is wet everywhere.", "No: CD5678")

    second = fake.asked[1]
    fresh = [each["text"] for each in second.messages if "seen_before" not in each]
    assert fresh == ["Which serial number?", "It is wet everywhere.", "No: CD5678"]
    assert second.data["known"] == {"product": "Aria 3000"}
    assert values(answers) == {"product": "Aria 3000", "serial_number": "CD5678"}


async def test_the_cost_of_a_conversation_grows_with_its_length_and_not_with_the_square_of_it(
    fake: FakeProvider,
) -> None:
    lines = [f"{number}: and then it did something odd again, I can't say what." for number in range(60)]

    async def characters(length: int) -> int:
        conversation, before = talk(fake), len(fake.asked)
        for end in range(1, length + 1):
            await conversation.hears(*lines[:end])
        return sum(asked.characters for asked in fake.asked[before:])

    assert await characters(60) < 2.2 * await characters(30)


async def test_nothing_is_asked_when_nothing_was_said(fake: FakeProvider) -> None:
    conversation = talk(fake)
    fake.model = reading(product=("Aria 3000", "Aria 3000"))
    await conversation.hears(LEAKS)
    answers = await conversation.hears(LEAKS, "R: We look into it.")
    assert len(fake.asked) == 1
    assert value(answers["product"]) == "Aria 3000"


async def test_an_edited_message_is_read_anew_and_what_rested_on_it_is_gone(fake: FakeProvider) -> None:
    conversation = talk(fake)
    fake.model = reading(product=("Aria 3000", "Aria 3000"))
    (first,) = said(LEAKS)
    await conversation.evaluate([first])
    fake.model = saying()
    answers = await conversation.evaluate([replace(message(1, "My kettle leaks.", CUSTOMER), revision=1)])
    assert value(answers["product"]) is None
    assert fake.asked[1].messages[0]["text"] == "My kettle leaks."


async def test_other_field_definitions_have_the_conversation_read_anew(fake: FakeProvider) -> None:
    conversation = talk(fake)
    await conversation.hears(LEAKS)
    fields = [field.model_copy(update={"description": "As on the label."}) for field in BY_MODEL.fields]
    conversation.settings = BY_MODEL.model_copy(update={"fields": tuple(fields)})
    await conversation.hears(LEAKS)
    assert [each["text"] for each in fake.asked[1].messages] == [LEAKS]


# --- what is hidden ---------------------------------------------------------------------------------

PERSONAL = "I am ann.lee@example.org, call +44 20 7946 0958; paid with 4111 1111 1111 1111."


async def test_addresses_telephone_and_card_numbers_never_leave_and_come_back_whole(fake: FakeProvider) -> None:
    fake.model = saying(found("contact", "[EMAIL_1]", "I am [EMAIL_1]"))
    answers = await talk(fake).hears(PERSONAL)

    sent = str(fake.asked[0].body)
    assert not any(secret in sent for secret in ("ann.lee", "7946", "4111"))
    contact = answers["contact"]
    assert isinstance(contact, Prediction)
    assert (contact.value, contact.evidence[0].quote) == ("ann.lee@example.org", "I am ann.lee@example.org")


async def test_what_was_found_before_is_hidden_as_well(fake: FakeProvider) -> None:
    conversation = talk(fake)
    fake.model = saying(found("contact", "[EMAIL_1]", "I am [EMAIL_1]"))
    await conversation.hears(PERSONAL)
    await conversation.hears(PERSONAL, "It leaks.", "It does.")
    await conversation.hears(PERSONAL, "It leaks.", "It does.", "Is anybody there?")
    assert [each["text"] for each in fake.asked[2].messages] == ["It leaks.", "It does.", "Is anybody there?"]
    assert fake.asked[2].data["known"] == {"contact": "[EMAIL_1]"}
    assert "ann.lee" not in str(fake.asked[2].body)


async def test_a_correction_does_not_give_away_what_was_hidden(fake: FakeProvider) -> None:
    fake.model = saying(found("serial_number", "[EMAIL_1]", "I am [EMAIL_1]"))
    await talk(fake).hears(PERSONAL)
    assert "ann.lee" not in str(fake.asked[1].body)


async def test_a_stand_in_is_a_word_that_the_customer_did_not_write(fake: FakeProvider) -> None:
    fake.model = saying(found("contact", "[EMAIL_2]", "it is [EMAIL_2]"))
    answers = await talk(fake).hears("[EMAIL_1] is no address; it is ann@example.org")
    assert value(answers["contact"]) == "ann@example.org"


async def test_masking_can_be_switched_off(fake: FakeProvider) -> None:
    await talk(fake, settings_with(mask_personal=False)).hears(PERSONAL)
    assert fake.asked[0].messages[0]["text"] == PERSONAL
