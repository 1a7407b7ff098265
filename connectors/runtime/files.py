"""Files that a client fetches and sends."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from connectors.errors import CallError, InputError, UnreachableError
from connectors.runtime.multipart import FilePart
from connectors.runtime.options import Options
from connectors.runtime.request import Call
from connectors.runtime.response import Response

_EXTENDED = re.compile(r"filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)  # RFC 8187
_PLAIN = re.compile(r"filename\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\s]+))", re.IGNORECASE)
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\:]")
_LONGEST_NAME = 200  # characters


@dataclass(frozen=True)
class Download:
    """What was fetched."""

    bytes: int
    content_type: str | None
    filename: str | None  # the provider's name for it: one name, never a path; None without one


def save(
    send: Callable[[Call, Options], Response], call: Call, options: Options, target: Path | str | BinaryIO
) -> Download:
    """Stream an answer into a file. See `Client.download`."""
    with _opened(target) as file:
        sink = _Sink(file)
        response = send(call, replace(options, stream=True, sink=sink))
    headers = response.headers
    return Download(sink.size, headers.get("content-type"), filename_of(headers.get("content-disposition")))


class _Sink:
    """Writes an answer's body; another attempt begins where the first one did."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self._file = file
        self._start = file.tell() if _can_rewind(file) else None

    def __call__(self, response: Response) -> None:
        if self._start is not None:
            self._file.seek(self._start)
            self._file.truncate()
        self.size = 0
        try:
            with response:
                for chunk in response.iter_bytes():
                    self._file.write(chunk)
                    self.size += len(chunk)
        except UnreachableError as error:
            if self._start is None and self.size:
                message = f"{error.message} The target cannot be rewound, so there was no other attempt."
                raise CallError(message, method=error.method, url=error.url) from error
            raise


def parts(files: Mapping[str, FilePart | Path | tuple[str, Any]]) -> dict[str, FilePart]:
    """Files as a multipart form takes them. Raises InputError for what is no file."""
    return {field: _part(field, value) for field, value in files.items()}


def filename_of(disposition: str | None) -> str | None:
    """The file name in a Content-Disposition header (RFC 6266), reduced to one harmless name; None without one."""
    if not disposition:
        return None
    extended, plain = _EXTENDED.search(disposition), _PLAIN.search(disposition)
    if extended:
        charset = "latin-1" if extended.group(1).lower() == "iso-8859-1" else "utf-8"
        name = unquote(extended.group(2), charset, "replace")
    elif plain:
        name = re.sub(r"\\(.)", r"\1", plain.group(1)) if plain.group(1) is not None else plain.group(2)
    else:
        return None
    name = _NOT_IN_A_NAME.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    return name[:_LONGEST_NAME] or None


def _part(field: str, value: Any) -> FilePart:
    if isinstance(value, FilePart):
        return value
    if isinstance(value, Path):
        return FilePart(value.name, value)
    if isinstance(value, tuple) and len(value) in (2, 3) and isinstance(value[0], str):
        return FilePart(*value)
    raise InputError(
        f"{field}: a {type(value).__name__} is no file.",
        next_step="Give a pathlib.Path, a FilePart, or a tuple of name, content and optionally content type.",
    )


@contextmanager
def _opened(target: Path | str | BinaryIO) -> Iterator[BinaryIO]:
    """Something to write to. A path is replaced at the end, and only if all went well."""
    if not isinstance(target, (str, Path)):
        if not hasattr(target, "write"):
            raise InputError(f"A {type(target).__name__} is no place for a download.", next_step="Give a path.")
        yield target
        return
    path = Path(target)
    try:
        problem, in_place = _look_at(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no file name"
        raise InputError(f"{str(path)[:200]!r} cannot be written: {reason}.") from None
    if problem:
        raise InputError(f"{path} {problem}; nothing was fetched.", next_step="Name a file in an existing folder.")
    partial = path if in_place else path.with_name(f".{path.name[:_LONGEST_NAME]}.{secrets.token_hex(6)}.part")
    try:
        with partial.open("wb" if in_place else "xb") as file:
            yield file
        if not in_place:
            partial.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or 'unknown reason'}.") from error
    finally:
        if not in_place:
            partial.unlink(missing_ok=True)


def _look_at(path: Path) -> tuple[str | None, bool]:
    """Why nothing can be written there, and whether it is a device or a pipe, which is written to and not replaced."""
    if b"\0" in os.fsencode(path):
        raise ValueError
    if path.is_dir():
        return "is a folder", False
    if not path.parent.is_dir():
        return "lies in a folder that does not exist", False
    return None, path.exists() and not path.is_file()


def _can_rewind(file: BinaryIO) -> bool:
    try:
        if not file.seekable():
            return False
    except AttributeError:
        return False
    try:
        return not stat.S_ISCHR(os.fstat(file.fileno()).st_mode)  # a device forgets at once
    except (AttributeError, OSError):
        return True  # it is in memory
