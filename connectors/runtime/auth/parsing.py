"""From a token answer to stored credentials, for each kind that comes from a token endpoint. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import DefinitionError, TokenUnusable
from connectors.runtime.auth.dates import expiration, iso
from connectors.runtime.auth.expiry import NEVER
from connectors.runtime.auth.jwt_claims import expiry_of
from connectors.runtime.auth.metadata import at
from connectors.runtime.catalog import Provider

_DEFAULT_LIFE = timedelta(minutes=55)  # of a client-credentials token that says nothing of it
_BEFORE_JWT_ENDS = timedelta(minutes=15)
_MOST_SECONDS = 1e15
_WHOLE_START = re.compile(r"\s*([+-]?\d{1,15})")
_WHOLE = re.compile(r"\s*[+-]?\d{1,15}\s*\Z")
_SPAN = re.compile(r"\s*([+-]?\d{0,15}\.?\d{1,15})\s*([a-z]+)\s*\Z", re.IGNORECASE)
_UNITS: Mapping[str, float] = {  # seconds
    **dict.fromkeys(("milliseconds", "millisecond", "msecs", "msec", "ms"), 0.001),
    **dict.fromkeys(("seconds", "second", "secs", "sec", "s"), 1),
    **dict.fromkeys(("minutes", "minute", "mins", "min", "m"), 60),
    **dict.fromkeys(("hours", "hour", "hrs", "hr", "h"), 3600),
    **dict.fromkeys(("days", "day", "d"), 86400),
    **dict.fromkeys(("weeks", "week", "w"), 604800),
    **dict.fromkeys(("years", "year", "yrs", "yr", "y"), 31557600),
}


def oauth2_credentials(provider: Provider, raw: Any, now: datetime) -> dict[str, Any]:
    """Stored OAUTH2 credentials: `access_token`, `refresh_token` and `expires_at` where there are any, `raw`.

    Without `access_token` the definition's alternate path is read: an object there stands for the whole
    answer, a text is the token. Raises TokenUnusable.
    """
    source = raw if isinstance(raw, Mapping) else {}
    token, path = source.get("access_token"), provider.definition.get("alternate_access_token_response_path")
    if not token and isinstance(path, str):
        other = at(raw, path)
        source = other if isinstance(other, Mapping) else source
        token = other.get("access_token") if isinstance(other, Mapping) else other
    if not token:
        raise _incomplete("no access_token")
    credentials = {"type": "OAUTH2", "access_token": token, "refresh_token": source.get("refresh_token")}
    credentials["expires_at"] = _text(oauth2_expiry(source, now))
    return {name: value for name, value in credentials.items() if value} | {"raw": raw}


def oauth2_cc_credentials(
    provider: Provider, raw: Any, now: datetime, client: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Stored OAUTH2_CC credentials; `client` is laid over them. Raises TokenUnusable."""
    source = raw if isinstance(raw, Mapping) else {}
    token = source.get("access_token") or at(raw, "data.token") or source.get("jwt")
    if not token:
        raise _incomplete("no access_token")
    milliseconds = provider.definition.get("expires_in_unit") == "milliseconds"
    ends = oauth2_expiry(source, now, unit=0.001 if milliseconds else 1)
    credentials = {"type": "OAUTH2_CC", "token": token, "client_id": "", "client_secret": "", **(client or {})}
    return {**credentials, "expires_at": iso(ends or now + _DEFAULT_LIFE), "raw": raw}


def two_step_credentials(provider: Provider, raw: Any, now: datetime) -> dict[str, Any]:
    """Stored TWO_STEP credentials without the submitted fields. Raises TokenUnusable, DefinitionError."""
    paths = provider.definition.get("token_response")
    if not isinstance(paths, Mapping):
        raise DefinitionError(
            f"The definition of {provider.name} has no token_response.",
            provider=provider.name,
            reference_code="missing_token_response",
        )
    token = raw if paths.get("token") == "" else at(raw, str(paths.get("token")))
    if not token:
        raise _incomplete(f"nothing at {paths.get('token')!r}")
    refresh_token = at(raw, str(paths["refresh_token"])) if paths.get("refresh_token") else None
    ends = _two_step_expiry(provider, paths, raw, token, refresh_token, now)
    credentials = {"type": "TWO_STEP", "token": token, "expires_at": _text(ends), "refresh_token": refresh_token}
    return {name: value for name, value in credentials.items() if value} | {"raw": raw}


def span(value: Any) -> timedelta | None:
    """A length of time: whole seconds, or a text such as `1h` or `2 days`; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _seconds(math.trunc(value)) if abs(value) < _MOST_SECONDS else None
    if not isinstance(value, str):
        return None
    if _WHOLE.match(value):
        return _seconds(int(value))
    found = _SPAN.match(value)
    unit = _UNITS.get(found.group(2).lower()) if found else None
    return _seconds(float(found.group(1)) * unit) if found and unit is not None else None


def _seconds(value: float) -> timedelta | None:
    try:
        return timedelta(seconds=value)
    except OverflowError:
        return None


def oauth2_expiry(source: Mapping[str, Any], now: datetime, unit: float = 1) -> datetime | None:
    """By `expires_at`, else by `expires_in` in units of so many seconds; None if neither says anything."""
    if source.get("expires_at"):
        return expiration(source["expires_at"], now)
    found = _WHOLE_START.match(str(source.get("expires_in") or ""))
    count = int(found.group(1)) if found else 0
    life = _seconds(count * unit) if count else None
    return _later(now, life)


def _two_step_expiry(
    provider: Provider, paths: Mapping[str, Any], raw: Any, token: Any, refresh_token: Any, now: datetime
) -> datetime | None:
    value = at(raw, str(paths["token_expiration"])) if paths.get("token_expiration") else None
    ends = _stated(paths, value, now) if value else _earliest(_fallback(provider, now), _before_end(token))
    return _earliest(ends, _before_end(refresh_token))


def _stated(paths: Mapping[str, Any], value: Any, now: datetime) -> datetime | None:
    if paths.get("token_expiration_strategy") != "expireIn":
        return expiration(value, now)
    life = span(value)
    if life is None:
        raise _incomplete("its expiry is neither a number of seconds nor a length of time")
    return _later(now, life)


def _fallback(provider: Provider, now: datetime) -> datetime | None:
    milliseconds = provider.definition.get("token_expires_in_ms")
    if not isinstance(milliseconds, int | float):
        return now + NEVER
    return _later(now, timedelta(milliseconds=milliseconds)) if milliseconds else None


def _later(now: datetime, life: timedelta | None) -> datetime | None:
    try:
        return now + life if life is not None else None
    except OverflowError:
        return None


def _before_end(token: Any) -> datetime | None:
    """A while before the token says that it ends; unverified, for it only shortens what is believed anyway."""
    seconds = expiry_of(token)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC) - _BEFORE_JWT_ENDS


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _text(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _incomplete(what: str) -> TokenUnusable:
    return TokenUnusable(
        f"The token endpoint answered without a token that can be used: {what}.",
        reference_code="incomplete_raw_credentials",
    )
