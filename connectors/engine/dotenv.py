"""The `.env` file of the data folder: `NAME=value` lines, nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.errors import SettingError

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_QUOTED = re.compile(r"""(?:'(?P<raw>[^']*)'|"(?P<escaped>(?:[^"\\]|\\.)*)")\s*(?:\#.*)?""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def read_dotenv(file: Path) -> dict[str, str]:
    """The names and values of the file; {} if there is none.

    `export` in front is ignored, so are empty lines and lines that start with `#`. In double quotes a backslash
    escapes; in single quotes everything stands for itself; without quotes a comment begins at ` #`.
    The last of several lines of one name counts. Raises SettingError with the line, never with its value.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingError(f"{file} cannot be read: {reason}.", next_step="Mend the file or remove it.") from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        value = _value(match["value"]) if match else None
        if match is None or value is None:
            raise SettingError(f"{file}, line {number}: expected NAME=value.", next_step="Mend that line.")
        values[match["name"]] = value
    return values


def _value(text: str) -> str | None:
    if not text.startswith(("'", '"')):
        return re.split(r"\s#|^#", text, maxsplit=1)[0].rstrip()
    match = _QUOTED.fullmatch(text)
    if match is None:
        return None
    if match["raw"] is not None:
        return match["raw"]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), match["escaped"])
