"""Debian's Chromium, headless; it speaks to nobody but loopback."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, Route, async_playwright, expect

from tests.conftest import unavailable

expect.set_options(timeout=20_000)  # a shared machine pauses at will

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@asynccontextmanager
async def page(*, tolerated: str = "nothing", **options: Any) -> AsyncGenerator[Page]:
    """A fresh page. An error in its scripts, or a request that its policy forbids, fails the test at the end.

    `tolerated` is a part of errors that the test brings about.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        unavailable("no chromium installed")
    problems: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(_QUIET))
        opened = await (await browser.new_context(**options)).new_page()
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        yield opened
        await browser.close()
    if unexpected := [problem for problem in problems if tolerated not in problem]:
        raise AssertionError(f"the page reported {unexpected}")


@asynccontextmanager
async def held_up(page: Page, path: str) -> AsyncGenerator[None]:
    """What the page asks of `path` meanwhile arrives at the end."""
    passed = asyncio.Event()

    async def wait(route: Route) -> None:
        await passed.wait()
        await route.continue_()

    await page.route(path, wait)
    yield
    passed.set()
