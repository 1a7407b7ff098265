"""What the shop's connector talks to: one stand-in for the accounts of all journeys, each with its own path."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from tests.server.upstream import Reply, Seen, Upstream

MB = 1024 * 1024
HUGE = 100  # MB
PAGE = 100
KEYS = ("key-one", "key-two")
PASSWORD = "pass:word"
PAIR = "Basic " + base64.b64encode(f"ann:{PASSWORD}".encode()).decode()


class Account:
    """One account at the stand-in. A script changes it by `PUT /NAME/control`."""

    def __init__(self, upstream: Upstream, name: str) -> None:
        self._path = f"/{name}"
        self._upstream = upstream
        self.things: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.seconds = 0.0  # that a page of things takes
        self.failing: list[int] = []  # statuses of the next lists of things
        self._tokens = itertools.count(1)
        self._flaky: dict[str, int] = {}
        for call, answer in self._answers().items():
            method, _, path = call.partition(" ")
            upstream.on(f"{method} {self._path}{path}", answer)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "REPORT"):
            upstream.on(f"{method} {self._path}/echo", self._echo)
            upstream.on(f"{method} {self._path}/deep/er%20path/%C3%BC", self._echo)

    def _answers(self) -> dict[str, Any]:
        text = {"content-type": "application/json"}
        return {
            "PUT /control": self._control,
            "GET /control": lambda _: Reply.json({"calls": self._calls()}),
            "GET /me": self._me,
            "POST /token": self._token,
            "GET /things": self._things,
            "GET /events": self._events,
            "POST /orders": lambda seen: Reply.json({"ordered": json.loads(seen.body)}, 201),
            "GET /created": Reply.json({"made": True}, 201),
            "DELETE /gone": Reply(204),
            "GET /missing": Reply.json({"why": "gone"}, 404, **{"x-why": "1", "x-ratelimit-left": "9"}),
            "POST /broken": Reply(422, b"<no/>", {"content-type": "application/xml"}),
            "GET /flaky": lambda seen: self._fail_first(seen, 503),
            "GET /conflict": lambda seen: self._fail_first(seen, 409),
            "GET /binary": Reply(200, bytes(range(256)) * 1000, {"content-type": "application/octet-stream"}),
            "GET /packed": Reply(200, gzip.compress(b'{"packed":true}'), {**text, "content-encoding": "gzip"}),
            "GET /pieces": lambda _: Reply(200, self._pieces(), {"content-type": "text/plain", "x-own": "yes"}),
            "GET /huge": lambda _: Reply(200, (b"x" * MB for _ in range(HUGE)), {"content-type": "text/plain"}),
        }

    def _control(self, seen: Seen) -> Reply:
        for name, value in json.loads(seen.body).items():
            setattr(self, name, value)
        return Reply.json({})

    def _calls(self) -> list[str]:
        return [f"{seen.method} {seen.target.removeprefix(self._path)}" for seen in self._mine()]

    def _mine(self) -> Iterator[Seen]:
        return (seen for seen in self._upstream.seen if seen.target.startswith(self._path + "/"))

    def _me(self, seen: Seen) -> Reply:
        good = seen.headers.get("x-api-key") in KEYS or seen.headers.get("authorization") == PAIR
        return Reply.json({"good": good}, 200 if good else 401)

    def _token(self, seen: Seen) -> Reply:
        if json.loads(seen.body) != {"user": "ann", "password": PASSWORD}:
            return Reply.json({"error": "no"}, 401)
        return Reply.json({"session": {"id": f"token-{next(self._tokens)}", "seconds": 3600}})

    def _things(self, seen: Seen) -> Reply:
        time.sleep(self.seconds)
        if self.failing:
            return Reply.json({"error": "broken"}, self.failing.pop(0))
        page = int(seen.target.rpartition("page=")[2])
        shown = self.things[(page - 1) * PAGE : page * PAGE]
        return Reply.json({"things": shown, "next": page + 1 if page * PAGE < len(self.things) else None})

    def _events(self, seen: Seen) -> Reply:
        after = int(seen.target.rpartition("after=")[2])
        return Reply.json([event for event in self.events if event["id"] > after])

    def _fail_first(self, seen: Seen, status: int) -> Reply:
        """The first call of each target fails."""
        self._flaky[seen.target] = self._flaky.get(seen.target, 0) + 1
        first = self._flaky[seen.target] == 1
        return (
            Reply(status, b"later", {"retry-after": "1"}) if first else Reply.json({"tries": self._flaky[seen.target]})
        )

    @staticmethod
    def _pieces() -> Iterator[bytes]:
        for number in range(5):
            yield f"piece {number}\n".encode()
            time.sleep(0.2)

    @staticmethod
    def _echo(seen: Seen) -> Reply:
        body = base64.b64encode(seen.body).decode() if len(seen.body) < MB else ""
        told = {"method": seen.method, "target": seen.target, "headers": seen.headers, "length": len(seen.body)}
        return Reply.json({**told, "body": body})
