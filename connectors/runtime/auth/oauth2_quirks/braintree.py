"""Braintree: the requests of its own client libraries, which send JSON and are answered in XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from connectors.runtime.auth.answers import json_of, refusal, unusable
from connectors.runtime.auth.encoding import json_bytes
from connectors.runtime.auth.flow import Ask, Exchanges, Flow, Grant, TokenAnswer, TokenRequest
from connectors.runtime.auth.oauth2_answer import REFRESH_FAILED, credentials_of
from connectors.runtime.auth.oauth2_client import client_of
from connectors.runtime.auth.oauth2_config import granted, known
from connectors.runtime.auth.oauth2_exchange import code_of
from connectors.runtime.auth.oauth2_quirks.recipe import JSON, Quirk
from connectors.runtime.auth.oauth2_refresh import refresh_token_of
from connectors.runtime.auth.oauth2_values import url_of

_API_VERSION = "6"
_KEPT = ("access_token", "refresh_token", "token_type", "scope", "expires_at")


def _exchange(ask: Ask) -> Flow:
    fields = {"code": code_of(ask)[0], "grant_type": "authorization_code"}
    raw, answer = yield from _credentials(ask, known(ask), fields, "token_err")
    return granted(ask, credentials_of(ask, raw, answer=answer), raw)


def _renew(ask: Ask) -> Exchanges[Grant]:
    token = refresh_token_of(ask)
    fields = {"refresh_token": token, "grant_type": "refresh_token"}
    raw, answer = yield from _credentials(ask, ask.connection_config, fields, REFRESH_FAILED)
    return Grant(credentials_of(ask, raw, answer=answer, refreshing=True, refresh_token=token))


def _credentials(
    ask: Ask, config: Mapping[str, Any], fields: Mapping[str, str], reference_code: str
) -> Exchanges[tuple[dict[str, Any], TokenAnswer]]:
    headers = {
        "Accept": "application/xml",
        "Authorization": client_of(ask).basic(),
        "Content-Type": JSON,
        "X-ApiVersion": _API_VERSION,
    }
    answer = yield TokenRequest("POST", url_of(ask, config, "token_url"), headers, json_bytes({"credentials": fields}))
    if not 200 <= answer.status < 300:
        raise refusal(ask, answer, reference_code)
    found = _read(ask, answer, reference_code)
    return {name: found[name] for name in _KEPT if name in found}, answer


def _read(ask: Ask, answer: TokenAnswer, reference_code: str) -> Mapping[str, Any]:
    """The members of `credentials`, in XML (`access-token`) or in JSON (`accessToken` or `access_token`)."""
    content = json_of(answer)
    if isinstance(content, Mapping):
        inner = content.get("credentials", content)
        return {_snake(name): value for name, value in inner.items()} if isinstance(inner, Mapping) else {}
    if b"<!" in answer.body:
        raise unusable(ask, answer, "its XML declares a document type", reference_code)
    try:
        root = ElementTree.fromstring(answer.body)  # noqa: S314 - nothing is declared in it, so nothing expands
    except ElementTree.ParseError:
        raise unusable(ask, answer, "it is neither XML nor JSON", reference_code) from None
    return {child.tag.replace("-", "_"): child.text for child in root}


def _snake(name: str) -> str:
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)


BRAINTREE = Quirk(_exchange, _renew)
