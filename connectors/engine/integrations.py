"""Integrations: what an operator configures once for all connections of a provider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connectors.engine.names import check_name
from connectors.engine.store.integrations import Configured, StoredIntegration, context
from connectors.engine.vault import LOST_KEY
from connectors.errors import InputError, InvalidUrl, VaultError
from connectors.runtime.address import parse
from connectors.runtime.canonical import dumps, loads
from connectors.runtime.integration import OWN_FIELDS, Integration

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.catalog import Provider

_CLIENT_SECRET = "client_secret"  # noqa: S105 - a name
_LONGEST = 65_536  # characters of a client id, a secret or a list of scopes
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_IN_A_HOST = re.compile(r"[/\\?#@\s]|\A\Z")
_OF_ALL = ("webhook_secret",)  # with what a provider signs its webhooks
_OF_PROVIDER = {"revolut-business": ("callback_url",)}  # see auth/oauth2_quirks/revolut.py


@dataclass(frozen=True)
class Shown:
    """What an integration shows and passes on."""

    display_name: str | None = None  # None: the provider's
    forward_webhooks: bool = True

    @classmethod
    def of(cls, stored: StoredIntegration) -> Shown:
        """As it is stored."""
        return cls(stored.display_name, stored.forward_webhooks)


class Integrations:
    """The integrations of a host's environments."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def create(
        self,
        environment: str,
        key: str,
        *,
        provider: str,
        client_id: str = "",
        client_secret: str = "",
        scopes: str | None = None,
        custom: Mapping[str, Any] | None = None,
        hosts: Iterable[str] = (),
        shown: Shown | None = None,
    ) -> StoredIntegration:
        """Add an integration under a key of its own in the environment.

        `scopes` is a list with commas in between; None takes the definition's `default_scopes`.
        `custom` holds the values of the definition's `integration_config`. `hosts` are further
        hosts (`host` or `host:port`) that the credentials of its connections may go to. Raises
        `UnknownProvider`, `ConfigError` for `custom`, and `InputError` for a key that is taken or
        a value that cannot be used.
        """
        check_name("environment", environment)
        check_name("integration key", key)
        found = self._host.catalog.get(provider)
        chosen = ",".join(map(str, found.definition.get("default_scopes") or ())) if scopes is None else scopes
        integration = Integration(
            unique_key=key,
            client_id=_text("client id", client_id),
            client_secret=_text("client secret", client_secret),
            scopes=_scopes(chosen),
            custom=own_values(found, custom or {}),
            hosts=frozenset(map(_host, hosts)),
        )
        self._host.store.environments.ensure_environment(environment, now=self._host.clock.now())
        return self._host.store.integrations.add(
            environment,
            key,
            provider=provider,
            configured=self._configured(environment, found, integration, shown or Shown()),
            now=self._host.clock.now(),
        )

    def update(
        self,
        environment: str,
        key: str,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: str | None = None,
        custom: Mapping[str, Any] | None = None,
        hosts: Iterable[str] | None = None,
        shown: Shown | None = None,
        only_without_client: bool = False,
    ) -> StoredIntegration:
        """Change what is given; None leaves it as it is, an empty text clears it.

        Of `custom` only the names that are given change. `only_without_client`: nothing changes if
        there is a client id by now. Raises `UnknownIntegration`, and otherwise as `create` does.
        """
        stored = self.get(environment, key)
        provider = self._host.catalog.get(stored.provider)
        named = None if hosts is None else frozenset(map(_host, hosts))

        def change(current: StoredIntegration) -> Configured:
            if only_without_client and current.client_id:
                return current
            before = self._before(current, {*(custom or ()), *([] if client_secret is None else [_CLIENT_SECRET])})
            changed = {} if custom is None else own_values(provider, custom, existing=before.custom)
            merged = {name: value for name, value in {**before.custom, **changed}.items() if value != ""}
            after = Integration(
                unique_key=key,
                client_id=before.client_id if client_id is None else _text("client id", client_id),
                client_secret=before.client_secret if client_secret is None else _text("client secret", client_secret),
                scopes=before.scopes if scopes is None else _scopes(scopes),
                custom=merged,
                hosts=before.hosts if named is None else named,
            )
            return self._configured(environment, provider, after, shown or Shown.of(current))

        return self._host.store.integrations.change(environment, key, change, now=self._host.clock.now())

    def rename(self, environment: str, key: str, new: str) -> StoredIntegration:
        """Give an integration another key. Raises `UnknownIntegration`, and `InputError` if it has connections."""
        check_name("integration key", new)
        stored = self.get(environment, key)
        sealed = stored.sealed
        if sealed is not None:
            vault = self._host.sealing_vault()
            opened = vault.open(sealed, context=stored.context)
            sealed = vault.seal(opened, context=context(environment, new))
        why_not = self._host.store.integrations.rename(environment, key, new, sealed, now=self._host.clock.now())
        if why_not == "taken":
            raise InputError(f"There is an integration {new!r} already.", next_step="Choose another key.")
        if why_not:
            raise InputError(f"The integration {key!r} has connections: its key stays.")
        return self.get(environment, new)

    def get(self, environment: str, key: str) -> StoredIntegration:
        """An integration. Raises `UnknownIntegration`."""
        return self._host.store.integrations.get(environment, key)

    def list(self, environment: str) -> list[StoredIntegration]:
        """All integrations of an environment, with how many connections each has."""
        return self._host.store.integrations.list(environment)

    def delete(self, environment: str, key: str) -> None:
        """Delete an integration. Raises `UnknownIntegration`, and `InputError` while it has connections."""
        held = self._host.store.integrations.delete(environment, key)
        if held:
            raise InputError(
                f"The integration {key!r} has {held} connection{'s' if held > 1 else ''}.",
                next_step="Delete its connections first (`connectors connections delete ID`).",
            )
        self._host.audit_log.record(environment, "integration.deleted", key)

    def open(self, stored: StoredIntegration) -> Integration:
        """The integration with its secrets. Raises `VaultError`."""
        secrets: Mapping[str, Any] = {}
        if stored.sealed is not None:
            if self._host.vault is None:
                raise VaultError("there is no key for the stored secrets", next_step=LOST_KEY)
            secrets = loads(self._host.vault.open(stored.sealed, context=stored.context))
        return Integration(
            unique_key=stored.unique_key,
            client_id=stored.client_id,
            client_secret=str(secrets.get(_CLIENT_SECRET, "")),
            scopes=stored.scopes,
            custom={**stored.custom, **secrets.get("custom", {})},
            hosts=frozenset(stored.hosts),
        )

    def _before(self, stored: StoredIntegration, given: Set[str]) -> Integration:
        """What is changed. Where its key is lost, who gives each of its secrets anew needs none of the old ones."""
        try:
            return self.open(stored)
        except VaultError:
            if not given >= set(stored.secrets):
                raise
            return self.open(replace(stored, sealed=None))

    def of(self, environment: str, key: str, provider: str) -> Integration:
        """The integration to connect under; one that is not there yet is made as `ensure` will make it.

        Raises `InputError` if it configures another provider, and `VaultError`.
        """
        stored = self._host.store.integrations.find(environment, key)
        if stored is None:
            scopes = self._host.catalog.get(provider).definition.get("default_scopes") or ()
            return Integration(unique_key=key, scopes=",".join(map(str, scopes)))
        if stored.provider != provider:
            raise InputError(
                f"the integration {key!r} is for the provider {stored.provider!r}, not {provider!r}",
                next_step="Choose another integration name with --integration.",
            )
        return self.open(stored)

    def _configured(self, environment: str, provider: Provider, integration: Integration, shown: Shown) -> Configured:
        """What is stored of it: secrets sealed, the rest open."""
        hidden = sorted(integration.secret_names(provider.integration_config))
        secrets: dict[str, Any] = {"custom": {name: integration.custom[name] for name in hidden}} if hidden else {}
        if integration.client_secret:
            secrets[_CLIENT_SECRET] = integration.client_secret
        place = context(environment, integration.unique_key)
        return Configured(
            client_id=integration.client_id,
            scopes=integration.scopes,
            custom={name: value for name, value in integration.custom.items() if name not in hidden},
            hosts=tuple(sorted(integration.hosts)),
            secrets=(*([_CLIENT_SECRET] if integration.client_secret else ()), *hidden),
            sealed=self._host.sealing_vault().seal(dumps(secrets).encode(), context=place) if secrets else None,
            display_name=shown.display_name,
            forward_webhooks=shown.forward_webhooks,
        )


