"""Lists that come in pages: the calls, the pages, and what follows each."""

from typing import Any

from connectors import PageLoop, PaginationError
from connectors.runtime.paginate import Pager
from connectors.runtime.request import Call

from .verdict import Verdict, judge, refused
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """One walk.

    A page that was read before ends our walk with an error; the reference goes round until the pages
    of the case run out, or stops. What came before must be the same, and the next call of the
    reference one that it made before.
    """
    settings = {**(world.provider(case).paginate or {}), **case["request"].get("paginate", {})}
    expected, walk = case["expected"], _Walk(case, settings)
    try:
        walk.go()
    except PaginationError as error:
        actual = {**walk.seen(expected), **refused(error)}
        return judge("error" in expected and walk.calls == expected["calls"], expected, actual)
    except PageLoop as error:
        actual = {**walk.seen(expected), **refused(error)}
        return judge(_until_loop(walk, expected), expected, actual)
    actual = walk.seen(expected)
    return judge(actual == expected, expected, actual)


class _Walk:
    """The calls made and the pages yielded, against the pages of a case."""

    def __init__(self, case: dict[str, Any], settings: dict[str, Any]) -> None:
        self.calls: list[dict[str, Any]] = []
        self.yielded: list[Any] = []
        self._following: list[Any] = []
        self._request = case["request"]
        self._pages = case["pages"]
        self._settings = settings

    def go(self) -> None:
        given = self._request
        call = Call(given.get("method", "GET"), given["endpoint"], given.get("params"), data=given.get("data"))
        pager = Pager(self._settings, call)
        onward: Call | None = pager.first()
        while onward:
            self.calls.append(_as_in_case(onward))
            answer = self._pages[len(self.calls) - 1] if len(self.calls) <= len(self._pages) else {"data": {}}
            page = pager.after(answer.get("headers") or {}, answer.get("data"), onward)
            if page.items is not None or self._settings["type"] == "link":
                self.yielded.append(page.items)
                self._following.append(page.following)
            onward = page.next

    def seen(self, expected: dict[str, Any]) -> dict[str, Any]:
        """What the case records of a walk; some record what `on_page` was given."""
        found = {"calls": self.calls, "yielded": self.yielded}
        return {**found, "on_page_next": self._noted()} if "on_page_next" in expected else found

    def _noted(self) -> list[Any]:
        """What `on_page` gets after each page: what follows it. Paging by offset gives the offset of the page
        itself, and nothing after the last page."""
        if self._settings["type"] != "offset":
            return self._following
        onward = [mark for mark in self._following if mark is not None]
        return [self._settings.get("offset_start_value") or 0, *onward][: len(onward)]


def _as_in_case(call: Call) -> dict[str, Any]:
    return {
        "method": call.method,
        "endpoint": call.endpoint,
        "params": call.params,
        "data": call.data,
        "base_url_override": call.base_url_override,
    }


def _until_loop(walk: _Walk, expected: dict[str, Any]) -> bool:
    count, following = len(walk.calls), expected["calls"][len(walk.calls) :]
    return (
        walk.calls == expected["calls"][:count]
        and walk.yielded == expected["yielded"][: len(walk.yielded)]
        and (not following or following[0] in walk.calls)
    )
