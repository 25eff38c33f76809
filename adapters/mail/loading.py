"""Reads the file that describes the mailboxes, and finds their secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from adapters.mail.configuration import KEYS, Mailbox, Mailboxes
from adapters.mail.credentials import Credentials
from adapters.mail.sign_in import SecretsMissing, for_mailbox, secrets_from
from adapters.mail.sign_in.secrets import PREFIX, variables


class MailboxesWrong(Exception):
    """The file or the secrets can't be used; `problems` has a sentence for each thing that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path, environment: Mapping[str, str]) -> list[tuple[Mailbox, Credentials]]:
    """Each mailbox with what proves who we are. Raises MailboxesWrong with all the problems at once."""
    mailboxes = _read(path)
    problems = [problem for mailbox in mailboxes for problem in _missing_files(mailbox)]
    found: list[tuple[Mailbox, Credentials]] = []
    for mailbox in mailboxes:
        try:
            found.append((mailbox, for_mailbox(mailbox, secrets_from(environment, mailbox))))
        except SecretsMissing as error:
            problems += error.problems
    problems += _misspelt(environment, mailboxes)
    if problems:
        raise MailboxesWrong(tuple(problems))
    return found


def _missing_files(mailbox: Mailbox) -> Iterator[str]:
    for place in ("imap", "smtp", "sign_in"):
        file: Path | None = getattr(getattr(mailbox, place), "ca_file", None)
        if file is not None and not file.is_file():
            yield f"The mailbox {mailbox.name} names {file} as {place}.ca_file, and there is no such file."


def _misspelt(environment: Mapping[str, str], mailboxes: Sequence[Mailbox]) -> Iterator[str]:
    """Variables for secrets that no mailbox has: one that is not read is a mistake that nobody sees."""
    known = [name for mailbox in mailboxes for name in variables(mailbox)]
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            likely = get_close_matches(name, known, n=1)
            hint = f"did you mean {likely[0]}?" if likely else f"there are {', '.join(known)}."
            yield f"{name} is the secret of no mailbox in the file: {hint}"


def _read(path: Path) -> tuple[Mailbox, ...]:
    try:
        document: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MailboxesWrong((f"CASEWRIGHT_MAILBOXES names {path}, which can't be read: {error}.",)) from error
    except yaml.YAMLError as error:
        raise MailboxesWrong((f"{path.name} is no YAML: {' '.join(str(error).split())}.",)) from error
    try:
        return Mailboxes.model_validate(document).mailboxes
    except ValidationError as error:
        found = error.errors(include_input=False)
        # Of a list without its wrong entry, pydantic also says that it is too short.
        deepest = [each for each in found if not any(_is_above(each["loc"], other["loc"]) for other in found)]
        problems = (f"{path.name}: {_place(each['loc'])}: {_sentence(each)}" for each in deepest)
        raise MailboxesWrong(tuple(problems)) from None


def _is_above(one: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    return len(one) < len(other) and other[: len(one)] == one


def _sentence(detail: ErrorDetails) -> str:
    """For a person, who knows nothing of pydantic."""
    match detail["type"]:
        case "extra_forbidden":
            name = str(detail["loc"][-1])
            likely = get_close_matches(name, KEYS, n=1)
            return f"there is no key {name!r} here" + (f"; did you mean {likely[0]!r}?" if likely else "")
        case "missing":
            return "is missing"
        case "value_error":
            return str(detail.get("ctx", {}).get("error"))
        case _:
            return detail["msg"].replace("Input should", "should")


def _place(location: tuple[str | int, ...]) -> str:
    """Without the ways to sign in, which pydantic puts among the keys."""
    location = tuple(part for at, part in enumerate(location) if not (at and location[at - 1] == "sign_in"))
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".") or "the file"
