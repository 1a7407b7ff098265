"""The body of a request: the definition's part merged in, then written in the form its content type asks for. Pure.

The rules are the reference runtime's and its HTTP client's (docs/compatibility.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from connectors.errors import InputError
from connectors.runtime.address import form
from connectors.runtime.connection import Connection
from connectors.runtime.multipart import FilePart, Multipart
from connectors.runtime.placing import variables_of, without_missing
from connectors.runtime.scalars import text_of
from connectors.runtime.stored_body import StoredBody
from connectors.runtime.template import Moment

Written: TypeAlias = bytes | Multipart | StoredBody | None

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE", "PROPFIND", "REPORT"})
_METHODS_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class Body:
    """What is to be sent, before it is written."""

    value: Any  # a mapping, list, text, bytes or stored body; None: nothing
    files: Mapping[str, FilePart]
    has_credentials: bool  # whether the definition put credentials into it

    @property
    def text(self) -> str:
        """The body as signatures see it: JSON or the text; "" for anything else."""
        if isinstance(self.value, str):
            return self.value.removeprefix("?")
        return json_text(self.value) if isinstance(self.value, (Mapping, list, tuple)) else ""


def body_of(
    connection: Connection, method: str, data: Any, files: Mapping[str, FilePart] | None, moment: Moment
) -> Body:
    """The caller's data with the definition's body over it, key by key at the top level.

    A method that takes no body gets none; a body that is text, a list or bytes is left alone. An
    entry of the definition's body without its value is left out. Raises InputError for files with
    a method that takes no body.
    """
    if method not in METHODS_WITH_BODY:
        if files:
            raise InputError(f"{method} takes no body, so no files can be sent with it.")
        return Body(None, {}, has_credentials=False)
    given = _truthy(data)
    own = _leaves(connection, connection.provider.body, moment)
    if not own or not (given is None or isinstance(given, Mapping)):
        return Body(given, files or {}, has_credentials=False)
    return Body({**(given or {}), **own}, files or {}, has_credentials=True)


def is_multipart(body: Body, content_type: str | None) -> bool:
    """Whether a body goes out as a multipart form: with files, or where the content type asks for one."""
    return bool(body.files) or (content_type or "").strip().lower() == _MULTIPART


def write(body: Body, method: str, content_type: str | None, boundary: str | None) -> tuple[Written, str | None]:
    """The bytes of a body, and the content type to send.

    `content_type` is what caller or definition ask for. Raises InputError for data that has no
    written form there.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if is_multipart(body, content_type):
        parts = Multipart(_form_fields(body.value), list(body.files.items()), boundary)
        return parts, parts.content_type
    value = body.value
    if value is None:
        has_length = method in _METHODS_WITH_LENGTH
        return (b"" if has_length else None), content_type or (FORM if has_length else None)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), content_type or "application/octet-stream"
    if isinstance(value, StoredBody):
        return value, content_type or "application/octet-stream"
    if isinstance(value, str):
        return octets(_as_json(value) if kind == _JSON else value), content_type or FORM
    if isinstance(value, (Mapping, list, tuple)):
        if kind == FORM:
            return _form_text(value).encode(), content_type
        return octets(json_text(value)), content_type or _JSON
    if kind == _JSON and isinstance(value, (int, float)):
        return octets(json_text(value)), content_type
    raise InputError(
        f"A {type(value).__name__} cannot be sent as a body.",
        next_step="Give a mapping, a list, text or bytes.",
    )


def json_text(value: Any) -> str:
    """Compact JSON in the given order of keys. Raises InputError for what JSON cannot hold."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError("The data cannot be written as JSON: it holds a value that JSON has no form for.") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def _truthy(data: Any) -> Any:
    """The data, or None for what counts as no data: None, "", 0, False. Empty lists and mappings are data."""
    if isinstance(data, (Mapping, list, tuple)):
        return data
    return data or None


def _leaves(connection: Connection, templates: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """The definition's body with its values; what has no value is left out, and so is what became empty."""
    variables = variables_of(connection)
    filled: dict[str, Any] = {}
    for name, template in templates.items():
        if isinstance(template, Mapping):
            inner = _leaves(connection, template, moment)
            filled |= {name: inner} if inner else {}
        elif isinstance(template, str):
            text = without_missing(connection, template, variables, moment, f"body entry {name}")
            filled |= {name: text} if text is not None else {}
        else:
            filled[name] = template
    return filled


def _as_json(text: str) -> str:
    """Text under a JSON content type: as it is if it is JSON, else as a JSON string."""
    try:
        json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return json.dumps(text, ensure_ascii=False)
    return text


def _no_json(name: str) -> NoReturn:
    raise ValueError(name)


def octets(text: str) -> bytes:
    """The text in UTF-8; half a surrogate pair becomes U+FFFD, as in every JavaScript runtime."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _form_text(value: Mapping[str, Any] | Sequence[Any]) -> str:
    try:
        return form(list(_flat(value)))
    except (RecursionError, ValueError):
        raise InputError("The data is nested too deep for a form, or holds a number that is too long.") from None


def _form_fields(value: Any) -> list[tuple[str, str]]:
    """Of a mapping, as the reference runtime writes it; or of pairs of name and value, in which a name may repeat."""
    if isinstance(value, (list, tuple)) and all(_is_pair(each) for each in value):
        return [(name, text_of(item)) for name, item in value if item is not None]
    if not isinstance(value, (Mapping, type(None))):
        raise InputError("The fields beside files in a multipart form are given as a mapping or as pairs.")
    try:
        return _fields(value or {})
    except (RecursionError, ValueError):
        raise InputError("The data is nested too deep for a form, or holds a number that is too long.") from None


def _flat(value: Mapping[str, Any] | Sequence[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """`a[b]=1`, `a[]=1` for a plain list at the top, `a[b][0]=1` below; null is left out."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, item in items:
        name = f"{prefix}[{key}]" if prefix else str(key)
        if item is None:
            continue
        if isinstance(item, (list, tuple)) and not prefix and not any(_nested(each) for each in item):
            yield from ((f"{name}[]", text_of(each)) for each in item if each is not None)
        elif _nested(item):
            yield from _flat(item, name)
        else:
            yield name, text_of(item)


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and not _nested(value[1])


def _nested(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple))


def _fields(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Fields of a multipart form: mappings as `key[sub]`, lists as JSON text, None left out."""
    fields: list[tuple[str, str]] = []
    for key, item in value.items():
        name = f"{prefix}[{key}]" if prefix else str(key)
        if isinstance(item, Mapping):
            fields += _fields(item, name)
        elif item is not None:
            fields.append((name, json_text(item) if isinstance(item, (list, tuple)) else text_of(item)))
    return fields
