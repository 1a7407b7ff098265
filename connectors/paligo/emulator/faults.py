"""Faults on request: what can go wrong between a client and the service, a given number of times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.errors import InputError

from .exchange import Answer, Request

PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}
KINDS: dict[str, dict[str, Any]] = {  # kind → the options it takes, with what they are when left out
    "status": {"status": 500, "body": "an emulated failure", "headers": {}},
    "html": {"status": 200, "body": PAGE, "headers": HTML},
    "redirect": {"status": 302, "location": "https://elsewhere.example/"},
    "hang": {"seconds": 3600.0},
    **{kind: {} for kind in ("reset", "truncated", "invalid_json", "repeat_next_page", "empty_list")},
}


@dataclass
class Fault:
    """One thing that goes wrong. Raises InputError for a kind or an option that is none."""

    kind: str
    method: str | None  # only these requests; None: any
    path_prefix: str  # of the target as sent, /api/v2 included
    left: float  # how many times yet
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
        self.left -= 1
        return self.left >= 0

    def spoil(self, request: Request, usual: Callable[[Request], Answer]) -> Answer:
        """What the client gets. The usual answer is made only where the fault lets the request through."""
        kind, options = self.kind, self.options
        if kind in ("status", "html"):
            return Answer(options["status"], options["body"], dict(options["headers"]))
        if kind == "redirect":
            return Answer(options["status"], headers={"Location": options["location"]})
        if kind == "reset":
            return Answer(0, delivery="reset")
        made = usual(request)
        page = made.payload if isinstance(made.payload, dict) else {}
        if kind == "hang":
            made.delay = options["seconds"]
        elif kind == "truncated":
            made.delivery = "truncated"
        elif kind == "invalid_json":
            made.payload = made.body[: len(made.body) // 2]
        elif kind == "repeat_next_page" and "next_page" in page:
            page.update(next_page=f"{request.origin}{request.target}", total_pages=1_000_000)
        elif kind == "empty_list" and "total_pages" in page:
            page.update({key: type(value)() for key, value in page.items() if key not in ("page", "per_page")})
        return made
