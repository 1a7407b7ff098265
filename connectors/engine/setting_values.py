"""What a setting's text says, by the setting's kind."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.engine.keys import parse_keys
from connectors.engine.setting_list import Kind, Setting

_HIGHEST_PORT = 65_535


def path_of(text: str, base: Path) -> Path:
    """The path that a text names, from a folder on if it is relative. Raises ValueError for an unknown home folder."""
    try:
        return base / Path(text).expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder") from None


@dataclass(frozen=True)
class Given:
    """A setting's text, and what reading it depends on."""

    text: str
    setting: Setting
    home: Path
    base: Path  # relative paths start here


def _read_text(given: Given) -> str:
    if not re.fullmatch(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}", given.text) or given.text != given.text.strip():
        raise ValueError("expected 1 to 200 characters of plain text without blanks around it")
    return given.text


def _read_home(given: Given) -> Path:
    if given.home.exists() and not given.home.is_dir():
        raise ValueError("expected a folder")
    return given.home


def _read_paths(given: Given) -> tuple[Path, ...]:
    paths = tuple(path_of(part.strip(), given.base) for part in given.text.split(os.pathsep) if part.strip())
    for path in paths:
        if not path.exists():
            raise ValueError(f"there is no {path}")
    return paths


def _read_bool(given: Given) -> bool:
    word = given.text.strip().lower()
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise ValueError("expected on or off")


def _read_choice(given: Given) -> str:
    word = given.text.strip().lower()
    if word not in given.setting.choices:
        raise ValueError(f"expected {', '.join(given.setting.choices[:-1])} or {given.setting.choices[-1]}")
    return word


def _read_keys(given: Given) -> tuple[bytes, ...]:
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


def _read_url(given: Given) -> str:
    if given.text and not re.fullmatch(r"https?://[^\s/?#@]+(/[!-~]*)?", given.text):
        raise ValueError("expected an http or https URL")
    return given.text


def _read_origins(given: Given) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/").lower() for part in given.text.split(",") if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://(\*\.)?[a-z0-9.-]+(:[0-9]{1,5})?", origin):
            raise ValueError("expected origins such as https://app.example.com, separated by commas")
    return origins


def _read_seconds(given: Given) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", given.text.strip()) or not float(given.text):
        raise ValueError("expected a number of seconds above 0, such as 5 or 0.5")
    return float(given.text)


def _read_count(given: Given) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,6}", given.text.strip()):
        raise ValueError("expected a whole number from 1")
    return int(given.text)


def _read_port(given: Given) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", given.text.strip()) or int(given.text) > _HIGHEST_PORT:
        raise ValueError(f"expected a whole number from 1 to {_HIGHEST_PORT}")
    return int(given.text)


def _read_database(given: Given) -> Path | PostgresUrl:
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
    path = path_of(file, given.base)
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


READERS: Mapping[Kind, Callable[[Given], Any]] = {
    "text": _read_text,
    "path": _read_home,
    "paths": _read_paths,
    "bool": _read_bool,
    "choice": _read_choice,
    "keys": _read_keys,
    "database": _read_database,
    "url": _read_url,
    "origins": _read_origins,
    "port": _read_port,
    "count": _read_count,
    "seconds": _read_seconds,
}
