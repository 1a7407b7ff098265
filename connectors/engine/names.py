"""What names may be: of environments, integrations and connections."""

from __future__ import annotations

import re

from connectors.errors import InputError

_NAME = re.compile(r"[^\x00-\x1f\x7f/\s][^\x00-\x1f\x7f/]{0,199}\Z")


def check_name(what: str, name: str) -> None:
    """Raises `InputError` for a name that could not be shown, or not be part of an address."""
    if not _NAME.match(name):
        article = "an" if what[0] in "aeiou" else "a"
        raise InputError(
            f"{name[:60]!r} cannot be {article} {what}.",
            next_step="It takes 1 to 200 characters, no slash or control character, and does not begin blank.",
        )
