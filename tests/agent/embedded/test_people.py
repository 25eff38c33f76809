"""Addresses and telephone numbers: whose they are decides."""

import pytest

from agent.predictor import Prediction, Sender
from tests.agent.embedded.talking import answer, field, quotes, value

CONTACT = field("email", "Contact", "The address that the person gives as their own.", identity=True)
PHONE = field("phone", "Callback phone", "Number on which the customer asks to be called.")


def test_a_verified_sender_is_the_contact_and_needs_no_words() -> None:
    found = answer(CONTACT, "hi, write to other@x.example", sender=Sender(verified_email="Jo@Example.org"))
    assert isinstance(found, Prediction)
    assert (found.value, found.evidence) == ("Jo@example.org", ())


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("jo.berg@mail.example", "jo.berg@mail.example"),
        ("m dot okafor at mailbox dot example m for mike", "m.okafor@mailbox.example"),
        ("patricia underscore nwosu at maplepost dot example", "patricia_nwosu@maplepost.example"),
        ("theo dot lindqvist that's l i n d q v i s t at lakeside dot example", "theo.lindqvist@lakeside.example"),
        ("joanne dot w at hill dot example no dot sorry joannew at hill dot example", "joannew@hill.example"),
        ("my email is ann at home dot example", "ann@home.example"),
        ("use my work one jen.kowalczyk@", None),
        ("nah, not giving that out", None),
        ("meet me at lakeside dot example", None),
    ],
)
def test_an_address_is_understood_typed_or_spoken(line: str, address: str | None) -> None:
    assert value(CONTACT, "R: What is your e-mail address?", line) == address


@pytest.mark.parametrize(
    "lines",
    [
        ("my colleague's address is bob@corp.example",),
        ("it was sent to shop@corp.example by mistake",),
        ("then ask mike there, mike@corp.example",),
        ("R: You reach us at care@shop.example", "ok"),
        ("R: Please write to care@shop.example", "yes"),
        ("I wrote to care@acme-shop.example",),
        ("hello", "C2: mine is bob@corp.example"),
    ],
)
def test_somebody_elses_address_is_not_the_contact(lines: tuple[str, ...]) -> None:
    assert value(CONTACT, *lines, company="Acme Bikes") is None


def test_a_later_address_replaces_an_earlier_one() -> None:
    assert value(CONTACT, "my mail is a@x.example", "no wait, use b@x.example") == "b@x.example"


def test_what_a_representative_reads_back_counts_once_the_customer_agrees() -> None:
    lines = ("R: so that is ann nineteen at post dot example", "that's the one")
    assert value(CONTACT, *lines) == "ann19@post.example"
    assert quotes(CONTACT, *lines) == ["ann nineteen at post dot example", "that's the one"]


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (("please call me on 020 7946 0733",), "+442079460733"),
        (("R: Can we ring you?", "sure, +49 171 3920055"), "+491713920055"),
        (
            ("R: Can we ring you?", "sure, +49 171 3920055", "argh no thats the old one. +49 171 3920066"),
            "+491713920066",
        ),
        (("R: What number?", "0161 496 0412", "*0421"), "+441614960421"),
        (("call me on oh one two one four nine six oh five eight three",), "+441214960583"),
        (("Bitte rufen Sie mich an und nicht die Werkstatt, 030 23125 418",), "+493023125418"),
        (("call me: not me, 0161 496 0412 is my boss",), None),
        (("it broke. fax 0161 496 0412",), None),
        (("It leaks.\n\nRegards,\nJo\nTel. 0191 498 0417",), None),
        (("R: Call us on 0191 498 0417", "ok"), None),
        (("it is 0191 498 0417 times heavier",), None),
    ],
)
def test_a_number_counts_where_the_customer_wants_to_be_called(lines: tuple[str, ...], number: str | None) -> None:
    assert value(PHONE, *lines, region="GB") == number
