"""A connection and a call become one request, ready to be sent. Pure: nothing is sent, looked up or remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from connectors.errors import InputError
from connectors.runtime.address import Address
from connectors.runtime.auth.client_certificate import client_certificate
from connectors.runtime.auth.flow import Certificate
from connectors.runtime.auth.places import Outline
from connectors.runtime.body import Written, body_of, write
from connectors.runtime.connection import Connection
from connectors.runtime.headers import caller_headers, headers_of
from connectors.runtime.hosts import HostPolicy
from connectors.runtime.multipart import FilePart, Multipart
from connectors.runtime.placing import query_variables, without_missing
from connectors.runtime.signed import request_variables
from connectors.runtime.template import Moment
from connectors.runtime.url import Params, target, with_params

__all__ = ["Call", "FilePart", "HostPolicy", "Request", "build"]

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "REPORT"})


@dataclass(frozen=True)
class Call:
    """What a caller asks for."""

    method: str = "GET"
    endpoint: str = ""  # a path on the provider's host, with or without a query
    params: Params = None  # set in the query, over the endpoint's own; text is appended as it is
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Any = None  # mapping, list, text or bytes; sent with POST, PUT, PATCH and DELETE only
    files: Mapping[str, FilePart] | None = None  # by field name; makes the body a multipart form
    base_url_override: str | None = None
    forward_headers_on_redirect: bool | None = None  # None: as the definition says
    linked: bool = field(default=False, compare=False)  # base_url_override is what the provider's page link says


@dataclass(frozen=True, repr=False)
class Request:
    """A request as it goes over the wire. Its `repr` holds no secret."""

    method: str
    url: str  # may end in a fragment, which is never sent
    headers: Mapping[str, str]  # lower-case names; with content-length where there is a body
    body: bytes | Iterable[bytes] | None  # can be iterated again for a retry
    host: str  # the host, and port, that it goes to and its credentials belong to
    connection: Connection
    path: str  # of the URL, percent-encoded
    credential_headers: frozenset[str]  # names; not to be sent to another host
    credential_params: frozenset[str]  # names in the query that carry a credential
    credential_body: bool  # whether the definition put credentials into the body
    endpoint: str  # as given, without the base URL in front
    forward_headers_on_redirect: bool
    certificate: Certificate | None = None  # the client certificate to show

    def __repr__(self) -> str:
        names = ", ".join(sorted(self.headers))
        return f"Request({self.method} {self.shown_url}, headers: {names})"

    @cached_property
    def shown_url(self) -> str:
        """The URL without secrets, for logs and messages."""
        return self.connection.redactor.url(self.url)


def build(
    connection: Connection,
    call: Call,
    *,
    policy: HostPolicy | None = None,
    moment: Moment | None = None,
    boundary: str | None = None,
) -> Request:
    """The request that a call means.

    `moment` stands for now and for random values, `boundary` for the one of a multipart form; both
    are drawn if not given. Raises InputError or one of its kind if the request would go out
    half-built, to another host, or not as HTTP; nothing of a value is in the message.
    """
    now = (moment or Moment.current()).held()
    method = _method(call.method)
    given = caller_headers(call.headers or {})
    body = body_of(connection, method, call.data, call.files, now)
    goal = target(
        connection,
        call.endpoint,
        call.params,
        override=call.base_url_override or None,
        policy=policy or HostPolicy(),
        moment=now,
        linked=call.linked,
    )
    address, filled = _with_definition_query(goal.address, connection, now)
    variables = request_variables(
        connection.headers.values(), method, goal.endpoint, address, body, given.get("content-type", "")
    )
    headers = headers_of(connection, given, variables, Outline(method, address, now), body)
    written, content_type = write(body, method, headers.values.get("content-type"), boundary)
    return Request(
        method=method,
        url=str(address),
        headers=_with_body_headers(headers.values, written, content_type),
        body=written,
        host=address.netloc,
        connection=connection,
        path=address.path,
        credential_headers=headers.credentials,
        credential_params=filled,
        credential_body=body.has_credentials,
        endpoint=goal.endpoint,
        forward_headers_on_redirect=_forwards(connection, call),
        certificate=client_certificate(connection.provider, connection.credentials),
    )


def _method(name: str) -> str:
    method = str(name or "GET").upper()
    if method not in METHODS:
        raise InputError(
            f"{str(name)[:20]!r} is no HTTP method.", next_step=f"Use one of {', '.join(sorted(METHODS))}."
        )
    return method


def _with_definition_query(address: Address, connection: Connection, moment: Moment) -> tuple[Address, frozenset[str]]:
    """The definition's query over the caller's, and the names it filled in. An entry without its value is left out."""
    variables = query_variables(connection)
    filled: set[str] = set()
    for name, template in connection.query.items():
        if not isinstance(template, str):
            continue
        text = without_missing(connection, template, variables, moment, f"query entry {name}")
        if text is not None:
            address = with_params(address, {name: text})
            filled |= {name} if "${" in template else set()
    return address, frozenset(filled)


def _with_body_headers(headers: Mapping[str, str], written: Written, content_type: str | None) -> dict[str, str]:
    complete = dict(headers)
    if content_type is not None:
        complete["content-type"] = content_type
    if written is not None:
        complete["content-length"] = str(written.length if isinstance(written, Multipart) else len(written))
    return complete


def _forwards(connection: Connection, call: Call) -> bool:
    if call.forward_headers_on_redirect is not None:
        return call.forward_headers_on_redirect
    proxy = connection.provider.definition.get("proxy") or {}
    return proxy.get("forward_headers_on_redirect") is True
