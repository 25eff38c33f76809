import pytest

from agent.pattern import complaint, fits


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
