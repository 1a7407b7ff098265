"""Runs a script against canned answers, as the engine runs it against real ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.runtime.auth.flow import TokenAnswer, TokenRequest
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.integration import Integration
from connectors.runtime.redact import Redactor
from connectors.runtime.request import Call
from connectors.runtime.response import Response, Sent
from connectors.runtime.scripts import Kind, Subject, find
from connectors.runtime.template import Moment

MOMENT = Moment(datetime(2024, 3, 9, 8, 5, 7, tzinfo=UTC), lambda: "drawn")


@dataclass
class Answer:
    body: Any = None
    status: int = 200
    content_type: str = "application/json"

    @property
    def octets(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass
class Script:
    """One script, and what it asked for."""

    kind: Kind
    name: str
    steps: list[Call | TokenRequest] = field(default_factory=list)

    def run(self, *answers: Any, definition=None, config=None, credentials=None) -> Any:
        """Its result. An answer that is no Answer is a JSON body with status 200."""
        provider = Provider("shop", {"display_name": "Shop", "auth_mode": "OAUTH2", **(definition or {})}, "test")
        credentials = {"type": "OAUTH2", "access_token": "at", "refresh_token": "rt", **(credentials or {})}
        integration = Integration("shop", client_id="id", client_secret="client-secret")
        connection = Connection(provider, config or {}, credentials, integration=integration)
        script = find(self.kind, self.name)(Subject(connection, MOMENT))
        waiting = [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]
        reply = None
        try:
            while True:
                step = script.send(reply)
                self.steps.append(step)
                reply = _reply(step, waiting.pop(0))
        except StopIteration as end:
            assert not waiting, "the script asked for less than was ready"
            return end.value

    @property
    def calls(self) -> list[str]:
        """What was asked, each as `METHOD address`."""
        return [
            f"{step.method} {step.url}"
            if isinstance(step, TokenRequest)
            else f"{step.method} {step.base_url_override + '/' if step.base_url_override else ''}{step.endpoint}"
            for step in self.steps
        ]


def _reply(step: Call | TokenRequest, answer: Answer) -> Response | TokenAnswer:
    headers = {"content-type": answer.content_type}
    if isinstance(step, TokenRequest):
        return TokenAnswer(answer.status, answer.octets, tuple(headers.items()))
    return Response(
        status=answer.status,
        headers=headers,
        request=Sent(step.method, f"https://shop.example/{step.endpoint}"),
        elapsed=0.1,
        redactor=Redactor(()),
        body=answer.octets,
    )


@pytest.fixture
def post_connection() -> Callable[[str], Script]:
    return lambda name: Script(Kind.POST_CONNECTION, name)


@pytest.fixture
def verification() -> Callable[[str], Script]:
    return lambda name: Script(Kind.VERIFICATION, name)


@pytest.fixture
def pre_deletion() -> Callable[[str], Script]:
    return lambda name: Script(Kind.PRE_DELETION, name)


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def jwt() -> Callable[..., str]:
    def make(**claims: Any) -> str:
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return f"e30.{body}.c2ln"

    return make
