"""The one order of connecting: validate, acquire, verify, post-connection script, seal, save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.engine import hooks
from connectors.engine.audit_log import Deed
from connectors.engine.end_users import NOBODY, Owner
from connectors.engine.names import check_name
from connectors.engine.store.connections import StoredConnection
from connectors.errors import ConnectorError, ConsentNeeded, InputError, IntegrationIncomplete, VaultError
from connectors.runtime.auth import BROWSER_MODES, mode_of
from connectors.runtime.auth.expiry import stored_expiry
from connectors.runtime.auth.flow import Ask, Callback, Grant
from connectors.runtime.auth.oauth2_client import with_overrides
from connectors.runtime.auth.places import check as check_usable
from connectors.runtime.budget import plan_of
from connectors.runtime.canonical import dumps
from connectors.runtime.connection import Connection, laid_over
from connectors.runtime.fields import Input, check_input
from connectors.runtime.integration import Integration
from connectors.runtime.secret_config import secret_config
from connectors.runtime.template import Moment

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.catalog import Provider
    from connectors.runtime.verify import Verification

# Modes whose token answer is the test: the provider has said yes already.
_PROVEN = frozenset(
    {"APP", "AWS_SIGV4", "BILL", "CUSTOM", "MCP_OAUTH2", "MCP_OAUTH2_GENERIC", "OAUTH1", "OAUTH2", "OAUTH2_CC"}
    | {"TWO_STEP"}
)
_INSTALLED = frozenset({"APP", "CUSTOM"})
_KEPT: Mapping[str, tuple[str, ...]] = {"AWS_SIGV4": ("region", "external_id")}


@dataclass(frozen=True, repr=False)
class Wanted:
    """What was given to connect an account."""

    environment: str
    provider: str
    id: str
    integration: str  # unique key
    config: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    assertion_option: Mapping[str, Any] = field(default_factory=dict)
    owner: Owner = NOBODY


@dataclass(frozen=True, repr=False)
class Ready:
    """The same, found good before anything was sent."""

    wanted: Wanted
    provider: Provider
    integration: Integration
    given: Input
    metadata: Mapping[str, Any]  # as it will be: what is stored stays, what was given is laid over it
    kept: Mapping[str, Any] = field(default_factory=dict)  # credentials that an account keeps when connected again

    def ask(self, moment: Moment, callback: Callback | None = None) -> Ask:
        """The question to the auth mode."""
        return Ask(
            provider=self.provider,
            integration=with_overrides(self.integration, self.given.config),
            connection_config=self.given.config,
            credentials={**self.kept, **self.given.credentials},
            moment=moment,
            assertion_option=self.given.assertion_option,
            callback=callback,
        )

    def connection(self, grant: Grant) -> Connection:
        """The connection that a grant makes."""
        config = laid_over(self.given.config, grant.connection_config)
        return Connection(
            self.provider, config, dict(grant.credentials), self.metadata, self.wanted.id, self.integration
        )


def prepare(host: Host, wanted: Wanted) -> Ready:
    """Everything that can be found wrong before anything is sent.

    Raises `ConfigError` with all problems at once, `InputError`, `UnknownProvider`, `UnsupportedAuthMode`.
    """
    names = (("connection id", wanted.id), ("environment", wanted.environment), ("integration", wanted.integration))
    for what, name in names:
        check_name(what, name)
    provider = host.catalog.get(wanted.provider)
    mode_of(provider)
    integration = host.integrations.of(wanted.environment, wanted.integration, provider.name)
    _check_complete(provider, integration)
    configured = {name for name, value in integration.custom.items() if value}
    given = check_input(provider, wanted.config, wanted.credentials, wanted.assertion_option, configured=configured)
    before = host.store.connections.find(wanted.environment, wanted.id, wanted.integration)
    metadata = {**(before.metadata if before else {}), **wanted.metadata}
    check_metadata(metadata)
    plan_of(provider, metadata)
    host.registry.check_metadata(provider.name, metadata)
    return Ready(wanted, provider, integration, given, metadata, _kept(host, provider, before))


def connect(host: Host, wanted: Wanted, *, verify: bool = True) -> StoredConnection:
    """Connect an account. Nothing is stored if anything before the post-connection script fails.

    Raises what `prepare` raises, the error of the auth mode, and the error of the verification.
    """
    ready = prepare(host, wanted)
    if needs_browser(ready.provider, ready.given.config):
        raise ConsentNeeded(
            f"{ready.provider.display_name} has to be asked for consent in a browser.", provider=ready.provider.name
        )
    return finish(host, ready, acquire(host, ready), verify=verify)


def acquire(host: Host, ready: Ready, callback: Callback | None = None) -> Grant:
    """What the auth mode makes of what was given. Raises its error."""
    ask = ready.ask(Moment.at(host.clock.now()), callback)
    return host.exchange(mode_of(ready.provider).acquire(ask), ask)


def finish(host: Host, ready: Ready, grant: Grant, *, verify: bool = True) -> StoredConnection:
    """From a grant to a stored connection; one that is pending is stored as it is."""
    connection, verified_at, warnings = ready.connection(grant), None, hooks.unknown(ready.provider)
    if grant.credentials.get("pending"):
        warnings.append(f"{ready.provider.display_name} has granted nothing yet. Install the app there.")
    else:
        check_usable(connection)
        verified_at = verified(host, connection) if verify else None
        connection, failures = hooks.after_connecting(host, connection)
        warnings += failures
    return _save(host, ready, connection, verified_at=verified_at, warnings=warnings)


def verified(host: Host, connection: Connection) -> float | None:
    """When the provider said that the credentials are good; None if it was not asked. Raises its error."""
    if connection.provider.auth_mode in _PROVEN:
        return host.clock.now()
    with host.client_for(connection) as client:
        outcome = client.verify()
    if outcome.error is not None:
        raise explained(outcome.error, outcome)
    return host.clock.now() if outcome.tested else None


def explained(error: ConnectorError, outcome: Verification) -> ConnectorError:
    """The error of a verification, saying which part of the input is wrong as far as the answer told."""
    error.message = outcome.message
    if outcome.part:
        error.facts = {**error.facts, "part": outcome.part, "fields": list(outcome.fields)}
        error.next_step = f"Correct {outcome.part} and connect again."
    return error


def _kept(host: Host, provider: Provider, before: StoredConnection | None) -> dict[str, Any]:
    """What the customer's side was set up for stays when the account is connected again, unless given anew."""
    names = _KEPT.get(provider.auth_mode)
    if names is None or before is None:
        return {}
    try:
        stored = host.connections.open(before).credentials
    except (VaultError, InputError):  # what cannot be read any more is connected anew
        return {}
    return {name: stored[name] for name in names if stored.get(name)}


