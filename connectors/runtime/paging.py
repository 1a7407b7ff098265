"""Walks a paged list: sends what the pager decides, and finds the items in each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import PaginationError, UnexpectedAnswer
from connectors.runtime.catalog import Provider
from connectors.runtime.options import Options
from connectors.runtime.paginate import Pager
from connectors.runtime.paths import value_at
from connectors.runtime.request import Call
from connectors.runtime.response import Response

Send = Callable[[Call, Options], Response]


def pages(
    send: Send,
    provider: Provider,
    call: Call,
    options: Options,
    *,
    items: str | None,
    paginate: Mapping[str, Any] | None,
) -> Iterator[dict[str, Any]]:
    """Every item of a list, page after page. See `Client.pages` for the arguments and what is raised."""
    settings = {**(provider.paginate or {}), **(paginate or {}), **({"response_path": items} if items else {})}
    if not settings:
        message = f"The definition of {provider.name} does not say how its lists are paged."
        raise PaginationError(message, next_step="Give the settings with the call: paginate={'type': …}.")
    return _walk(send, Pager(settings, call), settings, call, options, required=items is not None)


def _walk(
    send: Send, pager: Pager, settings: Mapping[str, Any], call: Call, options: Options, *, required: bool
) -> Iterator[dict[str, Any]]:
    """`required`: an answer without the list is an error, because whoever named it knows that it is there."""
    path: str | None = settings.get("response_path")
    current: Call | None = pager.first()
    first = True
    while current is not None:
        response = send(current, options)
        body = response.json()
        if first and path is None and isinstance(body, Mapping):
            path, required = _list_in(body, call.endpoint, response), True
            pager = Pager({**settings, "response_path": path}, call)
            pager.first()
        first = False
        yield from _items(body, path, response, required=required)
        current = pager.after(response.headers, body, current).next


def _list_in(body: Mapping[str, Any], endpoint: str, response: Response) -> str:
    """The key of the list in an envelope: named like the last segment of the path, or the only list there is."""
    segments = [segment for segment in endpoint.partition("?")[0].split("/") if segment]
    if segments and segments[-1] in body:
        return segments[-1]
    lists = [key for key, value in body.items() if isinstance(value, list)]
    if len(lists) == 1:
        return str(lists[0])
    found = f"several: {', '.join(map(str, lists))}" if lists else "none"
    raise _unexpected(response, f"the answer should hold one list, and holds {found}")


def _items(body: Any, path: str | None, response: Response, *, required: bool) -> Sequence[Any]:
    if path is None:
        if isinstance(body, list):
            return body
        raise _unexpected(response, "the answer is no list")
    found = value_at(body, path)
    if isinstance(found, list):
        return found
    missing = not isinstance(body, Mapping) or ("." not in path and path not in body)
    if found in (None, "", False) and not (required and missing):
        return ()  # some APIs write an empty text or null for an empty list
    raise _unexpected(response, f"there is no list at {path}")


def _unexpected(response: Response, problem: str) -> UnexpectedAnswer:
    request = response.request
    return UnexpectedAnswer(
        f"{request.method} {request.url}: {problem}.",
        next_step="Name the list with items='…', or check that the path gives a list.",
        method=request.method,
        url=request.url,
        status=response.status,
        excerpt=response.excerpt,
    )
