"""The form that a case is opened by, filled in by the agent or by nobody."""

from __future__ import annotations

from collections.abc import Iterable

from agent.settings import Settings
from bot import forms, words
from bot.console.sent import Form
from bot.forms import Answers
from store.model import utcnow

NAME = "value:"  # before a field's id, in the form


def typed(form: Form | None, ids: Iterable[str]) -> dict[str, list[str]]:
    """By field; nothing where no form was sent."""
    return {} if form is None else {each: form.get(f"{NAME}{each}", []) for each in ids}


def read(form: Form, ids: Iterable[str], settings: Settings) -> tuple[Answers, str]:
    """With what is to be told where no case can be opened by it, else ""."""
    answers = forms.read(typed(form, ids), settings, utcnow())
    if answers.problems:
        return answers, "Some values don’t fit."
    return answers, "" if answers.say_something else words.nothing_filled_in()
