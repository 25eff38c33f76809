"""Whether the registration works, for an administrator who is setting it up."""

from __future__ import annotations

from adapters.channel import RetryLater
from adapters.teams.configuration import TeamsConfiguration
from adapters.teams.tokens import Tokens


async def check(configuration: TeamsConfiguration) -> str | None:
    """What is wrong, in a sentence."""
    tokens = Tokens(configuration)
    try:
        await tokens.header()
    except RetryLater as error:
        return f"{str(error).rstrip('.')}."
    finally:
        tokens.close()
    return None
