"""Settings: every name, default and meaning in one tuple, and where each value came from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from connectors.engine.dotenv import read_dotenv
from connectors.engine.keys import parse_keys
from connectors.errors import SettingError

Kind = Literal["text", "path", "paths", "bool", "choice", "keys", "database"]
Source = Literal["given", "environment", ".env", "default"]  # given: by the caller, such as `--home`

MASK = "[secret]"


@dataclass(frozen=True)
class Setting:
    """One thing that can be set."""

    name: str  # of the environment variable
    default: str  # as it would be written; "" = not set
    help: str  # one sentence, for people
    secret: bool = False  # never shown
    kind: Kind = "text"  # how the text is read
    choices: tuple[str, ...] = ()  # with kind "choice"


SETTINGS = (
    Setting("CONNECTORS_HOME", "~/.connectors", "The data folder: database, key file and .env.", kind="path"),
    Setting(
        "CONNECTORS_ENCRYPTION_KEY",
        "",
        "Key for stored credentials: 32 random bytes in Base64; several, newest first, separated by commas. "
        "Without it, a key file is made in the data folder.",
        secret=True,
        kind="keys",
    ),
    Setting(
        "CONNECTORS_PROVIDERS",
        "",
        f"Further files of provider definitions, separated by '{os.pathsep}'; later ones win.",
        kind="paths",
    ),
    Setting("CONNECTORS_PATH", "", f"Folders with connectors, separated by '{os.pathsep}'.", kind="paths"),
    Setting(
        "CONNECTORS_ALLOW_PRIVATE_HOSTS",
        "off",
        "Whether calls may go to private, loopback and link-local addresses.",
        kind="bool",
    ),
    Setting(
        "CONNECTORS_BASE_URL_OVERRIDE",
        "listed",
        "Whether a call may name another base URL.",
        kind="choice",
        choices=("off", "listed", "any"),
    ),
    Setting(
        "DATABASE_URL",
        "",
        "Where connections and records are kept: sqlite:///FILE; without it, connectors.db in the data folder.",
        kind="database",
    ),
    Setting("CONNECTORS_ENVIRONMENT", "dev", "The environment that commands work in."),
)

_PLACES: Mapping[Source, str] = {
    "given": "the call",
    "environment": "the environment",
    ".env": "the data folder's .env",
    "default": "the default",
}
_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True)
class SettingRow:
    """One setting as a person sees it."""

    name: str
    value: str  # masked if it may not be shown; "" = not set
    source: Source
    help: str
    problem: str | None  # why the value cannot be used


@dataclass(frozen=True)
class Settings:
    """The settings of one data folder. Nothing is created or checked until a value is asked for."""

    home: Path  # the data folder, absolute
    _found: Mapping[str, tuple[str, Source]] = field(repr=False)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, home: Path | str | None = None) -> Settings:
        """Read the process environment (or `environ`), and below it the `.env` of the data folder.

        `home` goes before CONNECTORS_HOME. An empty value counts as not set.
        Raises SettingError if `.env` cannot be read or names another data folder.
        """
        process = os.environ if environ is None else environ
        given = str(home or process.get("CONNECTORS_HOME") or "")
        try:
            folder = _path(given or _BY_NAME["CONNECTORS_HOME"].default, Path.cwd())
        except ValueError as error:
            raise SettingError(
                f"The data folder {given!r} cannot be used: {error}.", setting="CONNECTORS_HOME"
            ) from None
        found: dict[str, tuple[str, Source]] = {}
        for source, values in ((".env", _dotenv(folder)), ("environment", process)):
            found |= {name: (values[name], source) for name in _BY_NAME if values.get(name)}  # type: ignore[misc]
        if home:
            found["CONNECTORS_HOME"] = (given, "given")
        return cls(folder, found)

    @property
    def database(self) -> Path:
        """The file that connections and records are kept in."""
        path: Path = self.value("DATABASE_URL")
        return path

    def value(self, name: str) -> Any:
        """A setting's value, in its type. Raises SettingError if it cannot be used; KeyError if there is no such name.

        text, choice: str · path, database: Path · paths: tuple of Path · bool: bool · keys: tuple of bytes.
        """
        setting = _BY_NAME[name]
        text, source = self._text(setting)
        base = self.home if source == ".env" else Path.cwd()
        try:
            return _READERS[setting.kind](_Given(text, setting, self.home, base))
        except (ValueError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            shown = "" if setting.secret or setting.kind == "database" else f" {text[:100]!r}"
            raise SettingError(
                f"{name}{shown} (from {_PLACES[source]}) cannot be used: {reason}.", setting=name
            ) from None

    def source(self, name: str) -> Source:
        """Where the value comes from."""
        return self._text(_BY_NAME[name])[1]

    def rows(self) -> list[SettingRow]:
        """All settings with source and problem, secrets masked. Never raises."""
        return [self._row(setting) for setting in SETTINGS]

    def make_home(self) -> Path:
        """Create the data folder, for this user only, if it is missing. Raises SettingError if that fails."""
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingError(
                f"The data folder {self.home} cannot be made: {error.strerror}.",
                next_step="Set CONNECTORS_HOME to a folder that you may write.",
                setting="CONNECTORS_HOME",
            ) from error
        return self.home

    def _text(self, setting: Setting) -> tuple[str, Source]:
        return self._found.get(setting.name, (setting.default, "default"))

    def _row(self, setting: Setting) -> SettingRow:
        text, source = self._text(setting)
        problem = None
        try:
            value = self.value(setting.name)
        except SettingError as error:
            problem = error.message
        else:
            if setting.kind in ("path", "database"):
                text = str(value)
        if setting.secret or (problem and setting.kind == "database"):
            text = MASK if text else ""
        return SettingRow(setting.name, text, source, setting.help, problem)


def _dotenv(home: Path) -> Mapping[str, str]:
    values = read_dotenv(home / ".env")
    if values.get("CONNECTORS_HOME"):
        raise SettingError(
            f"{home / '.env'} sets CONNECTORS_HOME, but it is read only after the data folder is known.",
            next_step="Set CONNECTORS_HOME in the process environment.",
            setting="CONNECTORS_HOME",
        )
    return values


def _path(text: str, base: Path) -> Path:
    try:
        return base / Path(text).expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder") from None


@dataclass(frozen=True)
class _Given:
    """A setting's text, and what reading it depends on."""

    text: str
    setting: Setting
    home: Path
    base: Path  # relative paths start here


