"""Reads an event for what it is: who wrote it, is it a command, does it call for an evaluation. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from agent.noise import is_noise
from agent.settings import Settings
from bot import words
from bot.commands import Command, CommandError, Help, parse
from store.commands import command_word, is_lone_slash
from store.mail import CHANNEL as EMAIL
from store.mail import is_listed
from store.model import Author, Category, Inbound, InboundKind, Role


class Step(Enum):
    """What is to happen to an event."""

    APPEND = auto()  # a message: keep it
    COMMAND = auto()  # a representative's command: carry it out
    REFUSE = auto()  # a customer's command or button: say so politely, change nothing
    EDIT = auto()
    DELETE = auto()
    ACTION = auto()  # a representative pressed a button of ours
    UNDELIVERED = auto()  # a post came back: the case carries a mark
    END = auto()
    EVALUATE = auto()  # a timer says that it has been quiet long enough
    IGNORE = auto()  # joins, leaves, bots: kept in the inbox, nothing follows


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    step: Step
    role: Role
    command: Command | CommandError | None = None
    noise: bool = False


def read(inbound: Inbound, settings: Settings, *, demo_representatives: frozenset[str] = frozenset()) -> Reading:
    """Roles come from the settings and the channel's word for who wrote, never from the text."""
    role = _role(inbound, settings, demo_representatives)
    if inbound.kind is InboundKind.MESSAGE:
        return _read_message(inbound, settings, role)
    return Reading(step=_step(inbound, role), role=role, noise=is_noise(inbound.text))


def is_representative(
    author: Author, channel: str, settings: Settings, demo_representatives: frozenset[str] = frozenset()
) -> bool:
    """Whether the settings list somebody, or a group of theirs, as a representative on this channel."""
    listed = set(settings.channel(channel).representatives) | demo_representatives
    if channel == EMAIL:
        return is_listed(author.id, {each.casefold() for each in listed})
    return not listed.isdisjoint({author.id, *author.groups})


def _role(inbound: Inbound, settings: Settings, demo_representatives: frozenset[str]) -> Role:
    listed = is_representative(inbound.author, inbound.channel, settings, demo_representatives)
    return Role.REPRESENTATIVE if listed else Role.CUSTOMER


def _read_message(inbound: Inbound, settings: Settings, role: Role) -> Reading:
    if inbound.author.is_bot:
        return Reading(step=Step.IGNORE, role=role)
    text = inbound.text
    if inbound.category is Category.EMAIL:
        if role is Role.CUSTOMER:  # a mail may begin with a path, and there is nobody to hide it from
            return Reading(step=Step.APPEND, role=role, noise=is_noise(text))
        text = text.strip().partition("\n")[0]  # what follows a command is a greeting or a signature
    command = parse(text, settings)
    word = command_word(text)
    if command is None and word is not None and role is Role.REPRESENTATIVE:
        # Channels hide from others what may be a command: nobody has seen it, so it was not said.
        lone = is_lone_slash(text)
        command = Help() if lone else CommandError(problems=(words.unknown_command(word, None),), verb=None)
    if command is None or (role is Role.CUSTOMER and _is_only_like_a_command(command)):
        return Reading(step=Step.APPEND, role=role, noise=is_noise(inbound.text))
    step = Step.COMMAND if role is Role.REPRESENTATIVE else Step.REFUSE
    return Reading(step=step, role=role, command=command)


def _is_only_like_a_command(command: Command | CommandError) -> bool:
    """A slash and a word that is no command of ours: a customer may just have meant the words."""
    return isinstance(command, CommandError) and command.verb is None


_STEPS = {
    InboundKind.EDIT: Step.EDIT,
    InboundKind.DELETE: Step.DELETE,
    InboundKind.UNDELIVERED: Step.UNDELIVERED,
    InboundKind.ENDED: Step.END,
    InboundKind.TIMER: Step.EVALUATE,
    InboundKind.MEMBERSHIP: Step.IGNORE,
}


def _step(inbound: Inbound, role: Role) -> Step:
    if inbound.kind is InboundKind.ACTION:
        return Step.ACTION if role is Role.REPRESENTATIVE else Step.REFUSE
    return _STEPS[inbound.kind]
