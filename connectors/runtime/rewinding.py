"""Open files among what a call sends: each attempt reads them from where the first one began."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from connectors.runtime.multipart import FilePart


class OpenFiles:
    """The open files among some parts of a form, and where they stand now."""

    def __init__(self, parts: Iterable[FilePart]) -> None:
        contents = [part.content for part in parts]
        files = [each for each in contents if not isinstance(each, (bytes, bytearray, Path))]
        self._starts = [(file, file.tell()) for file in files if hasattr(file, "seekable") and file.seekable()]

    def rewind(self) -> None:
        """Go back to where they stood."""
        for file, start in self._starts:
            file.seek(start)
