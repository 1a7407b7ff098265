"""How an action is declared, and what it is given to work with."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from logging import Logger
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from connectors.authoring.address import Address, address
from connectors.errors import InputError

if TYPE_CHECKING:
    from connectors.runtime.response import Response

LARGEST_FILE = 2 * 1024 * 1024 * 1024  # bytes of one file, and of everything that one archive unpacks to
MOST_FILES = 10_000  # of one archive
GREATEST_RATIO = 200.0  # of an archive's unpacked size to its packed size

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


@dataclass(frozen=True)
class FileRef:
    """A file that an action takes or gives. It never says where on this machine the file lies."""

    id: str  # unguessable
    name: str  # a relative POSIX path that is safe on every system
    size: int  # bytes
    content_type: str | None = None
    opener: Callable[[], BinaryIO] | None = field(default=None, repr=False, compare=False)

    def open(self) -> BinaryIO:
        """The content, from its start. It is closed at the end of the action, if not before."""
        if self.opener is None:
            raise InputError(f"The file {self.name!r} cannot be opened here.")
        return self.opener()

    def to_dict(self) -> dict[str, Any]:
        """The file as it stands in an input or output: its id, name and size."""
        return {"file": self.id, "name": self.name, "size": self.size}


class Call(Protocol):
    """One call of an action, as its author sees it.

    Somebody waits for the answer, so a request waits at most 10 s for the rate budget and then
    raises `BudgetExhausted`. Once the action changed something or polled a job, giving up would
    lose what was begun: from then on requests wait like those of a sync.
    """

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The connection's metadata."""

    @property
    def connection_config(self) -> Mapping[str, Any]:
        """The connection's config, without secret fields."""

    @property
    def memory(self) -> MutableMapping[str, Any]:
        """A small map of this action and connection, kept from call to call.

        Setting or deleting a name saves at once, so that what was begun is known also after a
        crash; a value that was changed in place is saved when the action ends, well or not.
        """

    @property
    def log(self) -> Logger:
        """A logger whose lines belong to this action."""

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

    def poll(
        self,
        path: str,
        *,
        until: Callable[[dict[str, Any]], bool],
        every: float = 5.0,
        at_most: float = 1800.0,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """GET the path again and again until `until(answer)` is true, and return that answer.

        `every` and `at_most` are seconds. `progress` is called with each answer before it is
        judged. A provider that fails for a moment is asked again. Raises `JobNeverEnded` with the
        fact `last` at the ceiling.
        """

    def download(
        self, path_or_url: str, *, name: str | None = None, max_bytes: int = LARGEST_FILE, **options: Any
    ) -> FileRef:
        """Stream an answer's body into a file. A URL must be one on the connection's host.

        The file is called as `name` says, else as the provider calls it. Unless the action's
        output names it, it is dropped when the action ends.
        """

    def unpack(
        self,
        file: FileRef,
        *,
        max_files: int = MOST_FILES,
        max_bytes: int = LARGEST_FILE,
        max_ratio: float = GREATEST_RATIO,
    ) -> list[FileRef]:
        """The files of a zip archive, their names being the paths inside it.

        Raises `UnsafeArchive`, and keeps nothing, for an archive with a name that leaves its folder
        or collides with another one, a link or device, more or larger files than allowed, a part
        that is encrypted or broken.
        """

    def upload(
        self,
        path: str,
        *,
        files: Mapping[str, FileRef],
        data: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        method: str = "POST",
        **options: Any,
    ) -> Response:
        """Send files as a multipart form, streamed: the fields of `data` first, then the files.

        `data` is a mapping, or pairs of name and value, in which a name may come several times.
        """

    def file(self, given: Mapping[str, Any]) -> FileRef:
        """A file of the input: `{"file": id}`, or `{"name": …, "base64": …}`.

        Raises `UnknownFile` or `InvalidInput`.
        """

    def give(self, name: str, content: bytes | str, content_type: str | None = None) -> FileRef:
        """Make a file of the output. Text becomes UTF-8."""

    def progress(self, done: int, of: int | None = None, message: str | None = None) -> None:
        """Tell how far this action is, in whatever unit; `of` is the expected whole, if known."""


@dataclass(frozen=True)
class Action:
    """A declared action: a function that does one thing at the provider."""

    name: str  # kebab-case, unique in its connector
    function: Callable[[Call, Mapping[str, Any]], Mapping[str, Any]]
    description: str  # what it does, for people
    reads: bool = False  # it changes nothing
    confirm: str | None = None  # a question; a command asks it on a terminal and needs --yes elsewhere
    endpoint: Address | None = None  # where it can be called beside `/action/trigger`


def action(
    name: str | None = None, *, reads: bool = False, confirm: str | None = None, endpoint: str | None = None
) -> Callable[[Callable[[Call, Mapping[str, Any]], Mapping[str, Any]]], Action]:
    """Declare a function as an action.

    It is given a `Call` and its input, which fits `schemas/PROVIDER/actions/NAME.input.json`, and
    returns a mapping that fits `NAME.output.json`. A `FileRef` in it becomes its `to_dict()`. The
    action is called like the function with dashes for underscores unless `name` says otherwise;
    its docstring says what it does. `endpoint="POST /documents"` lets older clients call it at
    `/v1/documents`. Raises `InputError` for a declaration that cannot work.
    """

    def declare(function: Callable[[Call, Mapping[str, Any]], Mapping[str, Any]]) -> Action:
        chosen = name or function.__name__.replace("_", "-")
        description = inspect.cleandoc(function.__doc__ or "")
        place = address(f"the action {chosen}", endpoint)
        return Action(check_name(chosen), function, description, reads=reads, confirm=confirm, endpoint=place)

    return declare


def check_name(name: str) -> str:
    """The name, if an action may be called so. Raises `InputError`."""
    if not _NAME.match(name):
        raise InputError(f"an action is named in kebab-case, not {name!r}")
    return name
