"""Response headers that a definition wants kept as credentials (`token_response_headers`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.runtime.auth.flow import TokenAnswer

RESERVED = frozenset({"type", "token", "refresh_token", "expires_at", "raw"})
COOKIES = "_cookies"
_SET_COOKIE = "set-cookie"


def kept(names: Iterable[Any], answer: TokenAnswer, before: Mapping[str, str]) -> dict[str, str]:
    """What was kept `before` with the headers of this answer laid over it.

    A header is kept under the name that the definition has for it. Each cookie is kept under its own
    name, unless the credentials need that name, and all of them as the text of a Cookie header under
    `_cookies`.
    """
    found = dict(before)
    for name in names:
        if not isinstance(name, str):
            continue
        if name.lower() == _SET_COOKIE:
            _keep_cookies(answer.all(_SET_COOKIE), found)
        elif name not in RESERVED and (value := answer.header(name)) is not None:
            found[name] = value
    return found


def _keep_cookies(lines: Iterable[str], found: dict[str, str]) -> None:
    cookies = dict(pair.split("=", 1) for pair in found.get(COOKIES, "").split("; ") if "=" in pair)
    for line in lines:
        name, equals, value = line.partition(";")[0].strip().partition("=")
        if equals and name:
            cookies[name] = value
            if name not in RESERVED:
                found[name] = value
    if cookies:
        found[COOKIES] = "; ".join(f"{name}={value}" for name, value in cookies.items())
