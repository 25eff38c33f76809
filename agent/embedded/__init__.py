"""The embedded predictor: rules and matching over what the administrator described. No network, no key, no model."""

from agent.embedded.predictor import EmbeddedPredictor

__all__ = ["EmbeddedPredictor"]
