"""Where else a function can be called: `GET /v1/…` beside its name, as older clients do it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.errors import InputError

_WRITTEN = re.compile(
    r"(GET|POST|PUT|PATCH|DELETE) (/[A-Za-z0-9._~!$&'()*+,;=:@-]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*)\Z"
)


@dataclass(frozen=True)
class Address:
    """A method and a path below `/v1`."""

    method: str
    path: str  # with its slash in front, none at its end

    def to_dict(self) -> dict[str, str]:
        """As a listing of functions tells it."""
        return {"method": self.method, "path": self.path}


def address(function: str, text: str | None) -> Address | None:
    """What a declaration's `endpoint` says; None where it says nothing. Raises `InputError`."""
    if text is None:
        return None
    found = _WRITTEN.match(text)
    if not found:
        raise InputError(f'the endpoint of {function} is a method and a path, such as "GET /documents", not {text!r}')
    return Address(found[1], found[2])
