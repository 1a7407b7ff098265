"""A body that lies in an open file, so that a large one does not lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

_PIECE = 64 * 1024  # bytes


class StoredBody:
    """Bytes to send as they are. Each attempt reads them from the start; the file is its owner's to close."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self._file = file
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece
