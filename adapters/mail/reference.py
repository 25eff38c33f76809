"""How an answer finds its conversation again: a key that can't be guessed, in our Message-IDs and in the subject.

Message-IDs stand here without angle brackets, as everywhere in this package but on the wire.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Collection, Iterable
from hashlib import sha256

import idna

SUBJECT_LIMIT = 230  # characters, token included: Outlook keeps 255, and clients add their "AW: " and "WG: "

_KEY = re.compile(r"[a-z2-7]{16}", re.ASCII)
_OURS = re.compile(r"([a-z2-7]{16})\.[a-z2-7]{20}@(.+)", re.ASCII)
# Clients change the case, and broken ones fold in the middle of a word. ASCII: else the Kelvin sign would be a k.
_TOKEN = re.compile(r"\[\s*ref\s*:\s*((?:[a-z2-7]\s*){16})\]", re.ASCII | re.IGNORECASE)


def message_id(key: str, outbound_key: str, domain: str) -> str:
    """The Message-ID of what is posted under `outbound_key`: the same at each attempt.

    Raises ValueError when `key` is no conversation key, or `domain` none that can be written in ASCII.
    """
    digest = b32encode(sha256(outbound_key.encode(errors="surrogatepass")).digest()).decode().lower()
    return f"{_checked(key)}.{digest[:20]}@{ascii_domain(domain)}"


def keys_in_ids(ids: Iterable[str], domains: Collection[str]) -> list[str]:
    """The conversation keys in those ids that could be ours, each once, in the order of the ids."""
    ours = {_comparable(domain) for domain in domains}
    keys: dict[str, None] = {}
    for each in ids:
        bare = "".join(each.split()).strip("<>").lower()
        if (match := _OURS.fullmatch(bare)) and _comparable(match[2]) in ours:
            keys[match[1]] = None
    return list(keys)


def with_token(subject: str, key: str) -> str:
    """The subject on one line, with this token and no other at its end; shortened, so that no client cuts it off.

    Raises ValueError when `key` is no conversation key.
    """
    token = f"[ref:{_checked(key)}]"
    words = without_token(subject)
    room = SUBJECT_LIMIT - len(token) - 1
    if len(words) > room:
        words = words[: room - 1].rstrip() + "…"
    return f"{words} {token}".lstrip()


def key_in_subject(subject: str) -> str | None:
    """The key of the last whole token: ours stands at the end."""
    found = _TOKEN.findall(subject)
    return "".join(found[-1].split()).lower() if found else None


def without_token(subject: str) -> str:
    """The subject on one line, without any token."""
    left = _TOKEN.sub(" ", subject)
    if _TOKEN.search(left):  # tokens inside of tokens: nobody but an attacker writes that
        left = left.replace("[", "(")
    return " ".join(left.split())


def ascii_domain(domain: str) -> str:
    """The domain as the DNS knows it: `bücher.example` is `xn--bcher-kva.example`. Raises ValueError."""
    if domain.isascii():
        return domain.lower()
    return idna.encode(domain, uts46=True).decode()


def _comparable(domain: str) -> str:
    try:
        return ascii_domain(domain)
    except ValueError:
        return domain


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no conversation key: 16 of the letters a-z and 2-7")
    return key
