"""Pages that wait for a consent in another window: each holds a WebSocket and is told how it ended.

They are known to this process only: where several serve, the balancer has to keep a browser at one.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import orjson

_MOST = 10_000  # pages, and consents on their way
_LONGEST = 1800.0  # seconds that a page may wait

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Popups:
    """The pages that wait, by the id that each was given."""

    def __init__(self) -> None:
        self._pages: dict[str, asyncio.Queue[bytes]] = {}
        self._waiting: OrderedDict[str, str] = OrderedDict()  # state of a consent → page

    def remember(self, state: str, page: str) -> None:
        """That page began the consent of that state."""
        if page in self._pages:
            self._waiting[state] = page
            while len(self._waiting) > _MOST:
                self._waiting.popitem(last=False)

    def page_of(self, state: str) -> str:
        """The page that waits for that consent; empty if none does."""
        return self._waiting.pop(state, "")

    def tell(self, page: str, message: Mapping[str, Any]) -> None:
        """Say something to a page; nothing happens if it is gone. To be called on the event loop."""
        queue = self._pages.get(page)
        if queue is not None:
            queue.put_nowait(orjson.dumps(message))

    async def serve(self, receive: Receive, send: Send) -> None:
        """Live with one page until it goes."""
        await receive()
        if len(self._pages) >= _MOST:
            await send({"type": "websocket.close", "code": 1013})
            return
        page, queue = str(uuid.uuid4()), asyncio.Queue[bytes]()
        self._pages[page] = queue
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "websocket.accept"})
            self.tell(page, {"message_type": "connection_ack", "ws_client_id": page})
            async with asyncio.timeout(_LONGEST):
                await _pass_on(queue, send, gone)
        except TimeoutError:
            await send({"type": "websocket.close", "code": 1000})
        finally:
            gone.cancel()
            del self._pages[page]


async def _pass_on(queue: asyncio.Queue[bytes], send: Send, gone: asyncio.Future[None]) -> None:
    while True:
        message = asyncio.ensure_future(queue.get())
        ends: set[asyncio.Future[Any]] = {message, gone}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            message.cancel()
            return
        await send({"type": "websocket.send", "text": message.result().decode()})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass
