"""Whether stored credentials must be renewed before they are used, and until when they are stored as good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.runtime.auth.dates import expiration
from connectors.runtime.catalog import Provider

NEVER = timedelta(days=99 * 365.25)  # the reference runtime's "never"
_UNKNOWN = timedelta(days=1)
_BUFFER = timedelta(minutes=15)

REFRESHABLE = frozenset({"APP", "AWS_SIGV4", "BILL", "JWT", "OAUTH2", "OAUTH2_CC", "SIGNATURE", "TWO_STEP"})
_NEVER_EXPIRING = frozenset({"NONE", "OAUTH1"})

# What no definition says; the reference runtime knows these by name too.
_ONLY_WHEN_FORCED = frozenset({"facebook", "instagram", "threads"})
_INTROSPECTED = frozenset(
    {"salesforce", "salesforce-cc", "salesforce-experience-cloud", "salesforce-jwt", "salesforce-sandbox"}
)
_WITHOUT_REFRESH_TOKEN = frozenset({"microsoft-admin", "shopline-oauth"})
_SECOND_TOKEN = {
    "microsoft-teams-bot": ("botFrameworkAccessToken", "expired_bot_framework_access_token"),
    "one-drive": ("sharepointAccessToken", "expired_sharepoint_access_token"),
    "sharepoint-online": ("sharepointAccessToken", "expired_sharepoint_access_token"),
}


@dataclass(frozen=True)
class Decision:
    """Whether to renew, and why. `reason` is the reference runtime's word for it."""

    should: bool
    reason: str
    introspect: bool = False  # the provider has to be asked (introspection.is_spent); then `should` means nothing


def decide(
    provider: Provider,
    credentials: Mapping[str, Any],
    connection_config: Mapping[str, Any],
    now: datetime,
    *,
    force: bool = False,
) -> Decision:
    """Whether stored credentials are to be renewed at `now`; `force`: though they are not old yet.

    They are old `token_expiration_buffer` seconds (900 unless given) before `expires_at`.
    """
    if credentials.get("type") not in REFRESHABLE:
        return Decision(False, "not_refreshable")
    if provider.name in _ONLY_WHEN_FORCED:
        return Decision(force, provider.name)
    if not force:
        if provider.name in _INTROSPECTED:
            return Decision(False, "introspected", introspect=True)
        buffer = buffer_of(provider.definition)
        early = _not_old(provider, credentials, connection_config, now, buffer)
        if early is not None:
            return early
    return _renewal(provider, credentials, force)


def buffer_of(definition: Mapping[str, Any]) -> timedelta:
    """How long before its expiry a token counts as old: the definition's seconds, 15 minutes if it says none or 0."""
    seconds = definition.get("token_expiration_buffer")
    return timedelta(seconds=seconds) if isinstance(seconds, int | float) and seconds else _BUFFER


def stored_expiry(credentials: Mapping[str, Any], now: datetime) -> datetime:
    """When a background job is to look at the credentials: as they say, else in a day or, if they never expire, never.

    Of the two halves of a GitHub app's (`app`, `user`) the earlier one counts.
    """
    halves = [half for half in (credentials.get("app"), credentials.get("user")) if isinstance(half, Mapping)]
    dates = [expiration(half.get("expires_at"), now) for half in (credentials, *halves)]
    known = [date for date in dates if date is not None]
    if known:
        return min(known)
    return now + (NEVER if credentials.get("type", "NONE") in _NEVER_EXPIRING else _UNKNOWN)


def _not_old(
    provider: Provider,
    credentials: Mapping[str, Any],
    connection_config: Mapping[str, Any],
    now: datetime,
    buffer: timedelta,
) -> Decision | None:
    """Why there is nothing to renew, or what else than the token itself is old; None if the token is."""
    name, reason = _SECOND_TOKEN.get(provider.name, ("", ""))
    second = connection_config.get(name)
    if isinstance(second, Mapping) and _old(second.get("expires_at"), now, buffer):
        return Decision(True, reason)
    if credentials.get("expires_at") and _old(credentials["expires_at"], now, buffer):
        return None
    return Decision(False, "fresh" if credentials.get("expires_at") else "no_expires_at")


def _renewal(provider: Provider, credentials: Mapping[str, Any], force: bool) -> Decision:
    if credentials["type"] != "OAUTH2":
        return Decision(True, "instant_refresh" if force else "expired")
    if credentials.get("refresh_token"):
        return Decision(True, "expired_oauth2_with_refresh_token")
    if provider.name in _WITHOUT_REFRESH_TOKEN:
        return Decision(True, "expired_oauth2_reauth_no_refresh_token")
    return Decision(False, "expired_oauth2_no_refresh_token")


def _old(expires_at: Any, now: datetime, buffer: timedelta) -> bool:
    moment = expiration(expires_at, now)
    return moment is not None and moment - now < buffer
