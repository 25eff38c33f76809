"""Makes the README's picture: `python -m tests.screenshot`. A real browser at a real Casewright."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Page, expect

from tests.adapters.browser import page
from tests.flow.desk import open_desk

PICTURE = Path(__file__).parent.parent / "docs" / "webchat.png"


async def say(view: Page, pane: str, text: str) -> None:
    box = view.locator(f".pane[data-role={pane}]").get_by_label("Message", exact=True)
    await box.fill(text)
    await box.press("Enter")


async def act_out(view: Page) -> None:
    """The story that the picture shows, up to its last answer."""
    await say(view, "customer", "Hello! My espresso machine leaks water since yesterday.")
    await expect(view.get_by_text("I still need your Contact").first).to_be_visible(timeout=20_000)
    await say(view, "customer", "Of course, you reach me at ann.lee@example.org")
    await expect(view.locator("[data-case-number]").first).to_be_visible(timeout=20_000)
    await say(view, "customer", "It is the Espresso 3000, serial number EH24-123456.")
    await say(view, "representative", "/update-case")
    await expect(view.get_by_text("→ Espresso 3000").first).to_be_visible(timeout=20_000)
    await expect(view.locator("[data-case-number]").first).to_contain_text("EH24-123456", timeout=20_000)


async def main(picture: Path) -> None:
    with TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/casewright.db"
        async with (
            open_desk(database, Path(folder), quiet=3) as desk,
            page(viewport={"width": 1280, "height": 980}, device_scale_factor=1.5) as view,
        ):
            await view.goto(desk.base)
            await view.get_by_role("button", name="Both").click()
            await act_out(view)
            picture.parent.mkdir(exist_ok=True)
            await view.screenshot(path=picture)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if sys.argv[1:] else PICTURE))
