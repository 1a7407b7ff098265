"""Sending webhooks: signed twice, tried three times, one slow address holding up nobody else."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.engine.store.deliveries import Delivery
from connectors.errors import CallError, ConnectorError, StoreError, VaultError
from connectors.runtime.transport import Transport

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.auth.flow import Certificate

TIMEOUT = 20.0  # seconds for one attempt
PAUSES = (3.0, 6.0)  # seconds before the second and the third attempt
_CLAIM = 60.0  # seconds after which somebody else may send what was taken
_SENDERS = 8  # attempts at once
_IDLE = 1.0  # seconds between two looks
_EXCERPT = 200  # bytes of an answer that are read

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Post:
    """A webhook as the transport sends it."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    certificate: Certificate | None = None

    @property
    def shown_url(self) -> str:
        return shown(self.url)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]


@dataclass(frozen=True)
class _Outcome:
    """How one attempt ended."""

    status: int | None  # None: there was no answer
    error: str | None  # None: it was delivered
    passing: bool  # another attempt may help


class Deliverer:
    """Sends what `Outgoing` wrote down. Any number of processes may do so at once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._free = threading.Semaphore(_SENDERS)
        self._open = _transport(allow_private=True)
        self._guarded = _transport(allow_private=host.policy.allow_private)

    def work(self, stop: threading.Event) -> None:
        """Send until `stop` is set; what is under way then is finished."""
        with ThreadPoolExecutor(_SENDERS, thread_name_prefix="webhook") as pool:
            while not stop.is_set():
                if not self._send_some(pool):
                    stop.wait(_IDLE)

    def drain(self) -> int:
        """Send what is due now, one after the other; how many attempts that made."""
        attempts = 0
        while found := self._claim(limit=1):
            self._send(found[0])
            attempts += 1
        return attempts

    def close(self) -> None:
        """Close the connections to the customer's addresses."""
        self._open.close()
        self._guarded.close()

    def _send_some(self, pool: ThreadPoolExecutor) -> bool:
        """Take as many as there are free senders; whether there were any."""
        free = 0
        while free < _SENDERS and self._free.acquire(blocking=False):
            free += 1
        taken: list[Delivery] = []
        try:
            taken = self._claim(limit=free) if free else []
        except StoreError as error:
            _log.warning("webhooks could not be taken: %s", error.message)
        for _ in range(free - len(taken)):
            self._free.release()
        for delivery in taken:
            pool.submit(self._send_and_release, delivery)
        return bool(taken)

    def _claim(self, *, limit: int) -> list[Delivery]:
        now = self._host.clock.now()
        return self._host.store.deliveries.claim(now=now, until=now + _CLAIM, limit=limit)

    def _send_and_release(self, delivery: Delivery) -> None:
        try:
            self._send(delivery)
        except Exception:  # noqa: BLE001 - one webhook keeps no other from being sent
            _log.exception("webhook %s could not be sent", delivery.id)
        finally:
            self._free.release()

    def _send(self, delivery: Delivery) -> None:
        outcome = self._attempt(delivery)
        again = outcome.passing and delivery.attempts < len(PAUSES)
        now = self._host.clock.now()
        self._host.metrics.count("connectors_webhooks_total", kind=delivery.kind, ok=str(outcome.error is None).lower())
        self._host.store.deliveries.attempted(
            delivery.environment,
            delivery.id,
            state="delivered" if outcome.error is None else "waiting" if again else "failed",
            status=outcome.status,
            error=outcome.error,
            due_at=now + PAUSES[delivery.attempts] if again else now,
            ended_at=None if again else now,
        )

    def _attempt(self, delivery: Delivery) -> _Outcome:
        try:
            key = self._host.environments.signing_key(delivery.environment)
        except VaultError as lost:
            return _Outcome(None, lost.message, passing=True)
        if key is None:
            return _Outcome(None, "the environment has no secret key yet, so there is nothing to sign with", False)
        body = delivery.body.encode("utf-8")
        headers = {
            **delivery.headers,
            "content-type": "application/json",
            "content-length": str(len(body)),
            "user-agent": "connectors",
            **signatures(key, body),
        }
        transport = self._open if delivery.trusted else self._guarded
        try:
            answer = transport.send(_Post(delivery.url, headers, body))
            answer.read_start(_EXCERPT)
            answer.close()
        except ConnectorError as failed:
            return _Outcome(None, failed.message, passing=isinstance(failed, CallError))
        if 200 <= answer.status < 300:
            return _Outcome(answer.status, None, passing=False)
        return _Outcome(answer.status, f"the answer was {answer.status}", passing=not 300 <= answer.status < 500)


def _transport(*, allow_private: bool) -> Transport:
    return Transport(allow_private=allow_private, connect_timeout=TIMEOUT, read_timeout=TIMEOUT, total_timeout=TIMEOUT)


def signatures(key: str, body: bytes) -> dict[str, str]:
    """The two headers that a customer's client verifies: HMAC-SHA256, and the older SHA-256 of key and body."""
    return {
        "x-nango-hmac-sha256": hmac.new(key.encode(), body, hashlib.sha256).hexdigest(),
        "x-nango-signature": hashlib.sha256(key.encode() + body).hexdigest(),
    }


def shown(url: str) -> str:
    """An address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{'?…' if parts.query else ''}"
