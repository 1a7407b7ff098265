"""Names of files that mean the same on every system, and never a place outside their folder."""

from __future__ import annotations

import re
import unicodedata

_LONGEST_PART = 255  # bytes; what common file systems take
_LONGEST_PATH = 1000  # bytes
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|\Z)", re.IGNORECASE)
_NOT_IN_A_NAME = re.compile(_UNSAFE.pattern + r'|[/\\:<>"|?*]')
_FALLBACK = "file"


def problem_of(path: str) -> str | None:
    """Why a relative POSIX path is not safe, in words; None if it is.

    Safe: no way out of the folder, no character or name that some system gives a meaning of its
    own (backslash, colon, CON), nothing that a system drops silently (dots and blanks at the end).
    """
    if _UNSAFE.search(path):
        return "it holds a control character"
    if "\\" in path or ":" in path:
        return "it holds a backslash or a colon, which are parts of a path on some systems"
    if len(path.encode()) > _LONGEST_PATH:
        return f"it is longer than {_LONGEST_PATH} bytes"
    if path.startswith("/"):
        return "it is an absolute path"
    return next((problem for part in path.split("/") if (problem := _problem_of_part(part))), None)


def _problem_of_part(part: str) -> str | None:
    if part in ("", ".", ".."):
        return "it has a part that leads elsewhere" if part else "it has an empty part"
    if part.endswith((".", " ")):
        return "it has a part that ends in a dot or blank, which some systems drop"
    if len(part.encode()) > _LONGEST_PART:
        return f"it has a part longer than {_LONGEST_PART} bytes"
    if _DEVICE.match(part):
        return "it has a part that is the name of a device on some systems"
    return None


def folded(path: str) -> str:
    """What the path is on a system that knows neither case nor how a letter is composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def harmless(text: str | None) -> str:
    """One safe file name, as near to the text as can be."""
    name = _NOT_IN_A_NAME.sub("_", (text or "").replace("\\", "/").rpartition("/")[2]).strip(" .")
    while len(name.encode()) > _LONGEST_PART:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:-1]}.{ending}" if dot and stem and len(ending) < 16 else name[:-1]
    name = name.rstrip(" .")
    return f"_{name}" if _DEVICE.match(name) else name or _FALLBACK
