"""Lists and searches of Paligo, read so that nothing that is there is missed and so taken for deleted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors import (
    CallError,
    ConnectionLost,
    NotFoundError,
    PageLoop,
    ProviderError,
    RejectedError,
    TimedOut,
    UnexpectedAnswer,
)
from connectors.authoring import Run

PER_PAGE = 100  # known to work; the provider's maximum is not published
PASSING = (ProviderError, TimedOut, ConnectionLost, UnexpectedAnswer)  # may be over next time

_FOUND = "items"  # the key of what a search found
_UNPROCESSABLE = 422
_MOST_PAGES = 100_000
_MOST_FAILURES = 10  # in a row, before the provider counts as down

Items = list[dict[str, Any]]


class NoSearch(Exception):
    """The instance refuses the search, or what it finds lacks what is needed."""


class Failures:
    """Counts what failed in a row, so that a provider that is down ends the run."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, error: CallError) -> None:
        """One more; raises the error if there are too many."""
        self._count += 1
        if self._count >= _MOST_FAILURES:
            raise error

    def reset(self) -> None:
        """Something worked."""
        self._count = 0


def requests(items: int) -> int:
    """How many requests a list of so many items takes."""
    return 1 if items <= PER_PAGE else math.ceil(items / PER_PAGE) + 1


def listed(run: Run, path: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Every item of a list, whatever the definition in use says about pages.

    The parameters go with every page, because whether the link to the next one repeats them is unknown.
    """
    key = path.rstrip("/").rpartition("/")[2]

    def ask(page: int) -> Any:
        return run.get(path, params={**params, "page": page, "per_page": PER_PAGE}).json()

    return _from_the_back(ask, key, lambda done, of: None if params else run.progress(done, of))


def searched(run: Run, resource: str, *, fit: Callable[[Items], bool] | None = None) -> Iterator[dict[str, Any]]:
    """Every document, fork or taxonomy of the account.

    Raises `NoSearch`, possibly after items: the search is beta, and some report it as refused.
    `fit` judges the first page, if it holds any: whether these items have all that is needed.
    """

    def ask(page: int) -> Any:
        body = {"resource": resource, "page": page, "per_page": PER_PAGE}
        try:
            answer = run.post("/api/v2/search/", data=body, reads=True).json()
        except NotFoundError:
            raise NoSearch from None
        except RejectedError as error:
            if error.status != _UNPROCESSABLE:
                raise
            raise NoSearch from None
        items = items_in(answer, _FOUND)
        if page == 1 and items and fit is not None and not fit(items):
            raise NoSearch
        return answer

    try:
        yield from _from_the_back(ask, _FOUND, run.progress)
    except NoSearch:
        run.log.info(
            "this instance has no search for %s that is of use; listing them one level after another", resource
        )
        raise


def reader(run: Run, path: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """What reads one object by the id of its list item."""

    def read(stub: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = run.get(f"{path}/{quote(str(stub['id']), safe='')}")
        shown = answer.json()
        if not isinstance(shown, dict):
            raise UnexpectedAnswer(f"GET {answer.request.url} was answered with no object", status=answer.status)
        return shown

    return read


def no_version(_: Mapping[str, Any]) -> None:
    """For objects that do not tell when they change: each is read in every run."""


def items_in(answer: Any, key: str) -> Items:
    """The list in an answer; an empty text or null stands for an empty one. Raises `UnexpectedAnswer`."""
    items = answer.get(key, 0) if isinstance(answer, dict) else 0
    if items is None or items == "":
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnexpectedAnswer(f'the answer holds no list under "{key}"')
    return items


def _from_the_back(
    ask: Callable[[int], Any], key: str, progress: Callable[[int, int], None]
) -> Iterator[dict[str, Any]]:
    """Page 1, then from the last page down, then page 1 again.

    What is deleted meanwhile moves those behind it one place to the front, onto pages that are
    still to come: none is missed, and so none is taken for deleted.
    """
    first, pages = _page(ask(1), key)
    progress(len(first), pages * len(first))
    yield from first
    previous, came, whole = first, len(first), len(first)
    short: list[tuple[int, int]] = []
    for page in range(pages, 1, -1):
        items, _ = _page(ask(page), key)
        if items and items == previous:
            raise PageLoop(f"the list of {key} answered page {page} with the same items as the page before")
        if len(items) < len(first):
            short.append((page, len(items)))
        if page == pages:
            whole = (pages - 1) * len(first) + len(items)
        previous, came = items, came + len(items)
        progress(came, whole)
        yield from items
    if pages > 1:
        again, pages_now = _page(ask(1), key)
        _check_short(short, min(pages, pages_now), len(first))
        met = {item.get("id") for item in first}
        yield from (item for item in again if item.get("id") not in met)


def _check_short(short: Sequence[tuple[int, int]], last: int, full: int) -> None:
    """Only the last page may hold fewer items; any other was cut off, and its absence means nothing."""
    for page, items in short:
        if page < last or (page == last and not items):
            raise UnexpectedAnswer(f"page {page} of {last} came back with {items} items; a page holds {full}")


def _page(answer: Any, key: str) -> tuple[Items, int]:
    items, value = items_in(answer, key), answer.get("total_pages")
    if value in (None, "") and key != _FOUND and not answer.get("next_page"):
        return items, 1
    try:
        pages = int(value)
    except (TypeError, ValueError, OverflowError):
        raise UnexpectedAnswer("total_pages is no number in the answer") from None
    if pages > _MOST_PAGES:
        raise UnexpectedAnswer(f"the answer speaks of {pages} pages")
    return items, pages