def needs_browser(provider: Provider, config: Mapping[str, Any]) -> bool:
    """Whether a person has to consent before the account can be connected.

    Not if an app is installed already and `config` says where, and not if it is installed at the
    provider's own site later: that connection is made first, and stays pending.
    """
    if provider.auth_mode in _INSTALLED and config.get("installation_id"):
        return False
    return provider.auth_mode in BROWSER_MODES and provider.definition.get("installation") != "outbound"


def _check_complete(provider: Provider, integration: Integration) -> None:
    """Raises `IntegrationIncomplete` for an own field without a value, unless each connection is asked for it."""
    if provider.auth_mode == "TWO_STEP":
        return
    lacking = [
        str(field.get("title") or name)
        for name, field in provider.integration_config.items()
        if not (field.get("optional") or field.get("visible_when") or "default_value" in field)
        and not integration.custom.get(name)
    ]
    if lacking:
        raise IntegrationIncomplete(
            f"The integration {integration.unique_key!r} has no {', '.join(lacking)}.", provider=provider.name
        )


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Raises `InputError` for what JSON does not have."""
    try:
        dumps(metadata)
    except ValueError as error:
        raise InputError(f"The metadata cannot be stored: {error}.", next_step="Give values that JSON has.") from None


def seal(host: Host, context: str, connection: Connection) -> tuple[dict[str, Any], bytes]:
    """The config that may be shown, and everything else sealed."""
    config = connection.connection_config
    hidden = secret_config(connection.provider, config)
    secrets = {
        "credentials": dict(connection.credentials),
        "connection_config": {name: value for name, value in config.items() if name in hidden},
    }
    shown = {name: value for name, value in config.items() if name not in hidden}
    return shown, host.sealing_vault().seal(dumps(secrets).encode(), context=context)


def _save(
    host: Host, ready: Ready, connection: Connection, *, verified_at: float | None, warnings: list[str]
) -> StoredConnection:
    wanted, now = ready.wanted, host.clock.now()
    place = (wanted.environment, wanted.integration)
    host.store.environments.ensure(*place, wanted.provider, now=now, scopes=ready.integration.scopes)
    shown, sealed = seal(host, dumps([*place, wanted.id]), connection)
    before = host.store.connections.find(wanted.environment, wanted.id, wanted.integration)
    stored = host.store.connections.save(
        *place,
        wanted.id,
        provider=wanted.provider,
        connection_config=shown,
        sealed=sealed,
        metadata=wanted.metadata,
        verified_at=verified_at,
        now=now,
        credentials_expires_at=stored_expiry(connection.credentials, datetime.fromtimestamp(now, UTC)).timestamp(),
        warnings=warnings,
        owner=wanted.owner,
    )
    host.schedules.ensure(stored)
    host.health.refreshed(stored)
    deed: Deed = "connection.created" if before is None else "connection.reauthorised"
    host.audit_log.record(wanted.environment, deed, f"{stored.integration}/{stored.id}")
    host.outgoing.connected(stored, again=before is not None)
    return stored
