"""Text on its way out: what a provider wrote cannot drive the terminal, and JSON stays JSON."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

import click

from connectors.errors import UnexpectedAnswer

# Control characters (an escape sequence begins with one), marks that reverse the direction of writing, and halves of
# characters that no encoding can write.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile(r"[\t\r\n]+")


def plain(text: object) -> str:
    """The text on one line, with a mark in place of each character that a terminal would act on."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", _BREAKS.sub(" ", str(text)))


def plain_lines(text: str) -> str:
    """The text with its lines and tabs, otherwise as `plain`."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def say(text: str = "") -> None:
    """A line of the result, on standard output."""
    click.echo(plain_lines(text))


def tell(text: str) -> None:
    """A line about the result, on standard error."""
    click.echo(plain_lines(text), err=True)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON that is safe to look at; keys keep their order. Raises UnexpectedAnswer for endless nesting."""
    try:
        text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    except RecursionError:
        raise UnexpectedAnswer(
            "The data is nested too deep to be printed as JSON.",
            next_step="Save an answer as it came with `connectors proxy … --output FILE`.",
        ) from None
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say_json(value: Any) -> None:
    """A whole result as JSON."""
    click.echo(json_text(value, indent=2))


def command_line(*words: str) -> str:
    """A command of ours as it would be typed."""
    return shlex.join(("connectors", *words))


def is_terminal(stream: IO[Any]) -> bool:
    """Whether a person sees it."""
    try:
        return stream.isatty()
    except ValueError:  # it is closed
        return False


def can_ask() -> bool:
    """Whether there is a person to ask."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def with_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with each `…_at` as ISO 8601 in UTC instead of a number."""
    from connectors.engine.records import iso

    return {
        name: iso(value) if name.endswith("_at") and isinstance(value, (int, float)) else value
        for name, value in row.items()
    }


def moment(time: float | None) -> str:
    """A time for people, in their time zone; "never" for none."""
    return "never" if time is None else datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """A length of time for people, as `3.2 s`, `4 min 10 s` or `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = whole // 60
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def amount(count: int, noun: str) -> str:
    """A count with its noun: `1 record`, `2 records`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
