"""A row of the table of operations, and one request to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .account import Account, Row
from .bodies import Body, is_integer
from .exchange import Answer, Refusal, Request
from .shapes import View
from .switches import Switches

# key of a body → the tables in which what it names must be; `parent` is about what the operation is `under`
NAMES = {
    "document": ("documents",),
    "template": ("documents",),
    "publishsetting": ("publishsettings",),
    "variable_set_id": ("variablesets",),
    "use_varset_id": ("variablesets",),
    "variable_id": ("variables",),
    "variant_id": ("variants",),
}
FREE = "free"  # spends no budget: not of the API
READ, WRITE = (50, 250), (10, 20)  # calls a window on Business and Enterprise; also where none is published
LIMITS = {
    ("folders", "create"): (10, 100),
    ("forks", "create"): (20, 100),
    ("forks", "delete"): (20, 100),
    ("imports", "create"): (1, 1),
    ("outputs", "read"): (10, 10),
    ("productions", "create"): (1, 10),
    ("taxonomies", "create"): (10, 100),
    ("taxonomies", "update"): (10, 100),
    ("translationexports", "create"): (1, 10),
    ("translationimports", "create"): (1, 10),
    **{(group, "read"): (50, 200) for group in ("variablesets", "variants", "variables", "variablevalues")},
}


@dataclass(frozen=True)
class Call:
    """One request to one operation, checked."""

    request: Request
    operation: Operation
    key: str  # the id or UUID in the path, or nothing
    given: dict[str, Any]  # the JSON body, or the form
    account: Account
    switches: Switches

    @property
    def table(self) -> str:
        """Whose rows it is about."""
        return self.operation.group

    @property
    def view(self) -> View:
        """The account as the caller sees it."""
        return View(self.account, self.switches, self.request.origin)

    def row(self) -> Row:
        """The row that the path names, or 404."""
        if row := self.account.find(self.key, self.table):
            return row
        raise Refusal(404, "There is no such id.")

    def fields(self) -> dict[str, Any]:
        """The body, with ids for whatever it names; 0 is the root where there is one. Raises Refusal 422."""
        made = dict(self.given)
        for name, tables in {**NAMES, "parent": self.operation.under[1:]}.items():
            if (name, str(made.get(name))) == ("parent", "0") and self.table != "forks":
                made[name] = 0
            elif isinstance(made.get(name), list):
                made[name] = [self._related(name, key, tables) for key in made[name]]
            elif name in made:
                made[name] = self._related(name, made[name], tables)
        return made

    def _related(self, name: str, key: Any, tables: tuple[str, ...]) -> int | str:
        if row := self.account.find(key, *tables):
            return row["id"]  # type: ignore[no-any-return]
        raise Refusal(422, f"{name} names nothing.")

    def show(self, row: Row, status: int = 200) -> Answer:
        """One row, whole."""
        return Answer(status, self.view.shape(self.table, row))

    def page(self, rows: list[Row], asked: Mapping[str, Any]) -> tuple[list[Row], tuple[int, int, int]]:
        """The rows on the page asked for; its number, how many there are, and their size. Odd numbers are ignored."""
        page = max(1, _whole(asked.get("page"), 1))
        size = min(_whole(asked.get("per_page"), 0) or self.switches.default_per_page, self.switches.max_per_page)
        return rows[(page - 1) * size : page * size], (page, -(-len(rows) // size), size)

    def listed(self, rows: list[Row]) -> Answer:
        """One page of rows in the envelope of every list."""
        request, link = self.request, ""
        chosen, (page, total, size) = self.page(rows, request.query)
        if page < total:
            kept = {**request.query, "per_page": size} if request.query and self.switches.next_page == "filters" else {}
            link = f"{request.origin}{request.path}?{urlencode({**kept, 'page': page + 1})}"
        items = [self.view.shape(self.table, row, listed=True) for row in chosen]
        return Answer(200, {"page": page, "next_page": link, "total_pages": total, self.table: items})


def _whole(value: Any, default: int) -> int:
    return int(value) if is_integer(value) else default


# How a query parameter may narrow a list: for the value found in a row, and the text given
FITS: dict[str, Callable[[Any, str], bool]] = {
    "equals": lambda found, text: str(found).lower() == text.lower(),
    "contains": lambda found, text: text.lower() in found.lower(),
    "holds": lambda found, text: text in map(str, found),
    "from": lambda found, text: found >= _whole(text, 0),
    "to": lambda found, text: found <= _whole(text, 2**63),
}


@dataclass(frozen=True)
class Operation:
    """One row of the table. Its group, also the key of its items in a list, is the first word of its path."""

    method: str
    path: str  # as the reference writes it, with or without the slash at the end; {id} is an id or a UUID
    spends: str  # what its budget counts it as: read, create, update, delete
    handler: Callable[[Call], Answer]
    body: Body | None = None  # the keys it may hold; None: no body is read
    required: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # parameter → how (FITS), and of which field
    under: tuple[str, ...] = ()  # what `parent` is about: a field, and the tables it points to
    deletes: int = 201  # the status of its success, if it deletes

    @property
    def group(self) -> str:
        """The endpoint group."""
        return self.path.split("/")[1]

    def limit(self, plan: str) -> int:
        """Its budget: calls a window."""
        figures = LIMITS.get((self.group, self.spends), READ if self.spends == "read" else WRITE)
        return figures[plan == "enterprise"]
