"""The worked example in a real client: Microsoft's Agents Playground in Chromium, against a running Casewright.

It is one person, Alex, who is a customer first and a representative afterwards. It knows no command lists, no
`Action.Execute` refresh and no dialog from a card's button; dialogs come from a message's action.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from adapters.teams.surface import UPDATE
from tests.adapters.browser import page
from tests.conftest import ROOT, unavailable
from tests.flow.desk import Desk, change_settings, open_desk
from tests.postgres import free_port

PROGRAM = ROOT / "tests/playground/node_modules/@microsoft/m365agentsplayground/cli.js"
ALEX = "00000000-0000-0000-0000-0000000000020"  # in the Playground's directory
PROBLEM = "The machine on my desk leaks water."
DETAILS = "It is the Espresso 3000, serial number EH24-123456. I need it back as soon as possible."
CARD = ".ac-adaptiveCard"


@asynccontextmanager
async def playground(desk: Desk, folder: Path) -> AsyncGenerator[Page]:
    """It keeps a log where it runs, and complains that fonts and scripts from outside are not to be had."""
    if not PROGRAM.exists():
        unavailable("no `npm ci` in tests/playground")
    port = free_port()
    told = ("-e", f"{desk.base}api/messages", "-c", "msteams", "-p", str(port), "--disable-telemetry")
    process = await asyncio.create_subprocess_exec(
        "node", str(PROGRAM), *told, cwd=folder, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
    )
    try:
        await _listens(port)
        async with page(tolerated="Failed to load", viewport={"width": 1280, "height": 900}) as view:
            await view.goto(f"http://127.0.0.1:{port}/")
            yield view
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # and the server that it started
        await process.wait()


@pytest.fixture
async def desk(sqlite_url: str, tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_desk(sqlite_url, tmp_path, CASEWRIGHT_TEAMS_PLAYGROUND="true") as desk:
        yield desk


async def test_a_personal_chat_becomes_a_case_whose_card_is_updated_in_place(desk: Desk, tmp_path: Path) -> None:
    async with playground(desk, tmp_path) as view:
        await expect(view.get_by_role("paragraph").filter(has_text="Hello! Write what you need")).to_be_visible()
        box = view.get_by_role("textbox").last
        for text in ("Hello there!", PROBLEM):
            await said(box, text)
        card = view.locator(CARD)
        await expect(card).to_contain_text("Case 1001 · New")
        await expect(card).to_contain_text("alexw@example.com")
        await expect(card).to_contain_text("Product defect")
        await said(box, DETAILS)
        for value in ("Espresso 3000", "EH24-123456"):
            await expect(card).to_contain_text(value)
        await desk.settled()
        await _alex_represents_us(desk)
        await said(box, "/case 1001")
        await expect(view.get_by_role("paragraph").filter(has_text="Serial number: EH24-123456")).to_be_visible()
        await expect(card).to_have_count(1)


async def test_a_thread_of_a_channel_becomes_a_case_that_a_dialog_changes(desk: Desk, tmp_path: Path) -> None:
    async with playground(desk, tmp_path) as view:
        await view.get_by_role("treeitem", name="My Team - General").click()
        await expect(view.get_by_role("paragraph").filter(has_text="Hello! Write what you need")).to_be_visible()
        post = view.get_by_role("textbox").first
        await post.click()
        await view.keyboard.type("@")
        await view.get_by_role("menuitem", name="Test Bot").click()
        await view.keyboard.type(f" {PROBLEM}")
        await view.get_by_role("button", name="Post").click()
        card = view.locator(CARD)
        await expect(card).to_contain_text("Case 1001 · New")

        await _alex_represents_us(desk)
        await _act_on_message(view, view.get_by_role("group").filter(has=card), UPDATE)
        dialog = view.get_by_role("dialog")
        await expect(dialog.get_by_label("Issue description")).to_have_value(PROBLEM)
        await dialog.get_by_label("Issue description").fill("The machine on the desk is stuck")
        await dialog.get_by_role("button", name="Update case").click()
        await expect(dialog).to_contain_text("Saved; the card follows.")
        await expect(card).to_contain_text("The machine on the desk is stuck")
        await expect(card).to_have_count(1)


async def _act_on_message(view: Page, post: Locator, command: str) -> None:
    """By the menu of the message, which the Playground has the command's id typed for: it reads no manifest."""
    await post.get_by_role("button", name="Show more information").first.click()
    await view.get_by_role("menuitem", name="Action Command").click()
    asks = view.get_by_role("dialog")
    await asks.get_by_placeholder("Input command id").fill(command)
    await asks.get_by_text("Fetch the dialog dynamically").click()
    await asks.get_by_role("button", name="Create").click()


async def said(box: Locator, text: str) -> None:
    await box.click()
    await box.press_sequentially(text)
    await box.press("Enter")


async def _alex_represents_us(desk: Desk) -> None:
    """From when it is in force: a version is, a second after it was saved."""
    change_settings(desk.database, lambda settings: settings["channels"]["teams"].update(representatives=[ALEX]))
    async with asyncio.timeout(20):
        while not (await desk.app.settings.recently(desk.database)).settings.channels.teams.representatives:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _listens(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
