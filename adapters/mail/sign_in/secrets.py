"""Finds a mailbox's secrets in the environment, where each is given as it is or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from adapters.mail.configuration import Mailbox

PREFIX = "CASEWRIGHT_MAILBOX_"
PASSWORD, CLIENT_SECRET, REFRESH_TOKEN = "PASSWORD", "CLIENT_SECRET", "REFRESH_TOKEN"
_NEEDED = {
    "password": {PASSWORD: "its password"},
    "microsoft": {CLIENT_SECRET: "the client secret of its app"},
    "refresh_token": {CLIENT_SECRET: "the client secret of its app", REFRESH_TOKEN: "its refresh token"},
}


class SecretsMissing(Exception):
    """Secrets of a mailbox can't be had; `problems` has a sentence for each, which names the variable."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def variable(mailbox: Mailbox, kind: str) -> str:
    return f"{PREFIX}{mailbox.name.upper()}_{kind}"


def variables(mailbox: Mailbox) -> list[str]:
    """Those that its way to sign in reads."""
    names = [variable(mailbox, kind) for kind in _NEEDED[mailbox.sign_in.kind]]
    return [*names, *(f"{name}_FILE" for name in names)]


def secrets_from(environment: Mapping[str, str], mailbox: Mailbox) -> Mapping[str, SecretStr]:
    """What the mailbox's way to sign in needs, by kind. Raises SecretsMissing with all the problems at once."""
    found: dict[str, SecretStr] = {}
    problems: list[str] = []
    for kind, words in _NEEDED[mailbox.sign_in.kind].items():
        try:
            found[kind] = SecretStr(_secret(environment, variable(mailbox, kind), f"{mailbox.name} needs {words}"))
        except SecretsMissing as error:
            problems += error.problems
    if problems:
        raise SecretsMissing(tuple(problems))
    return found


def _secret(environment: Mapping[str, str], name: str, need: str) -> str:
    in_file = f"{name}_FILE"
    secret, path = environment.get(name), environment.get(in_file)
    if secret and path:
        raise SecretsMissing((f"{name} and {in_file} are both set: one of them is enough.",))
    if path:
        return _content(in_file, Path(path))
    if not secret:
        raise SecretsMissing((f"The mailbox {need}: set {name}, or {in_file} to the path of a file that holds it.",))
    return secret


def _content(name: str, path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        # The decoder's error holds the file's bytes.
        raise SecretsMissing((f"{name} names {path}, which can't be read: {reason}.",)) from None
    if not secret:
        raise SecretsMissing((f"{name} names {path}, which is empty.",))
    return secret
