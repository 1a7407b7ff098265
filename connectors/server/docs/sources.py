"""Which pages the docs have, and where each is served.

The text is that of the project itself: `docs/`, and the READMEs and the changelog beside it, as `data.root()` holds
them in a clone and in a wheel. A link between two of these files leads, as served, from one page to the other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from connectors import data

PLACE = "/docs/"  # where they are served
INDEX = "docs/llms.txt"  # all of them with a sentence each, in the order of the navigation
_IMAGES = (".png", ".svg", ".webp")
_BESIDE = {"README.md": "readme", "CHANGELOG.md": "changelog", "cassettes/README.md": "cassettes"}
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|/", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Sources:
    """The files that are served, by the end of their address."""

    root: Path
    pages: dict[str, str]  # "settings" → "docs/settings.md"
    images: dict[str, str]  # "screenshots/form.png" → "docs/screenshots/form.png"

    def text(self, path: str) -> str:
        """What a file says. Paths are those of `pages`, never what a caller sent."""
        return (self.root / path).read_text("utf-8")

    def bytes(self, path: str) -> bytes:
        """What an image holds."""
        return (self.root / path).read_bytes()

    def changed(self, path: str) -> int:
        """A number that is another one after the file was changed."""
        return (self.root / path).stat().st_mtime_ns

    def served(self, link: str, *, path: str, raw: bool = False) -> str | None:
        """Where a link in the file `path` leads as served; None where it leads to nothing that is.

        `raw` asks for the pages as Markdown. What leads to another host, and what is an address of this server
        already, stays as it is.
        """
        if _ELSEWHERE.match(link):
            return link
        target, mark, anchor = link.partition("#")
        if not target:
            return link
        file = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        address = self._address(file, raw=raw)
        return None if address is None else f"{address}{mark}{anchor}"

    def _address(self, file: str, *, raw: bool) -> str | None:
        if file == INDEX:
            return "/llms.txt"
        for known, end in ((self.pages, ".md" if raw else ""), (self.images, "")):
            for name, path in known.items():
                if path == file:
                    return f"{PLACE}{name}{end}"
        return None


@cache
def sources() -> Sources:
    """The docs of this installation."""
    return found(data.root())


def found(root: Path) -> Sources:
    """The docs in a folder that holds them."""
    files = sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*") if path.is_file())
    pages = {name.removeprefix("docs/").removesuffix(".md"): name for name in files if name.endswith(".md")}
    images = {name.removeprefix("docs/"): name for name in files if name.endswith(_IMAGES)}
    return Sources(root, pages | dict(_beside(root)), images)


def _beside(root: Path) -> Iterator[tuple[str, str]]:
    yield from ((name, path) for path, name in _BESIDE.items() if (root / path).is_file())
    for readme in sorted((root / "connectors").glob("*/README.md")):  # of a connector
        yield f"providers/{readme.parent.name}", readme.relative_to(root).as_posix()
