"""The request that is built for a connection and a call."""

import json
from typing import Any

from connectors import InputError
from connectors.runtime.headers import DEFAULTS
from connectors.runtime.request import Call, HostPolicy, Request, build

from . import rules
from .canned import connection_of
from .verdict import Verdict, judge
from .world import World

OPEN = HostPolicy(override="any")


def run(case: dict[str, Any], world: World) -> Verdict:
    """One call. The cases are written before the HTTP client adds its defaults."""
    provider, expected = world.provider(case), case["expected"]
    names = rules.of_a_call(case, provider)
    try:
        request = build(connection_of(case, provider), _call(case["request"]), policy=OPEN, moment=world.moment(case))
    except InputError as error:
        return judge("error" in expected, expected, None, names, error)
    actual = {
        "method": request.method,
        "url": request.url,
        "headers": _headers(request, expected),
        "body": _body(request, expected),
        **({"client_certificate": request.certificate is not None} if "client_certificate" in expected else {}),
    }
    return judge("error" not in expected and _same(actual, expected), expected, actual, names)


def _call(request: dict[str, Any]) -> Call:
    return Call(
        method=request.get("method", "GET"),
        endpoint=request.get("endpoint", ""),
        params=request.get("params"),
        headers=request.get("headers") or {},
        data=request.get("data"),
        base_url_override=request.get("base_url_override"),
    )


def _same(actual: dict[str, Any], expected: dict[str, Any]) -> bool:
    wanted = {**expected, "headers": _lower(expected["headers"])}
    return all(actual[name] == wanted[name] for name in actual)


def _headers(request: Request, expected: dict[str, Any]) -> dict[str, str]:
    """The headers without those that the client adds to every request, or to one with that body.

    The host is the transport's to send; the cases have it among the headers only where it is signed.
    """
    wanted = _lower(expected.get("headers", {}))
    added = {**DEFAULTS, **{name: request.headers.get(name) for name in ("content-length", "content-type")}}
    own = {name: value for name, value in request.headers.items() if name in wanted or added.get(name) != value}
    return {**own, "host": request.host} if "host" in wanted else own


def _body(request: Request, expected: dict[str, Any]) -> Any:
    """The body as the case writes it: a value where the case has one, else text."""
    if not request.body:
        return None
    text = (request.body if isinstance(request.body, bytes) else b"".join(request.body)).decode()
    wanted = expected.get("body")
    return text if isinstance(wanted, str) or wanted is None else json.loads(text)


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
