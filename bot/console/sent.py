"""What a form of the workspace sent, and who sent it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from bot.access.routes import Visit
from bot.acting import Acting
from store.model import Actor, ActorKind

Form = Mapping[str, list[str]]


async def form_sent(visit: Visit) -> Form:
    sent = await visit.request.post()
    return {each: [str(value) for value in sent.getall(each)] for each in sent}


def one(form: Form, name: str) -> str:
    return next(iter(form.get(name, [])), "")


def digits(form: Form, name: str) -> int:
    """0 for what is no number."""
    return number_in(one(form, name))


def number_in(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0  # noqa: PLR2004 -- as in addresses


def acting_as(visit: Visit) -> Acting:
    return Acting(
        key=uuid4().hex,
        actor=Actor(kind=ActorKind.PERSON, id=visit.visitor.id, name=visit.visitor.name),
        in_force=visit.in_force,
    )
