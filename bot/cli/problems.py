"""Errors that are told in a sentence: named for whose they are, since the exit status tells it too."""

from __future__ import annotations

from typer import TyperException


class Mistake(TyperException):
    """Asked wrongly: the person can mend it by asking differently."""

    exit_code = 2


class Failure(TyperException):
    """Asked rightly, and it could not be done."""

    exit_code = 1
