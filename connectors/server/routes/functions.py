"""The functions of one integration: listed, told, shown as code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import ConnectorError, UnknownIntegration
from connectors.server.contract import FUNCTION_NAME, INTEGRATION_KEY, Answer, Call, Endpoint, Refusal, Reply, fields
from connectors.server.functions import Function, as_listed, code, kind

_KINDS = {"enum": ["sync", "action", "on-event"]}
_LISTED = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "type": _KINDS,
        "description": {"type": "string"},
        "scopes": {"type": "array"},
        "returns": {"type": "array", "items": {"type": "string"}},
        "json_schema": {"type": ["object", "null"]},
        "id": {"type": "integer"},
        "enabled": {"type": "boolean"},
        "last_deployed": {"type": "string"},
        "source": {"type": "string"},
    },
    "required": ["name", "type", "returns", "json_schema", "id", "enabled", "last_deployed", "source"],
}
_PAGE = fields({name: {"type": "integer"} for name in ("total", "page", "limit")}, required=["total", "page", "limit"])


def list_functions(call: Call) -> Answer:
    """The functions of an integration by name, a page of them."""
    provider, found = _of_integration(call)
    query = call.query
    search, page, limit = query.get("search", "").lower(), query.get("page", 0), query.get("limit", 20)
    chosen = [each for each in found if query.get("type") in (None, kind(each)) and search in each.name.lower()]
    shown = chosen[page * limit : (page + 1) * limit]
    models = call.host.registry.models
    data = [as_listed(each, models, provider) for each in shown]
    return Answer({"data": data, "pagination": {"total": len(chosen), "page": page, "limit": limit}})


def get_function(call: Call) -> Answer:
    """One function."""
    provider, found = _named(call)
    return Answer({"data": as_listed(found[0], call.host.registry.models, provider)})


def get_code(call: Call) -> Answer:
    """The source of one function."""
    _, found = _named(call)
    if len(found) > 1:
        matches: list[dict[str, Any]] = [{"type": kind(each), "name": each.name} for each in found]
        words = "Several functions have this name; say by the type which one."
        raise Refusal(409, "ambiguous_function", words, payload={"matches": matches})
    text = code(found[0])
    if text is None:
        raise Refusal(404, "not_found", "The source of this function cannot be read here.")
    return Answer({"type": kind(found[0]), "code": text})


def delete_function(call: Call) -> Answer:
    """Refused: functions come and go with the connector that brings them."""
    _named(call)
    words = "This function belongs to a connector; it goes when the connector goes."
    raise Refusal(400, "function_managed_by_deploy", words)


def _of_integration(call: Call) -> tuple[str, list[Function]]:
    """The provider, and its functions by name. Raises `UnknownIntegration`."""
    provider = call.host.integrations.get(call.environment, call.path["key"]).provider
    registry = call.host.registry
    found: list[Function] = [*registry.syncs(provider), *registry.actions(provider)]
    return provider, sorted(found, key=lambda each: (each.name, kind(each) == "action"))


def _named(call: Call) -> tuple[str, list[Function]]:
    """The functions of that name and type: one, or a sync and an action. Raises `Refusal`."""
    provider, functions = _of_integration(call)
    wanted = call.query.get("type")
    found = [each for each in functions if each.name == call.path["name"] and wanted in (None, kind(each))]
    if not found:
        raise Refusal(404, "not_found", "There is no such function of that integration.")
    return provider, found


_OF_ONE = {"key": INTEGRATION_KEY, "name": FUNCTION_NAME}
_ERRORS: Mapping[type[ConnectorError], tuple[int, str]] = {UnknownIntegration: (404, "not_found")}
_TYPE = {"type": _KINDS}
_PATH = "/integrations/{key}/functions"
ENDPOINTS = (
    Endpoint(
        "GET",
        _PATH,
        list_functions,
        "The syncs and actions of an integration by name, in pages.",
        scopes=("integrations:read",),
        path_schema={"key": INTEGRATION_KEY},
        query=fields(
            {
                **_TYPE,
                "search": {"type": "string", "maxLength": 255, "description": "A part of the name."},
                "page": {"type": "integer", "minimum": 0, "maximum": 1_000_000, "default": 0},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
            }
        ),
        answers={
            200: Reply(
                "A page of them.",
                fields(
                    {"data": {"type": "array", "items": _LISTED}, "pagination": _PAGE}, required=["data", "pagination"]
                ),
            )
        },
        errors=_ERRORS,
    ),
    Endpoint(
        "GET",
        f"{_PATH}/{{name}}",
        get_function,
        "One sync or action of an integration.",
        scopes=("integrations:read",),
        path_schema=_OF_ONE,
        query=fields(_TYPE),
        answers={200: Reply("It.", fields({"data": _LISTED}, required=["data"]))},
        refusals=(404,),
        errors=_ERRORS,
    ),
    Endpoint(
        "GET",
        f"{_PATH}/{{name}}/code",
        get_code,
        "The source of a sync or an action.",
        scopes=("integrations:read",),
        path_schema=_OF_ONE,
        query=fields(_TYPE),
        answers={
            200: Reply(
                "It, in Python.", fields({"type": _KINDS, "code": {"type": "string"}}, required=["type", "code"])
            )
        },
        refusals=(404, 409),
        errors=_ERRORS,
    ),
    Endpoint(
        "DELETE",
        f"{_PATH}/{{name}}",
        delete_function,
        "Always refused: functions come and go with the connector that brings them.",
        scopes=("integrations:write",),
        path_schema=_OF_ONE,
        query=fields(_TYPE, required=["type"]),
        answers={200: Reply("It is gone.", {"type": "object"})},
        refusals=(400, 404),
        errors=_ERRORS,
    ),
)