def _read_text(given: _Given) -> str:
    if not re.fullmatch(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}", given.text) or given.text != given.text.strip():
        raise ValueError("expected 1 to 200 characters of plain text without blanks around it")
    return given.text


def _read_home(given: _Given) -> Path:
    if given.home.exists() and not given.home.is_dir():
        raise ValueError("expected a folder")
    return given.home


def _read_paths(given: _Given) -> tuple[Path, ...]:
    paths = tuple(_path(part.strip(), given.base) for part in given.text.split(os.pathsep) if part.strip())
    for path in paths:
        if not path.exists():
            raise ValueError(f"there is no {path}")
    return paths


def _read_bool(given: _Given) -> bool:
    word = given.text.strip().lower()
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise ValueError("expected on or off")


def _read_choice(given: _Given) -> str:
    word = given.text.strip().lower()
    if word not in given.setting.choices:
        raise ValueError(f"expected {', '.join(given.setting.choices[:-1])} or {given.setting.choices[-1]}")
    return word


def _read_keys(given: _Given) -> tuple[bytes, ...]:
    try:
        return parse_keys(given.text)
    except ValueError as error:
        raise ValueError(f"{error}; `openssl rand -base64 32` makes a key") from None


def _read_database(given: _Given) -> Path:
    if not given.text:
        return given.home / "connectors.db"
    scheme, mark, rest = given.text.partition("://")
    if mark and re.fullmatch(r"postgres(ql)?(\+\w+)?", scheme):
        raise ValueError("this version runs on SQLite; expected sqlite:///FILE")
    file = rest.removeprefix("/")
    if scheme != "sqlite" or not rest.startswith("/") or not file or re.search(r"[?#\x00-\x1f]|:memory:", file):
        raise ValueError("expected sqlite:///FILE (sqlite:////FILE with an absolute path)")
    path = _path(file, given.base)
    if path.is_dir():
        raise ValueError("expected a file, not a folder")
    return path


_READERS: Mapping[Kind, Callable[[_Given], Any]] = {
    "text": _read_text,
    "path": _read_home,
    "paths": _read_paths,
    "bool": _read_bool,
    "choice": _read_choice,
    "keys": _read_keys,
    "database": _read_database,
}
