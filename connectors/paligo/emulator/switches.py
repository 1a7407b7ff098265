"""What nobody outside knows about the real service, or what a test wants to vary: one switch each."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from connectors.errors import InputError


def _choice(*choices: Any, says: str) -> Any:
    """One of these values; the first is the default."""
    return field(default=choices[0], metadata={"choices": choices, "says": says})


def _number(default: float | None, *, least: float, says: str) -> Any:
    """A number of the default's type (whole if that is None); None only where None is the default."""
    return field(default=default, metadata={"least": least, "says": says})


@dataclass(frozen=True)
class Switches:
    """How the emulated service behaves. The first of several values, or the value given, is the default.

    Every value is checked, and may also be given as text (`"404"`, `"true"`, `"none"`), as a command line
    or another process gives it. Raises InputError for a value that is not allowed.
    """

    scope: str = _choice(
        "root", "all", says="what GET /documents lists without `parent`: the root folder, or everything"
    )
    search: str | int = _choice("on", 404, 422, says="whether POST /search works, or the status it always answers")
    search_content: bool = _choice(False, True, says="whether search items carry `content`, or an empty text")
    search_lag: float = _number(0.0, least=0, says="seconds that the search index is behind")
    next_page: str = _choice("plain", "filters", says="next_page holds `page` only, or the filters and per_page too")
    default_per_page: int = _number(10, least=1, says="items a page when the caller names no number")
    max_per_page: int = _number(100, least=1, says="items a page at most, whatever the caller names")
    values: str = _choice("native", "strings", says="booleans and user ids as they are, or as strings")
    languages: str = _choice("list", "text", says="`languages` as a list, or as that list in a JSON string")
    checkout_user_type: str = _choice("integer", "string", says="type of `checkout_user` while somebody has it")
    plan: str = _choice("none", "business", "enterprise", says="whose budgets count; none is unlimited")
    window: str = _choice("fixed", "sliding", says="budgets start anew with each window, or slide")
    window_seconds: float = _number(60.0, least=0.01, says="length of a budget's window in seconds")
    spurious_429: int = _number(0, least=0, says="every so-many-th request answers 429 without reason; 0 is never")
    retry_after_on_success: int | None = _number(None, least=0, says="Retry-After sent with every 2xx, in seconds")
    non_admin: int | None = _choice(None, 403, 401, says="the account is no admin: the status that every call gets")
    slash: str = _choice("direct", "redirect", says="a path with or without its slash: answered, or redirected")
    unknown_instance: str = _choice("html", "refuse", says="another instance: a 404 page in HTML, or CONNECT fails")
    error_body: str | None = field(
        default=None, metadata={"says": "body of every error as is; none: an artificial one"}
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            object.__setattr__(self, each.name, _checked(each, getattr(self, each.name)))

    def changed(self, changes: Mapping[str, Any]) -> Switches:
        """These switches with some set anew. Raises InputError for a name that is none, or a wrong value."""
        names = [each.name for each in fields(self)]
        for name in changes:
            if name not in names:
                raise InputError(f"There is no switch {name!r}.", next_step=f"Use one of: {', '.join(names)}.")
        return replace(self, **changes)

    @classmethod
    def explain(cls) -> list[tuple[str, str, str]]:
        """Every switch: its name, the values it takes (default first), and what it decides."""
        return [
            (
                each.name,
                " | ".join(map(_text, each.metadata.get("choices", (each.default,)))),
                str(each.metadata["says"]),
            )
            for each in fields(cls)
        ]


def _text(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _checked(each: Field[Any], value: Any) -> Any:
    """The value in its own type, or InputError."""
    choices, least = each.metadata.get("choices", ()), each.metadata.get("least")
    for choice in (*choices, None) if each.default is None else choices:
        if value == _text(choice) or (type(value) is type(choice) and value == choice):
            return choice
    if not choices and least is None and isinstance(value, str):
        return value
    kind = float if isinstance(each.default, float) else int
    if least is not None and isinstance(value, (str, int, kind)) and not isinstance(value, bool):
        with contextlib.suppress(ValueError):
            if least <= kind(value) < float("inf"):
                return kind(value)
    number = "a number" if kind is float else "a whole number"
    expected = " | ".join(map(_text, choices)) or ("text" if least is None else f"{number} of at least {least}")
    raise InputError(f"The switch {each.name} cannot be {value!r}: it takes {expected}.")
