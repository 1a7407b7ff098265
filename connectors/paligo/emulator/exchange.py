"""One request and its answer, free of sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
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
    """One answer, and how it is brought: `payload` as JSON, or `raw` as it is, or no body."""

    status: int
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    delivery: Literal["whole", "truncated", "reset"] = "whole"

    @property
    def body(self) -> bytes:
        """The body as bytes."""
        return self.raw if self.raw is not None else b"" if self.payload is None else json.dumps(self.payload).encode()


class Refusal(Exception):
    """The request is answered with an error status; `reason` is for people only."""

    def __init__(self, status: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.retry_after = status, reason, retry_after
