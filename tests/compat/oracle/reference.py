"""Where the reference's definitions and its executed cases are. They are not part of this repository."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

PACKAGE = "@nangohq/providers@0.71.10"
SETTING = "CONNECTORS_REFERENCE_PROVIDERS"
INSTALLED = Path("node_modules/@nangohq/providers/providers.yaml")
SECONDS = 180  # for npm

HOW = (
    f"The cases need the providers.yaml of the npm package {PACKAGE}: name it with --providers or {SETTING}, "
    f"or run `npm install {PACKAGE}` here."
)


def cases() -> Path:
    """The folder of the executed cases; it may be absent."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "nango" / "oracle"
    return Path(os.environ.get("CONNECTORS_ORACLE") or beside)


def known() -> Path | None:
    """The file that the setting names, or that is installed here or in the cache; None if there is none."""
    named = os.environ.get(SETTING)
    if named:
        return Path(named)
    return next((path for path in (INSTALLED, _cache() / INSTALLED) if path.is_file()), None)


def fetched() -> Path | None:
    """The file, fetched into the cache with npm; None if that cannot be done."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    options = ("--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    command = (npm, "install", "--prefix", str(_cache()), *options, PACKAGE)
    try:
        _cache().mkdir(parents=True, exist_ok=True)
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    path = _cache() / INSTALLED
    return path if path.is_file() else None


def sha256(path: Path) -> str:
    """The SHA-256 of a file, which tells its version."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "connectors" / "reference-definitions"
