"""Zip archives, unpacked as if an enemy had made them: looked at as a whole first, then read with every ceiling."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, cast

from connectors.authoring import FileRef
from connectors.authoring.action import GREATEST_RATIO, LARGEST_FILE, MOST_FILES
from connectors.engine.safe_names import folded, problem_of
from connectors.errors import UnsafeArchive

_CHUNK = 256 * 1024  # bytes
_RATIO_COUNTS_FROM = 1024 * 1024  # bytes; small files may well shrink a thousandfold
_DIRECTORY_BYTES = 640  # of the archive's directory for each file allowed: fixed part, name, extra fields
_LEAST_DIRECTORY = 1024 * 1024  # bytes of directory that are always read
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # the only ones that unpack in bounded memory
_ENCRYPTED, _STRONGLY, _MASKED = 0x1, 0x40, 0x2000  # general purpose flags (APPNOTE 4.4.4)
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # APPNOTE 4.3.7: signature, …, lengths of name and extra field
_UNIX_FIELD = 0x000D  # APPNOTE 4.5.7: 12 bytes, and behind them the target of a link or the number of a device
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError, struct.error)
_ODD = (ValueError, OverflowError, KeyError, IndexError, AttributeError, TypeError)  # zipfile on crafted figures


@dataclass(frozen=True)
class Ceilings:
    """How much an archive may hold."""

    files: int = MOST_FILES
    bytes: int = LARGEST_FILE  # unpacked, in all
    ratio: float = GREATEST_RATIO  # unpacked size to packed size


def unpack(source: BinaryIO, make: Callable[[str, Iterator[bytes]], FileRef], ceilings: Ceilings) -> list[FileRef]:
    """Hand each file of a zip archive to `make`: its path, then its content in pieces.

    Nothing is handed over before all names and figures were looked at. Raises `UnsafeArchive`; what
    `make` made until then is the caller's to remove.
    """
    with _broken():
        archive = zipfile.ZipFile(cast("BinaryIO", _Careful(source, ceilings)))
    with archive:
        entries = _checked(archive, source, ceilings)
        return [make(entry.filename, _content(archive, entry)) for entry in entries]


def _checked(archive: zipfile.ZipFile, source: BinaryIO, ceilings: Ceilings) -> list[zipfile.ZipInfo]:
    """The files of an archive in which nothing is wrong as far as its directory tells."""
    entries = archive.infolist()
    if len(entries) > ceilings.files:
        raise UnsafeArchive(f"The archive holds {len(entries):,} entries, more than {ceilings.files:,}.")
    for entry in entries:
        problem = _problem_of(entry)
        if problem is not None:
            raise UnsafeArchive(f"The archive's entry {entry.filename[:80]!r} is not safe: {problem}.")
    _check_collisions(entries)
    _check_sizes(entries, ceilings)
    with _broken():
        _check_overlaps(entries, source, archive.start_dir)
    return [entry for entry in entries if not entry.is_dir()]


def _problem_of(entry: zipfile.ZipInfo) -> str | None:
    for name in (entry.orig_filename, entry.filename):  # zipfile ends a name at a NUL
        problem = problem_of(name.removesuffix("/"))
        if problem is not None:
            return f"in its name, {problem}"
    if entry.flag_bits & (_ENCRYPTED | _STRONGLY | _MASKED):
        return "it is encrypted"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link, device or other special file"
    if _has_a_target(entry.extra):
        return "it is a link or device"
    if entry.compress_type not in _METHODS:
        return "it is packed in a way that cannot be unpacked with bounded memory"
    return None


def _has_a_target(extra: bytes) -> bool:
    """Whether an extra field names the target of a (hard) link or a device."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == _UNIX_FIELD and length > 12:
            return True
        extra = extra[4 + length :]
    return False


def _check_collisions(entries: list[zipfile.ZipInfo]) -> None:
    """In order, a folder's content follows its name at once: so neighbours tell, without a list of all folders."""
    # No name holds a NUL, so with it in place of the slash nothing comes between.
    named = sorted((folded(entry.filename.removesuffix("/")).replace("/", "\0"), entry.is_dir()) for entry in entries)
    for (path, is_folder), (following, follows_folder) in pairwise(named):
        shown = repr(path.replace("\0", "/")[:80])
        if path == following and not (is_folder and follows_folder):
            raise UnsafeArchive(f"Two entries of the archive have one name on some systems: {shown}.")
        if not is_folder and following.startswith(f"{path}\0"):
            raise UnsafeArchive(f"An entry of the archive is a file and a folder at once: {shown}.")


def _check_sizes(entries: list[zipfile.ZipInfo], ceilings: Ceilings) -> None:
    size = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if size > ceilings.bytes:
        raise UnsafeArchive(f"The archive unpacks to {size:,} bytes, more than {ceilings.bytes:,}.")
    pairs = [(size, packed), *((entry.file_size, entry.compress_size) for entry in entries)]
    if any(big > _RATIO_COUNTS_FROM and big > ceilings.ratio * small for big, small in pairs):
        raise UnsafeArchive(f"The archive unpacks to more than {ceilings.ratio:g} times its size, as a bomb would.")


def _check_overlaps(entries: list[zipfile.ZipInfo], source: BinaryIO, directory: int) -> None:
    """Entries that share bytes are one file under several names, or a bomb."""
    spans = sorted(_span(entry, source) for entry in entries)
    for (_, end), (start, _) in pairwise([*spans, (directory, directory)]):
        if end > start:
            raise UnsafeArchive("Entries of the archive overlap.")


def _span(entry: zipfile.ZipInfo, source: BinaryIO) -> tuple[int, int]:
    source.seek(entry.header_offset)
    signature, name, extra = _LOCAL_HEADER.unpack(source.read(_LOCAL_HEADER.size))
    if signature != b"PK\3\4":
        raise zipfile.BadZipFile("an entry does not begin with its header")
    return entry.header_offset, entry.header_offset + _LOCAL_HEADER.size + name + extra + entry.compress_size


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    size = 0
    with _broken(), archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            yield chunk
        if size != entry.file_size:
            raise UnsafeArchive(f"The archive's entry {entry.filename[:80]!r} is cut off.", damaged=True)


@contextmanager
def _broken() -> Iterator[None]:
    """Whatever zipfile stumbles over is a broken archive."""
    try:
        yield
    except _BROKEN as error:
        raise UnsafeArchive(f"This is no whole zip archive: {error or type(error).__name__}.", damaged=True) from error
    except _ODD as error:
        message = "This is no whole zip archive: its figures make no sense."
        raise UnsafeArchive(message, damaged=True) from error


class _Careful:
    """A file that refuses to be read in pieces so large that an archive's directory would fill the memory."""

    def __init__(self, source: BinaryIO, ceilings: Ceilings) -> None:
        self._source = source
        self._largest = max(_LEAST_DIRECTORY, ceilings.files * _DIRECTORY_BYTES)
        self.seek, self.tell, self.seekable = source.seek, source.tell, source.seekable

    def read(self, size: int = -1) -> bytes:
        """Read, unless it is too much."""
        if size < 0:
            here = self._source.tell()
            size = self._source.seek(0, io.SEEK_END) - here
            self._source.seek(here)
        if size > self._largest:
            raise UnsafeArchive("The archive's directory is larger than any that holds so many files as are allowed.")
        return self._source.read(size)

    def close(self) -> None:
        """Leave the file to its owner."""
