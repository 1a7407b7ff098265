"""The author's `Run` over a client and a store."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

from connectors.authoring import Gone, Item, Record, Seen, Skipped
from connectors.authoring.sync import Version
from connectors.engine.batcher import identity
from connectors.engine.cancellation import StoppableClock
from connectors.errors import (
    CallError,
    ConnectionLost,
    NotFoundError,
    ProviderError,
    RejectedError,
    TimedOut,
    TooLarge,
    UnexpectedAnswer,
)
from connectors.runtime.client import Client
from connectors.runtime.connection import Connection
from connectors.runtime.fields import secret_names
from connectors.runtime.response import Response

_LOOK_UP = 100  # versions asked for at once
_READERS = 4
_MOST_FAILURES = 10  # reads in a row that may fail before the provider counts as down
# What can befall one item and not its neighbour. 401, 403, 429, DNS and the like concern all of them.
_ONE_ITEM = (ProviderError, TimedOut, ConnectionLost, UnexpectedAnswer, RejectedError, TooLarge)


class AuthorRun:
    """What a sync's generator is given; see `connectors.authoring.Run`."""

    def __init__(
        self,
        client: Client,
        *,
        checkpoint: Mapping[str, Any] | None,
        log: logging.Logger,
        unchanged: Callable[[dict[str, Version]], frozenset[str]],
        stored: Callable[[str], Iterator[dict[str, Any]]],
        progress: Callable[[int, int | None], None],
        clock: StoppableClock,
        only: frozenset[str] = frozenset(),
    ) -> None:
        self._client = client
        self._unchanged = unchanged
        self._stored = stored
        self.checkpoint = checkpoint
        self._only = only
        self.targeted = False  # the author looked at ids that an event asked for
        self.metadata = client.connection.metadata
        self.connection_config = open_config(client.connection)
        self.log = log
        self._progress = progress
        self._clock = clock
        self._failures = 0

    @property
    def only(self) -> frozenset[str]:
        """Ids that an event asked for. Whoever looks at some reads these, so the run is no whole one."""
        self.targeted = self.targeted or bool(self._only)
        return self._only

    def get(self, path: str, **options: Any) -> Response:
        """Send a GET request."""
        self._clock.check()
        return self._client.get(path, **options)

    def post(self, path: str, **options: Any) -> Response:
        """Send a POST request."""
        self._clock.check()
        return self._client.post(path, **options)

    def put(self, path: str, **options: Any) -> Response:
        """Send a PUT request."""
        self._clock.check()
        return self._client.put(path, **options)

    def delete(self, path: str, **options: Any) -> Response:
        """Send a DELETE request."""
        self._clock.check()
        return self._client.delete(path, **options)

    def pages(self, path: str, *, items: str | None = None, **options: Any) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages of a list."""
        self._clock.check()
        return self._client.pages(path, items=items, **options)

    def records(self, model: str, **equal: Any) -> Iterator[dict[str, Any]]:
        """Stream what is stored of a model."""
        for record in self._stored(model):
            if all(record.get(name) == value for name, value in equal.items()):
                yield record

    def progress(self, done: int, of: int | None = None) -> None:
        """Tell how far this run is."""
        self._progress(done, of)

    def refresh(
        self,
        items: Iterable[Mapping[str, Any]],
        read: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        *,
        version: Callable[[Mapping[str, Any]], Version],
    ) -> Iterator[Item]:
        """Read only what is new or has another version than the stored one."""
        stubs = iter(items)
        readers = self._clock.readers()
        pool = ThreadPoolExecutor(
            _READERS, thread_name_prefix="refresh", initializer=self._clock.join, initargs=(readers,)
        )
        try:
            while chunk := list(islice(stubs, _LOOK_UP)):
                versions = {identity(stub.get("id")): version(stub) for stub in chunk}
                unchanged = self._unchanged(versions)
                for id_, future in _ahead(pool, read, {identity(stub.get("id")): stub for stub in chunk}, unchanged):
                    yield Seen(id_) if future is None else self._outcome(id_, versions[id_], future)
        except BaseException:
            # Readers may be waiting for the budget; nobody wants their answers any more. The sync may go on.
            readers.stop()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _outcome(self, id_: str, version: Version, future: Future[Mapping[str, Any]]) -> Item:
        try:
            data = future.result()
        except NotFoundError:
            return Gone(id_)
        except _ONE_ITEM as error:
            return self._failed(id_, error)
        self._failures = 0
        return Record(data, version=version)

    def _failed(self, id_: str, error: CallError) -> Item:
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            raise error
        self.log.warning("%s could not be read and stays as it is stored: %s", id_, error.message)
        return Skipped(error.message, id_)


def open_config(connection: Connection) -> dict[str, Any]:
    """The connection's config without its secret fields."""
    secret, _ = secret_names(connection.provider)
    return {name: value for name, value in connection.connection_config.items() if name not in secret}


def _ahead(
    pool: ThreadPoolExecutor,
    read: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    stubs: Mapping[str, Mapping[str, Any]],
    unchanged: frozenset[str],
) -> Iterator[tuple[str, Future[Mapping[str, Any]] | None]]:
    """Reads in order, at most so many ahead as there are readers; None for what needs no read."""
    waiting: deque[tuple[str, Future[Mapping[str, Any]] | None]] = deque()
    reading = 0
    for id_, stub in stubs.items():
        waiting.append((id_, None if id_ in unchanged else pool.submit(read, stub)))
        reading += id_ not in unchanged
        while waiting and (waiting[0][1] is None or reading >= _READERS):
            done = waiting.popleft()
            reading -= done[1] is not None
            yield done
    yield from waiting
