"""Our own page, in a real browser: live, in step between windows, usable by keyboard, and fit for a phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from adapters.channel import Overloaded
from adapters.webchat import REPRESENTATIVE, CommandHint
from store.model import Card, CardField, CardSuggestion, CaseNumber, InboundKind, utcnow
from tests.adapters import browser
from tests.adapters.contract import answer_to
from tests.adapters.webchat import WebChatServer, until, webchat_server

HINTS = [
    CommandHint(name="update-case", usage="[NUMBER]", summary="Update the case."),
    CommandHint(name="case", usage="[NUMBER]", summary="Show a case."),
    CommandHint(name="cases", usage="[words]", summary="List cases."),
]
CARD = Card(
    number=CaseNumber(1042),
    title="<img src=x onerror=alert(1)> Kettle leaks",
    status="new",
    status_label="New",
    owner=None,
    fields=(
        CardField(label="Contact", value="ada@example.org"),
        CardField(label="Risk", value="Two calls this week", internal=True),
    ),
    suggestions=(CardSuggestion(id=7, label="Priority", value="High", quote="it is urgent"),),
    changed="Case opened",
    updated_at=utcnow(),
)


@pytest.fixture
async def demo(sqlite_url: str) -> AsyncIterator[WebChatServer]:
    async with webchat_server(sqlite_url, demo=True, commands=HINTS) as server:
        yield server


async def say(page: Page, text: str) -> Locator:
    await page.get_by_label("Message").fill(text)
    await page.get_by_role("button", name="Send").click()
    return page.get_by_role("article").filter(has_text=text).last


async def view(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()
    await expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")


async def first_inbound(demo: WebChatServer, page: Page) -> None:
    await page.goto(demo.base)
    await say(page, "My kettle leaks")
    await until(lambda: len(demo.inbox.received) == 1)


async def test_two_windows_with_one_address_are_in_step_and_a_reload_continues(demo: WebChatServer) -> None:
    async with browser.page() as one:
        await one.goto(demo.base)
        await expect(one.get_by_text("Demo mode: on this machine only")).to_be_visible()
        await expect(await say(one, "My <b>kettle</b> leaks")).to_have_attribute("data-author-role", "customer")
        two = await one.context.new_page()
        await two.goto(one.url)
        await expect(two.get_by_role("log")).to_contain_text("My <b>kettle</b> leaks")
        await say(two, "It also hisses")
        await expect(one.get_by_role("log")).to_contain_text("It also hisses")
        await one.reload()
        await expect(one.get_by_role("article")).to_have_count(2)
        await one.get_by_role("button", name="New conversation").click()
        await expect(one.get_by_text("How can we help?")).to_be_visible()
        assert one.url != two.url
        await expect(one.get_by_role("article")).to_have_count(0)


async def test_customer_and_representative_see_one_conversation_each_in_their_way(demo: WebChatServer) -> None:
    async with browser.page() as page:
        await first_inbound(demo, page)
        inbound = demo.inbox.received[0]
        card_id = await demo.channel.send(replace(answer_to(inbound, "Case 1042", key="1"), card=CARD))
        card = page.locator("[data-case-number='1042']")
        await expect(card).to_contain_text("<img src=x onerror=alert(1)> Kettle leaks")
        await expect(card).not_to_contain_text("Two calls")
        await expect(card.get_by_role("button")).to_have_count(0)

        await view(page, "Representative")
        await expect(card).to_contain_text("Two calls this week")
        await say(page, "/update-case")
        await until(lambda: len(demo.inbox.received) == 2)
        answer = answer_to(demo.inbox.received[1], "Priority: High\nProduct: Kettle", key="2")
        await demo.channel.send(replace(answer, audience=REPRESENTATIVE))
        private = page.get_by_role("article").filter(has_text="Product: Kettle")
        await expect(private).to_contain_text("Only you can see this")

        await card.get_by_role("button", name="Accept").click()
        await until(lambda: len(demo.inbox.received) == 3)
        pressed = demo.inbox.received[2]
        assert (pressed.kind, pressed.author.id) == (InboundKind.ACTION, REPRESENTATIVE)
        assert pressed.action == {"verb": "accept_suggestion", "case": 1042, "suggestion": 7}
        done = replace(CARD, suggestions=(), status_label="In progress")
        await demo.channel.send(replace(answer_to(inbound, "Case 1042", key="3"), card=done, edit=card_id))
        await expect(card).to_contain_text("In progress")
        await expect(card).to_have_count(1)

        await view(page, "Customer")
        await expect(card).to_contain_text("In progress")
        await expect(page.get_by_role("article")).to_have_count(2)
        assert "update-case" not in await page.get_by_role("log").inner_text()


async def test_both_views_stand_side_by_side_and_show_who_types(demo: WebChatServer) -> None:
    async with browser.page(viewport={"width": 1400, "height": 800}) as page:
        await page.goto(demo.base)
        await view(page, "Both")
        customer = page.get_by_role("region", name="Customer")
        representative = page.get_by_role("region", name="Representative")
        await representative.get_by_label("Message").press_sequentially("On my w")
        await expect(customer.get_by_text("Representative is typing…")).to_be_visible()
        await representative.get_by_label("Message").press("Enter")
        await expect(customer.get_by_role("article")).to_contain_text("On my w")
        await expect(customer.get_by_text("Representative is typing…")).to_have_count(0)


async def test_a_message_that_did_not_get_through_is_tried_again_as_the_same(demo: WebChatServer) -> None:
    async with browser.page(tolerated="503") as page:
        await page.goto(demo.base)
        demo.inbox.failure = Overloaded(retry_after=1)
        message = await say(page, "My kettle leaks")
        await expect(message).to_have_attribute("data-state", "pending")
        await expect(message).to_have_attribute("data-state", "failed")
        await expect(message).to_contain_text("Not sent. Too much work is waiting")
        demo.inbox.failure = None
        await message.get_by_role("button", name="Try again").click()
        await expect(page.locator("[data-state]")).to_have_count(0)
        await expect(page.get_by_role("article")).to_have_count(1)
        assert len(demo.inbox.received) == 1


async def test_what_was_written_first_is_there_first_though_it_had_to_be_tried_again(demo: WebChatServer) -> None:
    async with browser.page(tolerated="503") as page:
        await page.goto(demo.base)
        demo.inbox.failure = Overloaded(retry_after=1)
        await say(page, "My kettle leaks")
        await asyncio.wait_for(demo.inbox.called.wait(), 20)
        demo.inbox.failure = None
        await say(page, "and it hisses")
        await until(lambda: len(demo.inbox.received) == 2)
        assert [inbound.text for inbound in demo.inbox.received] == ["My kettle leaks", "and it hisses"]


async def test_the_page_finds_back_when_the_connection_was_gone(demo: WebChatServer) -> None:
    async with browser.page() as page:
        await first_inbound(demo, page)
        await expect(page.get_by_role("article")).to_have_count(1)
        demo.running.cancel()
        await asyncio.wait([demo.running])
        answer = answer_to(demo.inbox.received[0], "Which model is it?", key="1")
        await demo.channel.send(answer)  # while nobody listens
        demo.running = asyncio.create_task(demo.webchat.run(demo.inbox))
        await expect(page.get_by_role("log")).to_contain_text("Which model is it?")
        await say(page, "The 3000")
        await expect(page.get_by_role("article")).to_have_count(3)


async def test_the_page_polls_where_no_websocket_gets_through(demo: WebChatServer) -> None:
    async with browser.page(tolerated="WebSocket") as page:
        await page.route_web_socket("**/stream*", lambda socket: socket.close())
        await first_inbound(demo, page)
        await demo.channel.send(answer_to(demo.inbox.received[0], "Which model is it?", key="1"))
        await expect(page.get_by_role("log")).to_contain_text("Which model is it?")


async def test_files_are_attached_shown_before_and_after_and_can_be_taken_away(demo: WebChatServer) -> None:
    async with browser.page() as page:
        await page.goto(demo.base)
        files = page.locator("input[type=file]")
        await files.set_input_files([{"name": each, "mimeType": "text/plain", "buffer": b"drip"} for each in "ab"])
        await page.get_by_role("button", name="Remove a").click()
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("article").get_by_role("link")).to_have_text("b4 bytes")
        await until(lambda: len(demo.inbox.received) == 1)
        assert [each.name for each in demo.inbox.received[0].attachments] == ["b"]


async def test_files_that_are_too_large_are_refused_and_can_only_be_taken_away(sqlite_url: str) -> None:
    async with (
        webchat_server(sqlite_url, demo=True, commands=HINTS, attachment_limit=1024) as server,
        browser.page(tolerated="413") as page,
    ):
        await page.goto(server.base)
        large = FilePayload(name="large.bin", mimeType="application/octet-stream", buffer=b"x" * 300_000)
        await page.locator("input[type=file]").set_input_files([large])
        await page.get_by_role("button", name="Send").click()
        message = page.get_by_role("article")
        await expect(message).to_contain_text("Not sent. The files of one message may have at most 1 KiB.")
        await expect(message.get_by_role("button", name="Try again")).to_have_count(0)
        await message.get_by_role("button", name="Remove").click()
        await expect(message).to_have_count(0)


async def test_commands_are_completed_by_keyboard(demo: WebChatServer) -> None:
    async with browser.page() as page:
        await page.goto(demo.base)
        await view(page, "Representative")
        box = page.get_by_label("Message")
        await expect(box).to_be_focused()
        await page.keyboard.type("/ca")
        options = page.get_by_role("option")
        await expect(options).to_have_count(2)
        await page.keyboard.press("ArrowDown")
        await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
        await page.keyboard.press("Tab")
        await expect(box).to_have_value("/cases ")
        await expect(options).to_have_count(0)
        await page.keyboard.type("kettle")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("leak")
        await page.keyboard.press("Enter")
        await until(lambda: len(demo.inbox.received) == 1)
        assert demo.inbox.received[0].text == "/cases kettle\nleak"
        await page.keyboard.type("/upd")
        await page.keyboard.press("Escape")
        await expect(options).to_have_count(0)
        await page.keyboard.press("Control+A")
        await page.keyboard.type("/update-case")
        await page.keyboard.press("Enter")  # a whole command is sent at once
        await until(lambda: len(demo.inbox.received) == 2)


async def test_nothing_is_wider_than_a_phone(demo: WebChatServer) -> None:
    async with browser.page(viewport={"width": 360, "height": 740}) as page:
        await first_inbound(demo, page)
        await say(page, "x" * 10_000)
        long = replace(CARD, title="y" * 500, fields=(CardField(label="z" * 80, value="z" * 500),))
        await demo.channel.send(replace(answer_to(demo.inbox.received[0], "Case", key="1"), card=long))
        await expect(page.locator("[data-case-number]")).to_be_visible()
        widest = (
            "Math.max(...[...document.querySelectorAll('main *')].map((each) => each.getBoundingClientRect().right))"
        )
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        assert await page.evaluate(widest) <= 360
        await page.locator("input[type=file]").set_input_files(
            [FilePayload(name=f"{n} {'long ' * 12}.txt", mimeType="text/plain", buffer=b"drip") for n in range(16)]
        )
        await expect(page.get_by_role("alert")).to_contain_text("15 long")
        await expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)


async def test_views_and_a_new_conversation_wait_for_no_server_and_leave_nothing_unsent_behind(
    demo: WebChatServer,
) -> None:
    async with browser.page() as page:
        async with browser.held_up(page, "**/demo/token"):
            await page.goto(demo.base)
            await say(page, "My kettle leaks")
            first = page.url
            await view(page, "Both")
            await expect(page.locator(".pane")).to_have_count(2)
            await view(page, "Customer")
            await page.get_by_role("button", name="New conversation").click()
            await expect(page.get_by_role("article")).to_have_count(0)
            await page.get_by_label("Message").fill("Another thing")
            await page.go_back()
            await expect(page.get_by_role("article")).to_contain_text("Sending…")
        await until(lambda: len(demo.inbox.received) == 1)
        assert page.url == first.partition("?")[0]
        assert demo.inbox.received[0].conversation_key == first.partition("#")[2]
        await page.go_forward()
        await expect(page.get_by_role("article")).to_have_count(0)
        await expect(page.get_by_label("Message")).to_have_value("Another thing")
        asked: list[str] = []
        page.on("dialog", lambda dialog: asked.append(dialog.type))
        await page.close(run_before_unload=True)
        await until(lambda: asked == ["beforeunload"])


async def test_a_view_that_comes_back_is_where_its_reader_had_scrolled_to(demo: WebChatServer) -> None:
    async with browser.page() as page:
        await first_inbound(demo, page)
        for number in range(5):
            await say(page, f"{number}\n" * 12)
        await expect(page.locator("[data-state]")).to_have_count(0)
        scrolled = page.locator("[data-role=customer] .scroll")
        await scrolled.evaluate("each => (each.scrollTop = 20)")
        await expect(page.get_by_text("My kettle leaks")).to_be_in_viewport()
        await page.evaluate("() => new Promise(requestAnimationFrame)")  # when the page is told of it
        await view(page, "Representative")
        await view(page, "Customer")
        assert await scrolled.evaluate("each => each.scrollTop") == 20


async def test_what_is_too_much_for_one_message_is_said_and_stays_in_the_box(demo: WebChatServer) -> None:
    async with browser.page() as page:
        await page.goto(demo.base)
        box, alert = page.get_by_label("Message"), page.get_by_role("alert")
        names = [f"{number}.txt" for number in range(12)]
        await page.locator("input[type=file]").set_input_files(
            [{"name": each, "mimeType": "text/plain", "buffer": b"drip"} for each in names]
        )
        await expect(alert).to_have_text("A message takes 10 files. Left out: 10.txt, 11.txt.")
        await page.get_by_role("button", name="Remove 0.txt").click()
        await expect(alert).to_have_count(0)
        await box.evaluate("each => { each.focus(); document.execCommand('insertText', false, 'ü'.repeat(32_001)); }")
        await page.keyboard.press("Enter")
        await expect(alert).to_have_text(
            "A message takes 32,000 characters, these are 32,001. Send the rest as a file."
        )
        assert len(await box.input_value()) == 32_001
        await box.press("Backspace")
        await page.keyboard.press("Enter")
        await until(lambda: len(demo.inbox.received) == 1)
        assert (len(demo.inbox.received[0].text), len(demo.inbox.received[0].attachments)) == (32_000, 9)


async def test_text_that_is_pasted_with_a_picture_of_it_stays_text_and_no_file_makes_the_page_leave(
    demo: WebChatServer,
) -> None:
    carrying = "const data = new DataTransfer(); data.items.add(new File(['x'], 'x.png', { type: 'image/png' }));"
    async with browser.page() as page:
        await page.goto(demo.base)
        box, files = page.get_by_label("Message"), page.get_by_label("Files to send").get_by_role("listitem")
        paste = "const event = new ClipboardEvent('paste', { clipboardData: data, cancelable: true, bubbles: true });"
        taken = "each.dispatchEvent(event); return event.defaultPrevented;"
        both = f"each => {{ {carrying} data.setData('text/plain', 'a cell'); {paste} {taken} }}"
        assert not await box.evaluate(both)
        await expect(files).to_have_count(0)
        assert await box.evaluate(f"each => {{ {carrying} {paste} {taken} }}")
        await expect(files).to_have_count(1)
        drop = "const event = new DragEvent('drop', { dataTransfer: data, cancelable: true, bubbles: true });"
        assert await page.locator("header.top").evaluate(f"each => {{ {carrying} {drop} {taken} }}")
        assert await page.locator(".pane").evaluate(f"each => {{ {carrying} {drop} {taken} }}")
        await expect(files).to_have_count(2)


async def test_keys_that_belong_to_an_input_method_or_lead_back_do_nothing_else(demo: WebChatServer) -> None:
    async with browser.page() as page:
        await page.goto(demo.base)
        await view(page, "Representative")
        box = page.get_by_label("Message")
        await box.press_sequentially("/ca")
        await expect(page.get_by_role("option")).to_have_count(2)
        await page.keyboard.press("Shift+Tab")
        await expect(page.get_by_role("button", name="Attach files")).to_be_focused()
        await expect(box).to_have_value("/ca")
        await box.fill("漢字")
        for more in ("isComposing: true", "keyCode: 229"):
            composed = f"each => each.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', {more} }}))"
            await box.evaluate(composed)
        await expect(box).to_have_value("漢字")
        await expect(page.get_by_role("article")).to_have_count(0)


async def test_a_card_that_is_edited_keeps_the_focus_of_whoever_decides_on_it(demo: WebChatServer) -> None:
    async with browser.page() as page:
        await first_inbound(demo, page)
        await view(page, "Representative")
        inbound, more = demo.inbox.received[0], CardSuggestion(id=8, label="Product", value="Kettle", quote="My kettle")
        two = replace(CARD, suggestions=(*CARD.suggestions, more))
        card_id = await demo.channel.send(replace(answer_to(inbound, "Case 1042", key="1"), card=two))
        await page.get_by_role("button", name="Accept Priority").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await until(lambda: len(demo.inbox.received) == 2)
        for key, left in (("2", (more,)), ("3", ())):
            edited = replace(answer_to(inbound, "Case 1042", key=key), card=replace(CARD, suggestions=left))
            await demo.channel.send(replace(edited, edit=card_id))
            held = page.get_by_role("button", name="Accept Product") if left else page.get_by_role("log")
            await expect(held).to_be_focused()
        assert len(demo.inbox.received) == 2
