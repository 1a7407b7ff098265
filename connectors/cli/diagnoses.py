"""What `connectors doctor` looks at. Each look is on its own, and none raises."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from connectors.cli.choices import Choices
from connectors.engine.keys import KEY_FILE, key_id, read_key_file
from connectors.errors import ConnectorError

_LIBRARIES = ("click", "cryptography", "jsonschema", "jsonschema-rs", "orjson", "pyyaml", "requests", "rich", "urllib3")
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_KEY_SETTING = "CONNECTORS_ENCRYPTION_KEY"
_RESTORE = "Put the file aside and restore the newest copy."
_COUNTS = {
    "connections": "SELECT count(*) FROM connections",
    "records": "SELECT count(*) FROM records WHERE deleted_at IS NULL",
    "runs": "SELECT count(*) FROM runs",
}
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at."""

    area: str
    name: str
    text: str
    problem: bool = False
    next_step: str | None = None


def examine(choices: Choices) -> list[Diagnosis]:
    """Look at everything. Never raises: what cannot be looked at is a problem of its own."""
    looks: tuple[tuple[str, Callable[[Choices], Iterator[Diagnosis]]], ...] = (
        ("Versions", _versions),
        ("Settings", _settings),
        ("Key", _key),
        ("Database", _database),
        ("Connectors", _connectors),
        ("Network", _network),
    )
    return [diagnosis for area, look in looks for diagnosis in _safely(area, look, choices)]


def _safely(area: str, look: Callable[[Choices], Iterator[Diagnosis]], choices: Choices) -> Iterator[Diagnosis]:
    try:
        yield from look(choices)
    except ConnectorError as error:
        yield Diagnosis(area, "error", error.message, problem=True, next_step=error.next_step)
    except Exception as error:  # noqa: BLE001 - a doctor examines the broken, too; the text may hold a secret
        yield Diagnosis(area, "error", f"{type(error).__name__} while looking at it", problem=True)


def _versions(choices: Choices) -> Iterator[Diagnosis]:
    del choices
    area = "Versions"
    yield _library(area, "connectors")
    python = sys.version.partition(" ")[0]
    old = sys.version_info < _OLDEST_PYTHON
    yield Diagnosis(area, "python", python, problem=old, next_step="Use Python 3.11 or newer." if old else None)
    yield Diagnosis(area, "sqlite", sqlite3.sqlite_version)
    for name in _LIBRARIES:
        yield _library(area, name)


def _library(area: str, name: str) -> Diagnosis:
    try:
        return Diagnosis(area, name, version(name))
    except PackageNotFoundError:
        step = "Install the package again: pip install connectors."
        return Diagnosis(area, name, "not installed", problem=True, next_step=step)


def _settings(choices: Choices) -> Iterator[Diagnosis]:
    for row in choices.settings.rows():
        shown = f"{row.value or 'not set'} (from {row.source})"
        text = f"{shown}. {row.problem}" if row.problem else shown
        step = f"Correct {row.name}. {row.help}" if row.problem else None
        yield Diagnosis("Settings", row.name, text, problem=bool(row.problem), next_step=step)


def _key(choices: Choices) -> Iterator[Diagnosis]:
    keys = _keys(choices)
    by_setting = bool(choices.settings.value(_KEY_SETTING))
    file = choices.settings.home / KEY_FILE
    if keys is None:
        yield Diagnosis("Key", "key", f"none yet; {file} is made with the first connection")
    else:
        place = _KEY_SETTING if by_setting else f"{file}, mode 600"
        yield Diagnosis("Key", "keys", f"{', '.join(map(key_id, keys))} (newest first), in {place}")


def _keys(choices: Choices) -> Sequence[bytes] | None:
    given: Sequence[bytes] = choices.settings.value(_KEY_SETTING)
    return given or read_key_file(choices.settings.home)


