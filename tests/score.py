"""Measures a predictor on labelled conversations: `python -m tests.score [--json]`."""
