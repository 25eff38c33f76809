"""Whatever is posted, the answer is never a server error, and what is taken can be kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.webchat.http import Refused, json_object
from adapters.webchat.incoming import activity_in, read_activity
from adapters.webchat.tokens import User
from store.model import Role
from tests.adapters.contract import INBOUND
from tests.adapters.webchat import WebChatServer

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
TYPES = st.sampled_from(["message", "typing", "event", "conversationUpdate", "endOfConversation", "invoke"])
TEXT = st.text(alphabet=st.characters(), max_size=60)  # also halves of surrogate pairs
ACTIVITIES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": TYPES | JSON},
    optional={
        "text": TEXT | JSON,
        "from": JSON | st.fixed_dictionaries({"id": JSON}),
        "value": JSON | st.fixed_dictionaries({"verb": JSON}),
        "name": st.just("webchat/join") | JSON,
        "channelData": JSON | st.fixed_dictionaries({"clientActivityID": JSON}),
        "attachments": JSON | st.lists(st.fixed_dictionaries({"contentUrl": JSON | st.just("https://a/b")})),
        "membersAdded": JSON,
        "membersRemoved": JSON,
    },
)
BODIES = (
    ACTIVITIES.map(lambda activity: json.dumps(activity).encode())
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=200)
)


@given(BODIES)
def test_an_activity_is_refused_or_becomes_something_that_can_be_kept(body: bytes) -> None:
    try:
        raw = json_object(body)
        incoming = read_activity(
            activity_in(raw),
            conversation="c",
            user=User(id="ada"),
            role=Role.CUSTOMER,
            attachments=(),
            raw=raw,
        )
    except Refused as error:
        _check_refusal(error.response().status, error.message)
        return
    if incoming is None:
        return
    kept = INBOUND.dump_json(incoming.inbound)
    assert b"\\u0000" not in kept
    assert INBOUND.validate_json(kept).author.id == "ada"
    if incoming.post:
        assert "\\u0000" not in json.dumps(incoming.post.activity, ensure_ascii=False, allow_nan=False)


def _check_refusal(status: int, message: str) -> None:
    assert 400 <= status < 500
    assert message.encode()


# The server is the same for all examples on purpose: one must not spoil the next.
SAME_SERVER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@SAME_SERVER
@given(body=BODIES)
async def test_no_activity_is_a_server_error(server: WebChatServer, body: bytes) -> None:
    answer = await server.post(body)
    assert answer.status == 200 or 400 <= answer.status < 500, answer.body
    assert (await server.call("GET", f"/conversations/{server.conversation}/activities")).status == 200


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")
@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam")
@SAME_SERVER
@given(head=st.binary(max_size=80), body=st.binary(max_size=80), boundary=st.sampled_from(["b", "", '"', "b" * 90]))
async def test_no_upload_is_a_server_error(server: WebChatServer, head: bytes, body: bytes, boundary: str) -> None:
    data = b"--b\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + body + b"\r\n--b--\r\n"
    path = f"/conversations/{server.conversation}/upload"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = await server.call("POST", path, body=data, token=server.token, headers=headers)
    assert answer.status == 200 or 400 <= answer.status < 500, answer.body
