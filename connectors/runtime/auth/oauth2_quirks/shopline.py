"""SHOPLINE: signed requests. There is no refresh token; a signature is enough for a new access token.

The signature is the HMAC-SHA256, in hexadecimal, of the body followed by the time in milliseconds
(developer.shopline.com, "App authorization").
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from connectors.runtime.auth.answers import json_of, refusal
from connectors.runtime.auth.encoding import json_bytes
from connectors.runtime.auth.flow import Ask, Exchanges, Flow, Grant, TokenRequest
from connectors.runtime.auth.metadata import at
from connectors.runtime.auth.oauth2_answer import REFRESH_FAILED, credentials_of, read
from connectors.runtime.auth.oauth2_client import client_of
from connectors.runtime.auth.oauth2_config import granted, known
from connectors.runtime.auth.oauth2_exchange import code_of
from connectors.runtime.auth.oauth2_quirks.recipe import JSON, Quirk
from connectors.runtime.auth.oauth2_values import url_of

_DONE = (200, "200", None)  # the code inside the answer


def _exchange(ask: Ask) -> Flow:
    code, _ = code_of(ask)
    raw = yield from _signed(ask, url_of(ask, known(ask), "token_url"), json_bytes({"code": code}), refreshing=False)
    return granted(ask, credentials_of(ask, raw), raw)


def _renew(ask: Ask) -> Exchanges[Grant]:
    raw = yield from _signed(ask, url_of(ask, ask.connection_config, "refresh_url"), b"", refreshing=True)
    return Grant(credentials_of(ask, raw, refreshing=True))


def _signed(ask: Ask, url: str, body: bytes, *, refreshing: bool) -> Exchanges[dict[str, Any]]:
    client = client_of(ask)
    timestamp = str(int(ask.moment.now.timestamp() * 1000))
    sign = hmac.new(client.secret.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()
    headers = {"Accept": JSON, "Content-Type": JSON, "appkey": client.id, "timestamp": timestamp, "sign": sign}
    answer = yield TokenRequest("POST", url, headers, body or None)
    content = read(ask, answer, refreshing=refreshing)
    if content.get("code") not in _DONE:
        raise refusal(ask, answer, REFRESH_FAILED if refreshing else "token_err")
    return _tokens(json_of(answer))


def _tokens(content: Any) -> dict[str, Any]:
    data = content.get("data") if isinstance(content, Mapping) else None
    found = {
        "access_token": at(data, "accessToken"),
        "expires_at": at(data, "expireTime"),
        "scope": at(data, "scope"),
    }
    return {name: value for name, value in found.items() if value is not None}


SHOPLINE = Quirk(_exchange, _renew)
