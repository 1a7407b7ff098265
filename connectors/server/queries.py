"""Query parameters as clients write them, read by the types of their schema.

Nested names stand in brackets (`tags[key]=x`, percent-encoded or not), a list is a name that is
repeated (`ids=1&ids=2`; once is a list of one; `ids[]=1` and `ids[0]=1` are read alike).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from connectors.server.contract import Refusal, Schema

_NESTED = re.compile(r"([^\[\]]+)\[([^\[\]]*)\]\Z")
_INTEGER = re.compile(r"-?[0-9]{1,15}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?\Z")
_MOST = 1000  # parameters
_CODE = "invalid_query_params"


def read_query(raw: bytes, schema: Schema) -> dict[str, Any]:
    """The parameters of a query, typed as the schema says where the text allows it. Raises `Refusal`."""
    properties: Mapping[str, Schema] = schema.get("properties", {})
    values: dict[str, Any] = {}
    for name, text in _pairs(raw):
        _put(values, properties, name, text)
    return {name: typed(value, properties.get(name, {})) for name, value in values.items()}


def typed(value: Any, schema: Schema) -> Any:
    """A text as the number or boolean that the schema asks for; what is neither stays for the schema to refuse."""
    if isinstance(value, list):
        return [typed(part, schema.get("items", {})) for part in value]
    if not isinstance(value, str):
        return value
    kind = schema.get("type")
    if kind == "integer" and _INTEGER.match(value):
        return int(value)
    if kind == "number" and _NUMBER.match(value):
        return float(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    parts = [part for part in raw.decode("latin-1").split("&") if part]
    if len(parts) > _MOST:
        raise Refusal.invalid(_CODE, [], f"There can be at most {_MOST} parameters.", kind="too_big")
    pairs = []
    for part in parts:
        name, _, text = part.partition("=")
        pairs.append((unquote_plus(name), unquote_plus(text)))
    if any("\0" in name or "\0" in text for name, text in pairs):
        raise Refusal.invalid(_CODE, [], "A parameter holds a NUL character.", kind="invalid_format")
    return pairs


def _put(values: dict[str, Any], properties: Mapping[str, Schema], name: str, text: str) -> None:
    nested = _NESTED.match(name)
    outer, inner = (nested[1], nested[2]) if nested else (name, "")
    kind = properties.get(outer, {}).get("type")
    if kind == "array" and (not nested or not inner or inner.isdigit()):
        values.setdefault(outer, []).append(text)
    elif kind == "object" and nested and inner:
        held = values.setdefault(outer, {})
        if isinstance(held, dict):
            _once(held, inner, text, [outer, inner])
    else:
        _once(values, name, text, [name])


def _once(values: dict[str, Any], name: str, text: str, path: list[str]) -> None:
    if name in values:
        raise Refusal.invalid(_CODE, path, "is given more than once", kind="invalid_type")
    values[name] = text
