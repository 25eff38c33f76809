"""Builds the network of `agent.embedded.model`, with the extra `training`; nothing of it runs in service."""
