"""Who is believed about whether a mail is authentic (RFC 8601)."""

from __future__ import annotations

import pytest

from adapters.mail.configuration import Limits
from adapters.mail.reading import Verdict, read
from adapters.mail.reading.standing import aligned
from tests.adapters.mail.reading import SERVER, mail

PASS = f"Authentication-Results: {SERVER}; dmarc=pass header.from=b.example"


def verdict(*headers: str, sender: str = "a@b.example") -> Verdict:
    return mail(*headers, sender=sender).standing.verdict


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass header.from=b.example", Verdict.PASSED),
        ("dmarc=pass header.from=other.example", Verdict.NONE),
        ("dmarc=fail header.from=b.example; dkim=pass header.d=b.example", Verdict.FAILED),
        ("dmarc=pass action=none header.from=b.example;", Verdict.PASSED),
        ("dkim=pass header.d=b.example", Verdict.PASSED),
        ("dkim=pass header.d=mail.b.example", Verdict.PASSED),
        ("dkim=pass header.d=evil.example", Verdict.NONE),
        ("dkim=pass header.i=@b.example", Verdict.PASSED),
        ("dkim=pass header.i=@b.example header.d=evil.example", Verdict.NONE),  # RFC 6376 knows no such signature
        ("spf=pass smtp.mailfrom=bounce@news.b.example", Verdict.PASSED),
        ("spf=pass smtp.mailfrom=evil.example", Verdict.NONE),
        ("spf=pass smtp.helo=b.example", Verdict.NONE),
        ("spf=softfail smtp.mailfrom=b.example", Verdict.FAILED),
        ("auth=pass (plain) smtp.auth=a@b.example", Verdict.PASSED),
        ("spf=fail smtp.mailfrom=b.example; auth=pass smtp.auth=A@b.example", Verdict.PASSED),
        ("auth=pass smtp.auth=other@b.example", Verdict.NONE),  # another of its users
        ("auth=pass smtp.auth=a smtp.mailfrom=a@b.example", Verdict.NONE),
        ("auth=fail smtp.auth=a@b.example", Verdict.NONE),
        ("dmarc=fail header.from=b.example; auth=pass smtp.auth=a@b.example", Verdict.FAILED),
        ("none", Verdict.NONE),
        ("((((", Verdict.NONE),
    ],
)
def test_the_domain_in_from_has_to_be_the_one_that_passed(results: str, expected: Verdict) -> None:
    assert verdict(f"Authentication-Results: {SERVER}; {results}") is expected


# As Microsoft 365 delivers: the last hops are between its own names, and the field names no server.
MICROSOFT = """\
Received: from AM0PR01MB1234.eurprd01.prod.exchangelabs.com (2603:10a6:208::1)
 by VI1PR01MB5678.eurprd01.prod.exchangelabs.com with HTTPS; Tue, 24 Nov 2026 10:00:02 +0000
Received: from AM5EUR03FT012.eop-EUR03.prod.protection.outlook.com (2603:10a6:206::2)
 by AM0PR01MB1234.outlook.office365.com (2603:10a6:208::1) with Microsoft SMTP Server; Tue, 24 Nov 2026 10:00:01 +0000
Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=b.example; dkim=pass (signature was
 verified) header.d=b.example;dmarc=pass action=none header.from=b.example;compauth=pass reason=100
Received: from mail.b.example (192.0.2.1) by AM5EUR03FT012.mail.protection.outlook.com (10.152.16.1)
 with Microsoft SMTP Server; Tue, 24 Nov 2026 10:00:00 +0000
"""


def by_microsoft(fields: str, server: str = "protection.outlook.com") -> Verdict:
    raw = f"{fields}From: a@b.example\n\nHello".encode()
    return read(raw, own_addresses=frozenset(), authserv_id=server, limits=Limits()).standing.verdict


def test_microsofts_field_counts_though_its_hops_have_several_names() -> None:
    assert by_microsoft(MICROSOFT) is Verdict.PASSED
    assert by_microsoft(MICROSOFT, "mx.shop.example") is Verdict.NONE


def test_a_field_that_names_no_server_and_came_with_the_mail_does_not_count_at_microsoft() -> None:
    came_with_it = "Authentication-Results: dmarc=pass action=none header.from=b.example\n"
    assert by_microsoft(MICROSOFT.replace("=pass", "=fail") + came_with_it) is Verdict.FAILED


def test_another_servers_word_counts_for_nothing() -> None:
    assert verdict("Authentication-Results: mx.evil.example; dmarc=pass header.from=b.example") is Verdict.NONE


def test_without_a_configured_server_nothing_passes() -> None:
    raw = f"{PASS}\nFrom: a@b.example\n\nHello".encode()
    standing = read(raw, own_addresses=frozenset(), authserv_id=None, limits=Limits()).standing
    assert standing.verdict is Verdict.NONE


@pytest.mark.parametrize("own", ["none", "spf=fail smtp.mailfrom=b.example"])
def test_a_forged_field_below_the_servers_own_does_not_count(own: str) -> None:
    ours = f"Authentication-Results: {SERVER}; {own}"
    assert verdict(ours, "Received: from x by y", PASS) is not Verdict.PASSED
    assert verdict("Received: from x by y", ours, PASS) is not Verdict.PASSED


def test_several_fields_above_the_first_received_are_the_servers_own() -> None:
    assert verdict(f"Authentication-Results: {SERVER}; spf=none", PASS, "Received: from x by y") is Verdict.PASSED


@pytest.mark.parametrize(
    "received",
    [
        ["from relay.b.example (b.example [192.0.2.1]) by mx.shop.example (Postfix) with ESMTPS id 1; Tue"],
        ["from mx.shop.example (localhost (really [::1])) by imap.shop.example with LMTP"],
        ["from mx.shop.example by imap-3.hoster.example with LMTP", "from a by spam.hoster.example"],  # the last hop
        ["by 2002:a05:6400:5290:b0:14b with SMTP id 1", "by mailstore.internal", "(qmail 77 invoked by uid 1000); Tue"],
        ["from x by [10.0.0.7] with LMTP", "from localhost by localhost with SMTP"],
    ],
)
def test_a_field_below_hops_of_the_receiving_side_counts(received: list[str]) -> None:
    hops = [f"Received: {each}" for each in received]
    assert verdict(*hops, PASS, "Received: from outside.example by mx.shop.example") is Verdict.PASSED


@pytest.mark.parametrize("foreign", ["mx.evil.example", "shop.example.evil.example", "evilshop.example", "[9.9.9.9]"])
def test_a_field_below_a_foreign_servers_received_is_forged(foreign: str) -> None:
    ours = "Received: from evil.example (by mx.shop.example) by mx.shop.example"
    theirs = f"Received: from mx.shop.example (mx.shop.example by mx.shop.example) by {foreign} with SMTP"
    assert verdict(ours, theirs, PASS) is Verdict.NONE


def test_two_shops_under_one_public_suffix_are_not_one_organisation() -> None:
    raw = "Received: from x by mx.shop.co.uk\nReceived: from x by mx.evil.co.uk\n"
    raw += "Authentication-Results: mx.shop.co.uk; dmarc=pass header.from=b.example\nFrom: a@b.example\n\nHello"
    standing = read(raw.encode(), own_addresses=frozenset(), authserv_id="mx.shop.co.uk", limits=Limits()).standing
    assert standing.verdict is Verdict.NONE
    assert "left no Authentication-Results where only it could have" in standing.why


@pytest.mark.parametrize(
    "senders",
    [
        ["From: a@b.example, c@d.example"],
        ["From: a@b.example", "From: c@d.example"],
        ["From: nobody"],
        ["From: "],
        ['From: "a@b.example" <c@b.example> <a@b.example>'],
    ],
)
def test_a_from_that_names_no_single_address_never_passes(senders: list[str]) -> None:
    assert verdict(PASS, *senders) is not Verdict.PASSED


def test_relaxed_alignment_stops_at_public_suffixes() -> None:
    assert aligned("mail.b.example", "b.example")
    assert not aligned("co.uk", "b.co.uk")
    assert not aligned("uk", "b.uk")
    assert not aligned("evilb.example", "b.example")


AUTH_AS = "X-MS-Exchange-Organization-AuthAs: "


@pytest.mark.parametrize(
    ("fields", "server", "own", "expected"),
    [
        (f"{AUTH_AS}Internal\n", "protection.outlook.com", "help@b.example", Verdict.PASSED),
        (f"{AUTH_AS}Anonymous\n", "protection.outlook.com", "help@b.example", Verdict.NONE),
        (f"{AUTH_AS}Internal\n{AUTH_AS}Anonymous\n", "protection.outlook.com", "help@b.example", Verdict.NONE),
        # Elsewhere nobody takes such a field off; and others of the same cloud are no colleagues.
        (f"{AUTH_AS}Internal\n", "mx.b.example", "help@b.example", Verdict.NONE),
        (f"{AUTH_AS}Internal\n", "protection.outlook.com", "help@other.example", Verdict.NONE),
        (
            f"{AUTH_AS}Internal\nAuthentication-Results: spf=fail smtp.mailfrom=b.example\n",
            "protection.outlook.com",
            "help@b.example",
            Verdict.PASSED,
        ),
        (
            f"{AUTH_AS}Internal\nAuthentication-Results: dmarc=fail header.from=b.example\n",
            "protection.outlook.com",
            "help@b.example",
            Verdict.FAILED,
        ),
    ],
)
def test_exchange_vouches_for_colleagues_where_the_mailbox_is_at_microsoft_365(
    fields: str, server: str, own: str, expected: Verdict
) -> None:
    raw = f"{fields}From: a@b.example\n\nHello".encode()
    found = read(raw, own_addresses=frozenset({own}), authserv_id=server, limits=Limits())
    assert found.standing.verdict is expected
