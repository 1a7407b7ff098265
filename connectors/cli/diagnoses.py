"""What `connectors doctor` looks at. Each look is on its own, and none raises."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from connectors.authoring import Sync
from connectors.cli.choices import Choices
from connectors.cli.diagnosis import Diagnosis
from connectors.cli.given import CREDENTIAL_VARIABLE
from connectors.cli.server_diagnoses import extras, server
from connectors.cli.terminal import amount
from connectors.engine.keys import KEY_FILE, key_id, read_key_file
from connectors.engine.setting_values import PostgresUrl
from connectors.engine.store.inspection import Inspection, inspect
from connectors.errors import ConnectorError

_LIBRARIES = ("click", "cryptography", "jsonschema", "jsonschema-rs", "orjson", "pyyaml", "requests", "rich", "urllib3")
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_KEY_SETTING = "CONNECTORS_ENCRYPTION_KEY"
_OURS = "CONNECTORS_"
_ALIKE = 0.7  # how much two names must have in common
_ERROR = "error"  # the name of a look that could not look
_CORRECT = "Correct what is named here."
_EMPTY = "It is filled when an account is connected. If it held something once, restore the newest copy."
_RESTORE = "Put the file aside and restore the newest copy."
_OLDEST_PYTHON = (3, 11)


def examine(choices: Choices) -> list[Diagnosis]:
    """Look at everything. Never raises: what cannot be looked at is a problem of its own."""
    looks: tuple[tuple[str, Callable[[Choices], Iterator[Diagnosis]]], ...] = (
        ("Versions", _versions),
        ("Versions", extras),
        ("Settings", _settings),
        ("Key", _key),
        ("Database", _database),
        ("Server", server),
        ("Connectors", _connectors),
        ("Network", _network),
    )
    found: list[Diagnosis] = []
    for area, look in looks:
        for diagnosis in _safely(area, look, choices):
            # One cause may keep several looks from looking; it is named where it is met first.
            if not (diagnosis.name == _ERROR and any(diagnosis.text in earlier.text for earlier in found)):
                found.append(diagnosis)
    return found


def _safely(area: str, look: Callable[[Choices], Iterator[Diagnosis]], choices: Choices) -> Iterator[Diagnosis]:
    try:
        yield from look(choices)
    except ConnectorError as error:
        step = _CORRECT if "connectors doctor" in error.next_step else error.next_step
        yield Diagnosis(area, _ERROR, error.message, problem=True, next_step=step)
    except Exception as error:  # noqa: BLE001 - a doctor examines the broken, too; the text may hold a secret
        text = f"{type(error).__name__} while looking at it"
        yield Diagnosis(
            area, _ERROR, text, problem=True, next_step="This is a mistake in connectors; report this line."
        )


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
    yield from _unknown_variables([row.name for row in choices.settings.rows()])


def _unknown_variables(known: Sequence[str]) -> Iterator[Diagnosis]:
    for name in sorted(os.environ):
        if name.startswith(_OURS) and name not in known and not name.startswith(CREDENTIAL_VARIABLE):
            alike = get_close_matches(name, known, n=1, cutoff=_ALIKE)
            step = f"Did you mean {alike[0]}?" if alike else "Remove it, or see docs/settings.md for those there are."
            yield Diagnosis("Settings", name, "there is no such setting", next_step=step, warning=True)


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
    file = choices.settings.database
    if not isinstance(file, Path):
        yield from _server(choices, file)
        return
    if not file.exists():
        yield Diagnosis("Database", "file", f"{file}: none yet; it is made with the first connection")
        yield _folder(file.parent)
        return
    if not file.is_file():
        step = "Move it away, or name a file in DATABASE_URL."
        yield Diagnosis("Database", "file", f"{file} is no file", problem=True, next_step=step)
        return
    mode, size = file.stat().st_mode & 0o777, file.stat().st_size
    closing = f"Run `chmod 600 {shlex.quote(str(file))}`." if mode & 0o077 else None
    text = f"{file}: {size:,} bytes, mode {mode:o}"
    yield Diagnosis("Database", "file", text, problem=bool(closing), next_step=closing)
    denied = _denied(file)
    if denied is not None:
        yield denied
    if not size:
        yield Diagnosis("Database", "contents", "empty: nothing is stored in it", next_step=_EMPTY, warning=True)
    elif os.access(file, os.R_OK):
        yield from _contents(choices, inspect(file))


def _server(choices: Choices, where: PostgresUrl) -> Iterator[Diagnosis]:
    from connectors.engine.store.postgres_inspection import inspect_postgres

    found, version_of_server = inspect_postgres(where.reveal())
    if not version_of_server:
        step = "Check that PostgreSQL runs, and DATABASE_URL: host, port, name, user and password."
        yield Diagnosis("Database", "server", f"{where} {found.problem}", problem=True, next_step=step)
        return
    yield Diagnosis("Database", "server", f"{where}: PostgreSQL {version_of_server}")
    if found.schema == 0:
        yield Diagnosis("Database", "contents", "no schema yet; it is made with the first connection")
        return
    yield from _contents(choices, found)


def _denied(file: Path) -> Diagnosis | None:
    """What the user who runs this may not do with the database; a write makes files beside it, too."""
    wanted = ((file, os.R_OK | os.W_OK, "u+rw"), (file.parent, os.W_OK | os.X_OK, "u+rwx"))
    for place, needed, mode in wanted:
        if not os.access(place, needed):
            text = f"no permission to write {place}"
            step = (
                f"Run `chmod {mode} {shlex.quote(str(place))}` as its owner, or set CONNECTORS_HOME to another folder."
            )
            return Diagnosis("Database", "permission", text, problem=True, next_step=step)
    return None


def _folder(folder: Path) -> Diagnosis:
    existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    good = os.access(existing, os.W_OK)
    step = None if good else "Set CONNECTORS_HOME to a folder that you may write."
    says = "can be written" if good else "cannot be written"
    return Diagnosis("Database", "folder", f"{existing} {says}", problem=not good, next_step=step)


def _contents(choices: Choices, inspection: Inspection) -> Iterator[Diagnosis]:
    area = "Database"
    if inspection.schema is not None:
        known = f"{inspection.schema}; this version knows {inspection.newest}"
        step = "Install that version of connectors or newer." if inspection.too_new else None
        yield Diagnosis(area, "schema", known, problem=inspection.too_new, next_step=step)
    if inspection.problem is not None:
        yield Diagnosis(area, "contents", inspection.problem, problem=True, next_step=_RESTORE)
    elif not inspection.too_new:
        yield Diagnosis(area, "contents", "whole")
    if inspection.counts:
        yield Diagnosis(area, "holds", ", ".join(_counted(inspection.counts)))
        yield _sealed(choices, inspection.sealed)


def _counted(counts: Mapping[str, int]) -> Iterator[str]:
    for noun, count in counts.items():
        yield amount(count, noun.removesuffix("s"))


def _sealed(choices: Choices, sealed: Mapping[str, bytes]) -> Diagnosis:
    """Whether the vault has every key that something is sealed with."""
    from connectors.engine.vault import Vault

    keys = _keys(choices)
    names = {key_id(key) for key in keys or ()}
    lost = [name for name, secret in sealed.items() if keys is None or Vault(keys).key_id_of(secret) not in names]
    if not lost:
        return Diagnosis("Database", "credentials", "the vault has their keys")
    step = "Restore the key; or connect these accounts again, and rotate the signing keys (`connectors env rotate`)."
    text = f"no key for {', '.join(lost[:5])}{', …' if len(lost) > 5 else ''}"
    return Diagnosis("Database", "credentials", text, problem=True, next_step=step)


def _connectors(choices: Choices) -> Iterator[Diagnosis]:
    names = choices.catalog.names()
    with_syncs = [
        f"{name} ({', '.join(sync.name for sync in syncs)})"
        for name in names
        if (syncs := choices.registry.syncs(name))
    ]
    yield Diagnosis("Connectors", "syncs", ", ".join(with_syncs) or "none")
    yield Diagnosis("Connectors", "definitions", amount(len(names), "provider"))
    for name in names:
        for sync in choices.registry.syncs(name):
            yield from _schema(choices, name, sync)


def _schema(choices: Choices, provider: str, sync: Sync) -> Iterator[Diagnosis]:
    try:
        choices.registry.models.get(provider, sync.model)
    except ConnectorError as error:
        yield Diagnosis("Connectors", sync.name, error.message, problem=True, next_step=error.next_step)


def _network(choices: Choices) -> Iterator[Diagnosis]:
    del choices
    for name in _PROXIES:
        value = os.environ.get(name) or os.environ.get(name.lower())
        if value and name == "NO_PROXY":
            yield Diagnosis("Network", name, value)
        elif value:
            step = None if re.match(r"https?://[^/]", value) else f"Write {name} as http://HOST:PORT, or remove it."
            yield Diagnosis("Network", name, _address(value), problem=bool(step), next_step=step)
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
    before, at, host = value.rpartition("@")  # a password may hold what ends a host: the last @ counts
    scheme = before.partition("://")[0] if "://" in before else "http"
    return f"{scheme}://[secret]@{host}" if at else value
