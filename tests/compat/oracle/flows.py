"""Runs an auth mode's flow against a case's answers, and compares what it sent and gave with the case."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors import ConnectorError
from connectors.runtime.auth.flow import Exchanges, Flow, TokenAnswer, TokenRequest, drive

from .verdict import Verdict, judge

IGNORED = frozenset({"accept", "content-length", "user-agent"})  # headers that are the HTTP client's own


class Driven:
    """A flow that was run: what it sent, and its result or error."""

    def __init__(self, flow: Exchanges[Any], *answers: TokenAnswer) -> None:
        """The answers are given in order, the last one again and again."""
        self.sent: list[TokenRequest] = []
        self.result: Any = None
        self.error: ConnectorError | None = None
        self._answers = answers
        try:
            self.result = drive(flow, self._send)
        except ConnectorError as error:
            self.error = error

    def _send(self, request: TokenRequest) -> TokenAnswer:
        self.sent.append(request)
        return self._answers[min(len(self.sent), len(self._answers)) - 1]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What it sent, as cases write it."""
        return [shown(request) for request in self.sent]


def answer(data: Any, status: int = 200, headers: Mapping[str, Any] | None = None) -> TokenAnswer:
    """An answer out of a case: its text, or what its JSON means; a header may have several values."""
    body = data if isinstance(data, str) else json.dumps(data)
    pairs: list[tuple[str, str]] = []
    for name, value in (headers or {}).items():
        pairs += [(name, item) for item in (value if isinstance(value, list) else [value])]
    return TokenAnswer(status, body.encode(), tuple(pairs))


def compare(
    flow: Flow,
    responses: Sequence[Mapping[str, Any]],
    expected: Mapping[str, Any],
    rules: Iterable[tuple[str, bool]] = (),
    normal: Callable[[Any], Any] | None = None,
) -> Verdict:
    """The verdict on one flow. `normal` takes out of bodies and credentials what means nothing.

    Each response holds `data`, and perhaps `status` (200) and `headers`.
    """
    answers = [answer(each.get("data"), each.get("status") or 200, each.get("headers")) for each in responses]
    driven = Driven(flow, *answers)
    credentials = None if driven.error else dict(driven.result.credentials)
    actual = None if credentials is None else {"requests": driven.requests, "credentials": credentials}
    sent = driven.sent
    if normal is not None:
        expected, credentials = normal(expected), normal(credentials)
        sent = [replace(request, body=_normal_body(request.body, normal)) for request in sent]
    same = same_requests(expected["requests"], sent) and _same(expected, credentials, driven.error)
    return judge(same, expected, actual, rules, driven.error)


def same_error(expected: Mapping[str, Any], error: ConnectorError | None, prefix: str = "") -> bool:
    """Whether it is the error of the case, whose code may begin with a prefix that ours does not have."""
    code = expected["error"].get("type")
    return error is not None and (code is None or code == f"{prefix}{error.facts.get('reference_code')}")


def same_requests(expected: list[dict[str, Any]], sent: list[TokenRequest]) -> bool:
    """Whether the requests are those of the case, in that order. A Host header is what HTTP adds."""
    return len(expected) == len(sent) and all(
        _comparable(theirs) == _comparable(shown(ours)) for theirs, ours in zip(expected, sent, strict=True)
    )


def shown(request: TokenRequest) -> dict[str, Any]:
    """A request as cases write it; of a JSON body the value."""
    kind = {name.lower(): value for name, value in request.headers.items()}.get("content-type", "")
    body = None if request.body is None else request.body.decode()
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": json.loads(body) if body and "json" in kind else body,
    }


def _comparable(request: Mapping[str, Any]) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in request["headers"].items()}
    body = request["body"]
    if isinstance(body, str) and "json" in headers.get("content-type", ""):
        body = json.loads(body)
    return {
        "method": request["method"],
        "url": request["url"],
        "headers": {name: value for name, value in headers.items() if name not in IGNORED | {"host"}},
        "body": body or None,
    }


def _same(expected: Mapping[str, Any], credentials: dict[str, Any] | None, error: ConnectorError | None) -> bool:
    return same_error(expected, error) if "error" in expected else credentials == expected["credentials"]


def _normal_body(body: bytes | None, normal: Callable[[Any], Any]) -> bytes | None:
    return None if body is None else str(normal(body.decode())).encode()
