"""Files that come along: kept with their message, served to those who were given the address, and harmless."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import FormData

from adapters.webchat.http import too_big
from store.model import Json
from tests.adapters.webchat import SECRET, Answer, WebChatServer, webchat_server

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def form(*files: tuple[str, bytes, str], activity: Any = None) -> FormData:
    data = FormData()
    if activity is not None:
        content_type = "application/vnd.microsoft.activity"
        data.add_field("activity", json.dumps(activity), content_type=content_type, filename="blob")
    for name, content, content_type in files:
        data.add_field("file", content, content_type=content_type, filename=name)
    return data


async def upload(server: WebChatServer, data: FormData | bytes, *, token: str = "", **headers: str) -> Answer:
    path = f"/conversations/{server.conversation}/upload"
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await server.call("POST", path, body=data, token=token or server.token, headers=given)


async def shown(server: WebChatServer) -> list[Answer]:
    """What stands behind the addresses of the last message's attachments."""
    attachments = (await server.read())["activities"][-1]["attachments"]
    return [await server.call("GET", each["contentUrl"], token=None) for each in attachments]


async def test_files_come_with_their_message(server: WebChatServer) -> None:
    activity: Json = {"type": "message", "text": "Look", "channelData": {"clientActivityID": "a1"}, "attachments": [{}]}
    photo, notes = ("kettle.png", PNG, "image/png"), ("notes.txt", b"drip", "text/plain")
    answer = await upload(server, form(photo, notes, activity=activity))
    assert (answer.status, answer.body) == (200, {"id": f"{server.conversation}|0000001"})
    inbound = server.inbox.received[0]
    assert (inbound.text, inbound.author.id) == ("Look", "ada")
    assert [(each.name, each.content_type, each.size) for each in inbound.attachments] == [
        ("kettle.png", "image/png", len(PNG)),
        ("notes.txt", "text/plain", 4),
    ]
    assert inbound.attachments[0].url.startswith(f"/v3/directline/conversations/{server.conversation}/files/")
    page = (await server.read())["activities"][0]
    assert page["channelData"]["attachmentSizes"] == [len(PNG), 4]
    assert [answer.body for answer in await shown(server)] == [PNG, b"drip"]


async def test_a_retried_upload_keeps_its_files_once(server: WebChatServer) -> None:
    activity = {"type": "message", "channelData": {"clientActivityID": "a1"}}
    answers = [await upload(server, form(("a.txt", b"drip", "text/plain"), activity=activity)) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert [answer.body for answer in await shown(server)] == [b"drip"]


async def test_a_file_alone_is_a_message(server: WebChatServer) -> None:
    assert (await upload(server, form(("a.txt", b"drip", "text/plain")))).status == 200
    disposition = 'name="file"; filename="b.txt"'
    answer = await upload(server, b"drop", Content_Type="text/plain", Content_Disposition=disposition)
    assert answer.status == 200
    assert [each.attachments[0].name for each in server.inbox.received] == ["a.txt", "b.txt"]


async def test_the_secrets_holder_uploads_for_whom_it_names(server: WebChatServer) -> None:
    path = f"/conversations/{server.conversation}/upload?userId=bob"
    body = form(("a.txt", b"drip", "text/plain"))
    assert (await server.call("POST", path, body=body, token=SECRET)).status == 200
    assert server.inbox.received[0].author.id == "bob"


@pytest.mark.parametrize(
    ("name", "content_type", "served_as", "disposition"),
    [
        ("kettle.png", "image/png", "image/png", "inline"),
        ("page.html", "text/html", "text/html", "attachment"),
        ("drawing.svg", "image/svg+xml", "image/svg+xml", "attachment"),
        ("x", "nonsense; charset", "application/octet-stream", "attachment"),
    ],
)
async def test_a_file_can_not_act_as_a_page_of_ours(
    server: WebChatServer,
    name: str,
    content_type: str,
    served_as: str,
    disposition: str,
) -> None:
    await upload(server, form((name, b"<script>alert(1)</script>", content_type)))
    (answer,) = await shown(server)
    assert answer.headers["Content-Type"].partition(";")[0] == served_as
    assert answer.headers["Content-Disposition"].startswith(f"{disposition};")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("a\u0000b\r\nX-Evil: 1.txt", "ab X-Evil 1.txt"),
        ("Kühlschrank 冷蔵庫.txt", "Kühlschrank 冷蔵庫.txt"),
        ("…", "…"),
        (" .. ", "file"),
        ("x" * 300, "x" * 120),
    ],
)
async def test_a_files_name_is_only_a_name(server: WebChatServer, given: str, kept: str) -> None:
    # Written by hand: clients would escape it, and whoever attacks would not.
    head = f"--b\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''{_percent(given)}\r\n\r\n"
    answer = await upload(server, f"{head}drip\r\n--b--\r\n".encode(), Content_Type="multipart/form-data; boundary=b")
    assert answer.status == 200, answer.body
    assert server.inbox.received[0].attachments[0].name == kept
    assert (await shown(server))[0].status == 200


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


