"""Which queue a new case goes to: an administrator's conditions decide that. Pure."""

from __future__ import annotations

from agent.rules import Facts, holds
from agent.settings import Queue, Settings


def queue_for(settings: Settings, facts: Facts) -> Queue | None:
    """The first active one whose conditions hold."""
    fitting = (
        each for each in settings.queues if each.active and (each.when is None or holds(each.when, facts, settings))
    )
    return next(fitting, None)
