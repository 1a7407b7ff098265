"""What an environment's integrations can do: their syncs and actions, and what these take and give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.server.contract import Answer, Call, Endpoint, Reply, Schema, fields
from connectors.server.functions import as_script, bare

if TYPE_CHECKING:
    from connectors.registry import Registry
    from connectors.runtime.models import Models

_CONFIGS: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "providerConfigKey": {"type": "string"},
            "provider": {"type": "string"},
            "syncs": {"type": "array", "items": {"type": "object"}},
            "actions": {"type": "array", "items": {"type": "object"}},
            "on-events": {"type": "array"},
        },
        "required": ["providerConfigKey", "provider", "syncs", "actions", "on-events"],
    },
}
_TOOLS: Schema = fields(
    {
        "data": {
            "type": "array",
            "items": fields(
                {"name": {"type": "string"}, "description": {"type": "string"}, "parameters": {"type": "object"}},
                required=["name", "description", "parameters"],
            ),
        }
    },
    required=["data"],
)


def list_scripts(call: Call) -> Answer:
    """The functions of every integration; as tools for a language model with `format=openai`."""
    registry = call.host.registry
    models = registry.models
    integrations = call.host.integrations.list(call.environment)
    if call.query.get("format") == "openai":
        providers = dict.fromkeys(each.provider for each in integrations)
        return Answer({"data": [tool for provider in providers for tool in _tools(registry, models, provider)]})
    return Answer(
        [
            {
                "providerConfigKey": each.unique_key,
                "provider": each.provider,
                "syncs": [as_script(sync, models, each.provider) for sync in registry.syncs(each.provider)],
                "actions": [as_script(action, models, each.provider) for action in registry.actions(each.provider)],
                "on-events": [],
            }
            for each in integrations
        ]
    )


def list_variables(call: Call) -> Answer:  # noqa: ARG001 - every handler is given its call
    """Nothing: connectors take their settings from the connection's metadata and the process."""
    return Answer([])


def _tools(registry: Registry, models: Models, provider: str) -> list[dict[str, Any]]:
    return [
        {
            "name": action.name,
            "description": action.description,
            "parameters": bare(models.action(provider, action.name).input),
        }
        for action in registry.actions(provider)
    ]


ENDPOINTS = (
    Endpoint(
        "GET",
        "/scripts/config",
        list_scripts,
        "The syncs and actions of every integration, with the schemas of what they take and give.",
        scopes=("integrations:read",),
        query=fields({"format": {"enum": ["nango", "openai"], "default": "nango"}}),
        answers={200: Reply("By integration; or as tools.", {"anyOf": [_CONFIGS, _TOOLS]})},
        tag="Integrations",
    ),
    Endpoint(
        "GET",
        "/environment-variables",
        list_variables,
        "Variables of the environment. There are none here; clients ask all the same.",
        answers={
            200: Reply(
                "Always empty.",
                {"type": "array", "items": fields({"name": {"type": "string"}, "value": {"type": "string"}})},
            )
        },
        tag="Integrations",
    ),
)
