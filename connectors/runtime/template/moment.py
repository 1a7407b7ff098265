"""What `${now}` and `${random}` stand for, handed in so that a request can be built twice alike."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

_NONCE_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_NONCE_LENGTH = 32


def _uuid() -> str:
    return str(uuid.uuid4())


def _nonce() -> str:
    return "".join(secrets.choice(_NONCE_SIGNS) for _ in range(_NONCE_LENGTH))


@dataclass(frozen=True)
class Moment:
    """One instant and one source of whatever is drawn at random."""

    now: datetime  # with a time zone
    random: Callable[[], str] = _uuid  # a new UUID (version 4) each time it is called
    random_bytes: Callable[[int], bytes] = secrets.token_bytes  # that many bytes
    nonce: Callable[[], str] = _nonce  # 32 letters and digits, for OAuth 1.0a

    @classmethod
    def current(cls) -> Moment:
        """The present; each `${random}` draws its own."""
        return cls(datetime.now(UTC))

    @classmethod
    def at(cls, seconds: float) -> Moment:
        """That Unix time; each `${random}` draws its own."""
        return cls(datetime.fromtimestamp(seconds, UTC))

    def held(self) -> Moment:
        """The same instant, with one random text for every `${random}`: all headers of a request share it."""
        return replace(self, random=cache(self.random))
