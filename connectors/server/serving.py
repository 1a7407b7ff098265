"""`connectors serve`: the application, the work that goes on beside it, and uvicorn around both."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import uvicorn
from anyio import to_thread

from connectors.engine.logs import log_as_json
from connectors.errors import SettingError
from connectors.server.app import App
from connectors.server.guarded import GuardedProtocol

if TYPE_CHECKING:
    from connectors.engine.host import Host

_LARGEST_MESSAGE = 64 * 1024  # bytes that a page may say at once; what it says is not read
_GRACE = 20  # seconds for requests that are under way at the end, and then for runs


def serve(host: Host, *, started: Callable[[], None], log: bool = True) -> None:
    """Serve until SIGINT or SIGTERM; what is under way may end first. Raises `SettingError` for a port that is taken.

    `started` is called when the server listens.
    """
    if log:
        log_as_json()
    with _bound(host) as bound:
        app = App(host, background=working)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=_GRACE,
            http=GuardedProtocol,
            ws_max_size=_LARGEST_MESSAGE,
        )
        _Server(config, started).run(sockets=[bound])


@asynccontextmanager
async def working(app: App) -> AsyncIterator[None]:
    """The work that goes on by itself, as long as the server lives."""
    from connectors.engine.execution.work import Work

    work = await to_thread.run_sync(Work, app.host)
    await to_thread.run_sync(work.start)
    try:
        yield
    finally:
        await to_thread.run_sync(lambda: work.stop(at_most=_GRACE))


class _Server(uvicorn.Server):
    """uvicorn that says when it listens."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._say = started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear SIGINT and SIGTERM; unlike uvicorn's own, do not raise them again when everything has ended well."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {name: signal.signal(name, self.handle_exit) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await super().startup(sockets)
        if self.started:
            self._say()


def _bound(host: Host) -> socket.socket:
    name, port = str(host.settings.value("CONNECTORS_HOST")), int(host.settings.value("CONNECTORS_PORT"))
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    # asyncio sends small answers at once only on a socket that says it is TCP; else each may wait 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((name, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise SettingError(
            f"The server cannot listen at {name}:{port}: {getattr(error, 'strerror', None) or error}.",
            next_step="Set CONNECTORS_PORT or CONNECTORS_HOST to what is free, or stop whoever listens there.",
            setting="CONNECTORS_PORT",
        ) from error
    bound.set_inheritable(True)
    return bound
