"""Where webhooks may go: nowhere that only this network reaches, whatever the address looks like."""

from __future__ import annotations

import pytest

from bot.webhooks.targets import ForbiddenTarget, PublicAlone, complaint, is_public

INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 -- an example
    "255.255.255.255",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "192.0.0.192",
]


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_of_this_network_is_refused(host: str) -> None:
    assert not is_public(host)
    url = f"https://[{host}]/" if ":" in host else f"https://{host}/"
    assert complaint(url, private=False) is not None


@pytest.mark.parametrize("host", ["8.8.8.8", "2606:4700:4700::1111", "example.org"])
def test_a_public_address_is_none_to_complain_of(host: str) -> None:
    url = f"https://[{host}]:8443/x?y=z" if ":" in host else f"https://{host}:8443/x?y=z"
    assert complaint(url, private=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "http://example.org/",
        "ftp://example.org/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://ann:secret@example.org/",
        "https://example.org@127.0.0.1/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org/#x",
        "https://example.org/a b",
        "https://exämple.org/",
        "https://127.0.0.1%2f.example.org/",
        "https://[::1/",
        "https://example.org:99999/",
        "https://example.org/\r\nX: y",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_what_is_no_address_of_the_open_internet_is_told_in_a_sentence(url: str) -> None:
    assert (complaint(url, private=False) or "").startswith("should ")


def test_who_allows_it_may_be_told_at_home() -> None:
    assert complaint("http://127.0.0.1:8000/", private=True) is None
    assert complaint("https://10.0.0.1/", private=True) is None
    assert complaint("file:///etc/passwd", private=True) is not None


@pytest.mark.parametrize("host", ["localhost", "0x7f.1"])
async def test_a_name_that_stands_for_this_machine_is_refused_when_it_is_reached(host: str) -> None:
    assert is_public(host)
    with pytest.raises(ForbiddenTarget):
        await PublicAlone().resolve(host, 443)
