"""Lists that come in pages: by link, by cursor, by offset. Decides the next call; sends nothing.

The rules are the reference runtime's (docs/compatibility.md), also where a limit has no name, which
is then sent as `undefined`. Two things are ours: a page link or cursor that comes again is an error
(the reference goes round for ever, or stops as if the list had ended there), and with
`resend_params: true` parameters that the caller sent and a link lacks are sent again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from connectors.errors import CallError, InvalidUrl, PageLoop, PaginationError, UnexpectedAnswer
from connectors.runtime.address import parse, parse_form
from connectors.runtime.paths import value_at
from connectors.runtime.request import Call

Mark: TypeAlias = str | int | float  # a link, cursor or offset

MOST_PAGES = 100_000
LONGEST_MARK = 65_536  # characters of a link or cursor
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_ABSOLUTE = re.compile(r"\s*https?:", re.IGNORECASE)
_LINK = re.compile(r"<([^<>]*)>([^<]*)")  # RFC 8288 §3, without "<" in parameters
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
_NO_NAME = "undefined"  # what the reference runtime calls a limit that has no name
_REQUIRED = {
    "cursor": (("cursor_name_in_request",), ("cursor_path_in_response",)),
    "link": (("link_rel_in_response_header", "link_path_in_response_body"),),
    "offset": (("offset_name_in_request",),),
}


@dataclass(frozen=True)
class Page:
    """What one answer held. Take `items` before `next`: a page may be good, and only its way on broken."""

    items: Any  # what is at response_path, or the whole body; None if there is nothing or the list has ended
    following: str | int | float | None = None  # link, cursor or offset of the next page
    call: Call | None = None
    broken: CallError | None = None

    @property
    def next(self) -> Call | None:
        """The call for the next page; None after the last one.

        Raises PageLoop if that page was asked for before, or if there are more pages than the
        ceiling, and UnexpectedAnswer if the link to it is no address.
        """
        if self.broken is not None:
            raise self.broken
        return self.call


class Pager:
    """Walks one list. Make a new one for each walk.

    `settings` is the definition's `paginate` block with the caller's over it: `type` and the keys
    that belong to it, and `limit`, `in_body`, `response_path`, `resend_params`. Raises
    PaginationError if they do not work together.
    """

    def __init__(self, settings: Mapping[str, Any], call: Call, *, most_pages: int = MOST_PAGES) -> None:
        self._settings = settings
        self._kind = _checked_kind(settings)
        self._call = call
        self._in_body = bool(settings.get("in_body", call.method.upper() in _BODY_METHODS))
        self._most_pages = most_pages
        self._pages = 0
        self._seen: set[Mark] = set()
        self._offset: int | float = _start(settings)
        self._sent: list[tuple[str, Any]] = []

    def first(self) -> Call:
        """The call for the first page."""
        values: dict[str, Any] = {}
        if self._settings.get("limit"):
            values[str(self._settings.get("limit_name_in_request") or _NO_NAME)] = self._settings["limit"]
        if self._kind == "offset":
            values[str(self._settings["offset_name_in_request"])] = self._shown(self._offset)
        call = self._with(self._call, values)
        query = call.endpoint.partition("#")[0].partition("?")[2]
        self._sent = [*parse_form(query), *_pairs(call.params)]
        return call

    def after(self, headers: Mapping[str, str], body: Any, call: Call) -> Page:
        """The page that an answer to `call` holds, and the call for the next one."""
        self._pages += 1
        path = self._settings.get("response_path")
        items = value_at(body, str(path)) if path else body
        if self._kind == "link":
            return self._onward(items, call, lambda: self._link_call(headers, body, call))
        if not isinstance(items, (list, tuple, str)) or not items:
            return Page(None)
        step = self._cursor_call if self._kind == "cursor" else self._offset_call
        return self._onward(items, call, lambda: step(body, items, call))

    def _onward(self, items: Any, call: Call, step: Callable[[], tuple[Mark, Call] | None]) -> Page:
        """The page with its next call, unless that leads nowhere new."""
        try:
            onward = step()
            if onward is None:
                return Page(items)
            self._remember(onward[0], call)
        except CallError as error:
            return Page(items, broken=error)
        return Page(items, *onward)

    def _cursor_call(self, body: Any, items: Sequence[Any], call: Call) -> tuple[Mark, Call] | None:
        del items
        cursor = value_at(body, str(self._settings["cursor_path_in_response"]))
        cursor = cursor.strip() if isinstance(cursor, str) else cursor
        if cursor == "" or isinstance(cursor, bool) or not isinstance(cursor, (str, int, float)):
            return None
        return cursor, self._with(call, {str(self._settings["cursor_name_in_request"]): cursor})

    def _offset_call(self, body: Any, items: Sequence[Any], call: Call) -> tuple[Mark, Call] | None:
        del body
        limit = _whole(self._settings.get("limit"))
        if limit and len(items) < limit:
            return None
        per_page = self._settings.get("offset_calculation_method") == "per-page"
        self._offset += 1 if per_page else len(items)
        name = str(self._settings["offset_name_in_request"])
        return self._offset, self._with(call, {name: self._shown(self._offset)})

    def _link_call(self, headers: Mapping[str, str], body: Any, call: Call) -> tuple[Mark, Call] | None:
        link = self._link(headers, body, call)
        if link is None:
            return None
        override, endpoint, linked = call.base_url_override, link, call.linked
        if _ABSOLUTE.match(link):
            try:
                address = parse(link)
            except InvalidUrl as error:
                raise _unexpected(call, "is no address") from error
            if address.user_info is not None:
                raise _unexpected(call, "holds a user name")
            override, endpoint = address.origin, address.target
            linked = override != _origin(self._call.base_url_override)
        # The provider's link is a value: a placeholder in it must not be filled in.
        endpoint = endpoint.replace("${", "$%7B")
        onward = replace(call, endpoint=endpoint, base_url_override=override, linked=linked)
        return link, replace(onward, params=self._resent(endpoint))

    def _link(self, headers: Mapping[str, str], body: Any, call: Call) -> str | None:
        rel = self._settings.get("link_rel_in_response_header")
        if rel and (link := link_in_header(headers, str(rel))):
            return link
        path = self._settings.get("link_path_in_response_body")
        found = value_at(body, str(path)) if path else None
        if found is None or found is False or found == "":
            return None
        if not isinstance(found, str):
            raise _unexpected(call, f"is no text but a {type(found).__name__}")
        return found.strip() or None

    def _resent(self, endpoint: str) -> list[tuple[str, Any]] | None:
        """The parameters to send along with a link: those the caller sent and it lacks, if that is wanted."""
        if not self._settings.get("resend_params"):
            return None
        present = {name for name, _ in parse_form(endpoint.partition("#")[0].partition("?")[2])}
        return [(name, value) for name, value in self._sent if name not in present] or None

    def _remember(self, mark: Mark, call: Call) -> None:
        if isinstance(mark, str) and len(mark) > LONGEST_MARK:
            raise _unexpected(call, f"has {len(mark):,} characters")  # all of them are kept, to notice one again
        if mark in self._seen:
            raise PageLoop(
                f"{call.method} list: page {self._pages} leads to a page that was read before.", method=call.method
            )
        if self._pages >= self._most_pages:
            raise PageLoop(f"{call.method} list: there are more than {self._most_pages:,} pages.", method=call.method)
        self._seen.add(mark)

    def _shown(self, offset: float) -> Any:
        return offset if self._in_body else str(offset)

    def _with(self, call: Call, values: Mapping[str, Any]) -> Call:
        """The call with paging values in its body or params. In a body, a dotted name is a path."""
        if not self._in_body:
            return replace(call, params=_set(call.params, values))
        if not isinstance(call.data, (Mapping, type(None))):
            raise PaginationError("Paging in the body needs data that is a mapping.")
        data = dict(call.data or {})
        for name, value in values.items():
            _put(data, name.split("."), value)
        return replace(call, data=data)


def link_in_header(headers: Mapping[str, str], rel: str) -> str | None:
    """The target of the first link of that relation in a Link header (RFC 8288)."""
    header = next((value for name, value in headers.items() if name.lower() == "link"), "")
    for target, attributes in _LINK.findall(header):
        found = _REL.search(attributes)
        if found and rel in (found[1] or found[2]).split():
            return str(target).strip() or None
    return None


def _origin(base_url: str | None) -> str | None:
    """Scheme, host and port of what the caller gave as another base URL."""
    try:
        return parse(base_url).origin if base_url else None
    except InvalidUrl:
        return None


def _checked_kind(settings: Mapping[str, Any]) -> str:
    kind = settings.get("type")
    if not isinstance(kind, str) or kind not in _REQUIRED:
        raise PaginationError(f"paginate.type is link, cursor or offset, not {str(kind)[:40]!r}.")
    for choices in _REQUIRED[kind]:
        if not any(settings.get(key) for key in choices):
            raise PaginationError(f"Paging by {kind} needs {' or '.join(f'paginate.{key}' for key in choices)}.")
    if kind == "cursor" and settings.get("limit") and not settings.get("limit_name_in_request"):
        raise PaginationError("A limit needs paginate.limit_name_in_request: the provider names no parameter for it.")
    return kind


def _start(settings: Mapping[str, Any]) -> int | float:
    value = settings.get("offset_start_value") or 0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PaginationError("paginate.offset_start_value has to be a number.")
    return value


def _whole(limit: Any) -> int | None:
    try:
        return int(limit) if limit else None
    except (TypeError, ValueError):
        return None


def _pairs(params: Any) -> list[tuple[str, Any]]:
    if isinstance(params, str):
        return list(parse_form(params.removeprefix("?")))
    return list(params.items() if isinstance(params, Mapping) else params or ())


def _set(params: Any, values: Mapping[str, Any]) -> Any:
    """The params with some replaced; a mapping stays one."""
    if params is None or isinstance(params, Mapping):
        return {**(params or {}), **values}
    return [*((name, value) for name, value in _pairs(params) if name not in values), *values.items()]


def _put(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a value deep in a mapping; what lies on the way is copied, so that the caller's data stays as it is."""
    for step in path[:-1]:
        inner = data.get(step)
        data[step] = dict(inner) if isinstance(inner, Mapping) else {}
        data = data[step]
    data[path[-1]] = value


def _unexpected(call: Call, problem: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(f"{call.method} list: the link to the next page {problem}.", method=call.method)
