"""When to try again, and when not."""

import pytest

from adapters.channel import RetryLater, Undeliverable
from bot.backoff import GiveUp, Retry, after_failure, after_refusal, described
from store import outbox, work


def seconds(verdict: Retry | GiveUp) -> float:
    assert isinstance(verdict, Retry)
    return verdict.after


@pytest.mark.parametrize(("attempts", "around"), [(1, 1), (2, 4), (3, 15), (4, 60)])
def test_an_event_waits_longer_after_each_failure_and_never_as_long_as_its_neighbour(
    attempts: int, around: float
) -> None:
    waits = {seconds(after_failure(attempts, ArithmeticError())) for _ in range(50)}

    assert min(waits) >= 0.8 * around
    assert max(waits) <= 1.2 * around
    assert len(waits) > 1


def test_an_event_is_given_up_after_its_last_attempt() -> None:
    assert isinstance(after_failure(work.MAX_ATTEMPTS, ArithmeticError()), GiveUp)


def test_a_post_waits_longer_after_each_refusal_until_it_is_given_up() -> None:
    middles = [1, 4, 15, 60, 300, 900, 3600, 3600, 3600, 3600, 3600]
    for attempts, around in enumerate(middles, start=1):
        assert 0.8 * around <= seconds(after_refusal(attempts, TimeoutError())) <= 1.2 * around

    assert isinstance(after_refusal(outbox.MAX_ATTEMPTS, TimeoutError()), GiveUp)


@pytest.mark.parametrize("attempts", [1, outbox.MAX_ATTEMPTS])
def test_a_channel_that_names_a_time_is_obeyed_however_often_it_does(attempts: int) -> None:
    assert seconds(after_refusal(attempts, RetryLater("slow down", after=7.5))) == 7.5


def test_what_cannot_be_delivered_is_given_up_at_once() -> None:
    assert after_refusal(1, Undeliverable("The thread is gone.")) == GiveUp("The thread is gone.")


def test_an_error_is_described_in_bounded_length_and_without_nul() -> None:
    text = described(ValueError("\0" + "x" * 5000))

    assert text.startswith("ValueError: \N{REPLACEMENT CHARACTER}xxx")
    assert len(text) == 2000
