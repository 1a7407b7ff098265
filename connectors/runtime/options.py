"""How one call is made, beside what is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from connectors.runtime.hosts import HostPolicy
from connectors.runtime.request import Call
from connectors.runtime.response import Response

LARGEST_BODY = 64 * 1024 * 1024  # bytes of a body that is held in memory, where the caller does not say
_OF_A_CALL = frozenset(field.name for field in fields(Call))


@dataclass(frozen=True)
class Options:
    """How one call is made."""

    retries: int | None = None  # None: the client's figure and its caution with writes
    retry_on: Collection[int] = ()  # further statuses that are worth another attempt
    retry_header: Mapping[str, str] | None = None  # read first: {"at": name} (an instant) or {"after": name} (seconds)
    reads: bool = False  # a POST that changes nothing
    stream: bool = False
    max_bytes: int = LARGEST_BODY
    raise_for_status: bool = True
    sink: Callable[[Response], None] | None = None  # reads a good streamed answer as part of the attempt
    policy: HostPolicy | None = None  # None: the client's


def arrange(method: str, endpoint: str, given: Mapping[str, Any]) -> tuple[Call, Options]:
    """A call and its options from keyword arguments as `Client.request` takes them. TypeError for others."""
    call = {name: value for name, value in given.items() if name in _OF_A_CALL}
    if call.get("headers", ...) is None:
        del call["headers"]
    options = {name: value for name, value in given.items() if name not in _OF_A_CALL}
    return Call(method=method, endpoint=endpoint, **call), Options(**options)
