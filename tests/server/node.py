"""Runs a script of `tests/server/clients` under Node, with the reference runtime's own clients."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent / "clients"
_PLACE = "NODE_CLIENTS"  # a folder with node_modules
_LONGEST = 180  # seconds


def need_clients() -> tuple[str, Path]:
    """Node, and the folder of its modules. The test is skipped, with the reason, where they are not installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "connectors" / "clients"
    modules = Path(os.environ.get(_PLACE) or cache) / "node_modules"
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    if not all((modules / "@nangohq" / name).is_dir() for name in ("node", "frontend")):
        pytest.skip(
            f"the clients are not installed: `npm install` what tests/server/clients/package.json names in {cache}, "
            f"or name another folder in {_PLACE}; .ci/run does it"
        )
    return node, modules


def run_client(script: str, *given: str) -> str:
    """What the script prints. The test is skipped, with the reason, where Node or the clients are not installed."""
    node, modules = need_clients()
    # A module is looked for beside the script that asks for it, so it is handed over instead.
    entry = (modules / "@nangohq" / "node" / "dist" / "index.js").as_uri()
    frontend = (modules / "@nangohq" / "frontend").as_uri()
    done = subprocess.run(
        [node, str(CLIENTS / script), *given],
        env={"PATH": os.environ["PATH"], "NODE_CLIENT": entry, "FRONTEND_CLIENT": frontend},
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        check=False,
    )
    assert done.returncode == 0, f"{script} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout
