"""Webhooks to the customer: what is told, where it goes, and in which words.

They are written down in the transaction of the moment and sent by `delivery`, so that a slow or
broken address never holds up what it is told of.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.engine.records import iso
from connectors.engine.webhook_body import stringify
from connectors.errors import InputError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.settling import Ended
    from connectors.engine.store.connections import StoredConnection

# What can be switched off; forwarded events follow their integration's own switch.
SWITCHES = ("auth_creation", "auth_refresh_error", "sync_error", "sync_completion_always", "async_action")
_LONGEST_URL = 2000
# Headers of a provider's request that are its connection's business, or prove who it is.
_NOT_FORWARDED = frozenset(
    {"authorization", "connection", "content-length", "content-type", "cookie", "expect", "host", "keep-alive"}
    | {"proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "accept-encoding"}
)


@dataclass(frozen=True)
class Target:
    """Where an environment's webhooks go."""

    urls: Sequence[tuple[str, bool]]  # with whether the operator named it, so that it may be a private address
    switched_off: frozenset[str]  # of SWITCHES


class Outgoing:
    """The webhooks of a host's environments."""

    def __init__(self, host: Host) -> None:
        self._host = host
        host.action_calls.when_ended(self.async_action)

    def target(self, environment: str) -> Target:
        """Where an environment's webhooks go: its own addresses, else that of CONNECTORS_WEBHOOK_URL."""
        stored = self._host.store.deliveries.target(environment)
        setting = self._host.settings.value("CONNECTORS_WEBHOOK_URL")
        first = (stored.url, False) if stored.url else (setting, True)
        urls = [each for each in (first, (stored.second_url, False)) if each[0]]
        return Target(urls, stored.switched_off)

    def set_target(
        self, environment: str, *, url: str = "", second_url: str = "", switched_off: Iterable[str] = ()
    ) -> None:
        """Say where an environment's webhooks go, and which of `SWITCHES` are not sent.

        An empty `url` means the setting's. Raises `InputError`.
        """
        off = frozenset(switched_off)
        if off - set(SWITCHES):
            raise InputError(f"{min(off - set(SWITCHES))!r} cannot be switched off; {', '.join(SWITCHES)} can")
        for each in (url, second_url):
            if each:
                check_url(each)
        self._host.store.environments.ensure_environment(environment, now=self._host.clock.now())
        self._host.store.deliveries.set_target(environment, url=url, second_url=second_url, switched_off=off)

    def connected(self, stored: StoredConnection, *, again: bool) -> None:
        """An account was connected, or connected again."""
        self._auth(stored, "override" if again else "creation", "auth_creation", {"success": True})

    def refresh_failed(self, stored: StoredConnection, error: Mapping[str, Any]) -> None:
        """Its credentials could not be renewed."""
        told = {"success": False, "error": {"type": str(error["code"]), "description": str(error["message"])}}
        self._auth(stored, "refresh", "auth_refresh_error", told)

    def sync_succeeded(self, ended: Ended, checkpoints: Mapping[str, Any] | None) -> None:
        """A run has ended well."""
        counts = ended.report.counts
        results = {"added": counts.added, "updated": counts.updated, "deleted": counts.deleted}
        started = iso(ended.started_at)
        body = {"success": True, "modifiedAfter": started, "responseResults": results, "queryTimeStamp": started}
        switch = None if any(results.values()) else "sync_completion_always"
        self._sync(ended, switch, body, checkpoints)

    def sync_failed(self, ended: Ended, last_success: float | None) -> None:
        """Runs of a sync fail."""
        report = ended.report.error or {}
        told: dict[str, Any] = {"type": "script_error", "description": str(report.get("message", "The run failed."))}
        if report.get("status") is not None:
            upstream = {"status": report["status"], "body": report.get("excerpt")}
            told["additional_properties"] = {"upstream_response": upstream}
        started = iso(ended.started_at if last_success is None else last_success)
        body = {"success": False, "error": told, "startedAt": started, "failedAt": iso(self._host.clock.now())}
        self._sync(ended, "sync_error", body, None)

    def async_action(self, environment: str, id: str) -> None:
        """A call of an action whose caller does not wait has ended."""
        found = self._host.store.deliveries.connection_of_call(environment, id)
        if found is not None:
            stored = self._host.connections.get(environment, *found)
            payload = {"id": id, "statusUrl": f"/action/{id}"}
            self._write("async_action", stored, "async_action", {"from": "nango", "payload": payload})

    def forward(self, stored: StoredConnection, payload: Any, headers: Mapping[str, str]) -> None:
        """A provider has told something; it is passed on with the provider's own headers."""
        kept = {
            name.lower(): value
            for name, value in headers.items()
            if name.lower() not in _NOT_FORWARDED and not name.lower().startswith(("x-nango-", "x-forwarded-"))
        }
        self._write("forward", stored, None, {"from": stored.provider, "payload": payload}, headers=kept)

    def _auth(self, stored: StoredConnection, operation: str, switch: str, told: Mapping[str, Any]) -> None:
        body: dict[str, Any] = {
            "from": "nango",
            "provider": stored.provider,
            "authMode": self._host.catalog.get(stored.provider).auth_mode,
            "environment": stored.environment,
            "operation": operation,
            "tags": dict(stored.tags),
            **told,
        }
        if stored.end_user is not None:
            body["endUser"] = _end_user(stored.end_user)
        self._write("auth", stored, switch, body)

    def _sync(
        self, ended: Ended, switch: str | None, told: Mapping[str, Any], checkpoints: Mapping[str, Any] | None
    ) -> None:
        kind = "WEBHOOK" if ended.targeted else "INITIAL" if ended.initial else "INCREMENTAL"
        body: dict[str, Any] = {
            "from": "nango",
            "syncName": ended.sync.name,
            "syncVariant": ended.report.variant,
            "model": ended.sync.model,
            "syncType": kind,
            **told,
        }
        if checkpoints is not None:
            body["checkpoints"] = checkpoints
        self._write("sync", ended.stored, switch, body)

    def _write(
        self,
        kind: str,
        stored: StoredConnection,
        switch: str | None,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Write down what is to be sent to each address; nothing where there is none."""
        target = self.target(stored.environment)
        if switch in target.switched_off:
            return
        urls = [(stored.webhook_url_override, False)] if stored.webhook_url_override else target.urls
        named = {"type": kind, "connectionId": stored.id, "providerConfigKey": stored.integration, **body}
        rows = [
            {
                "id": str(uuid.uuid4()),
                "connection": stored.key,
                "kind": kind,
                "url": url,
                "trusted": int(trusted),
                "body": stringify(named),
                "headers": dict(headers or {}),
                "now": self._host.clock.now(),
            }
            for url, trusted in urls
        ]
        if rows:
            self._host.store.deliveries.add(stored.environment, rows)


def check_url(url: str) -> None:
    """Raises `InputError` for what cannot be the address of webhooks."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or len(url) > _LONGEST_URL or not url.isascii() or any(c.isspace() or ord(c) < 32 for c in url):
        raise InputError("the address of webhooks is an http or https URL of at most 2,000 characters")


def _end_user(end_user: Mapping[str, Any]) -> dict[str, Any]:
    company = end_user.get("organization") or {}
    told = {
        "endUserId": end_user["id"],
        "endUserEmail": end_user.get("email"),
        "organizationId": company.get("id"),
        "tags": dict(end_user.get("tags") or {}),
    }
    return {name: value for name, value in told.items() if value is not None}
