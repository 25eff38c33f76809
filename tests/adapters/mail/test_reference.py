"""The key of a conversation, there and back again through other people's mail clients."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from adapters.mail import reference

KEY = "abcdefghij234567"
OTHER = "zyxwvutsrq765432"
keys = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16)
subjects = st.text(st.characters(codec="utf-8"), max_size=400)


def test_an_id_is_the_same_at_each_attempt_and_another_for_each_post() -> None:
    first = reference.message_id(KEY, "post|1", "desk.example")
    assert first == reference.message_id(KEY, "post|1", "desk.example")
    assert first != reference.message_id(KEY, "post|2", "desk.example")
    assert re.fullmatch(r"abcdefghij234567\.[a-z2-7]{20}@desk\.example", first)


def test_an_id_writes_a_domain_as_the_dns_knows_it() -> None:
    assert reference.message_id(KEY, "1", "Bücher.example").endswith("@xn--bcher-kva.example")
    assert reference.message_id(KEY, "1", "Desk.Local").endswith("@desk.local")


@pytest.mark.parametrize("key", ["", "short", KEY + "a", KEY.upper(), KEY[:15] + "1", KEY[:15] + "\n", "a\r\nb"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="conversation key"):
        reference.message_id(key, "1", "desk.example")
    with pytest.raises(ValueError, match="conversation key"):
        reference.with_token("Leak", key)


@given(key=keys, post=st.text())
def test_every_id_of_ours_leads_back_to_its_conversation(key: str, post: str) -> None:
    written = reference.message_id(key, post, "desk.example")
    for seen in (written, f"<{written}>", written.upper(), f" <{written[:30]}\r\n {written[30:]}>"):
        assert reference.keys_in_ids([seen], ["desk.example"]) == [key]


def test_ids_of_others_hold_no_key() -> None:
    ours = reference.message_id(KEY, "1", "desk.example")
    strangers = ["", "<>", "a@b", ours.replace("desk", "other"), ours.replace(".", "", 1), "x" + ours, ours[1:]]
    assert reference.keys_in_ids(strangers, ["desk.example"]) == []
    assert reference.keys_in_ids([ours], []) == []


def test_an_id_with_a_domain_of_any_spelling_is_ours() -> None:
    ours = reference.message_id(KEY, "1", "bücher.example")
    assert reference.keys_in_ids([ours], ["BÜCHER.example"]) == [KEY]
    assert reference.keys_in_ids([f"{KEY}.{'a' * 20}@\N{COMBINING DIAERESIS}"], ["desk.example"]) == []


def test_each_key_comes_once_in_the_order_of_the_ids() -> None:
    ids = [reference.message_id(key, post, "desk.example") for key, post in [(OTHER, "1"), (KEY, "2"), (OTHER, "3")]]
    assert reference.keys_in_ids(["stranger@x", *ids], ["desk.example"]) == [OTHER, KEY]


def test_a_subject_carries_one_token_at_its_end() -> None:
    once = reference.with_token("Machine leaks", KEY)
    assert once == "Machine leaks [ref:abcdefghij234567]"
    assert reference.with_token(once, KEY) == once
    assert reference.with_token(once, OTHER) == "Machine leaks [ref:zyxwvutsrq765432]"
    assert reference.with_token("", KEY) == "[ref:abcdefghij234567]"


@pytest.mark.parametrize("prefix", ["Re: ", "AW: ", "Antw: ", "RE[2]: ", "WG: ", "[EXT] Re: ", "回复: ", "\u200fרה: "])
def test_a_token_survives_what_clients_put_in_front(prefix: str) -> None:
    assert reference.key_in_subject(prefix + reference.with_token("Machine leaks", KEY)) == KEY


@given(subject=subjects, key=keys)
@example(subject="🙂" * 300, key=KEY)
@example(subject="[ref:[ref:abcdefghij234567]abcdefghij234567]", key=OTHER)
def test_whatever_the_subject_its_token_is_found_and_taken_out_again(subject: str, key: str) -> None:
    written = reference.with_token(subject, key)
    assert reference.key_in_subject(written) == key
    assert len(written) <= reference.SUBJECT_LIMIT
    assert reference.with_token(written, key) == written
    assert reference.key_in_subject(reference.without_token(written)) is None
    assert "\n" not in written
    assert "\r" not in written


@given(subject=subjects)
def test_a_subject_without_a_token_stays_as_it_is(subject: str) -> None:
    assume(reference.key_in_subject(subject) is None)
    assert reference.without_token(subject) == " ".join(subject.split())


@given(subject=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=200), key=keys)
def test_a_token_survives_folding_and_encoding(subject: str, key: str) -> None:
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"] = reference.with_token(subject, key)
    read = message_from_bytes(bytes(mail), policy=policy.default)
    assert reference.key_in_subject(read["Subject"]) == key


@pytest.mark.parametrize("fold", ["\r\n ", "\n\t", " "])
@given(at=st.integers(min_value=1, max_value=21))
def test_a_token_survives_a_fold_in_its_middle(fold: str, at: int) -> None:
    token = f"[ref:{KEY}]"
    assume(not 1 < at <= 4)  # nobody cuts a word of three letters
    assert reference.key_in_subject(f"Leak {token[:at]}{fold}{token[at:]}") == KEY


@given(key=keys, upper=st.booleans(), spaced=st.booleans())
def test_a_token_survives_another_case_and_spaces(key: str, upper: bool, spaced: bool) -> None:  # noqa: FBT001 - drawn
    token = reference.with_token("Leak", key)
    token = token.upper() if upper else token.title()
    assert reference.key_in_subject(token.replace(":", " : ") if spaced else token) == key


@given(cut=st.integers(min_value=1, max_value=21), dots=st.sampled_from(["", "…", "...", "]"]))
def test_a_token_that_a_client_cut_names_nobody(cut: int, dots: str) -> None:
    whole = reference.with_token("Leak", KEY)
    assume(whole[:-cut] + dots != whole)
    assert reference.key_in_subject(whole[:-cut] + dots) is None


def test_letters_that_only_look_like_ours_name_nobody() -> None:
    assert reference.key_in_subject("[ref:\N{KELVIN SIGN}bcdefghij234567]") is None
    assert reference.key_in_subject("[ref:аbcdefghij234567]") is None  # the first is Cyrillic


def test_of_several_tokens_the_last_counts() -> None:
    assert reference.key_in_subject(f"[ref:{KEY}] Fwd: [ref:{OTHER}]") == OTHER
    assert reference.key_in_subject(f"[ref:{OTHER}] and [ref:{KEY}] [ref:cut") == KEY
    assert reference.without_token(f"[ref:{KEY}] Leak [ref:{OTHER}] again") == "Leak again"


def test_a_subject_of_a_million_characters_takes_no_time() -> None:
    assert reference.without_token("[ref:" * 200_000).startswith("[ref:")
    assert reference.without_token("[ ref" + " " * 1_000_000).startswith("[ ref")
