"""The author's `Call` over a client and a store."""

from __future__ import annotations

import base64
import binascii
import logging
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.authoring import FileRef
from connectors.authoring.action import GREATEST_RATIO, LARGEST_FILE, MOST_FILES
from connectors.engine.files import Drafts, check_safe
from connectors.engine.memory import Memory
from connectors.engine.polling import Polling
from connectors.engine.run import open_config
from connectors.engine.safe_names import harmless
from connectors.engine.unpack import Ceilings, unpack
from connectors.errors import (
    ActionError,
    HostRefused,
    InputError,
    InvalidInput,
    OutcomeUnknown,
    ProviderError,
    RedirectRefused,
    TooLarge,
    UnexpectedAnswer,
)
from connectors.runtime.address import parse
from connectors.runtime.budget import is_read
from connectors.runtime.client import Client
from connectors.runtime.connection import Connection
from connectors.runtime.multipart import FilePart
from connectors.runtime.ports import Clock
from connectors.runtime.response import Response
from connectors.runtime.url import own_origin

_DOUBTFUL = (OutcomeUnknown, ProviderError, RedirectRefused, TooLarge, UnexpectedAnswer)  # after a write
_ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
LARGEST_BASE64 = 32 * 1024 * 1024  # bytes of a file that stands in the input itself


