"""Records of 1 KB that keep the contract of Paligo's documents."""

from __future__ import annotations

import json
from typing import Any

SIZE = 1024  # bytes of a record as JSON
_CONTENT = (
    '<?xml version="1.0" encoding="UTF-8"?><section xmlns="http://docbook.org/ns/docbook" version="5.0" xml:lang="sv">'
    "<title>Byt ut tätningen</title><para>Kontrollera att tätningen är hel &amp; ren.</para>"
)


def document(number: int, *, name: str = "Replace the seal") -> dict[str, Any]:
    """The document of that number: the same for the same arguments."""
    made: dict[str, Any] = {
        "id": str(100_000 + number),
        "uuid": f"UUID-3f0c1a52-77d1-4c0e-9a64-{number:012x}",
        "name": f"{name} {number}",
        "type": "component",
        "subtype": "component",
        "creator": 2,
        "owner": 2,
        "author": 5,
        "created_at": 1_751_883_000 + number,
        "modified_at": 1_754_042_400 + number,
        "checkout": False,
        "checkout_user": "",
        "parent_resource": 317,
        "taxonomies": [{"id": 603, "title": "Hardware", "color": 2}],
        "release_status": "Work in progress",
        "content": _CONTENT,
        "languages": ["sv", "en"],
        "external": [],
        "custom_attributes": [],
    }
    missing = SIZE - len(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode())
    return {**made, "content": _CONTENT + "x" * missing}


def documents(count: int, *, name: str = "Replace the seal") -> list[dict[str, Any]]:
    """So many documents."""
    return [document(number, name=name) for number in range(count)]
