"""The embedded predictor: rules over what the administrator described, and a small network. No connection, no key."""

from agent.embedded.predictor import EmbeddedPredictor

__all__ = ["EmbeddedPredictor"]
