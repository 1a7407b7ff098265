"""Multipart form bodies, streamed: the parts in a fixed order, the length known before the first byte."""

from __future__ import annotations

import io
import mimetypes
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from connectors.errors import InputError

_CHUNK = 64 * 1024  # bytes read from a file at a time
_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,./:=?-]{1,70}")  # RFC 2046 §5.1.1, without blanks
_CONTENT_TYPE = re.compile(r"[\x20-\x7e]+")
_NAME_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})  # WHATWG form submission


@dataclass(frozen=True)
class FilePart:
    """A file of a multipart form."""

    name: str  # the file's name as the provider sees it
    content: bytes | BinaryIO | Path  # an open file is read from where it stands, and left open
    content_type: str | None = None  # None: guessed from the name


class Multipart:
    """A multipart body. It can be iterated again for a retry; `length` is its size in bytes.

    Raises InputError for a file that cannot be read or rewound, or whose size changed meanwhile.
    """

    def __init__(
        self, fields: Sequence[tuple[str, str]], files: Sequence[tuple[str, FilePart]], boundary: str | None = None
    ) -> None:
        self.boundary = new_boundary() if boundary is None else boundary
        if not _BOUNDARY.fullmatch(self.boundary):
            raise InputError("A multipart boundary has 1 to 70 letters, digits or '()+_,-./:=?.")
        self._parts = [(self._head(name, None), _source(value)) for name, value in fields]
        self._parts += [(self._head(name, part), _source(part)) for name, part in files]
        self._end = f"--{self.boundary}--\r\n".encode()
        self.length = sum(len(head) + source.length + 2 for head, source in self._parts) + len(self._end)

    def __repr__(self) -> str:
        return f"Multipart({len(self._parts)} parts, {self.length} bytes)"

    @property
    def content_type(self) -> str:
        """The Content-Type header's value."""
        return f"multipart/form-data; boundary={self.boundary}"

    def __iter__(self) -> Iterator[bytes]:
        for head, source in self._parts:
            yield head
            yield from source.chunks()
            yield b"\r\n"
        yield self._end

    def _head(self, name: str, part: FilePart | None) -> bytes:
        lines = [f"--{self.boundary}", f'Content-Disposition: form-data; name="{name.translate(_NAME_ESCAPES)}"']
        if part is not None:
            lines[-1] += f'; filename="{part.name.translate(_NAME_ESCAPES)}"'
            lines.append(f"Content-Type: {_type_of(part)}")
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("utf-8", "replace")


def new_boundary() -> str:
    """A boundary nobody can guess, so that no content can hold it. A cassette needs a fixed one."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class _Source:
    """Where a part's content comes from."""

    content: bytes | BinaryIO | Path
    start: int  # position in an open file
    length: int  # bytes
    label: str  # for messages

    def chunks(self) -> Iterator[bytes]:
        if isinstance(self.content, bytes):
            yield self.content
            return
        left = self.length
        try:
            with _opened(self.content, self.start) as file:
                while left and (chunk := file.read(min(_CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
        except OSError as error:
            raise InputError(f"{self.label} cannot be read: {error.strerror or 'unknown reason'}.") from error
        if left:
            raise InputError(f"{self.label} became shorter while it was sent.")


def _source(value: str | FilePart) -> _Source:
    if isinstance(value, str):
        octets = value.encode("utf-8", "replace")
        return _Source(octets, 0, len(octets), "A form field")
    content, label = value.content, f"The file {value.name!r}"
    if isinstance(content, (bytes, bytearray)):
        return _Source(bytes(content), 0, len(content), label)
    try:
        if isinstance(content, Path):
            with content.open("rb") as file:
                return _Source(content, 0, file.seek(0, io.SEEK_END), label)
        start = content.tell()
        length = content.seek(0, io.SEEK_END) - start
        content.seek(start)
    except (OSError, AttributeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be rewound"
        raise InputError(
            f"{label} cannot be read: {reason}.", next_step="Give bytes, a path or a file on disk."
        ) from error
    return _Source(content, start, length, label)


@contextmanager
def _opened(content: BinaryIO | Path, start: int) -> Iterator[BinaryIO]:
    if isinstance(content, Path):
        with content.open("rb") as file:
            yield file
    else:
        content.seek(start)
        yield content


def _type_of(part: FilePart) -> str:
    content_type = part.content_type or mimetypes.guess_type(part.name)[0] or "application/octet-stream"
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise InputError(f"The content type of the file {part.name!r} holds characters a header cannot carry.")
    return content_type
