"""What names may be: of environments, integrations and connections."""

from __future__ import annotations

import re

from connectors.errors import InputError

_NAME = re.compile(r"[^\x00-\x1f\x7f/\s][^\x00-\x1f\x7f/]{0,254}\Z")
_CONNECTION = re.compile(r"[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]{0,254}\Z")  # clients of the HTTP API put slashes in it


def check_name(what: str, name: str) -> None:
    """Raises `InputError` for a name that could not be shown, or not be part of an address."""
    connection = what == "connection id"
    if not (_CONNECTION if connection else _NAME).match(name):
        slash = "" if connection else "slash or "
        article = "an" if what[0] in "aeiou" else "a"
        raise InputError(
            f"{name[:60]!r} cannot be {article} {what}.",
            next_step=f"It takes 1 to 255 characters, no {slash}control character, and does not begin blank.",
        )
