"""Reads the file that describes the mailboxes, and finds their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from adapters.mail.configuration import Mailbox, Mailboxes
from adapters.mail.credentials import Credentials
from adapters.mail.sign_in import SecretsMissing, for_mailbox, secrets_from


class MailboxesWrong(Exception):
    """The file or the secrets can't be used; `problems` has a sentence for each thing that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path, environment: Mapping[str, str]) -> list[tuple[Mailbox, Credentials]]:
    """Each mailbox with what proves who we are. Raises MailboxesWrong with all the problems at once."""
    mailboxes = _read(path)
    problems: list[str] = []
    found: list[tuple[Mailbox, Credentials]] = []
    for mailbox in mailboxes:
        try:
            found.append((mailbox, for_mailbox(mailbox, secrets_from(environment, mailbox))))
        except SecretsMissing as error:
            problems += error.problems
    if problems:
        raise MailboxesWrong(tuple(problems))
    return found


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
        problems = (f"{path.name}: {_place(each['loc'])}: {each['msg']}" for each in error.errors(include_input=False))
        raise MailboxesWrong(tuple(problems)) from None


def _place(location: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".") or "the file"
