"""Sends what the auth modes ask for: to public hosts over https, with ceilings, and without a secret in any error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from connectors.errors import HostRefused, InvalidUrl, UnreachableError
from connectors.runtime.address import Address, parse
from connectors.runtime.auth.answers import redactor
from connectors.runtime.auth.flow import Ask, Certificate, Exchanges, TokenAnswer, TokenRequest, drive
from connectors.runtime.headers import DEFAULTS, caller_headers
from connectors.runtime.hosts import HostPolicy, is_private
from connectors.runtime.redact import Redactor
from connectors.runtime.transport import Transport

LARGEST = 4 * 1024 * 1024  # bytes of an answer, decompressed
LONGEST = 60.0  # seconds that one exchange may take: the `total_timeout` of a transport that is for tokens only

Result = TypeVar("Result")


def run(flow: Exchanges[Result], ask: Ask, *, transport: Transport, policy: HostPolicy) -> Result:
    """Run a flow of an auth mode to its end, each of its requests sent once; a redirect is an answer.

    `ask` is what the flow was made from: its secrets are masked in every error. Raises the mode's
    errors, and unless the mode handles them: InputError for a header that cannot be sent, InvalidUrl,
    HostRefused for an address without https or inside a private network (a name or literal address
    before anything is sent, the peer behind a name before the first byte) unless `policy` allows
    private hosts, UnreachableError subclasses without an answer, UnexpectedAnswer, TooLarge.
    """
    masks = redactor(ask)

    def send(request: TokenRequest) -> TokenAnswer:
        outgoing = _Outgoing(request, _admitted(request, policy), caller_headers(request.headers), masks)
        try:
            answer = transport.send(outgoing, max_bytes=LARGEST)
            return TokenAnswer(answer.status, answer.read(), answer.every_header)
        except UnreachableError as error:
            error.__context__ = None  # the library's own error, whose text may hold a secret
            raise

    return drive(flow, send)


@dataclass(frozen=True, repr=False)
class _Outgoing:
    """A token request as the transport takes it."""

    request: TokenRequest
    address: Address
    own_headers: Mapping[str, str]  # with lower-case names
    redactor: Redactor

    @property
    def method(self) -> str:
        return self.request.method.upper()

    @property
    def url(self) -> str:
        return str(self.address)

    @cached_property
    def shown_url(self) -> str:
        return self.redactor.text(f"{self.address.origin}{self.address.path}")

    @property
    def host(self) -> str:
        return self.address.netloc

    @cached_property
    def headers(self) -> Mapping[str, str]:
        length = {} if self.body is None else {"content-length": str(len(self.body))}
        return {**DEFAULTS, **self.own_headers, **length}

    @property
    def body(self) -> bytes | None:
        return self.request.body

    @property
    def certificate(self) -> Certificate | None:
        return self.request.certificate


def _admitted(request: TokenRequest, policy: HostPolicy) -> Address:
    """Where the request goes. Raises HostRefused, and InvalidUrl for what is no address."""
    address = parse(request.url)
    if address.user_info is not None:
        raise InvalidUrl("The address for tokens holds a user name.")
    if policy.allow_private:
        return address
    if is_private(address.host):
        raise HostRefused(
            f"Tokens are not asked for at {address.host}: an IP address, or a name of a private network.",
            next_step="If that is meant, start with CONNECTORS_ALLOW_PRIVATE_HOSTS=on (allow_private=True).",
        )
    if address.scheme != "https":
        raise HostRefused(
            f"Tokens are not asked for at {address.origin}: credentials go over https only.",
            next_step="Correct the address in the definition or in the connection's config.",
        )
    return address