def own_values(
    provider: Provider, given: Mapping[str, Any], *, existing: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The values of an integration's own fields, checked. With `existing`, only what is given is looked at.

    Raises `ConfigError` for what the definition's `integration_config` does not take, and
    `InputError` for a name that nothing reads.
    """
    signing = {name: _text(name, given[name]) for name in _OF_ALL if name in given}
    given = {name: value for name, value in given.items() if name not in _OF_ALL}
    if provider.integration_config:
        from connectors.runtime.integration_fields import check_integration

        return {**check_integration(provider, given, existing=existing), **signing}
    known = {*OWN_FIELDS.get(provider.auth_mode, ()), *_OF_PROVIDER.get(provider.name, ())}
    for name in given:
        if name not in known:
            takes = f"takes {', '.join(sorted(known))}" if known else "has none"
            raise InputError(f"{str(name)[:60]!r} is no field of an integration of {provider.name}, which {takes}.")
    return {name: _text(name, value) for name, value in given.items()} | signing


def _text(what: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or _CONTROL.search(value):
        raise InputError(f"The {what} has to be text of at most {_LONGEST:,} characters, without control characters.")
    return value.strip()


def _scopes(text: object) -> str:
    return ",".join(scope for part in _text("list of scopes", text).split(",") if (scope := part.strip()))


def _host(text: str) -> str:
    """The host as requests are compared with it. Raises `InputError`."""
    if not _NOT_IN_A_HOST.search(text):
        with suppress(InvalidUrl):
            return parse(f"https://{text}").netloc
    raise InputError(f"{text[:100]!r} is no host.", next_step="Write it as api.example.com or api.example.com:8443.")
