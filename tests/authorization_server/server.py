"""The HTTP side."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from tests.authorization_server.oauth1 import ThreeLegs
from tests.authorization_server.oauth2 import Grants

USER, PASSWORD = "ada", "pass||w0rd"
ISSUER, KEY = "our-service", b"the key that both of them share.".hex()  # the mode reads it as hex


class Hold:
    """Token requests wait here until they are let go, or their connections are dropped."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self._go = threading.Event()
        self._drop = False

    def wait(self) -> bool:
        """Whether the request is answered."""
        self.arrived.set()
        self._go.wait(60)
        return not self._drop

    def release(self) -> None:
        self._go.set()

    def drop(self) -> None:
        self._drop = True
        self._go.set()


class AuthorizationServer:
    """Use it as a context manager. What tests turn are its attributes; `now` is its clock."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.grants = Grants(now)
        self.legs = ThreeLegs()
        self.now = now
        self.asked: list[str] = []  # each request for a token that was read: its grant type, or its path
        self.called: list[str] = []  # the Authorization header of each call of the API
        self.refuses: tuple[int, dict[str, Any]] | None = None  # the answer to each request for a token
        self.hold: Hold | None = None  # for the next request for a token
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"to": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> AuthorizationServer:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, name: str, answer: Callable[[], tuple[int, Any]]) -> tuple[int, Any] | None:
        """One answer of a token endpoint; None: the connection is dropped."""
        with self._lock:
            self.asked.append(name)
            hold, self.hold = self.hold, None
        if hold is not None and not hold.wait():
            return None
        with self._lock:
            return self.refuses or answer()

    def session(self, given: Any) -> tuple[int, Any]:
        if given != {"user": USER, "password": PASSWORD}:
            return 401, {"error": "wrong user or password"}
        issued = self.grants.issue(USER)
        return 200, {"session": {"id": issued["access_token"], "seconds": issued["expires_in"]}}

    def accepts(self, method: str, url: str, authorization: str) -> bool:
        """Whether the API knows who is calling."""
        with self._lock:
            self.called.append(authorization)
            kind, _, token = authorization.partition(" ")
            if kind == "OAuth":
                return bool(self.legs.accepts(url, method, {"Authorization": authorization}))
            return kind == "Bearer" and (self._signed(token) if token.count(".") == 2 else self.grants.accepts(token))

    def _signed(self, token: str) -> bool:
        try:
            # The tests own the time, so the moments of the token are looked at here.
            unchecked = {"verify_exp": False, "verify_iat": False}
            claims = jwt.decode(token, bytes.fromhex(KEY), ["HS256"], options=unchecked, audience="api", issuer=ISSUER)
        except jwt.InvalidTokenError:
            return False
        return bool(claims["iat"] <= self.now() < claims["exp"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    to: AuthorizationServer

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        match urlsplit(self.path).path:
            case "/authorize":
                self._redirect(f"{query['redirect_uri']}?{urlencode(self.to.grants.authorize(query))}")
            case "/oauth1/consent":
                self._redirect(self.to.legs.consent(query))
            case _:
                self._call("GET")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        url, headers = f"{self.to.url}{self.path}", dict(self.headers.items())
        form = dict(parse_qsl(body))
        match self.path:
            case "/token":
                by = self.headers["authorization"]
                self._token(form.get("grant_type", "?"), lambda: self.to.grants.token(form, by))
            case "/services/oauth2/introspect":
                self._token("introspect", lambda: (200, {"active": self.to.grants.accepts(form["token"])}))
            case "/session":
                self._token(self.path, lambda: self.to.session(json.loads(body)))
            case "/oauth1/request":
                self._token(self.path, lambda: self.to.legs.request(url, body, headers))
            case "/oauth1/access":
                self._token(self.path, lambda: self.to.legs.access(url, body, headers))
            case _:
                self._call("POST")

    def _call(self, method: str) -> None:
        known = self.to.accepts(method, f"{self.to.url}{self.path}", self.headers["authorization"] or "")
        self._say(200 if known else 401, {"you": "are known"} if known else {"error": "unknown"})

    def _token(self, name: str, answer: Callable[[], tuple[int, Any]]) -> None:
        said = self.to.token(name, answer)
        if said is None:
            self.close_connection = True
        else:
            self._say(*said)

    def _redirect(self, url: str) -> None:
        self.send_response(302)
        self.send_header("location", url)
        self.send_header("content-length", "0")
        self.end_headers()

    def _say(self, status: int, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        kind = "application/x-www-form-urlencoded" if isinstance(value, str) else "application/json"
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())
