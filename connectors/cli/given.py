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
    assertion_option: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Given(config={sorted(self.config)}, credentials={sorted(self.credentials)})"

    def group(self, name: str) -> dict[str, str]:
        """The values of connection_config, credentials or assertion_option."""
        return {"connection_config": self.config, "assertion_option": self.assertion_option}.get(name, self.credentials)


def variable(field: Field) -> str:
    """The environment variable that gives a secret: apiKey → CONNECTORS_CREDENTIAL_APIKEY."""
    return variable_of(field.name)


def variable_of(name: str) -> str:
    """The same for a field of that name."""
    return CREDENTIAL_VARIABLE + _NOT_IN_A_VARIABLE.sub("_", name.upper())


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
    stdin = Stdin()
    for field_ in fields:
        value = environ.get(variable(field_))
        if value and (field_.group != "connection_config" or field_.secret):
            given.group(field_.group)[field_.name] = value
    for group, option, texts in (
        ("connection_config", "--config", config),
        ("credentials", "--credential", credentials),
    ):
        for name, value in pairs(texts, option):
            found = known.get((group, name)) or next((item for (_, own), item in known.items() if own == name), None)
            is_secret = found.secret if found else group == "credentials"
            target = found.group if found else group
            from_file = group == "credentials" and value.startswith("@")
            step = None if found else _unknown_step(name, [item.name for item in fields if item.group == group])
            given.group(target)[name] = secret(name, value, stdin, next_step=step) if is_secret or from_file else value
    return given


def _unknown_step(name: str, names: Sequence[str]) -> str | None:
    """For a value that counts as a secret because no field has its name."""
    how = "A secret is given as --credential NAME=@FILE (@- reads standard input)."
    return f"{name} is none of the fields that are asked for ({', '.join(names)}). {how}" if names else None


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


def secret(name: str, value: str, stdin: Stdin, *, next_step: str | None = None) -> str:
    """The content of the file that `@FILE` names, or of standard input (`@-`).

    Raises `SecretOnCommandLine` for anything else, and `InputError` for a file that cannot be read.
    """
    if not value.startswith("@"):
        raise SecretOnCommandLine(
            f"The value of {name} was typed on the command line, where other users and the shell's history "
            "can read it.",
            next_step=next_step,
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


class Stdin:
    """Standard input, which can be read for one value only."""

    def __init__(self) -> None:
        self._taken = ""

    def read(self, name: str) -> bytes:
        """All of it. Raises `InputError` the second time."""
        if self._taken:
            raise InputError(
                f"Standard input can give one value only, and {self._taken} took it; {name} needs a file.",
                next_step="Give it as @FILE.",
            )
        self._taken = name
        return _limited(name, sys.stdin.buffer)
