"""What nobody outside knows about the real service, or what a test wants to vary: one switch each."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from connectors.errors import InputError

from .archives import ARCHIVES


def _switch(*values: Any, says: str, least: float | None = None) -> Any:
    """One of these values (the first is the default); given `least`, also any number of the default's type from it."""
    return field(default=values[0], metadata={"values": values, "says": says, "least": least})


@dataclass(frozen=True)
class Switches:
    """How the emulated service behaves. The first of several values, or the value given, is the default.

    A value may also be given as text (`"404"`, `"true"`, `"none"`). Raises InputError for one that is not allowed.
    """

    scope: str = _switch(
        "root", "all", says="what GET /documents lists without `parent`: the root folder, or everything"
    )
    search: str | int = _switch("on", 404, 422, says="whether POST /search works, or the status it always answers")
    search_content: bool = _switch(False, True, says="whether search items carry `content`, or an empty text")
    search_lag: float = _switch(0.0, least=0, says="seconds that the search index is behind")
    next_page: str = _switch("plain", "filters", says="next_page holds `page` only, or the filters and per_page too")
    default_per_page: int = _switch(10, least=1, says="items a page when the caller names no number")
    max_per_page: int = _switch(100, least=1, says="items a page at most, whatever the caller names")
    values: str = _switch("native", "strings", says="booleans and user ids as they are, or as strings")
    languages: str = _switch("list", "text", says="`languages` as a list, or as that list in a JSON string")
    checkout_user_type: str = _switch("integer", "string", says="type of `checkout_user` while somebody has it")
    plan: str = _switch("none", "business", "enterprise", says="whose budgets count; none is unlimited")
    window: str = _switch("fixed", "sliding", says="budgets start anew with each window, or slide")
    window_seconds: float = _switch(60.0, least=0.01, says="length of a budget's window in seconds")
    spurious_429: int = _switch(0, least=0, says="every so-many-th request answers 429 without reason; 0 is never")
    retry_after_on_success: int | None = _switch(None, least=0, says="Retry-After sent with every 2xx, in seconds")
    non_admin: int | None = _switch(None, 403, 401, says="the account is no admin: the status that every call gets")
    slash: str = _switch("direct", "redirect", says="a path with or without its slash: answered, or redirected")
    media: str = _switch("hidden", "listed", says="whether GET /folders lists the top folders for images too")
    image_parent: str = _switch("accepted", "refused", says="whether an image's upload may name a `parent`, or is 422")
    value_delete: str | int = _switch("on", 404, 405, says="whether variable values can be deleted, or the status")
    polls: int = _switch(2, least=0, says="how many times a job is read before it has ended")
    job_start: str = _switch("running", "pending", says="state of a job before it is first read")
    job_end: str = _switch(
        *("done", "cancelled", "failed", "never", "done_without_url"), says="how jobs end, or that they run for ever"
    )
    steps: str = _switch("exact", "over", "missing", says="a done job's count is its total, passes it, or is not there")
    log_url: str = _switch("present", "missing", says="whether productions name their log")
    url_form: str = _switch(
        *("api", "file", "relative", "elsewhere"),
        says="where a job's result is: /outputs, a file, no host, another one",
    )
    zip_kind: str = _switch(*ARCHIVES, says="what archives hold: the layout that clients know, or an attack")
    unknown_instance: str = _switch("html", "refuse", says="another instance: a 404 page in HTML, or CONNECT fails")
    error_body: str | None = _switch(None, says="body of every error as is; none: an artificial one")

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
        return [(each.name, _choices(each), str(each.metadata["says"])) for each in fields(cls)]


def _text(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _choices(each: Field[Any]) -> str:
    return " | ".join(map(_text, each.metadata["values"]))


def _checked(each: Field[Any], value: Any) -> Any:
    """The value in its own type, or InputError."""
    least, kind = each.metadata["least"], float if isinstance(each.default, float) else int
    for known in each.metadata["values"]:
        if value == _text(known) or (type(value) is type(known) and value == known):
            return known
    if each.name == "error_body" and isinstance(value, str):
        return value
    if least is not None and not isinstance(value, bool):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            if float(value) == kind(value) and least <= kind(value) < float("inf"):
                return kind(value)
    number = "a number" if kind is float else "a whole number"
    expected = _choices(each) if least is None else f"{number} of at least {least}"
    raise InputError(f"The switch {each.name} cannot be {value!r}: it takes {expected}.")
