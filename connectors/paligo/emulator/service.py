"""The emulated service: what it answers, and the handle that tests hold."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import math
import tempfile
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from connectors.errors import InputError

from . import bodies, operations
from .account import TABLES, Account, Row
from .call import FREE, Call, Operation
from .exchange import Answer, Entry, Refusal, Request
from .faults import HTML, PAGE, Fault
from .server import DOMAIN, Server, certified
from .switches import Switches

INSTANCE = "connectors-emulator"
USERNAME = "me@acme.example"
API_KEY = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"  # of an account that is nowhere
CONTROL = "/_emulator/"  # its own paths, only on the plain port; docs/providers/paligo/emulator.md explains them


class Emulator:
    """A Paligo account on this machine, as a context manager.

    On one port of 127.0.0.1 it answers plain HTTP (`url`), and as a proxy `CONNECT {instance}.paligoapp.com:443`,
    with a certificate of its own (`ca_file`). With `environment()` a client process meets it under the real host name.
    Left out, `account` is a small generated one, `port` a free one, and `ca_file` (PEM) a temporary file.
    `instance`, `username` and `api_key` are what it accepts; `clock` gives unix seconds, to the account too.
    """

    def __init__(
        self,
        account: Account | None = None,
        switches: Switches | None = None,
        *,
        instance: str = INSTANCE,
        username: str = USERNAME,
        api_key: str = API_KEY,
        port: int = 0,
        ca_file: Path | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.account = account if account is not None else Account.generate()
        self.account.clock = clock or self.account.clock
        self.switches = switches or Switches()
        self.instance, self.username, self.api_key, self.port = instance, username, api_key, port
        self.ca_file = self._given_ca_file = ca_file
        self.log: list[Entry] = []  # every request, in order; refused CONNECTs too, control requests not
        self._faults: list[Fault] = []
        self._spent: dict[tuple[str, str], deque[float]] = defaultdict(deque)  # when calls were let through
        self._served = 0
        self._open = contextlib.ExitStack()

    def start(self) -> Self:
        """Listen. Raises OSError if the port is taken."""
        with contextlib.ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="paligo-emulator-"))
            self.ca_file = self._given_ca_file or Path(folder) / "ca.pem"
            server = Server(self, self.port, certified(self.ca_file))
            opened.callback(server.stop)
            self.port = int(server.server_address[1])
            self._open = opened.pop_all()
        return self

    def stop(self) -> None:
        """Hang up on everybody, and wait until all threads have ended."""
        self._open.close()

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The plain address, as in http://127.0.0.1:49152."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Variables with which a process reaches this emulator at https://{instance}.paligoapp.com."""
        proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.url)
        return {**proxy, "NO_PROXY": "", "no_proxy": "", "REQUESTS_CA_BUNDLE": str(self.ca_file)}

    def fault(
        self, kind: str, method: str | None = None, path_prefix: str = "", times: int | None = 1, **options: Any
    ) -> None:
        """Let the next `times` matching requests go wrong (None: all of them, until `clear_faults`).

        `faults.KINDS` lists the kinds with their options; docs/providers/paligo/emulator.md explains them.
        Such a request spends no budget where it is not let through. Raises InputError.
        """
        fault = Fault(kind, method, path_prefix, math.inf if times is None else times, options)
        with self.account.lock:
            self._faults.append(fault)

    def clear_faults(self) -> None:
        """Nothing goes wrong from now on."""
        with self.account.lock:
            self._faults.clear()

    def change(self, **changes: Any) -> Switches:
        """Set switches anew, for the next request on. Raises InputError."""
        with self.account.lock:
            self.switches = self.switches.changed(changes)
            return self.switches

    def truth(self, table: str, origin: str = "") -> list[Row]:
        """Every row by id exactly as a read of it answers now: at the real host, or at the origin given."""
        return self.account.truth(table, self.switches, origin or f"https://{self.instance}.{DOMAIN}")

    def reset_log(self) -> None:
        """Forget the log."""
        self.log.clear()

    def count(self, status: int | None = None, path_prefix: str = "", method: str | None = None) -> int:
        """How many requests of the log fit."""
        return sum(
            entry.path.startswith(path_prefix) and status in (None, entry.status) and method in (None, entry.method)
            for entry in list(self.log)
        )

    def respond(self, request: Request) -> Answer:
        """The answer to one request, faults included."""
        if request.instance is None and request.path.startswith(CONTROL):
            return self._controlled(request)
        with self.account.lock:
            fault = next((waiting for waiting in self._faults if waiting.takes(request)), None)
        answer = fault.spoil(request, self._answer) if fault else self._answer(request)
        self.log.append(Entry(request.method, request.target, answer.status))
        return answer

    def _answer(self, request: Request) -> Answer:
        if request.instance not in (None, self.instance):
            return Answer(404, PAGE, dict(HTML))
        with self.account.lock:
            try:
                answer = self._serve(request)
            except Refusal as refusal:
                return self._refused(refusal)
        if self.switches.retry_after_on_success is not None and answer.status < 300:
            answer.headers["Retry-After"] = str(self.switches.retry_after_on_success)
        return answer

    def _serve(self, request: Request) -> Answer:
        """Who asks, what for, is there budget left, and only then the operation itself."""
        self._admit(request.authorization)
        operation, key = operations.find(request)
        slash, (path, mark, query) = operation.path.endswith("/"), request.target.partition("?")
        if self.switches.slash == "redirect" and path.endswith("/") != slash:
            location = f"{request.origin}{path.rstrip('/')}{'/' if slash else ''}{mark}{query}"
            raise Refusal(301 if request.method == "GET" else 308, "The other slash form.", {"Location": location})
        self._served += 1
        if self.switches.spurious_429 and self._served % self.switches.spurious_429 == 0:
            raise Refusal(429, "For no reason.", {"Retry-After": "1"})
        if self.switches.plan != "none" and operation.spends != FREE:
            self._spend(operation)
        given = bodies.read(request, operation.body, operation.required) if operation.body is not None else {}
        return operation.handler(Call(request, operation, key, given, self.account, self.switches))

    def _admit(self, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        expected = base64.b64encode(f"{self.username}:{self.api_key}".encode())
        if scheme.lower() != "basic" or not hmac.compare_digest(token.strip().encode(), expected):
            raise Refusal(401, "Wrong credentials.")
        if self.switches.non_admin:
            raise Refusal(self.switches.non_admin, "This account is no admin.")

    def _spend(self, operation: Operation) -> None:
        """Count one call, or refuse it until there is room in the window again."""
        length, sliding, now = self.switches.window_seconds, self.switches.window == "sliding", self.account.clock()

        def end(call: float) -> float:
            return call + length if sliding else (call // length + 1) * length

        calls = self._spent[operation.group, operation.spends]
        while calls and end(calls[0]) <= now:
            calls.popleft()
        if len(calls) >= operation.limit(self.switches.plan):
            wait = max(1, math.ceil(end(calls[0]) - now))
            raise Refusal(429, "The budget is spent.", {"Retry-After": str(wait)})
        calls.append(now)

    def _refused(self, refusal: Refusal) -> Answer:
        text = self.switches.error_body
        if text is None:
            made_up = {"emulated-error": refusal.reason, "note": "Nobody knows what the real service writes here."}
            return Answer(refusal.status, made_up, refusal.headers)
        kind = "application/json" if text.lstrip()[:1] in ("{", "[") else "text/plain; charset=utf-8"
        return Answer(refusal.status, text, {**refusal.headers, "Content-Type": kind})

    def _controlled(self, request: Request) -> Answer:
        """Do what another process asks: 200 with JSON, or 422 with what is wrong, or 404."""
        name, _, table = request.path.removeprefix(CONTROL).partition("/")
        control = CONTROLS.get(f"{request.method} {name}")
        if control is None or (table in TABLES) != (name == "truth"):
            return Answer(404, {"message": f"There is no {request.method} {request.path} here."})
        try:
            done = control(self, *([table] if table else []), **json.loads(request.body or b"{}"))
        except (InputError, TypeError, ValueError) as error:
            return Answer(422, {"message": str(error)})
        return Answer(200, {} if done is None else done)


def _edit(emulator: Emulator, action: str, table: str = "documents", **fields: Any) -> Any:
    account = emulator.account
    edits: dict[str, Callable[..., Any]] = {"add": account.add, "edit": account.edit, "delete": account.delete}
    if action not in edits or table not in TABLES:
        raise InputError(
            f"There is no action {action!r} for {table!r}.",
            next_step=f"Use one of: {', '.join(edits)}; with one of: {', '.join(TABLES)}.",
        )
    made = edits[action](table, *([fields.pop("id")] if "id" in fields else []), **fields)
    return made and {name: value for name, value in made.items() if name != "files"}


CONTROLS: dict[str, Callable[..., Any]] = {
    "POST fault": Emulator.fault,
    "DELETE fault": Emulator.clear_faults,
    "POST switches": lambda emulator, **changes: vars(emulator.change(**changes)),
    "GET switches": lambda emulator: vars(emulator.switches),
    "POST edit": _edit,
    "GET log": lambda emulator: list(emulator.log),
    "DELETE log": Emulator.reset_log,
    "GET truth": Emulator.truth,
}
