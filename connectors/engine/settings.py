"""Settings: every name, default and meaning in one tuple, and where each value came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from connectors.engine.dotenv import read_dotenv
from connectors.engine.setting_list import SETTINGS, Setting
from connectors.engine.setting_values import READERS, Given, PostgresUrl, path_of
from connectors.errors import SettingError

Source = Literal["given", "environment", ".env", "default"]  # given: by the caller, such as `--home`

MASK = "[secret]"

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
            folder = path_of(given or _BY_NAME["CONNECTORS_HOME"].default, Path.cwd())
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
        url: str · origins: tuple of str · port, count: int · seconds: float · keys: tuple of bytes.
        """
        setting = _BY_NAME[name]
        text, source = self._text(setting)
        base = self.home if source == ".env" else Path.cwd()
        try:
            return READERS[setting.kind](Given(text, setting, self.home, base))
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
