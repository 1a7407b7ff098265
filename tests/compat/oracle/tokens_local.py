"""Modes that make their tokens here or with one plain request: JWT, SIGNATURE, BILL, APP and CUSTOM."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import Ask
from connectors.runtime.integration import Integration

from .flows import Driven, answer, same_requests
from .rules import host_position, texts, unresolved
from .verdict import Verdict, judge
from .world import World


def run(case: Mapping[str, Any], world: World) -> Verdict:
    ask, expected = _ask(case, world), case["expected"]
    # Without a callback an app's mode goes straight to the installation, as the case does.
    driven = Driven(mode_of(ask.provider).acquire(ask), answer(case.get("response")))
    same = same_requests(expected.get("requests", []), driven.sent)
    if driven.error is not None:
        return judge(same and "error" in expected, expected, None, _rules(ask), driven.error)
    credentials = dict(driven.result.credentials)
    same = same and "credentials" in expected and _same(credentials, expected["credentials"], case)
    actual = {"requests": driven.requests, "credentials": credentials}
    return judge(same, expected, actual, _rules(ask))


def _ask(case: Mapping[str, Any], world: World) -> Ask:
    own = case.get("integration") or {}
    integration = Integration(
        unique_key=case.get("integration_key") or "",
        client_id=own.get("oauth_client_id") or "",
        client_secret=own.get("oauth_client_secret") or "",
        custom=own.get("custom") or {},
    )
    config = case.get("connection_config") or {}
    return Ask(world.provider(case), integration, config, case.get("credentials") or {}, world.moment(case))


def _same(actual: Mapping[str, Any], expected: Mapping[str, Any], case: Mapping[str, Any]) -> bool:
    """A signature that is another one each time is verified, and what it signs is compared."""
    if not case.get("non_deterministic_signature"):
        return actual == expected
    token = str(actual.get("token"))
    header, payload = (_part(token, at) for at in (0, 1))
    return (
        {**actual, "token": ""} == {**expected, "token": ""}
        and {"header": header, "payload": payload} == case["expected"]["decoded"]
        and _verified(token, case["public_key"], header["alg"])
    )


def _part(token: str, at: int) -> Any:
    text = token.split(".")[at]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _verified(token: str, key: str, algorithm: str) -> bool:
    import jwt

    signed, _, signature = token.rpartition(".")
    verifier = jwt.get_algorithm_by_name(algorithm)
    octets = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    return bool(verifier.verify(signed.encode(), verifier.prepare_key(key), octets))


def _rules(ask: Ask) -> list[tuple[str, bool]]:
    definition, config = ask.provider.definition, ask.connection_config
    token = definition.get("token") or {}
    variables = {**ask.credentials, "credentials": ask.credentials, "connectionConfig": config}
    entries = [value for name in ("header", "payload") for value in (token.get(name) or {}).values()]
    deep = [text for value in entries for text in _deep(value)]
    urls = list(texts(definition.get("token_url")))
    return [
        ("unresolved-placeholder", unresolved([*deep, str(token.get("signing_key", "")), *urls], variables)),
        ("host-position", any(host_position(text, {"connectionConfig": config}) for text in urls)),
        ("server-validates", _no_hexadecimal_secret(ask)),
    ]


def _deep(value: Any) -> list[str]:
    """Texts within mappings: one that lacks its value stays a placeholder in the reference."""
    return list(texts(value)) if isinstance(value, Mapping) else []


def _no_hexadecimal_secret(ask: Ask) -> bool:
    """server-validates: a secret that is read as hexadecimal digits has others in it, or an odd number of them."""
    signature = ask.provider.definition.get("signature") or {}
    if signature.get("protocol") != "HMAC" or signature.get("hmac_secret_encoding") == "utf8":
        return False
    return not any(re.fullmatch(r"(?:[^:]*:)?(?:[0-9a-fA-F]{2})+", text) for text in texts(ask.credentials))
