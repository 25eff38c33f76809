"""What a request says of where it comes from. Headers that anybody can set count only where a proxy sets them."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDictProxy

HOME = "/console"
_HERE = re.compile(r"/console(?:/[A-Za-z0-9_.~-]+)*/?(?:\?[A-Za-z0-9_.~%&=+,:-]*)?")
_MOST_PATH = 2000


def origin_of(request: web.Request, public_url: str | None) -> str:
    """How people reach us: as configured, or else as this request did."""
    if public_url is None:
        return f"{request.scheme}://{request.host}"
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}"


def address_of(request: web.Request, *, behind_proxy: bool) -> str:
    """Who is at the other end. A proxy adds them at the end of X-Forwarded-For: what stands before is hearsay."""
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
    nearest = forwarded.rpartition(",")[2].strip()
    return nearest[:64] if behind_proxy and nearest else request.remote or "unknown"


def is_ours(headers: CIMultiDictProxy[str], origin: str) -> bool:
    """Whether a request that changes something came from a page of ours, as far as the browser says."""
    sites, origins = set(headers.getall("Sec-Fetch-Site", [])), set(headers.getall("Origin", []))
    return sites <= {"same-origin"} and origins <= {origin}


def safe_next(path: str | None) -> str:
    """Where to go after the login: a page of the console and nowhere else."""
    if path is None or len(path) > _MOST_PATH or not _HERE.fullmatch(path) or "/." in path:
        return HOME
    return path


def derived(token: str, purpose: str) -> str:
    """A value that only the holder of the token could have been given, and that does not give the token away."""
    return hmac.new(token.encode(errors="surrogateescape"), purpose.encode(), hashlib.sha256).hexdigest()


def same(given: str, expected: str) -> bool:
    """In a time that says nothing about where they differ."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode(errors="surrogateescape"))
