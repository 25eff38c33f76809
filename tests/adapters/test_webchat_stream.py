"""Direct Line 3.0 over the WebSocket: live, from the watermark on, and never ahead of the database."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from adapters.webchat.hub import Hub, Listener
from store import webchat as feed
from store.webchat import Post
from tests.adapters.contract import PATIENCE, answer_to
from tests.adapters.webchat import REPRESENTATIVE, WebChatServer, next_frame


async def test_a_socket_gets_what_is_said_and_a_watermark(server: WebChatServer) -> None:
    socket = await server.connect()
    posted = await server.say("My kettle leaks")
    frame = await next_frame(socket)
    assert frame["watermark"] == "1"
    assert [(each["id"], each["text"]) for each in frame["activities"]] == [(posted, "My kettle leaks")]
    await server.channel.send(answer_to(server.inbox.received[0], "Which model is it?", key="1"))
    frame = await next_frame(socket)
    assert (frame["watermark"], frame["activities"][0]["text"]) == ("2", "Which model is it?")


async def test_two_people_see_each_others_messages(server: WebChatServer) -> None:
    robin = await server.join({"id": REPRESENTATIVE, "name": "Robin"})
    hers, theirs = await server.connect(), await server.connect(token=robin)
    await server.say("My kettle leaks")
    await server.say("I'm on it", token=robin)
    for socket, ada, rep in ((hers, "user", "bot"), (theirs, "bot", "user")):
        seen = [*(await next_frame(socket))["activities"], *(await next_frame(socket))["activities"]]
        assert [each["text"] for each in seen] == ["My kettle leaks", "I'm on it"]
        assert [each["from"]["role"] for each in seen] == [ada, rep]
        assert [each["channelData"]["role"] for each in seen] == ["customer", "representative"]


async def test_a_reconnect_misses_nothing_and_repeats_nothing(server: WebChatServer) -> None:
    socket = await server.connect()
    await server.say("one")
    watermark = (await next_frame(socket))["watermark"]
    await socket.close()
    await server.say("two")
    await server.say("three")
    frame = await next_frame(await server.connect(watermark))
    assert [each["text"] for each in frame["activities"]] == ["two", "three"]


async def test_a_long_history_comes_in_several_frames(server: WebChatServer) -> None:
    for number in range(150):
        post = Post(
            conversation_key=server.conversation,
            key=str(number),
            author_id="bob",
            activity={"type": "message", "text": str(number)},
        )
        await server.database.write(partial(feed.append, post=post))
    socket = await server.connect()
    frames = [await next_frame(socket), await next_frame(socket)]
    assert [frame["watermark"] for frame in frames] == ["100", "150"]


async def test_what_another_process_wrote_is_seen(server: WebChatServer) -> None:
    socket = await server.connect()
    post = Post(
        conversation_key=server.conversation,
        key="elsewhere",
        author_id="casewright",
        activity={"type": "message", "text": "From a worker"},
    )
    await server.database.write(partial(feed.append, post=post))  # nobody here is told
    async with asyncio.timeout(10):  # sooner than a keep-alive, which reads as well
        frame = await next_frame(socket)
    assert frame["activities"][0]["text"] == "From a worker"


async def test_typing_is_shown_to_the_others_and_not_kept(server: WebChatServer) -> None:
    robin = await server.join({"id": REPRESENTATIVE, "name": "Robin"})
    hers, theirs = await server.connect(), await server.connect(token=robin)
    assert (await server.post({"type": "typing"}, token=robin)).status == 200
    frame = await next_frame(hers)
    assert (frame["activities"][0]["type"], frame["activities"][0]["from"]["name"]) == ("typing", "Robin")
    assert "watermark" not in frame
    await server.say("Hello")
    assert (await next_frame(theirs))["activities"][0]["text"] == "Hello"  # not their own typing
    assert await server.texts() == ["Hello"]


async def test_the_clients_keep_alive_means_nothing(server: WebChatServer) -> None:
    socket = await server.connect()
    await socket.send_str("")
    await socket.send_str('{"type":"message","text":"Let me in"}')
    await server.say("Hello")
    assert (await next_frame(socket))["activities"][0]["text"] == "Hello"
    assert len(server.inbox.received) == 1


async def test_a_stream_without_its_token_is_refused(server: WebChatServer) -> None:
    url = f"{server.base.replace('http', 'ws')}/v3/directline/conversations/{server.conversation}/stream?t=nonsense"
    with pytest.raises(WSServerHandshakeError) as refused:
        await server.websocket(url)
    assert refused.value.status == 401


async def test_a_stream_token_is_for_its_conversation(server: WebChatServer) -> None:
    other, token = await server.start({"id": "mallory"})
    answer = await server.call("GET", f"/conversations/{other}", token=token)
    with pytest.raises(WSServerHandshakeError) as refused:
        await server.websocket(answer.body["streamUrl"].replace(other, server.conversation))
    assert refused.value.status == 403


async def test_stopping_closes_every_socket(server: WebChatServer) -> None:
    sockets = [await server.connect() for _ in range(3)]
    server.running.cancel()
    for socket in sockets:
        assert (await socket.receive(timeout=PATIENCE)).type is WSMsgType.CLOSE
        assert socket.close_code == 1001
    await asyncio.wait([server.running])


async def test_a_client_that_hangs_does_not_hold_up_the_stop() -> None:
    hub = Hub()
    with hub.listening("c1", Listener("ada", 0)):
        await asyncio.wait_for(hub.close(0.01), PATIENCE)


async def test_somebody_who_lags_gets_the_latest_typing_only() -> None:
    hub, listener = Hub(), Listener("ada", 0)
    with hub.listening("c1", listener):
        for number in range(3):
            hub.show("c1", "robin", {"number": number})
        assert listener.take_live() == [{"number": 2}]
        assert listener.take_live() == []
    assert hub.watched() == []
