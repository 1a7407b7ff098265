"""Our connection classes as vcrpy plays them. Imported only where vcrpy is used."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from typing import Any
from urllib.parse import urlsplit

from vcr.stubs import VCRHTTPConnection, VCRHTTPSConnection  # type: ignore[import-untyped]

from connectors.errors import SettingError
from connectors.runtime.sockets import GuardedHTTPConnection, GuardedHTTPSConnection

_CONTROL = "/_emulator/log"
_LONGEST_ANSWER = 16 * 1024 * 1024  # bytes


class _Whole:
    """A streamed body is put together first: vcrpy compares and stores bytes."""

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        if body is not None and not isinstance(body, (bytes, str)):
            body = b"".join(body)
        super().request(method, url, body, headers, **options)  # type: ignore[misc] # of vcrpy's class


class _FromEmulator:
    """Refuses to go to the network anywhere but to an emulator."""

    def getresponse(self, *arguments: Any, **options: Any) -> Any:
        played: Any = self
        cassette, request = played.cassette, played._vcr_request  # noqa: SLF001 - vcrpy's own name
        if not cassette.can_play_response_for(request) and not cassette.write_protected:
            require_emulator()
        return super().getresponse(*arguments, **options)  # type: ignore[misc] # of vcrpy's class


class ReplayHTTP(_Whole, VCRHTTPConnection, GuardedHTTPConnection):  # type: ignore[misc] # vcrpy has no types
    """Plays or records plain requests."""

    _baseclass = GuardedHTTPConnection


class ReplayHTTPS(_Whole, VCRHTTPSConnection, GuardedHTTPSConnection):  # type: ignore[misc]
    """Plays or records requests over TLS."""

    _baseclass = GuardedHTTPSConnection


class EmulatorHTTP(_FromEmulator, ReplayHTTP):
    """Plays, or records from an emulator."""


class EmulatorHTTPS(_FromEmulator, ReplayHTTPS):
    """Plays, or records from an emulator."""


def require_emulator() -> None:
    """Raise SettingError unless HTTPS_PROXY leads to an emulator on this machine."""
    proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or ""
    parts = urlsplit(proxy)
    if not _is_loopback(parts.hostname or "") or not _answers(parts.hostname or "", parts.port):
        raise SettingError(
            "Nothing is recorded: HTTPS_PROXY does not lead to an emulator on this machine.",
            next_step="Start `connectors emulate paligo` and set the variables that it prints, then record again.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _answers(host: str, port: int | None) -> bool:
    # By hand: vcrpy patches every HTTP client of the process, and switching that off is not thread safe.
    try:
        with socket.create_connection((host, port or 0), timeout=5) as connection:
            connection.sendall(f"GET {_CONTROL} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = connection.makefile("rb").read(_LONGEST_ANSWER)
        json.loads(answer.partition(b"\r\n\r\n")[2])
    except (OSError, ValueError):
        return False
    return answer.startswith(b"HTTP/1.1 200 ")
