"""BILL: a session of BILL (bill.com), opened with user, organization and developer key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from connectors.runtime.auth.answers import json_of, refusal, unusable
from connectors.runtime.auth.dates import iso
from connectors.runtime.auth.encoding import json_bytes
from connectors.runtime.auth.flow import Ask, Flow, Grant, TokenRequest
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.submitted import submitted

_FAILED = "bill_credentials_fetch_error"
_LASTS = timedelta(minutes=35)  # a session that nothing is done with


def acquire(ask: Ask) -> Flow:
    """One request that logs in.

    Raises ConfigError for a missing field, TokenRefused and TokenUnusable for the answer.
    """
    given = submitted(ask, "username", "password", "organization_id", "dev_key")
    url = make_url(ask.provider.definition.get("token_url"), ask.connection_config, moment=ask.moment)
    body = {
        "username": given["username"],
        "password": given["password"],
        "organizationId": given["organization_id"],
        "devKey": given["dev_key"],
    }
    answer = yield TokenRequest("POST", url, {"content-type": "application/json"}, json_bytes(body))
    if not 200 <= answer.status < 300:
        raise refusal(ask, answer, _FAILED)
    raw = json_of(answer)
    if not isinstance(raw, Mapping) or not raw.get("sessionId"):
        raise unusable(ask, answer, "no sessionId", _FAILED)
    return Grant(
        {
            "type": "BILL",
            **given,
            "organization_id": raw.get("organizationId") or given["organization_id"],
            "raw": dict(raw),
            "session_id": raw["sessionId"],
            **({"user_id": raw["userId"]} if raw.get("userId") else {}),
            "expires_at": iso(ask.moment.now + _LASTS),
        }
    )


refresh = acquire
