"""How requests for tokens are sent: where to, how much is read, and what their errors do not say."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from connectors.errors import ConnectorError, HostRefused, InputError, InvalidUrl, TooLarge, UnreachableError
from connectors.runtime.auth import sending
from connectors.runtime.auth.flow import Ask, Exchanges, TokenAnswer, TokenRequest
from connectors.runtime.catalog import Provider
from connectors.runtime.hosts import HostPolicy
from connectors.runtime.integration import Integration
from connectors.runtime.template import Moment
from connectors.runtime.transport import Transport

SECRET = "s3cret/of the+account"
DESK = Provider(
    "desk",
    {"auth_mode": "TWO_STEP", "display_name": "Desk", "credentials": {"password": {"type": "string", "secret": True}}},
    "providers.yaml",
)


class Endpoint(BaseHTTPRequestHandler):
    """Says what it was sent, twice over in cookies; `/away` redirects, `/large` is too large, `/cut` says nothing."""

    seen: list[tuple[str, str, dict[str, str], bytes]]

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.seen.append((self.command, self.path, dict(self.headers.items()), body))
        if self.path.startswith("/cut"):
            return
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("set-cookie", "a=1")
        self.send_header("set-cookie", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
        self.send_header("location", "/landed")
        self.end_headers()
        self.wfile.write(b"x" * (sending.LARGEST + 1) if self.path == "/large" else b"here you are")


@pytest.fixture
def endpoint() -> Iterator[Any]:
    handler = type("Handler", (Endpoint,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    handler.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield handler
    server.shutdown()
    server.server_close()


def send(request: TokenRequest, *, allow_private: bool = True) -> TokenAnswer:
    """Run a flow of that one request."""

    def flow() -> Exchanges[TokenAnswer]:
        return (yield request)

    ask = Ask(
        provider=DESK,
        integration=Integration(client_secret="the-client's"),
        connection_config={},
        credentials={"password": SECRET},
        moment=Moment.current(),
    )
    with Transport(allow_private=allow_private) as transport:
        return sending.run(flow(), ask, transport=transport, policy=HostPolicy(allow_private=allow_private))


def test_a_request_goes_out_as_the_mode_made_it_and_its_answer_comes_back_whole(endpoint: Any) -> None:
    headers = {"Content-Type": "application/json", "X-Key": "k"}
    answer = send(TokenRequest("POST", f"{endpoint.url}/token?a=b%20c", headers, b'{"a": 1}'))
    assert (answer.status, answer.text) == (200, "here you are")
    assert answer.all("Set-Cookie") == ["a=1", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"]
    ((method, path, sent, body),) = endpoint.seen
    assert (method, path, body) == ("POST", "/token?a=b%20c", b'{"a": 1}')
    given = {name.lower(): value for name, value in sent.items()}
    assert (given["content-type"], given["x-key"], given["content-length"]) == ("application/json", "k", "8")
    assert "transfer-encoding" not in given


def test_a_redirect_is_an_answer(endpoint: Any) -> None:
    answer = send(TokenRequest("POST", f"{endpoint.url}/away", {}, b""))
    assert (answer.status, answer.header("location")) == (302, "/landed")
    assert len(endpoint.seen) == 1


def test_a_post_without_a_body_says_so(endpoint: Any) -> None:
    send(TokenRequest("POST", f"{endpoint.url}/token"))
    assert {name.lower(): value for name, value in endpoint.seen[0][2].items()}["content-length"] == "0"


def test_an_answer_without_end_is_cut(endpoint: Any) -> None:
    with pytest.raises(TooLarge):
        send(TokenRequest("GET", f"{endpoint.url}/large"))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/token",
        "https://[::1]/token",
        "https://169.254.169.254/latest/api/token",
        "https://localhost/token",
        "https://tokens.internal/token",
        "https://2130706433/token",
        "http://desk.example/token",
    ],
)
def test_credentials_go_to_public_hosts_over_https_only(url: str) -> None:
    with pytest.raises(HostRefused):
        send(TokenRequest("POST", url, {}, SECRET.encode()), allow_private=False)


def test_a_public_name_that_leads_into_a_private_network_is_refused(
    endpoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    port = int(endpoint.url.rpartition(":")[2])
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
    with pytest.raises(HostRefused):
        send(TokenRequest("POST", f"https://desk.example:{port}/token", {}, SECRET.encode()), allow_private=False)
    assert endpoint.seen == []


@pytest.mark.parametrize("url", ["ftp://desk.example/token", "/token", "", "https://me:pw@desk.example/token"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        send(TokenRequest("GET", url))


@pytest.mark.parametrize("value", ["two\r\nx-more: lines", "nul\0", "日本"])
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(endpoint: Any, value: str) -> None:
    with pytest.raises(InputError) as refused:
        send(TokenRequest("GET", f"{endpoint.url}/token", {"x-key": value}))
    assert value not in str(refused.value)
    assert endpoint.seen == []


@pytest.mark.parametrize("where", ["path", "query"])
def test_no_error_shows_a_secret_that_stands_in_the_address(endpoint: Any, where: str) -> None:
    from urllib.parse import quote

    target = f"/cut/{quote(SECRET, safe='')}" if where == "path" else f"/cut?key={quote(SECRET, safe='')}"
    with pytest.raises(UnreachableError) as lost:
        send(TokenRequest("GET", f"{endpoint.url}{target}"))
    told = _told(lost.value)
    assert "s3cret" not in told
    assert "/cut" in told


def _told(error: ConnectorError) -> str:
    """Everything that a traceback or a log of the error would show."""
    chain: BaseException | None = error
    texts = []
    while chain is not None:
        texts.append(f"{chain!r} {getattr(chain, 'facts', '')}")
        chain = chain.__cause__ or chain.__context__
    return " ".join(texts)
