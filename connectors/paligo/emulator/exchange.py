"""One request and its answer, free of sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl


@dataclass
class Request:
    """One request as it came in. Its `instance` is the host it came through by CONNECT; None: the plain port."""

    method: str
    target: str
    host: str
    authorization: str
    body: bytes
    instance: str | None
    content_type: str = ""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> dict[str, str]:
        """Query parameters; the last of several counts."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def origin(self) -> str:
        """Scheme and host, as the caller knows them."""
        return f"{'http' if self.instance is None else 'https'}://{self.host}"


@dataclass
class Answer:
    """One answer, and how it is brought: bytes and text as they are, other payloads as JSON, None as no body."""

    status: int
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Literal["whole", "truncated", "reset"] = "whole"
    delay: float = 0.0  # seconds

    @property
    def body(self) -> bytes:
        """The body as bytes."""
        if self.payload is None or isinstance(self.payload, bytes):
            return self.payload or b""
        return (self.payload if isinstance(self.payload, str) else json.dumps(self.payload)).encode()


class Refusal(Exception):
    """The request is answered with another status than success; `reason` is for people only."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})


class Entry(NamedTuple):
    """One line of the log."""

    method: str
    path: str  # the target as sent, query included; for a refused CONNECT, host and port
    status: int  # 0: the connection was reset instead
