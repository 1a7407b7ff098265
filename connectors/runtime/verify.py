"""Whether credentials are good, and if not, which part is wrong as far as the answer tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connectors.errors import (
    AuthError,
    BudgetExhausted,
    CallError,
    ConnectorError,
    DnsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RateLimited,
    TlsError,
    TokenError,
    UnreachableError,
)
from connectors.runtime.connection import Connection
from connectors.runtime.fields import fields_of
from connectors.runtime.options import Options
from connectors.runtime.request import Call
from connectors.runtime.response import Response
from connectors.runtime.scripts import Kind, Subject, find, named, run
from connectors.runtime.template import Moment, placeholders

if TYPE_CHECKING:
    from connectors.runtime.client import Client

_ADDRESS_ERRORS = (DnsError, NotFoundError, TlsError)


@dataclass(frozen=True)
class Verification:
    """The result of a check of credentials."""

    ok: bool
    part: str | None = None  # titles of the fields that are wrong, as far as the answer tells
    error: ConnectorError | None = None  # what came back instead of a yes
    endpoint: str | None = None  # what was asked last
    status: int | None = None  # what it was answered with; None without an answer
    tested: bool = True  # False: the definition names nothing to ask, so nothing was sent
    warning: str | None = None  # what is odd about a yes
    fields: tuple[str, ...] = ()  # names of the fields that are wrong, as far as the answer tells

    @property
    def message(self) -> str:
        """The result in a sentence or two."""
        if self.error is None and self.tested:
            return f"The credentials work. {self.warning or ''}".strip()
        if self.error is None:
            return f"Not tested: {self.warning or 'the definition names nothing to ask.'}"
        return f"{_meaning(self.error, self.part)} {self.error.message}".strip()


def check(client: Client) -> Verification:
    """Ask what the definition's `verification` names, one endpoint after the other, until one says yes.

    A script that the definition names instead decides alone; one that nobody has written tests nothing.
    Any 2xx is a yes, as in the reference runtime; of a web page the result warns, since a wrong address
    often leads to one. Nothing is repeated, but a failure on the network gets one more try. Errors are
    part of the result, never raised. It asks whatever the auth mode is; connecting does only where no
    token was just fetched as a proof.
    """
    connection = client.connection
    script = named(connection.provider, Kind.VERIFICATION)
    if script is not None:
        return _by_script(client, script)
    settings = connection.provider.verification or {}
    endpoints = [str(endpoint) for endpoint in settings.get("endpoints") or ()]
    result = Verification(ok=True, tested=False)
    for endpoint in endpoints:
        result = _ask(client, settings, endpoint)
        if result.ok:
            break
    return result


def _by_script(client: Client, name: str) -> Verification:
    connection = client.connection
    script = find(Kind.VERIFICATION, name)
    if script is None:
        return Verification(ok=True, tested=False, warning=f"there is no script {name}.")
    try:
        verdict = run(script(Subject(connection, Moment.at(client.clock.now()))), client)
    except (CallError, InputError, TokenError) as error:
        return _refused(connection, error)
    if verdict.ok:
        return Verification(True)
    return _refused(connection, AuthError(verdict.reason, provider=connection.provider.name))


def _ask(client: Client, settings: Mapping[str, Any], endpoint: str) -> Verification:
    connection = client.connection
    try:
        response = _send(client, settings, endpoint)
    except (CallError, InputError, TokenError) as error:
        return _refused(connection, error, endpoint)
    return Verification(True, endpoint=endpoint, status=response.status, warning=_warning(connection, response))


def _send(client: Client, settings: Mapping[str, Any], endpoint: str) -> Response:
    method = str(settings.get("method") or "GET").upper()
    override = settings.get("base_url_override")
    call = Call(
        method=method,
        endpoint=endpoint,
        headers=settings.get("headers") or {},
        data=settings.get("data") if method == "POST" else None,
        base_url_override=override,
    )
    options = Options(retries=0)
    if override:  # the definition itself names that host
        options = replace(options, policy=replace(client.policy, override="any"))
    try:
        return client.send(call, options)
    except UnreachableError as error:
        if isinstance(error, (DnsError, TlsError)):
            raise
        return client.send(call, options)


def _warning(connection: Connection, response: Response) -> str | None:
    """A login page under a wrong address says 2xx too."""
    if not response.is_html:
        return None
    part = _titles(connection, set(_names(connection.base_url or "")))
    check = f" Check {part}, which is part of the address." if part else ""
    return f"But {response.request.method} {response.request.url} was answered with a web page.{check}"


def _refused(connection: Connection, error: ConnectorError, endpoint: str | None = None) -> Verification:
    """The result that an error means, with the fields that it points to."""
    if isinstance(error, AuthError):
        names = set(_credential_names(connection))
    else:
        names = set(_names(connection.base_url or "")) if isinstance(error, _ADDRESS_ERRORS) else set()
    fields = tuple(field.name for field in fields_of(connection.provider) if field.name in names and not field.hidden)
    status = getattr(error, "status", None)
    return Verification(False, _titles(connection, names), error, endpoint, status, fields=fields)


def _titles(connection: Connection, names: set[str]) -> str | None:
    titles = [field.title for field in fields_of(connection.provider) if field.name in names and not field.hidden]
    return " or ".join(titles) or None


def _credential_names(connection: Connection) -> Iterator[str]:
    """The credentials, and the parts of the config that stand beside them in a header or query."""
    yield from (field.name for field in fields_of(connection.provider) if field.group == "credentials")
    for template in (*connection.headers.values(), *connection.query.values()):
        names = set(_names(str(template)))
        if names & set(connection.credentials):
            yield from names


def _names(template: str) -> Iterator[str]:
    for placeholder in placeholders(template):
        yield placeholder.rpartition(".")[2]


def _meaning(error: ConnectorError, part: str | None) -> str:
    if isinstance(error, AuthError):
        return f"The provider does not accept these credentials. Check {part}." if part else ""
    if isinstance(error, (RateLimited, BudgetExhausted)):
        wait = "in a while" if error.retry_after is None else f"in {max(1, round(error.retry_after))} seconds"
        return f"The provider asks to slow down, so the credentials were not tested. Try again {wait}."
    if isinstance(error, ForbiddenError):
        return "The credentials are known, but the account lacks the right."
    if isinstance(error, _ADDRESS_ERRORS) and part:
        return f"Check {part}: it is part of the address, and nothing of this provider answers there."
    return ""
