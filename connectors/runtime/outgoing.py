"""What the transport has to know of a request: a call's, or one for a token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from connectors.runtime.auth.flow import Certificate


class Outgoing(Protocol):
    """A request that is complete: a call's, or one for a token."""

    @property
    def method(self) -> str:
        """In capitals."""

    @property
    def url(self) -> str:
        """The whole address, percent-encoded."""

    @property
    def shown_url(self) -> str:
        """The address without secrets, for logs and messages."""

    @property
    def host(self) -> str:
        """The host, and port, that it goes to."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Every header but Host."""

    @property
    def body(self) -> bytes | Iterable[bytes] | None:
        """What is sent; an iterable goes out piece by piece, and its length stands in the headers."""

    @property
    def certificate(self) -> Certificate | None:
        """The client certificate to show."""
