"""How long a fresh process takes, against Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

from benchmarks.measure import Result, best

_NOTHING = "python -c pass"


def run() -> Iterator[Result]:
    """`import connectors`, and the help of the command (which imports click besides)."""
    imported, shown, click, nothing = best(
        _python("-c", "import connectors"),
        _python("-m", "connectors", "--help"),
        _python("-c", "import click"),
        _python("-c", "pass"),
        times=1,
        rounds=12,
    )
    yield Result("import connectors", imported, nothing, _NOTHING)
    yield Result("connectors --help", shown, nothing, _NOTHING)
    yield Result("connectors --help, over click", shown, click, "python -c 'import click'")


def _python(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
