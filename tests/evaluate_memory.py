"""A part of `make evaluate`: the memory of a process that does nothing but predict, MB resident.

`python -m tests.evaluate_memory`. It plays the support conversations, message by message, then tells a language.
"""

from __future__ import annotations

import resource

import psutil
import typer

from agent import language
from agent.embedded.model.artefact import missing, shipped
from agent.embedded.predictor import evaluate
from store.model import Role
from tests.labelled import support
from tests.score import data_folder


def main() -> None:
    artefact = shipped()
    if artefact is None:
        raise SystemExit(f"Only the rules could be measured: {missing()}")
    _say("opened")
    for conversation in support(data_folder()):
        for at, message in enumerate(conversation.transcript, start=1):
            if message.author.role is Role.CUSTOMER:
                evaluate(conversation.request(at), artefact=artefact)
    _say("every support conversation read, message by message")
    language.detect("Meine Kaffeemaschine tropft seit gestern, und ich weiß nicht warum.")
    _say("a language told")


def _say(when: str) -> None:
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # it comes in KiB
    typer.echo(f"{psutil.Process().memory_info().rss / 1e6:.0f} MB, {peak / 1e6:.0f} at most: {when}")


if __name__ == "__main__":
    main()
