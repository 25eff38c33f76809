"""Proves to mail servers who we are: with a password, or with tokens that Microsoft 365, Google or others hand out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic

from pydantic import SecretStr

from adapters.mail.configuration import Mailbox, Microsoft, Password
from adapters.mail.credentials import Credentials
from adapters.mail.sign_in.microsoft import MicrosoftTokens
from adapters.mail.sign_in.password import ConstantPassword
from adapters.mail.sign_in.refresh_token import RefreshedTokens
from adapters.mail.sign_in.secrets import CLIENT_SECRET, PASSWORD, REFRESH_TOKEN, SecretsMissing, secrets_from
from adapters.mail.sign_in.tokens import TokenCredentials

__all__ = ["SecretsMissing", "for_mailbox", "secrets_from"]


def for_mailbox(
    mailbox: Mailbox, secrets: Mapping[str, SecretStr], *, clock: Callable[[], float] = monotonic
) -> Credentials:
    """`secrets` as `secrets_from` found them. Asks nobody anything yet."""
    found = {kind: secret.get_secret_value() for kind, secret in secrets.items()}
    sign_in = mailbox.sign_in
    if isinstance(sign_in, Password):
        return ConstantPassword(mailbox.user, found[PASSWORD])
    if isinstance(sign_in, Microsoft):
        source = MicrosoftTokens(mailbox, sign_in, found[CLIENT_SECRET])
        return TokenCredentials(source, user=mailbox.user, mechanism="XOAUTH2", clock=clock)
    source = RefreshedTokens(mailbox, sign_in, client_secret=found[CLIENT_SECRET], refresh_token=found[REFRESH_TOKEN])
    return TokenCredentials(source, user=mailbox.user, mechanism=sign_in.mechanism, clock=clock)