async def test_a_file_is_only_for_whom_was_given_its_address(server: WebChatServer) -> None:
    await upload(server, form(("a.txt", b"drip", "text/plain")))
    await upload(server, form(("b.txt", b"drop", "text/plain")))
    first, second = (each["attachments"][0]["contentUrl"] for each in (await server.read())["activities"])
    bare, _, token = first.partition("?t=")
    elsewhere = first.replace(server.conversation, "another")
    wrong = [bare, f"{bare}?t={server.token}", f"{second.partition('?')[0]}?t={token}", elsewhere]
    answers = [await server.call("GET", url, token=None) for url in wrong]
    assert [answer.status for answer in answers] == [401, 401, 401, 404]


async def test_a_file_over_the_limit_is_413_and_stores_nothing(sqlite_url: str) -> None:
    async with webchat_server(sqlite_url, attachment_limit=1000) as server:
        assert (await upload(server, form(("a.txt", b"x" * 900, "text/plain")))).status == 200
        for data in (
            form(("a.txt", b"x" * 1001, "text/plain")),
            form(("a.txt", b"x" * 600, "text/plain"), ("b.txt", b"x" * 600, "text/plain")),
            b"x" * 1001,
        ):
            answer = await upload(server, data)
            assert (answer.status, answer.body["error"]["code"]) == (413, "MessageSizeTooBig")
            assert answer.body["error"]["message"] == "The files of one message may have at most 1 kB."
        answer = await upload(server, form(("a.txt", b"x" * 900_000, "text/plain")))
        assert answer.status == 413
        assert len(server.inbox.received) == 1


@pytest.mark.parametrize(
    ("limit", "told"),
    [(10 * 2**20, "10 MiB"), (5_000_000, "5 MB"), (256 * 1024, "256 KiB"), (1_234_567, "1234567 bytes")],
)
def test_the_limit_is_told_as_it_is_configured(limit: int, told: str) -> None:
    assert too_big(limit).message == f"The body may have at most {told}."


async def test_too_many_files_are_413(server: WebChatServer) -> None:
    answer = await upload(server, form(*[("a.txt", b"x", "text/plain")] * 11))
    assert answer.status == 413
    assert "At most 10 files" in answer.body["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        b"--b--\r\n",
        b"nonsense",
        b"--b\r\n\xff: \xff\r\n",
    ],
)
async def test_a_malformed_upload_is_refused(server: WebChatServer, body: bytes) -> None:
    answer = await upload(server, body, Content_Type="multipart/form-data; boundary=b")
    assert (answer.status, answer.body["error"]["code"]) == (400, "BadArgument")
    assert server.inbox.received == []


@pytest.mark.parametrize("activity", [{"type": "nonsense"}, {"type": "message", "text": 7}])
async def test_a_wrong_activity_beside_a_file_is_refused(server: WebChatServer, activity: Any) -> None:
    answer = await upload(server, form(("a.txt", b"drip", "text/plain"), activity=activity))
    assert answer.status == 400
    assert server.inbox.received == []


async def test_an_upload_without_files_is_refused(server: WebChatServer) -> None:
    answer = await upload(server, form(activity={"type": "message", "text": "Look"}))
    assert (answer.status, answer.body["error"]["message"]) == (400, 'The body has no "file" part.')
