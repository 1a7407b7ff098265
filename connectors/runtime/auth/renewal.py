"""When credentials are renewed, and what a failure to do so means; who stores them is not said here.

The times are those of the reference runtime (docs/tokens.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.errors import CallError, InputError, RefreshExhausted, RefreshWaits, TokenError
from connectors.runtime.auth import mode_of
from connectors.runtime.auth.dates import expiration
from connectors.runtime.auth.expiry import Decision, decide
from connectors.runtime.auth.flow import Ask, Exchanges, Flow, Grant
from connectors.runtime.auth.introspection import is_spent
from connectors.runtime.connection import Connection
from connectors.runtime.ports import Clock
from connectors.runtime.template import Moment

BACK_OFF = 30.0  # seconds after a failure before the next try
MOST_DAYS = 4  # different days of failures after which nobody tries any more
AT_MOST_EVERY = 60.0  # seconds between two renewals of credentials that have not expired
_DAY = 24 * 3600  # seconds
_FETCHED = {  # what credentials as submitted lack, by auth mode; a browser's are never submitted
    "AWS_SIGV4": "access_key_id",
    "BILL": "session_id",
    "JWT": "token",
    "OAUTH2_CC": "token",
    "SIGNATURE": "token",
    "TBA": "config_override",
    "TWO_STEP": "token",
}


@dataclass(frozen=True)
class Setbacks:
    """The failures to renew since it last succeeded."""

    failed_at: float | None = None  # Unix time of the newest
    days: int = 0  # on how many days (UTC)

    def check(self, provider: str, now: float) -> None:
        """Raise RefreshExhausted or RefreshWaits if it must not be tried now."""
        if self.failed_at is None:
            return
        if self.days >= MOST_DAYS:
            raise RefreshExhausted(
                f"The credentials for {provider} could not be renewed on {self.days} days; nobody tries any more.",
                reference_code="connection_refresh_exhausted",
            )
        wait = self.failed_at + BACK_OFF - now
        if 0 < wait <= BACK_OFF:
            raise RefreshWaits(
                f"The credentials for {provider} could not be renewed a moment ago; the next try is in {wait:.0f} s.",
                retry_after=wait,
                reference_code="connection_refresh_backoff",
            )

    def and_now(self, now: float) -> Setbacks:
        """With a failure at this time."""
        new_day = self.failed_at is None or self.failed_at // _DAY != now // _DAY
        return Setbacks(now, self.days + new_day)


class Renewal:
    """Decides and renews, for one connection. `run` sends what a flow asks for."""

    def __init__(self, run: Callable[[Exchanges[Any], Ask], Any], clock: Clock) -> None:
        self.clock = clock
        self._run = run
        self._told: tuple[float, Mapping[str, Any], bool] | None = None  # the newest introspection: when, of what

    def due(self, connection: Connection, *, renewed_at: float | None, force: bool = False) -> bool:
        """Whether the credentials are to be renewed before they are used.

        `renewed_at` is when they were last renewed: within a minute of that they are left alone
        unless they have expired, for some providers' tokens never live longer than the buffer.
        `force`: the provider refused them, whatever they say of themselves.
        """
        just_now = renewed_at is not None and 0 <= self.clock.now() - renewed_at < AT_MOST_EVERY
        decision = self._decide(connection, force=force)
        if decision.introspect:
            return not just_now and self._is_spent(connection)
        if not decision.should:
            return False
        return not just_now or (not force and self.has_expired(connection))

    def has_expired(self, connection: Connection) -> bool:
        """Whether the credentials are beyond their own expiry."""
        now = self._now()
        expiry = expiration(connection.credentials.get("expires_at"), now)
        return expiry is not None and expiry <= now

    def lacks_token(self, connection: Connection) -> bool:
        """Whether the credentials are still as somebody submitted them, with nothing yet that a call could use."""
        name = _FETCHED.get(connection.credential_type)
        return name is not None and connection.credentials.get(name) in (None, "")

    def acquired(self, connection: Connection) -> Connection:
        """The connection, its submitted credentials turned into usable ones. Raises TokenError and InputError."""
        ask = self._ask(connection)
        return connection.granted(self._grant(mode_of(connection.provider).acquire(ask), ask, "had"))

    def renewed(self, connection: Connection) -> Connection:
        """The connection with new credentials. Raises TokenError and InputError."""
        ask = self._ask(connection)
        return connection.granted(self._grant(mode_of(connection.provider).refresh(ask), ask, "renewed"))

    def _decide(self, connection: Connection, *, force: bool) -> Decision:
        provider, credentials = connection.provider, connection.credentials
        return decide(provider, credentials, connection.connection_config, self._now(), force=force)

    def _is_spent(self, connection: Connection) -> bool:
        """What the provider says of the token, asked once a minute; False if it cannot say, for the call will show."""
        now, told = self.clock.now(), self._told
        if told is not None and 0 <= now - told[0] < AT_MOST_EVERY and told[1] == connection.credentials:
            return told[2]
        ask = self._ask(connection)
        try:
            spent = bool(self._run(is_spent(ask), ask))
        except (CallError, InputError):
            spent = False
        self._told = (now, connection.credentials, spent)
        return spent

    def _grant(self, flow: Flow, ask: Ask, what: str) -> Grant:
        try:
            grant: Grant = self._run(flow, ask)
        except CallError as error:
            raise TokenError(
                f"The credentials for {ask.provider.display_name} could not be {what}: {error.message}",
                status=error.status,
                reference_code="refresh_token_external_error",
            ) from error
        return grant

    def _ask(self, connection: Connection) -> Ask:
        return Ask(
            provider=connection.provider,
            integration=connection.integration,
            connection_config=connection.connection_config,
            credentials=connection.credentials,
            moment=Moment.at(self.clock.now()),
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)
