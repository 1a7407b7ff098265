"""HTTP as uvicorn speaks it, with ceilings on what comes before a request: how long it takes, and how much it is."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 30.0  # seconds until the head of a request has to be here
LARGEST_HEAD = 256 * 1024  # bytes


class GuardedProtocol(HttpToolsProtocol):
    """Closes a connection that asks nothing, or whose head has no end. uvicorn alone would wait, and keep all of it."""

    longest_head = LONGEST_HEAD
    largest_head = LARGEST_HEAD

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._patience: Any = None  # none: a request is under way
        self._bytes = 0  # of the head so far

    def connection_made(self, transport: Any) -> None:
        """See uvicorn."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """See uvicorn."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See uvicorn."""
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        super().data_received(data)
        if self._patience is None:
            return
        self._bytes += len(data)
        if self._bytes > self.largest_head and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """See uvicorn."""
        self._arrived()
        super().on_headers_complete()

    def _wait(self) -> None:
        """A head has to come from now on."""
        if self._patience is None:
            self._bytes = 0
            self._patience = self.loop.call_later(self.longest_head, self._give_up)

    def _arrived(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
