import pytest

from agent.pattern import begins, complaint, fits


@pytest.mark.parametrize("pattern", ["(A+)+B", "((A+))+B", "(A?){30}B", "(a|a)*b", "(.*)*x"])
def test_a_pattern_that_can_take_for_ever_is_refused_or_harmless(pattern: str) -> None:
    refused = complaint(pattern)
    assert refused is None or "takes too long" in refused
    assert not fits(pattern, "A" * 200)


def test_a_broken_pattern_is_explained() -> None:
    assert "not a regular expression" in (complaint("[A-") or "")


def test_an_honest_pattern_fits_whole_texts_only() -> None:
    pattern = r"[A-Z]{2}\d{2}-\d{6}[A-Z]?"
    assert complaint(pattern) is None
    assert fits(pattern, "EH24-123456")
    assert not fits(pattern, "EH24-123456 and more")


def test_the_beginning_of_a_text_that_may_fit_is_known() -> None:
    pattern = r"[A-Z]{2}\d{2}-\d{6}[A-Z]?"
    assert begins(pattern, "EH24-1")
    assert begins(pattern, "EH24-123456")
    assert not begins(pattern, "27")
    assert not begins(pattern, "EH24-123456AB")
