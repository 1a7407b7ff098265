"""Settings: every name, default and meaning in one tuple, and where each value came from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from connectors.engine.dotenv import read_dotenv
from connectors.engine.keys import parse_keys
from connectors.engine.setting_list import SETTINGS, Kind, Setting
from connectors.errors import SettingError

Source = Literal["given", "environment", ".env", "default"]  # given: by the caller, such as `--home`

MASK = "[secret]"
_HIGHEST_PORT = 65_535

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
    def database(self) -> Path | PostgresUrl:
        """The file, or the PostgreSQL database, that connections and records are kept in."""
        where: Path | PostgresUrl = self.value("DATABASE_URL")
        return where

    def value(self, name: str) -> Any:
        """A setting's value, in its type. Raises SettingError if it cannot be used; KeyError if there is no such name.

        text, choice: str · path: Path · database: Path or PostgresUrl · paths: tuple of Path · bool: bool ·
        url: str · port, count: int · seconds: float · keys: tuple of bytes.
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

    def check(self) -> None:
        """Read every setting, so that none fails later on. Raises SettingError for the first that cannot be used."""
        for setting in SETTINGS:
            self.value(setting.name)

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


@dataclass(frozen=True)
class PostgresUrl:
    """Where a PostgreSQL database is; shown without its password."""

    _url: str = field(repr=False)

    def reveal(self) -> str:
        """The whole URL."""
        return self._url

    def __str__(self) -> str:
        """The same without what may be secret."""
        parts = urlsplit(self._url)
        user = f"{parts.username}@" if parts.username else ""
        return f"postgresql://{user}{parts.netloc.rpartition('@')[2]}{parts.path}"


def _read_url(given: _Given) -> str:
    if given.text and not re.fullmatch(r"https?://[^\s/?#@]+(/[!-~]*)?", given.text):
        raise ValueError("expected an http or https URL")
    return given.text


def _read_seconds(given: _Given) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", given.text.strip()) or not float(given.text):
        raise ValueError("expected a number of seconds above 0, such as 5 or 0.5")
    return float(given.text)


def _read_count(given: _Given) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,6}", given.text.strip()):
        raise ValueError("expected a whole number from 1")
    return int(given.text)


def _read_port(given: _Given) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", given.text.strip()) or int(given.text) > _HIGHEST_PORT:
        raise ValueError(f"expected a whole number from 1 to {_HIGHEST_PORT}")
    return int(given.text)


def _read_database(given: _Given) -> Path | PostgresUrl:
    if not given.text:
        return given.home / "connectors.db"
    scheme, mark, rest = given.text.partition("://")
    if mark and re.fullmatch(r"postgres(ql)?(\+\w+)?", scheme):
        return _postgres(scheme, rest)
    file = rest.removeprefix("/")
    if scheme != "sqlite" or not rest.startswith("/") or not file or re.search(r"[?#\x00-\x1f]|:memory:", file):
        raise ValueError(
            "expected sqlite:///FILE (sqlite:////FILE with an absolute path) or postgresql://USER:PASSWORD@HOST:PORT/NAME"
        )
    path = _path(file, given.base)
    if path.is_dir():
        raise ValueError("expected a file, not a folder")
    return path


def _postgres(scheme: str, rest: str) -> PostgresUrl:
    if "+" in scheme or not re.fullmatch(r"[^\s\x00-\x1f]+", rest):
        raise ValueError("expected postgresql://USER:PASSWORD@HOST:PORT/NAME")
    if find_spec("psycopg") is None:
        raise ValueError("PostgreSQL needs more packages: pip install 'connectors[postgres]'")
    try:
        urlsplit(f"postgresql://{rest}").port  # noqa: B018 - it is read when it is asked for
    except ValueError:
        raise ValueError("expected postgresql://USER:PASSWORD@HOST:PORT/NAME") from None
    return PostgresUrl(f"postgresql://{rest}")


_READERS: Mapping[Kind, Callable[[_Given], Any]] = {
    "text": _read_text,
    "path": _read_home,
    "paths": _read_paths,
    "bool": _read_bool,
    "choice": _read_choice,
    "keys": _read_keys,
    "database": _read_database,
    "url": _read_url,
    "port": _read_port,
    "count": _read_count,
    "seconds": _read_seconds,
}
