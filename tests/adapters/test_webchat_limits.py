"""The token bucket, and tokens that open nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.webchat.limits import RateLimit
from adapters.webchat.tokens import STREAM, ExpiredToken, Grant, InvalidToken, Tokens, User

GRANT = Grant(conversation="c1", user=User(id="ada", name="Ada", email="ada@example.org"))


def test_a_minutes_worth_at_once_then_as_fast_as_it_refills() -> None:
    now = [0.0]
    limit = RateLimit(30, clock=lambda: now[0])
    assert [limit.wait("ada") for _ in range(30)] == [0] * 30
    assert limit.wait("ada") == pytest.approx(2)
    assert limit.wait("bob") == 0
    now[0] = 1.5
    assert limit.wait("ada") == pytest.approx(0.5)
    now[0] = 2.0
    assert limit.wait("ada") == 0
    assert limit.wait("ada") == pytest.approx(2)


def test_who_is_full_again_is_forgotten_and_who_is_not_is_kept() -> None:
    now = [0.0]
    limit = RateLimit(2, clock=lambda: now[0])
    for number in range(10_000):
        limit.wait(str(number))
    now[0] = 3600.0
    limit.wait("ada")
    limit.wait("ada")
    assert limit.wait("ada") > 0
    assert len(limit._buckets) == 1  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - memory has no other face


def test_a_token_says_who_in_which_conversation() -> None:
    tokens = Tokens("a secret")
    assert tokens.read(tokens.issue(GRANT)) == GRANT
    assert tokens.read(tokens.issue(GRANT, STREAM), STREAM) == GRANT


def test_a_token_is_for_one_use_and_one_secret_and_a_while() -> None:
    tokens = Tokens("a secret")
    for token, audience in ((tokens.issue(GRANT, STREAM), "chat"), (tokens.issue(GRANT), STREAM), ("x.y.z", "chat")):
        with pytest.raises(InvalidToken):
            tokens.read(token, audience)
    with pytest.raises(InvalidToken):
        Tokens("another secret").read(tokens.issue(GRANT))
    with pytest.raises(ExpiredToken):
        tokens.read(tokens.issue(GRANT, lifetime=timedelta(seconds=-1)))
    with pytest.raises(InvalidToken):
        tokens.check_for_file(tokens.issue_for_file("f1"), "f2")
    tokens.check_for_file(tokens.issue_for_file("f1"), "f1")


def test_the_secret_is_recognised_and_its_neighbours_are_not() -> None:
    tokens = Tokens("sécret")
    assert tokens.is_secret("sécret")
    assert not tokens.is_secret("secret")
    assert not tokens.is_secret("\udcff")
    with pytest.raises(ValueError, match="needs a secret"):
        Tokens("")
