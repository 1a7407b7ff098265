"""Calls to one account at one provider: authenticated, paced, retried, paged; every failure a typed error."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from connectors.errors import InvalidUrl
from connectors.runtime import verify
from connectors.runtime.address import parse
from connectors.runtime.auth.flow import Ask, Exchanges
from connectors.runtime.auth.renewal import Renewal
from connectors.runtime.budget import MemoryBudgets
from connectors.runtime.clock import SystemClock
from connectors.runtime.connection import Connection
from connectors.runtime.exchange import Exchange, Line
from connectors.runtime.files import Download, parts, save
from connectors.runtime.hosts import HostPolicy
from connectors.runtime.multipart import FilePart
from connectors.runtime.options import LARGEST_BODY, Options, arrange
from connectors.runtime.pace import Holds, Pace
from connectors.runtime.paging import pages
from connectors.runtime.ports import Budgets, Clock, Observer, Tokens
from connectors.runtime.request import Call
from connectors.runtime.response import Response
from connectors.runtime.tokens import Account, MemoryTokens
from connectors.runtime.transport import Transport
from connectors.runtime.url import Params
from connectors.runtime.verify import Verification

LARGEST_DOWNLOAD = 2 * 1024 * 1024 * 1024  # bytes of a file
RETRIES = 3  # further attempts of a call that does not say
PATIENCE = 10.0  # seconds an urgent caller waits for the budget
BACKGROUND_PATIENCE = 900.0  # seconds a background caller does
RETRY_PATIENCE = 60.0  # seconds of waiting between the attempts of an urgent call
BACKGROUND_RETRY_PATIENCE = 600.0
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class Client:
    """Calls a provider on behalf of one connection. Thread safe; close it, or use it as a context manager.

    Every request is built from the provider's definition, goes only to the connection's host,
    stays inside the provider's rate budget, has a time limit, and is repeated where that is safe:
    reads on network failures, 429 and 5xx; writes only if they surely did not arrive.

    `transport`, `budgets`, `tokens`, `observer` and `clock` are lent by the host (`runtime/ports.py`);
    a client makes its own where none is given: credentials are then acquired at the first call and
    renewed in memory. `policy` says which hosts beyond the provider's own
    may be called. `urgent`: someone is waiting, so the call goes before background calls and waits
    at most 10 s for the budget (else 15 minutes; `longest_budget_wait` sets another figure, in
    seconds). `retries`: further attempts of a call that does not say.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transport: Transport | None = None,
        budgets: Budgets | None = None,
        tokens: Tokens | None = None,
        observer: Observer | None = None,
        clock: Clock | None = None,
        policy: HostPolicy | None = None,
        urgent: bool = True,
        retries: int = RETRIES,
        longest_budget_wait: float | None = None,
    ) -> None:
        policy = policy or HostPolicy()
        clock = clock or SystemClock()
        self._own_transport = transport is None
        self._transport = transport or Transport(allow_private=policy.allow_private)
        patience = PATIENCE if urgent else BACKGROUND_PATIENCE
        pace = Pace(
            provider=connection.provider,
            metadata=connection.metadata,
            budgets=budgets or MemoryBudgets(),
            clock=clock,
            observer=observer,
            urgent=urgent,
            longest_wait=patience if longest_budget_wait is None else longest_budget_wait,
            longest_call=self._transport.total_timeout,
            holds=Holds(),
        )
        self._line = Line(
            account=Account(connection, tokens or MemoryTokens(Renewal(self._exchange, clock))),
            transport=self._transport,
            pace=pace,
            policy=policy,
            clock=clock,
            observer=observer,
            retries=retries,
            longest_retry_wait=RETRY_PATIENCE if urgent else BACKGROUND_RETRY_PATIENCE,
        )

    @property
    def connection(self) -> Connection:
        """The connection, with the credentials that it has now."""
        return self._line.account.connection

    @property
    def policy(self) -> HostPolicy:
        """Which hosts beyond the provider's own may be called."""
        return self._line.policy

    @property
    def clock(self) -> Clock:
        """What this client takes the time from."""
        return self._line.clock

    def __repr__(self) -> str:
        return f"Client({self.connection!r})"

    def request(
        self,
        method: str,
        endpoint: str,
        *,
        params: Params = None,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        files: Mapping[str, FilePart] | None = None,
        reads: bool = False,
        retries: int | None = None,
        retry_on: Collection[int] = (),
        retry_header: Mapping[str, str] | None = None,
        base_url_override: str | None = None,
        forward_headers_on_redirect: bool | None = None,
        stream: bool = False,
        max_bytes: int = LARGEST_BODY,
        raise_for_status: bool = True,
    ) -> Response:
        """Call the provider.

        `endpoint` is a path on the provider's host, or a whole address there. `data` is sent with POST, PUT, PATCH and
        DELETE: a mapping or list as JSON unless a content-type header says otherwise. `reads`: this
        POST only reads, so it may be repeated. `retries` overrides the client's figure and its
        caution with writes, `retry_on` names further statuses worth another attempt, `retry_header`
        a header that says when, under "at" or "after". `stream`: the body is left to be read with
        `iter_bytes`. `max_bytes` is the largest body, decompressed.

        Raises AnswerError subclasses for a status outside 2xx (not with `raise_for_status=False`),
        UnreachableError subclasses without an answer, OutcomeUnknown for a write without an answer,
        BudgetExhausted, TooLarge, RedirectRefused, TokenError if the credentials have expired and
        cannot be renewed, and InputError subclasses if nothing was sent.
        """
        call, options = arrange(
            method,
            endpoint,
            {
                "params": params,
                "headers": headers,
                "data": data,
                "files": files,
                "base_url_override": base_url_override,
                "forward_headers_on_redirect": forward_headers_on_redirect,
                "reads": reads,
                "retries": retries,
                "retry_on": retry_on,
                "retry_header": retry_header,
                "stream": stream,
                "max_bytes": max_bytes,
                "raise_for_status": raise_for_status,
            },
        )
        return self.send(call, options)

    def send(self, call: Call, options: Options | None = None) -> Response:
        """Make a call that is already put together. Raises as `request` does."""
        return Exchange(self._line, _homed(call), options or Options()).run()

    def get(self, endpoint: str, **options: Any) -> Response:
        """`request("GET", …)`."""
        return self.request("GET", endpoint, **options)

    def post(self, endpoint: str, **options: Any) -> Response:
        """`request("POST", …)`."""
        return self.request("POST", endpoint, **options)

    def put(self, endpoint: str, **options: Any) -> Response:
        """`request("PUT", …)`."""
        return self.request("PUT", endpoint, **options)

    def patch(self, endpoint: str, **options: Any) -> Response:
        """`request("PATCH", …)`."""
        return self.request("PATCH", endpoint, **options)

    def delete(self, endpoint: str, **options: Any) -> Response:
        """`request("DELETE", …)`."""
        return self.request("DELETE", endpoint, **options)

    def pages(
        self,
        endpoint: str,
        *,
        items: str | None = None,
        paginate: Mapping[str, Any] | None = None,
        method: str = "GET",
        **options: Any,
    ) -> Iterator[dict[str, Any]]:
        """Every item of a paged list, page after page, as they are needed.

        `paginate` overlays the definition's settings key by key. `items` names the list in an
        answer (a dotted path); without it: the settings' `response_path`, else the list under the
        key named like the last segment of the path, else the only list there is. `options` are
        those of `request`.

        Raises as `request` does, PaginationError for settings that do not work together,
        PageLoop if a page comes again, UnexpectedAnswer for a page without a list.
        """
        call, how = arrange(method, endpoint, options)
        return pages(self.send, self.connection.provider, call, how, items=items, paginate=paginate)

    def download(
        self, endpoint: str, target: Path | str | BinaryIO, *, max_bytes: int = LARGEST_DOWNLOAD, **options: Any
    ) -> Download:
        """Stream an answer's body into a file, or into something open for writing bytes.

        A path is replaced when everything has arrived, never before; no partial file is left.
        `options` are those of `request`. Raises as `request` does, and ConnectionLost or TimedOut
        if the body does not arrive whole, also after another attempt.
        """
        call, how = arrange(str(options.pop("method", "GET")), endpoint, {**options, "max_bytes": max_bytes})
        return save(self.send, call, how, target)

    def upload(
        self,
        endpoint: str,
        *,
        files: Mapping[str, FilePart | Path | tuple[str, Any]],
        data: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        method: str = "POST",
        **options: Any,
    ) -> Response:
        """Send files as a multipart form, streamed: first the fields of `data`, then the files, in order.

        `data` is a mapping, or pairs of name and value, in which a name may come several times.
        A file is a path, a `FilePart`, or a tuple of name, content (bytes, open file or path) and
        optionally content type. `options` are those of `request`; raises as it does.
        """
        return self.request(method, endpoint, data=data, files=parts(files), **options)

    def verify(self) -> Verification:
        """Whether the provider accepts this connection's credentials, and if not, which part is wrong.

        Never raises for an answer or its absence; see `Verification`.
        """
        return verify.check(self)

    def close(self) -> None:
        """Close the connections of a transport that this client made itself."""
        if self._own_transport:
            self._transport.close()

    def _exchange(self, flow: Exchanges[Any], ask: Ask) -> Any:
        """Send what an auth mode asks for the way calls are sent."""
        from connectors.runtime.auth import sending

        return sending.run(flow, ask, transport=self._transport, policy=self._line.policy)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _homed(call: Call) -> Call:
    """The call with a whole address taken apart: its origin is held to the same rules as any other base URL."""
    if call.base_url_override or not _ADDRESS.match(call.endpoint):
        return call
    address = parse(call.endpoint)
    if address.user_info is not None:
        raise InvalidUrl("The address holds a user name; credentials come from the connection.")
    return replace(call, base_url_override=address.origin, endpoint=address.target)
