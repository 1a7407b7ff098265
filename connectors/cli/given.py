"""What a command line gives for a provider's fields: values, files with secrets, environment variables."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from connectors.errors import InputError, SecretOnCommandLine
from connectors.runtime.canonical import loads

if TYPE_CHECKING:
    from connectors.runtime.catalog import Provider
    from connectors.runtime.fields import Field

CREDENTIAL_VARIABLE = "CONNECTORS_CREDENTIAL_"  # begins the variable of each secret
_NOT_IN_A_VARIABLE = re.compile(r"[^A-Z0-9]")
_LONGEST = 65_536  # bytes of a file with a secret
_FILE_STEP = "Name a file with nothing but the value."


@dataclass
class Given:
    """Values by field name."""

    config: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Given(config={sorted(self.config)}, credentials={sorted(self.credentials)})"

    def group(self, name: str) -> dict[str, str]:
        """The values of connection_config or credentials."""
        return self.config if name == "connection_config" else self.credentials


def variable(field: Field) -> str:
    """The environment variable that gives a secret: apiKey → CONNECTORS_CREDENTIAL_APIKEY."""
    return CREDENTIAL_VARIABLE + _NOT_IN_A_VARIABLE.sub("_", field.name.upper())


def pairs(texts: Iterable[str], option: str) -> list[tuple[str, str]]:
    """NAME=VALUE texts as pairs. Raises `InputError`, which repeats no value."""
    found = []
    for text in texts:
        name, mark, value = text.partition("=")
        if not mark or not name.strip():
            raise InputError(f"{option} takes NAME=VALUE.", next_step=f"Write it as {option} NAME=VALUE.")
        found.append((name.strip(), value))
    return found


def gather(
    fields: Sequence[Field], config: Iterable[str], credentials: Iterable[str], environ: Mapping[str, str]
) -> Given:
    """The values that options and environment variables give; an option goes before a variable.

    Raises `SecretOnCommandLine` for a secret that was typed, and `InputError` for a file that cannot
    be read or a text that is not NAME=VALUE. Whether the values fit is not looked at.
    """
    known: dict[tuple[str, str], Field] = {(item.group, item.name): item for item in fields}
    given = Given()
    stdin = _Stdin()
    for field_ in fields:
        value = environ.get(variable(field_))
        if value and (field_.group == "credentials" or field_.secret):
            given.group(field_.group)[field_.name] = value
    for group, option, texts in (
        ("connection_config", "--config", config),
        ("credentials", "--credential", credentials),
    ):
        for name, value in pairs(texts, option):
            other = "credentials" if group == "connection_config" else "connection_config"
            found = known.get((group, name)) or known.get((other, name))
            secret = found.secret if found else group == "credentials"
            target = found.group if found else group
            from_file = group == "credentials" and value.startswith("@")
            given.group(target)[name] = _secret(name, value, stdin) if secret or from_file else value
    return given


def metadata(texts: Iterable[str], fields: Sequence[Field] = ()) -> dict[str, Any]:
    """Metadata from NAME=VALUE texts: a JSON value where it is one, else text; nothing behind the `=` gives None.

    Raises `SecretOnCommandLine` for a name that is one of the provider's secrets.
    """
    secrets = {field_.name for field_ in fields if field_.secret}
    found: dict[str, Any] = {}
    for name, value in pairs(texts, "--metadata"):
        if name in secrets:
            raise SecretOnCommandLine(f"{name} is a secret, and no metadata.")
        found[name] = None if value == "" else _value(value)
    return found


def unusual(names: Iterable[str], provider: Provider) -> Iterator[str]:
    """Notes on names of metadata that look like one that means something, and are not."""
    known = ["plan"] if provider.rate_limits else []
    for name in names:
        alike = get_close_matches(name.lower(), known, n=1) if name not in known else []
        if alike:
            yield f"note: the metadata {name} means nothing here; did you mean {alike[0]}?"


def _value(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return text


def _secret(name: str, value: str, stdin: _Stdin) -> str:
    if not value.startswith("@"):
        raise SecretOnCommandLine(
            f"The value of {name} was typed on the command line, where other users and the shell's history can read it."
        )
    where = value[1:]
    return _text(name, stdin.read(name) if where == "-" else _file(name, where))


def _file(name: str, where: str) -> bytes:
    try:
        with Path(where).expanduser().open("rb") as file:
            return _limited(name, file)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it is no file name"
        raise InputError(
            f"The file given for {name} cannot be read: {reason}.",
            next_step=_FILE_STEP,
        ) from None


def _limited(name: str, file: BinaryIO) -> bytes:
    content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise InputError(
            f"The file for {name} is larger than {_LONGEST:,} bytes; that is no credential.", next_step=_FILE_STEP
        )
    return content


def _text(name: str, content: bytes) -> str:
    """Without one line break at the end: editors and `echo` add it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"The file for {name} is not UTF-8 text.", next_step=_FILE_STEP) from None
    return text.removesuffix("\n").removesuffix("\r")


class _Stdin:
    """Standard input, which can be read for one value only."""

    def __init__(self) -> None:
        self._taken = ""

    def read(self, name: str) -> bytes:
        if self._taken:
            raise InputError(
                f"Standard input can give one value only, and {self._taken} took it; {name} needs a file.",
                next_step=f"Give it as --credential {name}=@FILE.",
            )
        self._taken = name
        return _limited(name, sys.stdin.buffer)
