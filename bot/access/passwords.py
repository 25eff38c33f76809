"""Passwords: argon2id by argon2-cffi, off the event loop, two at a time."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

LEAST = 12  # characters
MOST = 256
_AT_ONCE = 2  # each takes 64 MiB and a core for some 50 ms


class Passwords:
    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def match(self, hashed: str | None, password: str) -> bool:
        """With no hash, False after the same work: an answer's time tells nobody whether there is such an account."""
        async with self._turns:
            return await asyncio.to_thread(_matches, hashed, password)

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(hash_now, password)


def complaint(password: str) -> str | None:
    """What is wrong with a password that somebody chose."""
    if len(password) < LEAST:
        return f"A password has at least {LEAST} characters."
    if len(password) > MOST:
        return f"A password has at most {MOST} characters."
    if len(set(password)) < LEAST // 2:
        return "This password repeats itself too much: use more different characters."
    return None


def hash_now(password: str) -> str:
    return _hasher().hash(password)


def outdated(hashed: str) -> bool:
    """Made under weaker parameters than today's."""
    return _hasher().check_needs_rehash(hashed)


def _matches(hashed: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 -- as below

    try:
        _hasher().verify(hashed or _nobodys(), password[: MOST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


@cache
def _nobodys() -> str:
    return hash_now("nobody's password")


@cache
def _hasher() -> Any:
    from argon2 import PasswordHasher  # noqa: PLC0415 -- only where somebody has a password

    return PasswordHasher()
