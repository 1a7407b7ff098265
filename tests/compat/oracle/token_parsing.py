"""Token answers, expiry dates, metadata and what a caller hands in, one function of the reference at a time."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors import ConnectorError, Provider
from connectors.runtime.auth import parsing
from connectors.runtime.auth.cookies import kept
from connectors.runtime.auth.dates import expiration, iso
from connectors.runtime.auth.flow import TokenAnswer
from connectors.runtime.auth.metadata import metadata_of
from connectors.runtime.auth.request_params import authorization_params_of, config_of

from .verdict import Verdict, judge
from .world import World

_PARSERS = {
    "OAUTH2": parsing.oauth2_credentials,
    "OAUTH2_CC": parsing.oauth2_cc_credentials,
    "TWO_STEP": parsing.two_step_credentials,
}


def run(case: Mapping[str, Any], world: World) -> Verdict:
    """An output of the case that is null, or has null in it, says what leaving it out says."""
    actual, error, expected = None, None, case["expected"]
    try:
        actual = _FUNCTIONS[case["function"]](case["input"], world)
    except ConnectorError as raised:
        error = raised
    if "error" in expected:
        code = error and error.facts.get("reference_code")
        return judge(code == expected["error"], expected, {"output": actual}, (), error)
    same = error is None and _without_nothing(actual) == _without_nothing(expected["output"])
    return judge(same, expected, None if error else {"output": actual}, (), error)


def _date(value: Any, world: World) -> str | None:
    moment = expiration(value, world.moment({}).now)
    return iso(moment) if moment else None


def _credentials(given: Mapping[str, Any], world: World) -> dict[str, Any]:
    mode = given["auth_mode"]
    provider = Provider("synthetic", given["definition"] or {"auth_mode": mode}, "oracle")
    return _PARSERS[mode](provider, given["token_response_body"], world.moment({}).now)


def _metadata(given: Mapping[str, Any], world: World) -> dict[str, Any]:
    return dict(metadata_of(given["definition"].get(given["field"]), given["params"]))


def _of_callback(given: Mapping[str, Any], world: World) -> dict[str, Any]:
    return dict(metadata_of(given["definition"].get("redirect_uri_metadata"), given["query"]))


def _headers(given: Mapping[str, Any], world: World) -> dict[str, Any]:
    pairs = [
        (name, item)
        for name, value in given["headers"].items()
        for item in (value if isinstance(value, list) else [value])
    ]
    return dict(kept(given["entries"], TokenAnswer(200, headers=tuple(pairs)), {}))


_FUNCTIONS: Mapping[str, Callable[[Any, World], Any]] = {
    "parseTokenExpirationDate": _date,
    "parseRawCredentials": _credentials,
    "getConnectionMetadata": _metadata,
    "getConnectionMetadataFromCallbackRequest": _of_callback,
    "extractResponseHeaderValues": _headers,
    "connectionConfigFromClientParams": lambda given, _: config_of(given),
    "additionalAuthorizationParams": lambda given, _: authorization_params_of(given),
}


def _without_nothing(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nothing(item) for name, item in value.items() if item is not None}
    return value
