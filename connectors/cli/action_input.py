"""What a command line gives to an action: a JSON object, single fields, files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from connectors.cli.given import pairs
from connectors.errors import InputError
from connectors.runtime.canonical import loads

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

_LARGEST = 64 * 1024 * 1024  # bytes of --input; larger content goes as --file


def given(text: str | None, values: Sequence[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The input of --input with the fields of --set over it. Raises `InputError`.

    The value of a field is JSON where it is, else text; always text where the schema wants only that.
    """
    found = {} if text is None else _object(_content(text))
    for name, value in pairs(values, "--set"):
        found[name] = value if _kinds(schema, name) == {"string"} else _value(value)
    return found


@contextmanager
def files(
    host: Host, stored: StoredConnection, texts: Sequence[str], schema: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The files of --file as fields of the input, for a block; their copies are removed at its end.

    A name that comes several times, or whose schema is a list, gets a list. Raises `InputError`.
    """
    from connectors.engine.safe_names import harmless

    found: dict[str, list[dict[str, Any]]] = {}
    made: list[str] = []
    try:
        for name, value in pairs(texts, "--file"):
            path = Path(value).expanduser()
            with _opened(path, name) as content:
                ref = host.files.add(stored.environment, stored.key, harmless(path.name), content)
            made.append(ref.id)
            found.setdefault(name, []).append({"file": ref.id})
        yield {
            name: refs if len(refs) > 1 or "array" in _kinds(schema, name) else refs[0] for name, refs in found.items()
        }
    finally:
        host.files.remove(stored.environment, made)


def _opened(path: Path, name: str) -> BinaryIO:
    try:
        if path.is_file():
            return path.open("rb")
        reason = "it is no file" if path.exists() else "it is not there"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no file name"
    raise InputError(f"The file {str(path)!r} for {name} cannot be read: {reason}.", next_step="Check the path.")


def _content(text: str) -> bytes | str:
    if text == "-":
        content = sys.stdin.buffer.read(_LARGEST + 1)
    elif text.startswith("@"):
        with _opened(Path(text[1:]).expanduser(), "--input") as file:
            content = file.read(_LARGEST + 1)
    else:
        return text
    if len(content) > _LARGEST:
        raise InputError("--input is larger than 64 MiB.", next_step="Hand files over with --file NAME=PATH.")
    return content


def _object(text: bytes | str) -> dict[str, Any]:
    try:
        value = loads(text)
    except ValueError as error:
        raise InputError(f"--input is no JSON: {error}.", next_step="Write it as --input '{\"id\": 12}'.") from None
    if not isinstance(value, dict):
        raise InputError(f"--input is a JSON object, not a {type(value).__name__}.")
    return value


def _value(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return text


def _kinds(schema: Mapping[str, Any], name: str) -> set[str]:
    """The JSON types that the schema names for a field; empty if it does not say so plainly."""
    rule = schema.get("properties", {}).get(name)
    kinds = rule.get("type", ()) if isinstance(rule, dict) else ()
    return {kinds} if isinstance(kinds, str) else set(kinds)