class ActionCall:
    """What an action's function is given; see `connectors.authoring.Call`.

    Two clients share one account. The urgent one is for the calls that somebody waits for: it goes
    before background work, and says so when the budget is not free within 10 s. But once something
    was changed or a job was polled, an error would throw away what was begun (a publication that
    took ten minutes, and no budget for its download), and polling must not push scheduled syncs
    aside. So from the first of these on, calls go through the patient client, which waits like a
    sync's.
    """

    def __init__(
        self,
        urgent: Client,
        patient: Client,
        *,
        reads: bool,
        drafts: Drafts,
        memory: Memory,
        log: logging.Logger,
        clock: Clock,
        progress: Callable[[int, int | None, str | None], None],
    ) -> None:
        self._client = urgent
        self._patient = patient
        self._reads = reads  # the action promised to change nothing
        self._drafts = drafts
        self._clock = clock
        self._progress = progress
        self.given: list[str] = []  # ids of the files that `give` made
        self.changed: list[str] = []  # calls that changed something at the provider, or may have
        self.doubtful: BaseException | None = None  # the error that left the last of them open
        self.metadata = urgent.connection.metadata
        self.connection_config = open_config(urgent.connection)
        self.memory = memory
        self.log = log

    def get(self, path: str, **options: Any) -> Response:
        """Send a GET request."""
        return self._client.get(path, **options)

    def post(self, path: str, **options: Any) -> Response:
        """Send a POST request."""
        return self._send("POST", path, options)

    def put(self, path: str, **options: Any) -> Response:
        """Send a PUT request."""
        return self._send("PUT", path, options)

    def delete(self, path: str, **options: Any) -> Response:
        """Send a DELETE request."""
        return self._send("DELETE", path, options)

    def pages(self, path: str, *, items: str | None = None, **options: Any) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages of a list."""
        return self._client.pages(path, items=items, **options)

    def poll(
        self,
        path: str,
        *,
        until: Callable[[dict[str, Any]], bool],
        every: float = 5.0,
        at_most: float = 1800.0,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """GET the path again and again until an answer will do."""
        self._client = self._patient
        return Polling(self._client, self._clock, self.log, every=every, at_most=at_most).run(path, until, progress)

    def download(
        self, path_or_url: str, *, name: str | None = None, max_bytes: int = LARGEST_FILE, **options: Any
    ) -> FileRef:
        """Stream an answer's body into a file."""
        if name is not None:
            check_safe(name)
        path, own = _on_own_host(path_or_url, self._client.connection)
        with self._drafts.writing("") as (file, done):
            got = self._client.download(path, file, max_bytes=max_bytes, **own, **options)
            last = unquote(urlsplit(path_or_url).path.rstrip("/").rpartition("/")[2])
            return done(name or harmless(got.filename or last), got.content_type)

    def unpack(
        self,
        file: FileRef,
        *,
        max_files: int = MOST_FILES,
        max_bytes: int = LARGEST_FILE,
        max_ratio: float = GREATEST_RATIO,
    ) -> list[FileRef]:
        """The files of a zip archive."""
        made: list[str] = []

        def make(name: str, content: Iterator[bytes]) -> FileRef:
            ref = self._drafts.make(name, content, mimetypes.guess_type(name)[0])
            made.append(ref.id)
            return ref

        try:
            with self._drafts.get(file.id).open() as source:
                return unpack(source, make, Ceilings(max_files, max_bytes, max_ratio))
        except BaseException:
            self._drafts.drop(made)
            raise

    def upload(
        self,
        path: str,
        *,
        files: Mapping[str, FileRef],
        data: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        method: str = "POST",
        **options: Any,
    ) -> Response:
        """Send files as a multipart form."""
        parts = {field: self._part(ref) for field, ref in files.items()}
        return self._send(method.upper(), path, {**options, "files": parts, "data": data})

    def file(self, given: Mapping[str, Any]) -> FileRef:
        """A file of the input."""
        if isinstance(given.get("file"), str):
            return self._drafts.get(given["file"])
        name, text = given.get("name"), given.get("base64")
        if not isinstance(name, str) or not isinstance(text, str):
            raise InvalidInput('A file is given as {"file": id} or as {"name": …, "base64": …}.')
        if len(text) > LARGEST_BASE64 * 4 // 3 + 4:
            raise InvalidInput(
                f"The file {name[:60]!r} is larger than {LARGEST_BASE64:,} bytes; hand it over as a file."
            )
        try:
            content = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput(f"The content of the file {name[:60]!r} is not Base64.") from None
        try:
            return self._drafts.make(name, [content], mimetypes.guess_type(name)[0])
        except InputError as error:
            raise InvalidInput(error.message) from error

    def give(self, name: str, content: bytes | str, content_type: str | None = None) -> FileRef:
        """Make a file of the output."""
        octets = content.encode() if isinstance(content, str) else content
        made = self._drafts.make(name, [octets], content_type or mimetypes.guess_type(name)[0])
        self.given.append(made.id)
        return made

    def progress(self, done: int, of: int | None = None, message: str | None = None) -> None:
        """Tell how far this action is."""
        self._progress(done, of, message)

    def _part(self, ref: FileRef) -> FilePart:
        found = self._drafts.get(ref.id)
        return FilePart(PurePosixPath(found.name).name, self._drafts.path(found.id), found.content_type)

    def _send(self, method: str, path: str, options: Mapping[str, Any]) -> Response:
        if options.get("reads") or is_read(self._client.connection.provider, method, urlsplit(path).path):
            return self._client.request(method, path, **options)
        shown = self._client.connection.redactor.text(f"{method} {path}")
        if self._reads:
            raise ActionError(
                f"The action is declared to change nothing, but wants to send {shown}; it was not sent.",
                next_step="Declare it without reads=True, or send a POST that only reads with reads=True.",
            )
        try:
            answer = self._client.request(method, path, **options)
        except BaseException as error:
            # What stops the call from outside (Ctrl-C) may come when the request is on its way.
            if isinstance(error, _DOUBTFUL) or not isinstance(error, Exception):
                self.changed.append(f"{shown} (outcome unknown)")
                self.doubtful = error
            raise
        if answer.ok or answer.status >= 500:
            self.changed.append(shown if answer.ok else f"{shown} (outcome unknown)")
            self._client = self._patient
        return answer


def _on_own_host(path_or_url: str, connection: Connection) -> tuple[str, dict[str, Any]]:
    """A path, and the options that go with it: a whole address may lie beside the base URL's path.

    Raises `HostRefused` for an address on another host, `InvalidUrl` for what is none.
    """
    if not _ADDRESS.match(path_or_url):
        return path_or_url, {}
    address = parse(path_or_url)
    if address.origin != own_origin(connection):
        raise HostRefused(f"The file lies on another host ({connection.redactor.text(address.netloc)}).")
    return address.target, {"base_url_override": address.origin}
