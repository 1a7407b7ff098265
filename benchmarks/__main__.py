"""`python -m benchmarks [NAME …]`: one table of all benchmarks, or of those named."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

from benchmarks.measure import Result
from benchmarks.table import show

NAMES = (
    "call",
    "build",
    "provider",
    "purse",
    "storing",
    "checking",
    "reading",
    "startup",
    "syncing",
    "scheduling",
    "draining",
    "proxying",
    "pages",
)


def main() -> None:
    """Run what was asked for; each benchmark is a module with `run() -> Iterator[Result]`."""
    wanted = sys.argv[1:] or NAMES
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        sys.exit(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}")
    show(_results(wanted))


def _results(names: tuple[str, ...] | list[str]) -> Iterator[Result]:
    for name in names:
        if sys.stderr.isatty():
            print(f"{name} …", file=sys.stderr)
        yield from import_module(f"benchmarks.{name}").run()


if __name__ == "__main__":
    main()
