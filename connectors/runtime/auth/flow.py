"""The one protocol of all auth modes: requests out, answers in, a grant at the end. No mode sends anything itself.

A mode is a module with `acquire(ask)` and `refresh(ask)`; one that needs a browser also has
`begin(ask, consent)`. Each is a generator: it yields a TokenRequest, is sent the TokenAnswer, and
returns a Grant (`begin` returns a Redirect). `drive` runs one with any way of sending.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from connectors.errors import ConnectorError
from connectors.runtime.catalog import Provider
from connectors.runtime.integration import Integration
from connectors.runtime.template import Moment

Result = TypeVar("Result")


@dataclass(frozen=True, repr=False)
class Certificate:
    """A client certificate for mutual TLS, and its key; both PEM."""

    certificate: str
    private_key: str


@dataclass(frozen=True, repr=False)
class TokenRequest:
    """A request to be sent as it is; a redirect is an answer. Its `repr` shows no secret."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    certificate: Certificate | None = None

    def __repr__(self) -> str:
        return f"TokenRequest({self.method!r}, {self.url.partition('?')[0]!r})"


@dataclass(frozen=True, repr=False)
class TokenAnswer:
    """What came back, whatever its status."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()  # as received; a name may come more than once

    def __repr__(self) -> str:
        return f"TokenAnswer({self.status})"

    @property
    def text(self) -> str:
        """The body, read as UTF-8."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True, repr=False)
class Callback:
    """What the browser brought back from the provider."""

    params: Mapping[str, str]  # the query of the callback
    callback_url: str  # the address that was registered with the provider
    remembered: Mapping[str, Any] = field(default_factory=dict)  # as `begin` left it, e.g. the PKCE verifier
    webhook: Mapping[str, Any] | None = None  # body of an installation webhook that carries the code


@dataclass(frozen=True, repr=False)
class Ask:
    """Everything a mode may know."""

    provider: Provider
    integration: Integration
    connection_config: Mapping[str, Any]
    credentials: Mapping[str, Any]  # as submitted (acquire) or as stored (refresh)
    moment: Moment
    assertion_option: Mapping[str, Any] = field(default_factory=dict)  # given at connect, used once, never stored
    callback: Callback | None = None  # browser modes only


@dataclass(frozen=True)
class Consent:
    """How a person is asked."""

    callback_url: str
    state: str  # comes back with the callback and proves that it belongs to this request
    params: Mapping[str, str | None] = field(default_factory=dict)  # request-time parameters; None takes one away


@dataclass(frozen=True, repr=False)
class Redirect:
    """Where to send the browser, and what must be there again when it comes back (sealed: it holds secrets)."""

    url: str
    remember: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Grant:
    """What is to be stored."""

    credentials: Mapping[str, Any]  # the whole stored shape, with "type"; `expires_at` is ISO 8601 text
    connection_config: Mapping[str, Any] = field(default_factory=dict)  # laid over the connection's; None takes away


Exchanges = Generator[TokenRequest, TokenAnswer, Result]
Flow = Exchanges[Grant]


class AuthMode(Protocol):
    """How credentials of one auth mode come to be. The modes are modules of this folder."""

    def acquire(self, ask: Ask) -> Flow:
        """From what was submitted (or what the callback brought) to credentials that calls can use."""

    def refresh(self, ask: Ask) -> Flow:
        """From stored credentials to fresh ones."""


class BrowserMode(AuthMode, Protocol):
    """An auth mode in which a person has to consent in a browser first."""

    def begin(self, ask: Ask, consent: Consent) -> Exchanges[Redirect]:
        """The address to send the browser to."""


def drive(flow: Exchanges[Result], send: Callable[[TokenRequest], TokenAnswer]) -> Result:
    """Run a flow to its end. An error of `send` is raised inside the flow, which may handle it."""
    try:
        request = next(flow)
        while True:
            try:
                answer = send(request)
            except ConnectorError as error:
                request = flow.throw(error)
            else:
                request = flow.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
    finally:
        flow.close()
