"""Which error an answer is, how long it asks to wait, and how long it says that it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import (
    AnswerError,
    AuthError,
    ForbiddenError,
    NotFoundError,
    ProviderError,
    RateLimited,
    RejectedError,
    UnexpectedAnswer,
)
from connectors.runtime import retry
from connectors.runtime.response import Response

LONGEST_PAUSE = 24 * 3600.0  # seconds; a provider that asks for more is taken to ask for this
_MOST_DIGITS = 15  # of a body's length
_KINDS: Mapping[int, type[AnswerError]] = {
    401: AuthError,
    403: ForbiddenError,
    404: NotFoundError,
    410: NotFoundError,
    429: RateLimited,
}


def error_of(response: Response, *, provider: str, attempts: int, now: float) -> AnswerError:
    """The error that an answer outside 2xx stands for. Its facts are redacted."""
    status = response.status
    kind = _KINDS.get(status) or (ProviderError if status >= 500 else RejectedError)
    excerpt = response.excerpt
    message = f"{provider} answered {status} to {response.request.method} {response.request.url}"
    message += f": {excerpt}" if excerpt else "."
    wait = retry_after(response.headers, now)
    facts: dict[str, Any] = {
        "method": response.request.method,
        "url": response.request.url,
        "status": status,
        "excerpt": excerpt,
        "attempts": attempts,
    }
    step = None
    if status == 429:
        facts["retry_after"] = wait
        step = f"Try again in {max(1, round(wait))} seconds." if wait is not None else None
    error = kind(message, next_step=step, **facts)
    error.headers = response.safe_headers
    error.read_body = lambda: response.safe_body
    return error


def content_length(headers: Mapping[str, str]) -> int | None:
    """Bytes of the body as the provider said them; None where it did not, or nothing that can be true."""
    said = headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the `Retry-After` header asks to wait, from 0 to a day; None without a readable one."""
    seconds = retry.retry_after(headers.get("retry-after"), now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_PAUSE)


def json_or_text(response: Response | None) -> Any:
    """The body's JSON value; its text if it is none; None without an answer."""
    if response is None:
        return None
    try:
        return response.json()
    except UnexpectedAnswer:
        return response.text
