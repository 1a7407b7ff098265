"""The emulated service: what it answers, and the handle that tests hold."""

from __future__ import annotations

import base64
import functools
import hmac
import math
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

from . import bodies, certificates, control, operations
from .account import Account, Row
from .exchange import Answer, Refusal, Request
from .faults import HTML, PAGE, Fault
from .limits import Limits
from .server import Server
from .switches import Switches

INSTANCE = "connectors-emulator"
USERNAME = "me@acme.example"
API_KEY = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"  # of an account that is nowhere


class Entry(NamedTuple):
    """One line of the log."""

    method: str
    path: str  # the target as sent, query included; for a refused CONNECT, host and port
    status: int  # 0: the connection was reset instead


class Emulator:
    """A Paligo account on this machine, as a context manager.

    On one port of 127.0.0.1 it answers plain HTTP (`url`), and as an HTTP proxy it answers
    `CONNECT {instance}.paligoapp.com:443` itself, with a certificate of its own authority (`ca_file`); any other
    host is refused with 403. With `environment()` a client process meets it under the real host name.

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
        self.switches = switches or Switches()
        self.instance, self.username, self.api_key, self.port = instance, username, api_key, port
        if clock:
            self.account.clock = clock
        self.ca_file = ca_file or Path()
        self._given_ca_file = ca_file
        self._faults, self._limits, self._log = list[Fault](), Limits(), list[Entry]()
        self._served = 0
        self._stopping = threading.Event()
        self._server: Server | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> Self:
        """Listen. Raises OSError if the port is taken."""
        self._stopping.clear()
        if self._given_ca_file is None:
            self._folder = tempfile.TemporaryDirectory(prefix="paligo-emulator-")
            self.ca_file = Path(self._folder.name) / "ca.pem"
        try:
            self._server = Server(self, self.port, certificates.make(self.ca_file))
        except OSError:
            self.stop()
            raise
        self.port = int(self._server.server_address[1])
        return self

    def stop(self) -> None:
        """Hang up on everybody, and wait until all threads have ended."""
        self._stopping.set()
        if self._server:
            self._server.stop()
            self._server = None
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

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

        Kinds and their options: `status` (status, body, headers), `html` (status, body), `truncated`,
        `invalid_json`, `reset`, `hang` (seconds; then it answers), `repeat_next_page`, `empty_list`,
        `redirect` (location, status). Such a request spends no budget where it is not let through.
        """
        fault = Fault(kind, method, path_prefix, times, options)
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

    def truth(self, table: str) -> list[Row]:
        """Every row by id exactly as a read of it answers now."""
        return self.account.truth(table, self.switches)

    @property
    def log(self) -> list[Entry]:
        """Every request answered, in order; refused CONNECTs too. Control requests are not in it."""
        return list(self._log)

    def reset_log(self) -> None:
        """Forget the log."""
        self._log.clear()

    def count(self, status: int | None = None, path_prefix: str = "", method: str | None = None) -> int:
        """How many requests of the log fit."""
        return sum(
            entry.path.startswith(path_prefix) and status in (None, entry.status) and method in (None, entry.method)
            for entry in self.log
        )

    def note(self, method: str, path: str, status: int) -> None:
        """Add a line to the log."""
        self._log.append(Entry(method, path, status))

    def respond(self, request: Request) -> Answer:
        """The answer to one request, faults included."""
        if request.instance is None and request.path.startswith(control.BASE):
            return control.respond(self, request)
        with self.account.lock:
            fault = next((waiting for waiting in self._faults if waiting.takes(request)), None)
        usual = functools.partial(self._answer, request)
        answer = fault.spoil(usual, request, self._stopping) if fault else usual()
        self.note(request.method, request.target, answer.status)
        return answer

    def _answer(self, request: Request) -> Answer:
        if request.instance not in (None, self.instance):
            return Answer(404, headers=HTML, raw=PAGE.encode())
        with self.account.lock:
            try:
                answer = self._serve(request)
            except Refusal as refusal:
                return self._refused(refusal)
        wait = self.switches.retry_after_on_success
        if wait is not None and answer.status < 300:
            answer.headers["Retry-After"] = str(wait)
        return answer

    def _serve(self, request: Request) -> Answer:
        """Who asks, what for, is there budget left, and only then the operation itself."""
        self._admit(request.authorization)
        operation, key = operations.find(request)
        if self.switches.slash == "redirect" and request.path.endswith("/") != operation.path.endswith("/"):
            return _redirect(request, operation.path.endswith("/"))
        self._served += 1
        if self.switches.spurious_429 and self._served % self.switches.spurious_429 == 0:
            raise Refusal(429, "For no reason.", retry_after=1)
        wait = self._limits.spend(operation.group, operation.spends, self.switches, self.account.clock())
        if wait is not None:
            raise Refusal(429, "The budget is spent.", retry_after=max(1, math.ceil(wait)))
        given = bodies.read(request.body, operation.body, operation.required)
        return operation.handler(operations.Call(request, operation, key, given, self.account, self.switches))

    def _admit(self, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        expected = base64.b64encode(f"{self.username}:{self.api_key}".encode())
        if scheme.lower() != "basic" or not hmac.compare_digest(token.strip().encode(), expected):
            raise Refusal(401, "Wrong credentials.")
        if self.switches.non_admin:
            raise Refusal(self.switches.non_admin, "This account is no admin.")

    def _refused(self, refusal: Refusal) -> Answer:
        headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
        text = self.switches.error_body
        if text is not None:
            kind = "application/json" if text.lstrip()[:1] in ("{", "[") else "text/plain; charset=utf-8"
            return Answer(refusal.status, headers={**headers, "Content-Type": kind}, raw=text.encode())
        made_up = {"emulated-error": refusal.reason, "note": "Nobody knows what the real service writes here."}
        return Answer(refusal.status, made_up, headers)


def _redirect(request: Request, slash: bool) -> Answer:
    """To the other slash form: with the same method, whatever it is."""
    path, mark, rest = request.target.partition("?")
    location = f"{request.origin}{path.rstrip('/')}{'/' if slash else ''}{mark}{rest}"
    return Answer(301 if request.method == "GET" else 308, headers={"Location": location})
