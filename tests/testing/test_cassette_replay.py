import base64
import gzip
import http.server
import io
import json
import socket
import threading
from pathlib import Path

import pytest
import vcr

import connectors
from connectors import Client, Connection, FilePart, HostPolicy, Provider, SettingError
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Emulator
from connectors.testing import cassette_rules
from connectors.testing.replay import require_emulator

pytest_plugins = ["pytester"]
SECRET = "s3cr3t-Key/+value"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def no_sockets(monkeypatch):
    """Everything that could open a connection raises."""

    def block():
        def refuse(*_, **__):
            raise AssertionError("a socket was opened")

        for name in ("connect", "connect_ex", "bind"):
            monkeypatch.setattr(socket.socket, name, refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        monkeypatch.setattr(socket, "create_connection", refuse)
        monkeypatch.setattr(socket, "socket", refuse)

    return block


@pytest.fixture
def emulator(monkeypatch):
    with Emulator() as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        yield emulator


def paligo():
    return connectors.connect("paligo", {"instance": INSTANCE, "username": USERNAME}, {"apiKey": API_KEY})


def use(path, mode, **rules):
    return vcr.VCR(record_mode=mode).use_cassette(str(path), **cassette_rules(**rules))


def read_groups():
    with paligo() as client:
        first = client.get("/api/v2/groups", params={"per_page": 1}).json()
        return first, [item["id"] for item in client.pages("/api/v2/documents", params={"per_page": 3})]


def test_a_replay_gives_what_was_recorded_and_opens_no_socket(emulator, tmp_path, no_sockets, monkeypatch):
    with use(tmp_path / "a.yaml", "all", emulator_only=True):
        recorded = read_groups()
    assert recorded[1]
    emulator.stop()
    no_sockets()
    for name in ("HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name)
    with use(tmp_path / "a.yaml", "none"):
        assert read_groups() == recorded


def test_a_request_that_was_not_recorded_opens_no_socket_either(emulator, tmp_path, no_sockets):
    with use(tmp_path / "a.yaml", "all"):
        read_groups()
    no_sockets()
    with (
        use(tmp_path / "a.yaml", "none"),
        paligo() as client,
        pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException),
    ):
        client.get("/api/v2/folders")


def test_a_cassette_holds_no_credential_and_only_listed_headers(emulator, tmp_path):
    with use(tmp_path / "a.yaml", "all", secrets=[API_KEY]):
        read_groups()
    text = (tmp_path / "a.yaml").read_text()
    assert API_KEY not in text
    assert base64.b64encode(f"{USERNAME}:{API_KEY}".encode()).decode() not in text
    assert "authorization" not in text.lower()
    assert "date:" not in text.lower()
    assert f"https://{INSTANCE}.paligoapp.com/api/v2/groups?per_page=1" in text


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = {"path": self.path, "length": len(body), "key": self.headers["x-api-key"]}
        octets = gzip.compress(json.dumps(answer).encode())
        self.send_response(200)
        for name, value in {
            "content-encoding": "gzip",
            "content-length": str(len(octets)),
            "set-cookie": "a=b",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def echo_client(url):
    proxy = {"base_url": url, "headers": {"x-api-key": "${apiKey}"}}
    provider = Provider("acme", {"display_name": "Acme", "auth_mode": "API_KEY", "proxy": proxy}, "test.yaml")
    return Client(Connection(provider, {}, {"apiKey": SECRET}), policy=HostPolicy(allow_private=True))


def upload(url):
    with echo_client(url) as client:
        plain = client.post(f"/x?key={SECRET}", data={"key": SECRET}).json()
        return plain, client.upload("/y", files={"a": FilePart("a.bin", io.BytesIO(b"\x00\xff" * 100))}).json()


def test_secrets_that_a_provider_echoes_are_masked_and_compressed_bodies_are_readable(echo, tmp_path, no_sockets):
    with use(tmp_path / "a.yaml", "all", secrets=[SECRET]):
        plain, _ = upload(echo)
    assert plain["key"] == SECRET
    text = (tmp_path / "a.yaml").read_text()
    assert "s3cr3t" not in text
    assert "cookie" not in text
    assert '"length"' in text
    no_sockets()
    with use(tmp_path / "a.yaml", "none", secrets=[SECRET]):
        replayed, uploaded = upload(echo)
    assert replayed["key"] == "[secret]"
    assert uploaded["path"] == "/y"


def test_a_body_that_differs_does_not_match(echo, tmp_path):
    with use(tmp_path / "a.yaml", "all"), echo_client(echo) as client:
        client.post("/x", data={"a": 1})
    with use(tmp_path / "a.yaml", "none"), echo_client(echo) as client:
        with pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException):
            client.post("/x", data={"a": 2})
        assert client.post("/x", data={"a": 1}).ok


def test_recording_is_refused_where_the_proxy_is_no_emulator(echo, tmp_path, monkeypatch):
    for proxy in (None, "http://proxy.acme.example:3128", echo, "http://127.0.0.1:1"):
        if proxy is not None:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        with pytest.raises(SettingError, match="Nothing is recorded"):
            require_emulator()
        recording = use(tmp_path / "a.yaml", "all", emulator_only=True)
        with recording, echo_client(echo) as client, pytest.raises(SettingError, match="Nothing is recorded"):
            client.post("/x")
    assert not (tmp_path / "a.yaml").exists()


def test_an_emulator_is_accepted(emulator):
    require_emulator()


def test_it_works_with_pytest_recording(pytester, emulator, monkeypatch):
    pytester.makepyfile(
        f"""
        import pytest
        import connectors
        from connectors.testing import cassette_rules

        @pytest.fixture
        def vcr_config():
            return cassette_rules(secrets=[{API_KEY!r}], emulator_only=True)

        @pytest.mark.vcr
        @pytest.mark.block_network
        def test_groups():
            config = {{"instance": {INSTANCE!r}, "username": {USERNAME!r}}}
            with connectors.connect("paligo", config, {{"apiKey": {API_KEY!r}}}) as client:
                assert client.get("/api/v2/groups").json()["groups"]
        """
    )
    options = ("-p", "no:cacheprovider", "-W", "error")
    pytester.runpytest_subprocess("--record-mode=rewrite", *options).assert_outcomes(passed=1)
    assert list(Path(pytester.path).rglob("test_groups.yaml"))
    emulator.stop()
    for name in emulator.environment():
        monkeypatch.delenv(name)
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=1)
