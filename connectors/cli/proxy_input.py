"""What a command line gives for one call: params, headers, a body."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.cli.given import pairs
from connectors.errors import InputError, SecretOnCommandLine
from connectors.runtime.canonical import loads

if TYPE_CHECKING:
    from connectors.runtime.catalog import Provider

_CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_LARGEST_BODY = 64 * 1024 * 1024  # bytes of --data; larger files go as --file


def params(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Query parameters; a name may come several times."""
    return pairs(texts, "--param")


def headers(texts: Iterable[str], provider: Provider) -> dict[str, str]:
    """Headers from NAME:VALUE texts. Raises `SecretOnCommandLine` for those that the connection supplies."""
    own = {name.lower() for name, template in provider.headers.items() if "${" in template}
    found: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition(":")
        name = name.strip()
        if not mark or not name:
            raise InputError("--header takes NAME:VALUE.", next_step="Write it as --header 'NAME: VALUE'.")
        if name.lower() in _CREDENTIAL_HEADERS | own:
            raise SecretOnCommandLine(
                f"The header {name.lower()} carries the credentials; the connection supplies it.",
                next_step=f"Leave --header {name.lower()} out.",
            )
        found[name.lower()] = value.strip()
    return found


def body(data: str | None, form: Sequence[str], files: Sequence[str], headers: dict[str, str]) -> Any:
    """The body of --data or --form; sets the content type that goes with it unless the caller has one.

    Raises `InputError` for options that do not go together, or a file that cannot be read.
    """
    if data is not None and (form or files):
        raise InputError(
            "--data is the whole body; it does not go with --form or --file.",
            next_step="Give either --data, or --form and --file.",
        )
    if data is not None:
        content = _content(data)
        headers.setdefault("content-type", _type_of(content))
        return content
    if not form:
        return None
    if not files:
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
    return _form(pairs(form, "--form"))


def files(texts: Iterable[str]) -> dict[str, Path]:
    """Files of a multipart form from NAME=@PATH texts. Raises `InputError`."""
    found: dict[str, Path] = {}
    for name, value in pairs(texts, "--file"):
        if not value.startswith("@"):
            raise InputError(f"--file takes NAME=@PATH; {name} has no @.", next_step="Put an @ in front of the path.")
        path = Path(value[1:])
        try:
            path = path.expanduser()
            there = path.is_file()
        except (OSError, RuntimeError):  # a name that is too long, a home folder that is not there
            there = False
        if not there:
            raise InputError(f"There is no file {str(path)!r} for {name}.", next_step="Check the path.")
        found[name] = path
    return found


def _form(given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Fields by name; a name that comes several times has a list."""
    found: dict[str, Any] = {}
    for name, value in given:
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _content(data: str) -> bytes:
    if data == "-":
        return _whole(sys.stdin.buffer.read(_LARGEST_BODY + 1))
    if not data.startswith("@"):
        return data.encode("utf-8", "surrogateescape")
    path = Path(data[1:])
    try:
        with path.expanduser().open("rb") as file:
            return _whole(file.read(_LARGEST_BODY + 1))
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it is no file name"
        raise InputError(
            f"The file {str(path)!r} for --data cannot be read: {reason}.", next_step="Check the path behind the @."
        ) from None


def _whole(content: bytes) -> bytes:
    if len(content) > _LARGEST_BODY:
        raise InputError("--data is larger than 64 MiB.", next_step="Send it as a file: --file NAME=@PATH.")
    return content


def _type_of(content: bytes) -> str:
    try:
        loads(content)
    except ValueError:
        return "text/plain; charset=utf-8" if _is_text(content) else "application/octet-stream"
    return "application/json"


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False