def _database(choices: Choices) -> Iterator[Diagnosis]:
    from connectors.engine.store.database import migrations

    file = choices.settings.database
    if not file.exists():
        yield Diagnosis("Database", "file", f"{file}: none yet; it is made with the first connection")
        yield _folder(file.parent)
        return
    mode = file.stat().st_mode & 0o777
    step = f"Run `chmod 600 {file}`." if mode & 0o077 else None
    size = f"{file.stat().st_size:,} bytes, mode {mode:o}"
    yield Diagnosis("Database", "file", f"{file}: {size}", problem=bool(step), next_step=step)
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
        found = list(_contents(connection, max(migrations())))
        yield from found
        if found[-1].name == "holds":
            yield from _sealed(choices, connection)


def _folder(folder: Path) -> Diagnosis:
    existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    good = os.access(existing, os.W_OK)
    step = None if good else "Set CONNECTORS_HOME to a folder that you may write."
    says = "can be written" if good else "cannot be written"
    return Diagnosis("Database", "folder", f"{existing} {says}", problem=not good, next_step=step)


def _contents(connection: sqlite3.Connection, newest: int) -> Iterator[Diagnosis]:
    area = "Database"
    try:
        schema = connection.execute("PRAGMA user_version").fetchone()[0]
        sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        yield Diagnosis(area, "contents", f"cannot be read: {error}", problem=True, next_step=_RESTORE)
        return
    known = f"{schema}; this version knows {newest}"
    if schema > newest:
        step = "Install that version of connectors or newer."
        yield Diagnosis(area, "schema", known, problem=True, next_step=step)
        return
    yield Diagnosis(area, "schema", known)
    if sound != "ok":
        yield Diagnosis(area, "contents", str(sound), problem=True, next_step=_RESTORE)
        return
    yield Diagnosis(area, "contents", "whole")
    if schema:
        counts = (f"{connection.execute(query).fetchone()[0]:,} {name}" for name, query in _COUNTS.items())
        yield Diagnosis(area, "holds", ", ".join(counts))


def _sealed(choices: Choices, connection: sqlite3.Connection) -> Iterator[Diagnosis]:
    """Whether the vault has every key that something is sealed with."""
    from connectors.engine.vault import Vault

    keys = _keys(choices)
    names = {key_id(key) for key in keys or ()}
    lost = []
    for id_, sealed in connection.execute("SELECT id, sealed FROM connections ORDER BY id"):
        if keys is None or Vault(keys).key_id_of(sealed) not in names:
            lost.append(str(id_))
    if lost:
        step = "Restore the key, or connect these accounts again."
        text = f"no key for {', '.join(lost[:5])}{', …' if len(lost) > 5 else ''}"
        yield Diagnosis("Database", "credentials", text, problem=True, next_step=step)
    else:
        yield Diagnosis("Database", "credentials", "the vault has their keys")


def _connectors(choices: Choices) -> Iterator[Diagnosis]:
    names = choices.catalog.names()
    with_syncs = [
        f"{name} ({', '.join(sync.name for sync in syncs)})"
        for name in names
        if (syncs := choices.registry.syncs(name))
    ]
    yield Diagnosis("Connectors", "syncs", ", ".join(with_syncs) or "none")
    yield Diagnosis("Connectors", "definitions", f"{len(names):,} providers")


def _network(choices: Choices) -> Iterator[Diagnosis]:
    del choices
    for name in _PROXIES:
        value = os.environ.get(name) or os.environ.get(name.lower())
        if value:
            yield Diagnosis("Network", name, _address(value) if name != "NO_PROXY" else value)
    for name in _BUNDLES:
        value = os.environ.get(name)
        if value:
            there = Path(value).exists()
            step = None if there else f"Correct {name} or remove it."
            text = value if there else f"there is no {value}"
            yield Diagnosis("Network", name, text, problem=not there, next_step=step)
    yield Diagnosis(
        "Network", "certificates", "as the variables say" if any(map(os.environ.get, _BUNDLES)) else "built in"
    )


def _address(value: str) -> str:
    """A proxy's address without its credentials."""
    parts = urlsplit(value if "//" in value else f"//{value}")
    if "@" not in value:
        return value
    return f"{parts.scheme or 'http'}://[secret]@{parts.hostname}{f':{parts.port}' if parts.port else ''}"
