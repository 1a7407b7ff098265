"""Schema files: read, and put together where one refers to others. Nothing is ever fetched."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from connectors.errors import DefinitionError
from connectors.runtime import canonical

# References between files are resolved against addresses below this one (RFC 6761: it never exists).
_BASE = "https://schemas.invalid/"


def read_schema(file: Path) -> dict[str, Any]:
    """The schema in a file. Raises DefinitionError."""
    try:
        schema = canonical.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise DefinitionError(f"{file} cannot be read as JSON: {error}.", file=str(file)) from None
    if not isinstance(schema, dict):
        raise DefinitionError(f"{file} is not a JSON Schema: expected an object.", file=str(file))
    return schema


def bundle(roots: Sequence[Path], name: str) -> dict[str, Any]:
    """The schema of that name with every file it refers to inside its `$defs`, each under its own `$id`.

    `name` and references are relative to `roots`, of which the last that has a file wins; a
    reference cannot leave them. Raises DefinitionError for a missing or broken file.
    """
    whole = read_schema(_find(roots, name, name))
    parts: dict[str, Any] = {}
    _collect(roots, name, whole, parts)
    if parts:
        whole = {**whole, "$defs": {**whole.get("$defs", {}), **parts}}
    return {**whole, "$id": _BASE + name}


def _collect(roots: Sequence[Path], name: str, schema: Any, parts: dict[str, Any]) -> None:
    for reference in _references(schema):
        path = reference.partition("#")[0]
        if not path or "://" in path:
            continue  # inside its own file, or an address, which validators refuse to fetch
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if target in parts:
            continue
        found = read_schema(_find(roots, target, name))
        parts[target] = {**found, "$id": _BASE + target}
        _collect(roots, target, found, parts)


def _find(roots: Sequence[Path], name: str, source: str) -> Path:
    if name.startswith(("../", "/")):
        raise DefinitionError(f"{source} refers to {name}, which is outside its provider's schemas.", file=source)
    file = next((root / name for root in reversed(roots) if (root / name).is_file()), None)
    if file is None:
        needed = "There is no schema" if name == source else f"{source} refers to a schema that is not there:"
        raise DefinitionError(f"{needed} {name} in {roots[-1] if roots else 'any folder'}.", file=name)
    return file


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
