"""A made-up provider, a moment that stands still, and a provider's server that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors import Integration, Provider
from connectors.runtime.auth.flow import Ask, Callback, Consent, Exchanges, TokenAnswer, TokenRequest, drive
from connectors.runtime.template import Moment

CALLBACK = "https://us.example.com/callback"
VERIFIER = bytes(range(24)).hex()
SECRET = "s3cr3t of the client"
MOMENT = Moment(datetime(2024, 3, 9, 8, 5, 7, 123000, UTC), lambda: "a-uuid", lambda count: bytes(range(count)))
CONSENT = Consent(CALLBACK, "the state")
TOKENS = {"access_token": "at-1", "refresh_token": "rt-1", "expires_in": 3600}
STORED = {"type": "OAUTH2", "access_token": "at-0", "refresh_token": "rt-0", "raw": {}}
INTEGRATION = Integration("acme", client_id="an id", client_secret=SECRET, scopes="read:a,write")


def provider(name: str = "acme", **definition: Any) -> Provider:
    """A provider whose definition has these members."""
    usual = {
        "display_name": "Acme",
        "auth_mode": "OAUTH2",
        "authorization_url": "https://id.example.com/authorize",
        "token_url": "https://id.example.com/token",
    }
    return Provider(name, usual | definition, "test")


def callback(**params: str) -> Callback:
    """What the browser brings back; with a code unless an error is given."""
    usual = {} if "error" in params else {"code": "the code"}
    return Callback({**usual, "state": "the state", **params}, CALLBACK, {"code_verifier": VERIFIER})


def ask(
    of: Provider,
    *,
    config: Mapping[str, Any] | None = None,
    back: Callback | None = None,
    credentials: Mapping[str, Any] | None = None,
    integration: Integration = INTEGRATION,
) -> Ask:
    """The question to its auth mode."""
    return Ask(of, integration, config or {}, credentials or {}, MOMENT, callback=back)


class Server:
    """Notes what it is asked, and answers with these in order; the last one again and again."""

    def __init__(self, *answers: Any, status: int = 200) -> None:
        self.sent: list[TokenRequest] = []
        self._answers = list(answers) or [TOKENS]
        self._status = status

    def run(self, flow: Exchanges[Any]) -> Any:
        """Run a flow to its end."""
        return drive(flow, self._answer)

    def _answer(self, request: TokenRequest) -> TokenAnswer:
        self.sent.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, TokenAnswer):
            return answer
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return TokenAnswer(self._status, body, (("content-type", "application/json"),))


def query(url: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def body(request: TokenRequest) -> dict[str, Any]:
    """The fields of a form or JSON body."""
    text = (request.body or b"").decode()
    if request.headers.get("Content-Type") == "application/json":
        return dict(json.loads(text))
    return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True))
