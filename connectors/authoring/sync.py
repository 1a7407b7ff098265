"""How a sync is declared, and what it is given to work with."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from logging import Logger
from typing import TYPE_CHECKING, Any, Literal, Protocol

from connectors.authoring.address import Address, address
from connectors.authoring.cost import Cost
from connectors.authoring.items import Item
from connectors.errors import InputError

if TYPE_CHECKING:
    from connectors.runtime.response import Response

Deletes = Literal["absent", "explicit"]
Version = str | int | float | None

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_MODEL = re.compile(r"[A-Z][A-Za-z0-9_]*\Z")
_EVERY = re.compile(r"(?P<amount>[1-9][0-9]*)(?P<unit>[smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LEAST_FREQUENCY = 30


class Run(Protocol):
    """One run of a sync, as its author sees it."""

    @property
    def checkpoint(self) -> Mapping[str, Any] | None:
        """The last committed checkpoint. None: this pass lists everything, so absence means deletion."""

    @property
    def only(self) -> frozenset[str]:
        """Ids that an event asked for; usually empty, which means everything."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The connection's metadata."""

    @property
    def connection_config(self) -> Mapping[str, Any]:
        """The connection's config without its secrets, such as the name of the customer's instance."""

    @property
    def log(self) -> Logger:
        """A logger whose lines belong to this run; secrets are taken out."""

    def get(self, path: str, **options: Any) -> Response:
        """Send a GET request on the connection's account. Raises `CallError` unless the answer is 2xx."""

    def post(self, path: str, **options: Any) -> Response:
        """Send a POST request. `reads=True` says that it changes nothing, so it may be repeated."""

    def put(self, path: str, **options: Any) -> Response:
        """Send a PUT request."""

    def delete(self, path: str, **options: Any) -> Response:
        """Send a DELETE request."""

    def pages(self, path: str, *, items: str | None = None, **options: Any) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages of a list; `items` names the key that holds them."""

    def records(self, model: str, **equal: Any) -> Iterator[dict[str, Any]]:
        """Stream what is stored of a model of this connection, with these top-level values."""

    def refresh(
        self,
        items: Iterable[Mapping[str, Any]],
        read: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        *,
        version: Callable[[Mapping[str, Any]], Version],
    ) -> Iterator[Item]:
        """Yield `Seen` for items whose stored version is equal, else a `Record` of `read(item)`.

        `read` runs in up to 4 threads at once; items come in order. A read that answers 404 yields
        `Gone`, one that fails on the provider's side `Skipped`.
        """

    def progress(self, done: int, of: int | None = None) -> None:
        """Tell how far this run is, in whatever unit; `of` is the expected whole, if known."""


@dataclass(frozen=True)
class Sync:
    """A declared sync: what it fills, how often, and the generator that does it."""

    name: str  # kebab-case, unique in its connector
    model: str  # PascalCase; belongs to this sync only
    every: float  # seconds between two scheduled runs
    deletes: Deletes  # "absent": what a whole pass did not see is deleted; "explicit": only what is Gone
    function: Callable[[Run], Iterable[Item]]
    needs: str | None = None  # name of a sync that must have succeeded once before
    volatile: frozenset[str] = frozenset()  # stored, but not part of the comparison
    revision: int = 1  # a higher one makes every stored version stale
    cost: Cost | None = None  # what a run takes in requests
    auto_start: bool = True  # whether its schedule is on as soon as an account is connected
    endpoint: Address | None = None  # where its records can be read beside `/records`

    @property
    def description(self) -> str:
        """The function's docstring."""
        return inspect.cleandoc(self.function.__doc__ or "")


def sync(
    model: str,
    *,
    every: str,
    deletes: Deletes = "explicit",
    name: str | None = None,
    needs: str | None = None,
    volatile: Iterable[str] = (),
    revision: int = 1,
    cost: Cost | None = None,
    auto_start: bool = True,
    endpoint: str | None = None,
) -> Callable[[Callable[[Run], Iterable[Item]]], Sync]:
    """Declare a generator function as a sync that fills `model`.

    `every` is a number and a unit (`30m`, `6h`, `1d`; at least 30 s). The sync is called like the
    function with dashes for underscores unless `name` says otherwise. `cost` is what `connectors syncs`
    shows and estimates with. With `auto_start=False` a server runs it only once somebody has started it.
    `endpoint="GET /documents"` lets older clients read its records at `/v1/documents`. Raises
    `InputError` for a declaration that cannot work.
    """
    if not _MODEL.match(model):
        raise InputError(f"a model is named in PascalCase, not {model!r}")
    if deletes not in ("absent", "explicit"):
        raise InputError(f'deletes is "absent" or "explicit", not {deletes!r}')
    if revision < 1:
        raise InputError(f"a revision counts from 1, not {revision}")

    def declare(function: Callable[[Run], Iterable[Item]]) -> Sync:
        chosen = name or function.__name__.replace("_", "-")
        if not _NAME.match(chosen):
            raise InputError(f"a sync is named in kebab-case, not {chosen!r}")
        return Sync(
            name=chosen,
            model=model,
            every=_every(chosen, every),
            deletes=deletes,
            function=function,
            needs=needs,
            volatile=frozenset(volatile),
            revision=revision,
            cost=cost,
            auto_start=auto_start,
            endpoint=address(f"the sync {chosen}", endpoint),
        )

    return declare


def _every(name: str, text: str) -> float:
    try:
        return frequency(text)
    except InputError as error:
        raise InputError(f"every of the sync {name}: {error.message}") from None


def frequency(text: str) -> float:
    """Seconds of a frequency such as `30m` or `6h`. Raises `InputError` for other text or less than 30 s."""
    found = _EVERY.match(text)
    if not found:
        raise InputError(f"a frequency is a number and one of s, m, h, d, such as 6h, not {text!r}")
    seconds = int(found["amount"]) * _SECONDS[found["unit"]]
    if seconds < _LEAST_FREQUENCY:
        raise InputError(f"the shortest frequency is {_LEAST_FREQUENCY} s, not {text!r}")
    return float(seconds)
