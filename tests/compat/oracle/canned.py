"""A transport that notes requests and gives scripted answers, in the place of the network."""

from collections.abc import Iterable
from typing import Any

from requests.structures import CaseInsensitiveDict

from connectors import Connection, Integration, Provider
from connectors.runtime.request import Request

CLIENT = {"oauth_client_id": "client_id_test", "oauth_client_secret": "client_secret_test"}
"""The OAuth client of cases that name none."""


class Answer:
    """One answer, as the client reads it."""

    def __init__(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.status = status
        self.headers = CaseInsensitiveDict(headers or {})
        self.body = body

    def read(self) -> bytes:
        """The whole body."""
        return self.body

    def read_start(self, size: int) -> bytes:
        """The first octets of the body."""
        return self.body[:size]

    def close(self) -> None:
        """Nothing is held."""


class Canned:
    """Gives the answers of a script, then the last one again and again."""

    total_timeout = 1.0

    def __init__(self, script: Iterable[Answer], last: Answer) -> None:
        self.sent: list[Request] = []
        self._script = list(script)
        self._last = last

    def send(self, request: Request, *, stream: bool, max_bytes: int) -> Answer:
        """Note the request and answer it."""
        del stream, max_bytes
        self.sent.append(request)
        return self._script.pop(0) if self._script else self._last


def connection_of(case: dict[str, Any], provider: Provider) -> Connection:
    """The connection that a case describes."""
    own = case.get("integration") or CLIENT
    integration = Integration(
        unique_key=str(case.get("integration_key") or provider.name),
        client_id=own.get("oauth_client_id") or "",
        client_secret=own.get("oauth_client_secret") or "",
        scopes=own.get("oauth_scopes") or "",
        custom=own.get("custom") or {},
    )
    return Connection(
        provider,
        case.get("connection_config") or {},
        case["credentials"],
        metadata=case.get("metadata") or {},
        id="conn-1",
        integration=integration,
    )
