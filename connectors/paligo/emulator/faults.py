"""Faults on request: what can go wrong between a client and the service, a given number of times."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.errors import InputError

from .exchange import Answer, Request

PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}
# kind → the options it takes, with what they are when left out
KINDS: dict[str, dict[str, Any]] = {
    "status": {"status": 500, "body": "an emulated failure", "headers": {}},
    "html": {"status": 200, "body": PAGE, "headers": HTML},
    "redirect": {"status": 302, "location": "https://elsewhere.example/"},
    "reset": {},
    "hang": {"seconds": 3600.0},
    "truncated": {},
    "invalid_json": {},
    "repeat_next_page": {},
    "empty_list": {},
}


@dataclass
class Fault:
    """One thing that goes wrong. Raises InputError for a kind or an option that is none."""

    kind: str
    method: str | None  # only these requests; None: any
    path_prefix: str  # of the target as sent, /api/v2 included
    left: int | None  # how many times yet; None: until cleared
    options: dict[str, Any]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"There is no fault {self.kind!r}.", next_step=f"Use one of: {', '.join(KINDS)}.")
        if unknown := self.options.keys() - KINDS[self.kind].keys():
            raise InputError(f"The fault {self.kind} takes no {', '.join(sorted(unknown))}.")
        self.options = {**KINDS[self.kind], **self.options}

    def takes(self, request: Request) -> bool:
        """Whether it waits for such a request; if so, one time of it is used up."""
        if self.method not in (None, request.method) or not request.target.startswith(self.path_prefix):
            return False
        if self.left is None:
            return True
        self.left -= 1
        return self.left >= 0

    def spoil(self, answer: Callable[[], Answer], request: Request, stopping: threading.Event) -> Answer:
        """What the client gets. The true answer is made only where the fault lets the request through."""
        kind, options = self.kind, self.options
        if kind == "reset":
            return Answer(0, delivery="reset")
        if kind == "redirect":
            return Answer(options["status"], headers={"Location": options["location"]})
        if kind in ("status", "html"):
            body, headers = options["body"], dict(options["headers"])
            raw = body.encode() if isinstance(body, str) else None
            return Answer(options["status"], body, headers, raw)
        if kind == "hang":
            stopping.wait(options["seconds"])
        made = answer()
        if kind == "truncated":
            made.delivery = "truncated"
        elif kind == "invalid_json":
            made.raw = made.body[: len(made.body) // 2]
        elif kind == "repeat_next_page" and "next_page" in (made.payload or {}):
            made.payload |= {"next_page": f"{request.origin}{request.target}", "total_pages": 1_000_000}
        elif kind == "empty_list" and "total_pages" in (made.payload or {}):
            empty: dict[str, Any] = {key: [] for key, value in made.payload.items() if isinstance(value, list)}
            made.payload |= {"total_pages": 0, **({"next_page": ""} if "next_page" in made.payload else {}), **empty}
        return made
