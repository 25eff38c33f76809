"""The web chat's secret: the configured one, or one that this machine made for itself."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bot.config import LEAST_SECRET, Config, ConfigError

FILE = "webchat.secret"


def webchat_secret(config: Config, var: Path) -> str | None:
    """None where others can reach us and nobody chose a secret.

    In a demo, or where only this machine reaches us, one is made once and kept in `var` for its owner alone. Raises
    ConfigError when that file can't be written, or holds no secret.
    """
    if config.webchat_secret is not None:
        return config.webchat_secret.get_secret_value()
    if not (config.demo or config.loopback):
        return None
    path = var / FILE
    try:
        return _kept(path)
    except OSError as error:
        problem = f"{path} can't be used: {error.strerror}. Mend that, or set CASEWRIGHT_WEBCHAT_SECRET."
        raise ConfigError((problem,)) from error


def _kept(path: Path) -> str:
    if not path.exists():
        _create(path)
    secret = path.read_text("ascii", errors="replace").strip()
    if len(secret) < LEAST_SECRET:
        raise ConfigError((f"{path} holds no secret: remove it, and a new one is made.",))
    return secret


def _create(path: Path) -> None:
    """Writes the whole file aside and links it into place: nobody reads half of it, and the first one stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        pass  # another process was first: its secret is the one
    finally:
        aside.unlink()
