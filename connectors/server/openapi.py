"""/openapi.json: OpenAPI 3.1, made from the same declarations that requests are checked by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from connectors.server.contract import Endpoint, Reply, Schema, Who
from connectors.server.routing import ANY
from connectors.server.schemas import Check

_PLACE = re.compile(r"\{([a-z_]+)(:path)?\}")
_ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "For programs."},
                "message": {"type": "string", "description": "For people."},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "code": {"type": "string"},
                            "message": {"type": "string"},
                            "path": {"type": "array", "items": {"type": "string"}},
                        },
                        "required": ["code", "message", "path"],
                    },
                },
                "payload": {},
                "method": {"type": "string", "description": "Of what came too often."},
                "path": {"type": "string", "description": "The same."},
            },
            "required": ["code"],
        }
    },
    "required": ["error"],
}
_HEADERS = {
    "X-RateLimit-Limit": "Requests that the caller may make in a minute.",
    "X-RateLimit-Remaining": "How many of them are left.",
    "X-RateLimit-Reset": "When the minute ends, in seconds since 1970.",
    "X-Request-Id": "Names this request in the server's log.",
}
_SCHEMES: Mapping[Who, list[dict[str, list[str]]]] = {
    Who.SECRET: [{"secretKey": []}],
    Who.SESSION: [{"connectSession": []}],
    Who.EITHER: [{"secretKey": []}, {"connectSession": []}],
    Who.FRONTEND: [{"connectSessionInQuery": []}],
    Who.BROWSER: [],  # pages, which are hidden
    Who.PUBLIC: [],
}
_TEXT = {
    400: "Something that was sent cannot be used; `errors` says what.",
    401: "Nobody has this key or token.",
    403: "The key does not go that far.",
    404: "There is no such thing in this environment.",
    405: "Not this method.",
    409: "Something else goes on, or is not as expected.",
    413: "The body is too large.",
    415: "The content type is not application/json.",
    429: "Too many requests; `Retry-After` says when to come back.",
    500: "The server failed.",
    503: "The database is busy; `Retry-After` says when to come back.",
}


def document(endpoints: Iterable[Endpoint], *, server: str) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        if endpoint.hidden:
            continue
        path = _PLACE.sub(r"{\1}", endpoint.path)
        for method in ANY if endpoint.method == "*" else (endpoint.method,):
            paths.setdefault(path, {})[method.lower()] = _operation(endpoint, method)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "connectors",
            "version": version("connectors"),
            "description": "Connections to providers, their records, and calls with their credentials.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {
                "secretKey": {"type": "http", "scheme": "bearer", "description": "A secret key of an environment."},
                "connectSession": {"type": "http", "scheme": "bearer", "description": "A connect session's token."},
                "connectSessionInQuery": {"type": "apiKey", "in": "query", "name": "connect_session_token"},
            },
        },
    }


def _operation(endpoint: Endpoint, method: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _id(endpoint, method),
        "summary": endpoint.summary.splitlines()[0],
        "tags": [endpoint.tag or endpoint.path.split("/")[1]],
        "security": _SCHEMES[endpoint.who],
        "parameters": [*_in_path(endpoint), *_in_query(endpoint), *_in_headers(endpoint)],
        "responses": _responses(endpoint),
    }
    if endpoint.scopes:
        operation["description"] = f"A limited key needs the scope {' or '.join(endpoint.scopes)}."
    if endpoint.deprecated:
        operation["deprecated"] = True
    bodiless = endpoint.method == "*" and method in ("GET", "HEAD", "OPTIONS")
    if endpoint.body is not None and not bodiless:
        content = {"application/json": {"schema": endpoint.body}}
        # An empty body counts as `{}`, so it is enough where that is.
        needed = not endpoint.body_optional and bool(Check(endpoint.body).problems({}))
        operation["requestBody"] = {"required": needed, "content": content}
    elif endpoint.raw_body and not bodiless:
        operation["requestBody"] = {"required": False, "content": {"*/*": {}}}
    return operation


def _id(endpoint: Endpoint, method: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", _PLACE.sub(r"\1", endpoint.path.lower())).strip("_")
    return f"{method.lower()}_{words}"


def _in_path(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name, _ in _PLACE.findall(endpoint.path):
        schema = endpoint.path_schema.get(name, {"type": "string"})
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    required = endpoint.query.get("required", ())
    for name, schema in endpoint.query.get("properties", {}).items():
        if endpoint.who is Who.FRONTEND and name in ("connect_session_token", "public_key"):
            continue  # its security scheme says so
        yield {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": schema,
            **({"style": "deepObject", "explode": True} if schema.get("type") == "object" else {}),
        }


def _in_headers(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    declared = endpoint.headers or {}
    required = declared.get("required", ())
    for name, schema in declared.get("properties", {}).items():
        shown = "-".join(part.capitalize() for part in name.split("-"))
        yield {"name": shown, "in": "header", "required": name in required, "schema": schema}


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    own = {str(status or "default"): _reply(reply) for status, reply in endpoint.answers.items()}
    statuses = {429, 500, 503, *endpoint.refusals, *(status for status, _ in endpoint.errors.values())}
    if endpoint.who is not Who.PUBLIC:
        statuses |= {400, 401}
    if endpoint.scopes:
        statuses.add(403)
    if not endpoint.raw_body:
        statuses |= {400, 413, 415}
    refusals: dict[str, dict[str, Any]] = {
        str(status): {
            "description": _TEXT.get(status, "It is not done; the code says why."),
            "headers": _described(_HEADERS),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for status in sorted(statuses)
    }
    for status in refusals.keys() & own.keys():  # a page that says why not, and the envelope before it comes to that
        own[status]["content"] = {**refusals[status]["content"], **own[status].get("content", {})}
    both = {status: _either(refusals[status], own[status]) for status in refusals.keys() & own.keys()}
    return {**refusals, **own, **both}


def _either(refusal: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of the endpoint's own and a refusal that have the same status: it may be one or the other."""
    content = {**refusal["content"], **own.get("content", {})}
    for media_type in refusal["content"].keys() & own.get("content", {}).keys():
        either = [each["content"][media_type].get("schema", {}) for each in (own, refusal)]
        content[media_type] = {"schema": {"anyOf": either}}
    return {**own, "content": content}


def _reply(reply: Reply) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": reply.description,
        "headers": _described({**_HEADERS, **dict.fromkeys(reply.headers, "Of this answer.")}),
    }
    if reply.schema is not None or reply.media_type != "application/json":
        described["content"] = {reply.media_type: {} if reply.schema is None else {"schema": reply.schema}}
    return described


def _described(headers: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"description": says, "schema": {"type": "string"}} for name, says in headers.items()}
