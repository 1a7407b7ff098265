"""Where a redirect leads, and what may go along: nothing secret ever reaches another host. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote_plus, urljoin

from connectors.errors import HostRefused, InvalidUrl, RedirectRefused
from connectors.runtime.address import Address, parse
from connectors.runtime.hosts import HostPolicy, is_private
from connectors.runtime.request import Request

MOST = 5  # redirects in a row, as in the reference runtime (docs/compatibility.md)
_STATUSES = frozenset({301, 302, 303, 307, 308})
_SAME_AGAIN = frozenset({307, 308})  # RFC 9110 section 15.4: method and body stay
_OF_THE_BODY = frozenset({"content-type", "content-length", "content-encoding", "transfer-encoding"})
_ALWAYS_PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization"})


def location(status: int, headers: Mapping[str, str]) -> str | None:
    """Where an answer sends the caller, or None if it is no redirect."""
    return (headers.get("location") or None) if status in _STATUSES else None


def follow(request: Request, status: int, target: str, policy: HostPolicy) -> Request:
    """The request that follows a redirect.

    301, 302 and 303 turn POST (303: everything but HEAD) into GET without a body; 307 and 308
    repeat it. To another host, or from https to http, no credential goes along: not in a header, not in
    the query, not in the body, not as a client certificate; hosts that the policy lists, over https,
    are an exception if the request or the definition asks for it (`forward_headers_on_redirect`).

    Raises RedirectRefused for a target that is no http(s) address or that would take a secret
    along in its path or body, HostRefused for one in a private network.
    """
    address = _address(request, target)
    at_home = address.netloc == request.host and not (_is_secure(request) and address.scheme != "https")
    if not at_home and not policy.allow_private and is_private(address.host):
        raise HostRefused(f"{request.method} {request.shown_url} was redirected into a private network.")
    moved = replace(request, url=str(replace(address, fragment=None)), host=address.netloc, path=address.path)
    if status not in _SAME_AGAIN and request.method != "HEAD" and (status == 303 or request.method == "POST"):
        headers = {name: value for name, value in moved.headers.items() if name.lower() not in _OF_THE_BODY}
        moved = replace(moved, method="GET", body=None, headers=headers)
    if at_home or _is_trusted(request, address, policy):
        return moved
    return _without_secrets(moved, address)


def _address(request: Request, target: str) -> Address:
    try:
        return parse(urljoin(request.url, target))
    except (InvalidUrl, ValueError):
        message = f"{request.method} {request.shown_url} was redirected to something that is no web address."
        raise RedirectRefused(message, method=request.method, url=request.shown_url) from None


def _is_secure(request: Request) -> bool:
    return request.url.lower().startswith("https://")


def _is_trusted(request: Request, address: Address, policy: HostPolicy) -> bool:
    listed = address.netloc in {host.lower() for host in policy.allowed_hosts}
    return listed and address.scheme == "https" and bool(request.forward_headers_on_redirect)


def _without_secrets(request: Request, address: Address) -> Request:
    redactor = request.connection.redactor

    def is_clean(text: str) -> bool:
        return redactor.text(text) == text

    dropped = {name.lower() for name in request.credential_headers} | _ALWAYS_PRIVATE
    headers = {
        name: value
        for name, value in request.headers.items()
        if name.lower() not in dropped and is_clean(value) and is_clean(name)
    }
    query = address.query
    if query is not None:
        query = "&".join(
            pair
            for pair in query.split("&")
            if is_clean(pair) and unquote_plus(pair.partition("=")[0]) not in request.credential_params
        )
    url = str(replace(address, query=query, fragment=None))
    if not is_clean(url) or not _is_clean_body(request):
        message = f"{request.method} {request.shown_url} would take a secret to another host ({address.netloc})."
        raise RedirectRefused(message, method=request.method, url=request.shown_url)
    return replace(request, url=url, headers=headers, certificate=None)


def _is_clean_body(request: Request) -> bool:
    """A body that is not all in memory cannot be looked through, so it counts as unclean."""
    if request.body is None:
        return True
    if request.credential_body or not isinstance(request.body, bytes):
        return False
    text = request.body.decode("utf-8", "replace")
    return request.connection.redactor.text(text) == text
