"""Integrations: a provider as an environment has configured it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.engine.integrations import Shown
from connectors.errors import ConfigError, ConnectorError, InputError, UnknownIntegration
from connectors.server.contract import (
    INTEGRATION_KEY,
    SESSION_IN_QUERY,
    Answer,
    Call,
    Endpoint,
    Refusal,
    Reply,
    Schema,
    Who,
    fields,
)
from connectors.server.public import public_url
from connectors.server.routes.shapes import INTEGRATION, integration

if TYPE_CHECKING:
    from connectors.engine.store.integrations import StoredIntegration
    from connectors.runtime.catalog import Provider

_TEXT: Schema = {"type": "string", "maxLength": 65_536}
_DATA = fields({"data": INTEGRATION}, required=["data"])
_OWN: dict[str, Schema] = {
    "display_name": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^\x00]*$"},
    "forward_webhooks": {"type": "boolean"},
    "credentials": {
        "type": "object",
        "properties": {
            "type": {
                "enum": [
                    "OAUTH1",
                    "OAUTH2",
                    "TBA",
                    "APP",
                    "CUSTOM",
                    "MCP_OAUTH2",
                    "MCP_OAUTH2_GENERIC",
                    "INSTALL_PLUGIN",
                ]
            },
            **dict.fromkeys(("client_id", "client_secret", "scopes", "app_id", "app_link", "private_key"), _TEXT),
            **dict.fromkeys(("username", "password", "client_name", "client_uri", "client_logo_uri"), _TEXT),
            "webhook_secret": _TEXT,
        },
        "required": ["type"],
        "additionalProperties": False,
        "description": "What modes with a client of their own need, tagged by `type`.",
    },
    "integration_config": {"type": "object", "description": "Values of the definition's `integration_config`."},
    "custom": {"type": "object", "additionalProperties": _TEXT},
}
_CREATE = fields(
    {"provider": {"type": "string"}, "unique_key": INTEGRATION_KEY, **_OWN}, required=["provider", "unique_key"]
)
_OF_APPS = ("OAUTH1", "OAUTH2", "TBA", "APP", "CUSTOM")
_QUICKSTART = fields(
    {
        "provider": {"type": "string"},
        "unique_key": INTEGRATION_KEY,
        **{name: _OWN[name] for name in ("display_name", "forward_webhooks")},
    },
    required=["provider", "unique_key"],
)
_PATCH = fields({"unique_key": INTEGRATION_KEY, **_OWN})
_CLIENT = ("client_id", "client_secret", "scopes")
_SIGNED = (*_CLIENT, "webhook_secret")
_APP = ("app_id", "app_link", "private_key")
_FIELDS = {  # of an integration's client by auth mode; null where nothing is given
    **dict.fromkeys(("OAUTH1", "OAUTH2", "TBA"), _SIGNED),
    "MCP_OAUTH2": _CLIENT,
    "APP": _APP,
    "CUSTOM": ("client_id", "client_secret", *_APP),
}
_UNKNOWN: Mapping[type[ConnectorError], tuple[int, str]] = {UnknownIntegration: (404, "not_found")}


def list_integrations(call: Call) -> Answer:
    """The integrations of the environment; for a session those that it allows."""
    found = call.host.integrations.list(call.environment)
    allowed = [each for each in found if call.session is None or call.session.allows(each.unique_key)]
    return Answer({"data": [integration(call.host, each) for each in allowed]})


def get_integration(call: Call) -> Answer:
    """One integration, and on request its webhook address and its client."""
    stored = call.host.integrations.get(call.environment, call.path["key"])
    include = call.query.get("include", [])
    data = integration(call.host, stored)
    if "webhook" in include:
        data["webhook_url"] = _webhook_url(call, stored)
    if "credentials" in include:
        if not call.may("credentials:read"):
            raise Refusal(403, "forbidden", "This key is limited; it would need the scope credentials:read.")
        data["credentials"] = _credentials(call, stored)
    return Answer({"data": data})


def create_integration(call: Call) -> Answer:
    """Configure a provider."""
    body = call.body
    provider = _to_configure(call)
    given = body.get("credentials", {})
    _check_type(provider, given)
    with _as_body():
        stored = call.host.integrations.create(
            call.environment,
            body["unique_key"],
            provider=body["provider"],
            client_id=given.get("client_id", ""),
            client_secret=given.get("client_secret", ""),
            scopes=given.get("scopes"),
            custom=_custom(body),
            shown=Shown(body.get("display_name"), body.get("forward_webhooks", True)),
        )
    return Answer({"data": integration(call.host, stored)})


def create_quickstart(call: Call) -> Answer:
    """Configure a provider with an app that the server brings. It brings none, so this says what to do instead."""
    provider = _to_configure(call)
    if provider.auth_mode not in _OF_APPS:
        words = f"{provider.display_name} needs no app of a developer: POST /integrations configures it."
    else:
        words = f"This server brings no app for {provider.display_name}: POST /integrations with one of your own."
    raise Refusal(400, "invalid_body", words)


def _to_configure(call: Call) -> Provider:
    """The provider that a body names, if it can be configured under the key that it names. Raises `Refusal`."""
    body = call.body
    try:
        provider = call.host.catalog.get(body["provider"])
    except ConnectorError:
        raise Refusal.invalid("invalid_body", ["provider"], "There is no such provider.") from None
    if call.host.store.integrations.find(call.environment, body["unique_key"]) is not None:
        raise Refusal.invalid("invalid_body", ["unique_key"], "There is an integration of that key already.")
    return provider


def update_integration(call: Call) -> Answer:
    """Change what is given of an integration."""
    body, key = call.body, call.path["key"]
    stored = call.host.integrations.get(call.environment, key)
    given = body.get("credentials", {})
    _check_type(call.host.catalog.get(stored.provider), given)
    before = Shown.of(stored)
    shown = Shown(body.get("display_name", before.display_name), body.get("forward_webhooks", before.forward_webhooks))
    with _as_body():
        stored = call.host.integrations.update(
            call.environment,
            key,
            **{name: given[name] for name in _CLIENT if name in given},
            custom=_custom(body) or None,
            shown=shown,
        )
        if body.get("unique_key", key) != key:
            stored = call.host.integrations.rename(call.environment, key, body["unique_key"])
    return Answer({"data": integration(call.host, stored)})


def delete_integration(call: Call) -> Answer:
    """Delete an integration that has no connections, or together with them."""
    key = call.path["key"]
    call.host.integrations.get(call.environment, key)
    for each in call.host.connections.list(call.environment):
        if each.integration == key:
            call.host.connections.delete(call.environment, each.id, key, patience=10.0)
    call.host.integrations.delete(call.environment, key)
    return Answer({"success": True})


@contextmanager
def _as_body() -> Iterator[None]:
    """What the engine finds wrong with the input is about the body."""
    try:
        yield
    except (ConfigError, UnknownIntegration):
        raise
    except InputError as error:
        raise Refusal.invalid("invalid_body", [], error.message) from error


def _custom(body: Mapping[str, Any]) -> dict[str, Any]:
    """The integration's own fields, wherever a client puts them."""
    given = body.get("credentials", {})
    own = {name: value for name, value in given.items() if name not in (*_CLIENT, "type") and value}
    return {**own, **body.get("custom", {}), **body.get("integration_config", {})}


