"""A proxied call: from what a caller sent to what the provider answered, without a web framework in between.

The headers that steer a call are the reference runtime's. The answer keeps the provider's status
(rule `true-status`) and goes on in pieces, whatever its size.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from connectors.errors import InputError
from connectors.runtime.canonical import loads
from connectors.runtime.client import LARGEST_DOWNLOAD
from connectors.runtime.stored_body import StoredBody

if TYPE_CHECKING:
    from connectors.runtime.catalog import Provider
    from connectors.runtime.client import Client
    from connectors.runtime.response import Response

PREFIX = "nango-proxy-"  # what stands before the name of a header that goes on to the provider
_SMALL = 64 * 1024  # bytes; a body that is no larger is read at once, any other goes on as it comes
MOST_RETRIES = 20  # a caller's own figure is obeyed up to here; the waits in between end it long before
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_BOUNDARY = re.compile(rb"--([0-9A-Za-z'()+_,./:=?-]{1,70})\r\n")
_STATUSES = re.compile(r"[1-5][0-9]{2}(?:,[1-5][0-9]{2})*\Z")
# What belongs to one connection, to our decoding of the body, or would act on our own origin in a browser.
_KEPT_BACK = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "content-encoding",
        "set-cookie",
        "set-cookie2",
        "strict-transport-security",
        "clear-site-data",
        "alt-svc",
        "nel",
        "report-to",
        "reporting-endpoints",
        "server",
        "date",
    }
)
_OF_CORS = "access-control-"
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")  # in a header; the server would send nothing at all
_HIGHEST_STATUS = 599  # RFC 9110, section 15; some providers make up others, which no server library sends
_BAD_GATEWAY = 502


@dataclass(frozen=True)
class Steering:
    """How a proxied call is made: what its headers say beside what goes to the provider."""

    base_url_override: str | None = None
    retries: int = 0
    retry_on: frozenset[int] = frozenset()
    forward_headers_on_redirect: bool | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # for the provider

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Steering:
        """From a request's headers, names in lower case. Raises `InputError` with the header as fact `header`."""
        retries, retry_on = headers.get("retries", "").strip(), headers.get("retry-on", "").replace(" ", "")
        if retries and not re.fullmatch(r"[0-9]{1,6}", retries):
            raise InputError("Retries is a whole number.", header="retries")
        if retry_on and not _STATUSES.match(retry_on):
            raise InputError("Retry-On is a list of statuses with commas in between.", header="retry-on")
        forward = headers.get("forward-headers-on-redirect", "").strip().lower()
        return cls(
            base_url_override=headers.get("base-url-override", "").strip() or None,
            retries=min(int(retries or 0), MOST_RETRIES),
            retry_on=frozenset(int(status) for status in retry_on.split(",") if status),
            forward_headers_on_redirect={"true": True, "false": False}.get(forward),
            headers={name.removeprefix(PREFIX): value for name, value in headers.items() if name.startswith(PREFIX)},
        )


@dataclass(frozen=True)
class Given:
    """The body that a caller sent."""

    file: IO[bytes]  # at its start
    length: int  # bytes
    content_type: str | None

    def data(self, provider: Provider) -> Any:
        """The body as the call takes it: as it came, or taken apart where the definition adds something to it.

        Raises `InputError` with the fact `json` for a body that says it is JSON and is none.
        """
        if not self.length:
            return None
        kind = (self.content_type or "").partition(";")[0].strip().lower()
        if kind == _JSON:
            return self._json(merged=bool(provider.body))
        if kind == _FORM:
            text = self.file.read().decode("utf-8", "replace")
            return dict(parse_qsl(text, keep_blank_values=True)) if provider.body else text
        return StoredBody(self.file, self.length)

    def content_type_beside(self, wanted: str | None) -> str | None:
        """What the body is called: as is wanted for the provider, else as it came; of a form, with its boundary.

        A client that has the form written by a library asks for `multipart/form-data`, and only the
        library knows the boundary.
        """
        own = self.content_type
        if not (wanted or own or "").strip().lower().startswith(_MULTIPART):
            return wanted or own
        named = next((each for each in (own, wanted) if each and "boundary=" in each.lower()), None)
        return named or f"{_MULTIPART}; boundary={self._boundary()}"

    def _boundary(self) -> str:
        """The boundary that a form begins with."""
        self.file.seek(0)
        found = _BOUNDARY.match(self.file.read(100))
        if found is None:
            raise InputError("The body says it is a multipart form and is none.")
        return found[1].decode()

    def _json(self, *, merged: bool) -> Any:
        content = self.file.read()
        try:
            value = loads(content)
            return value if merged and isinstance(value, dict) else content.decode()
        except ValueError:
            raise InputError("The body is not valid JSON.", json=False) from None


@dataclass(frozen=True)
class Answered:
    """What the provider answered, as it goes on to the caller."""

    status: int
    headers: Mapping[str, str]  # end to end, without what belongs to us
    body: bytes | None  # all of it; None: it is on its way
    rest: Generator[bytes] | None = None  # the body that is on its way; to be closed
    length: int | None = None  # of that body in bytes, where the provider said it and it is passed on as it came


def call(client: Client, method: str, target: str, steering: Steering, given: Given) -> Answered:
    """Make a proxied call. `target` is path and query as the caller wrote them.

    Raises as `Client.request` does; an answer outside 2xx is an answer.
    """
    data = given.data(client.connection.provider)
    headers = dict(steering.headers)
    if data is not None:
        content_type = given.content_type_beside(headers.get("content-type"))
        headers |= {} if content_type is None else {"content-type": content_type}
    response = client.request(
        method,
        target,
        headers=headers,
        data=data,
        retries=steering.retries,
        retry_on=steering.retry_on,
        base_url_override=steering.base_url_override,
        forward_headers_on_redirect=steering.forward_headers_on_redirect,
        stream=True,
        max_bytes=LARGEST_DOWNLOAD,
        raise_for_status=False,
    )
    return _passed_on(response, method)


def _passed_on(response: Response, method: str) -> Answered:
    headers = {
        name: value
        for name, value in response.safe_headers.items()
        if name not in _KEPT_BACK and not name.startswith(_OF_CORS) and not _UNSENDABLE.search(value)
    }
    status = response.status if response.status <= _HIGHEST_STATUS else _BAD_GATEWAY
    if method == "HEAD":
        response.close()
        return Answered(status, headers, b"")
    said = response.headers.get("content-length") or ""
    length = int(said) if said.isdecimal() else None
    as_it_came = "content-encoding" not in response.headers
    if not response.ok or (length is not None and length <= _SMALL and as_it_came):
        return Answered(status, headers, response.content)
    return Answered(status, headers, None, _pieces(response), length if as_it_came else None)


def _pieces(response: Response) -> Generator[bytes]:
    with response:
        yield from response.iter_bytes()
