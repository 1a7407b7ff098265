"""Searching, and reading the answer page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors import InvalidInput, UnexpectedAnswer
from connectors.authoring import Call, action
from connectors.paligo.bodies import OPERATORS

_PATH = "/api/v2/search/"
_PER_PAGE = 100
_LIMIT = 100


@action(reads=True)
def search(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find documents, forks or taxonomy tags by conditions that all have to hold. Documents come without content."""
    _check(given.get("where", ()))
    limit = given.get("limit", _LIMIT)
    found: dict[str, dict[str, Any]] = {}
    for item in _items(call, given, limit):
        found.setdefault(str(item.get("id")), item)  # what is deleted meanwhile lets others come twice
        if len(found) > limit:
            break
    items = list(found.values())
    return {"items": items[:limit], "more": len(items) > limit}


def _check(where: Sequence[Mapping[str, Any]]) -> None:
    problems = []
    for place, condition in enumerate(where):
        allowed = OPERATORS[condition["operator"]]
        keys = condition.keys() - {"operator", "property"}
        if keys not in map(set, allowed):
            needed = " or ".join(" and ".join(each) for each in allowed)
            problems.append(f"$.where[{place}]: the operator {condition['operator']} takes {needed}, and nothing else")
    if problems:
        raise InvalidInput(f"the input of search does not fit: {'; '.join(problems)}", problems=problems)


def _items(call: Call, given: Mapping[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    asked = {"resource": given["resource"], "per_page": _PER_PAGE}
    if given.get("where"):
        asked["where"] = given["where"]
    for page in range(1, limit // _PER_PAGE + 2):
        answer = call.post(_PATH, data={**asked, "page": page}, reads=True)
        shown = answer.json()
        items = shown.get("items") if isinstance(shown, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise UnexpectedAnswer(f'the search was answered with no list under "items", but {answer.excerpt}')
        yield from items
        pages = _whole(shown.get("total_pages"))
        if not items or page >= pages:
            return
        call.progress(page, pages)


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