def _webhook_url(call: Call, stored: StoredIntegration) -> str | None:
    address = next((each.id for each in call.host.environments.list() if each.name == call.environment), None)
    return f"{public_url(call.host)}/webhook/{address}/{quote(stored.unique_key, safe='')}" if address else None


def _credentials(call: Call, stored: StoredIntegration) -> dict[str, Any] | None:
    """The integration's client, every field that its mode has; None where it has none of its own."""
    opened = call.host.integrations.open(stored)
    mode = call.host.catalog.get(stored.provider).auth_mode
    own = {"client_id": opened.client_id, "client_secret": opened.client_secret, "scopes": opened.scopes}
    held = {name: value for name, value in {**own, **opened.custom}.items() if value}
    if mode not in _FIELDS and not held:
        return None
    return {"type": mode, **dict.fromkeys(_FIELDS.get(mode, ())), **held}


def _check_type(provider: Provider, given: Mapping[str, Any]) -> None:
    """What is given has to be for the provider's mode. Raises `Refusal`."""
    if given and given["type"] != provider.auth_mode:
        words = f"{provider.display_name} takes {provider.auth_mode}."
        raise Refusal.invalid("invalid_body", ["credentials", "type"], words)


_KEY = {"key": INTEGRATION_KEY}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/integrations",
        list_integrations,
        "The integrations of the environment; for a connect session those that it allows.",
        who=Who.EITHER,
        scopes=("integrations:read",),
        query=fields(SESSION_IN_QUERY),
        answers={200: Reply("They.", fields({"data": {"type": "array", "items": INTEGRATION}}, required=["data"]))},
    ),
    Endpoint(
        "GET",
        "/integrations/{key}",
        get_integration,
        "An integration.",
        scopes=("integrations:read",),
        path_schema=_KEY,
        query=fields({"include": {"type": "array", "items": {"enum": ["webhook", "credentials"]}}}),
        answers={200: Reply("It.", _DATA)},
        errors=_UNKNOWN,
    ),
    Endpoint(
        "POST",
        "/integrations",
        create_integration,
        "Configure a provider under a key of its own.",
        scopes=("integrations:write",),
        body=_CREATE,
        answers={200: Reply("The new one.", _DATA)},
    ),
    Endpoint(
        "POST",
        "/integrations/quickstart",
        create_quickstart,
        "Configure a provider with an app that the server brings. It brings none: always refused, with what to do.",
        scopes=("integrations:write",),
        body=_QUICKSTART,
        answers={200: Reply("The new one.", _DATA)},
    ),
    Endpoint(
        "PATCH",
        "/integrations/{key}",
        update_integration,
        "Change an integration; its key only while it has no connections.",
        scopes=("integrations:write",),
        path_schema=_KEY,
        body=_PATCH,
        answers={200: Reply("As it is now.", _DATA)},
        errors=_UNKNOWN,
    ),
    Endpoint(
        "DELETE",
        "/integrations/{key}",
        delete_integration,
        "Delete an integration with its connections and their records.",
        scopes=("integrations:write",),
        lane="upstream",
        path_schema=_KEY,
        answers={200: Reply("It is gone.", fields({"success": {"const": True}}, required=["success"]))},
        errors=_UNKNOWN,
        refusals=(409,),
    ),
)
