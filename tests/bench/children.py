"""The processes that are measured. Each prints where it listens, and is gone at the end whatever happened."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

SECRET = "a-secret-of-the-measurements-that-opens-nothing"
ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"http://\S+")
_START = 30.0  # seconds until a start counts as failed
_STOP = 20.0
_LOOK_EVERY = 0.005  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """`base` ends in a slash."""

    pid: int
    base: str


@asynccontextmanager
async def casewright(url: str, **environment: str) -> AsyncGenerator[Child]:
    """`casewright run`, in a folder of its own, as soon as /readyz says that it is ready."""
    ours = {"CASEWRIGHT_DATABASE_URL": url, "CASEWRIGHT_WEBCHAT_SECRET": SECRET, "CASEWRIGHT_PORT": "0"}
    with tempfile.TemporaryDirectory(prefix="casewright-bench-") as folder:
        async with _child([program(), "run"], Path(folder), ours | environment) as started:
            await _ready(started.base)
            yield started


@asynccontextmanager
async def module(name: str, *arguments: str, **environment: str) -> AsyncGenerator[Child]:
    """A module of these measurements, run as a program of its own."""
    with tempfile.TemporaryDirectory(prefix="casewright-bench-") as folder:
        command = [sys.executable, "-m", name, *arguments]
        async with _child(command, Path(folder), {"PYTHONPATH": str(ROOT), **environment}) as started:
            yield started


async def finished(*arguments: str, url: str) -> None:
    """Runs another of Casewright's commands to its end."""
    environment = _environment({"CASEWRIGHT_DATABASE_URL": url})
    with tempfile.TemporaryDirectory(prefix="casewright-bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            program(), *arguments, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
        )
        said, complained = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"casewright {' '.join(arguments)} failed: {(said + complained).decode()[-2000:]}")


def program() -> str:
    """The console script beside the interpreter that runs us."""
    return str(Path(sys.executable).with_name("casewright"))


@asynccontextmanager
async def _child(command: list[str], folder: Path, environment: Mapping[str, str]) -> AsyncGenerator[Child]:
    log = folder / "log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=_environment(environment), stdout=PIPE, stderr=file
        )
        try:
            yield Child(pid=process.pid, base=await _address(process, log))
        finally:
            await _end(process)


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Without whatever the person at the keyboard has configured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CASEWRIGHT_")} | dict(ours)


async def _address(process: Process, log: Path) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START):
            async for line in process.stdout:
                if address := _ADDRESS.search(line.decode()):
                    return address.group()
    except TimeoutError:
        pass
    raise RuntimeError(f"A process that was to be measured did not start: {_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text()[-2000:]


async def _ready(base: str) -> None:
    async with asyncio.timeout(_START), ClientSession() as session:
        while True:
            async with session.get(f"{base}readyz") as response:
                if response.status == 200:
                    return
            await asyncio.sleep(_LOOK_EVERY)


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
