"""Channels: one native API each, translated to and from our words."""
