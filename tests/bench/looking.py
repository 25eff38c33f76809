"""How long a process stood still: looks at /healthz again and again, from a process that does nothing else.

`python -m tests.bench.looking BASE` looks until its input ends, then prints the longest answer in milliseconds.
"""

from __future__ import annotations

import asyncio
import select
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.bench.children import ROOT

_EVERY = 0.01  # seconds


async def longest_answer(base: str, while_: Awaitable[object]) -> float:
    """Milliseconds. Looked at from here, what this process does meanwhile would count as well."""
    command = [sys.executable, "-m", "tests.bench.looking", base]
    looking = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    assert looking.stdout is not None
    await looking.stdout.readline()
    await while_
    said, _ = await looking.communicate(b"")  # closes its input
    return float(said)


def main(base: str) -> None:
    place = urlsplit(base)
    connection = HTTPConnection(str(place.hostname), place.port)
    longest = 0.0
    _look(connection)
    print("looking", flush=True)
    while not select.select([sys.stdin], [], [], _EVERY)[0]:
        longest = max(longest, _look(connection))
    print(1000 * longest)


def _look(connection: HTTPConnection) -> float:
    started = time.perf_counter()
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1])
