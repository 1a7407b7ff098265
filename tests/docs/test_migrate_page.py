"""docs/migrate-from-nango.md: its JavaScript moves an account, run as printed with the reference runtime's client.

The old server is played by another environment of the same server; only the addresses are changed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.docs.test_serve import KEY, served
from tests.server.node import need_clients

pytestmark = pytest.mark.usefixtures("clean_environment")
_HERE = "https://connectors.example.com"
_OLD = "new Nango({ secretKey: process.env.NANGO_SECRET_KEY })"


def test_the_snippets_move_an_integration_and_an_account(tmp_path: Path, page) -> None:
    node, modules = need_clients()
    blocks = page("docs/migrate-from-nango.md").blocks("js")
    assert len(blocks) == 2
    assert _OLD in blocks[1]
    home = tmp_path / "home"
    with served(home) as printed:
        old, url = KEY.findall(printed)[0], printed.split("export URL=")[1].split()[0]
        lines = printed.split("In another shell:\n", 1)[1].split("# Call Paligo")[0]
        subprocess.run(["sh", "-e", "-c", lines], capture_output=True, timeout=60, check=True)
        made = subprocess.run(
            [sys.executable, "-m", "connectors", "--home", str(home), "env", "create", "production"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        new = made.stdout.strip()
        (tmp_path / "node_modules").symlink_to(modules)
        script = "\n".join(blocks).replace(_OLD, f"new Nango({{ host: '{url}', secretKey: '{old}' }})")
        (tmp_path / "move.mjs").write_text(script.replace(_HERE, url), "utf-8")
        moved = subprocess.run(
            [node, "move.mjs"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "SECRET_KEY": new},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (moved.returncode, moved.stdout, moved.stderr) == (0, "", "")
        headers = {"Authorization": f"Bearer {new}", "Provider-Config-Key": "paligo", "Connection-Id": "acme"}
        there = requests.get(f"{url}/connections/acme?provider_config_key=paligo", headers=headers, timeout=10).json()
        called = requests.get(f"{url}/proxy/api/v2/groups", headers=headers, timeout=10)
    assert there["metadata"] == {"plan": "none"}
    assert called.json()["groups"]
