import contextlib
import json
import os
import socket
import ssl
import threading
import time

import pytest

from connectors import (
    ConnectFailed,
    ConnectionLost,
    DnsError,
    HostPolicy,
    HostRefused,
    SettingError,
    TimedOut,
    TlsError,
    TooLarge,
    UnreachableError,
)
from connectors.paligo.emulator import Emulator
from connectors.runtime.peer import is_public
from connectors.runtime.request import Call, build
from connectors.runtime.transport import Transport

ALLOWED = HostPolicy(allow_private=True)


def call(transport, connection, *, stream=False, max_bytes=10_000_000, **options):
    request = build(connection, Call(**{"endpoint": "/x", **options}), policy=ALLOWED)
    answer = transport.send(request, stream=stream, max_bytes=max_bytes)
    return b"".join(answer.chunks())


@pytest.fixture
def transport():
    with Transport(allow_private=True, connect_timeout=2, read_timeout=2, total_timeout=5) as transport:
        yield transport


def test_what_listens_nowhere_cannot_be_connected_to(transport, server, connection_to):
    connection = connection_to(server.url)
    server.close()
    with pytest.raises(ConnectFailed) as caught:
        call(transport, connection)
    assert caught.value.facts["network_code"] == "ECONNREFUSED"
    assert caught.value.facts["sent"] is False
    assert caught.value.method == "GET"


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [(socket.EAI_NONAME, "ENOTFOUND", "does not exist"), (socket.EAI_AGAIN, "EAI_AGAIN", "could not be looked up")],
)
def test_a_name_that_cannot_be_resolved(transport, server, connection_to, monkeypatch, number, code, words):
    def resolve(*_, **__):
        raise socket.gaierror(number, "no")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(DnsError, match=words) as caught:
        call(transport, connection_to("https://nowhere.acme.example"))
    assert caught.value.facts["network_code"] == code
    assert caught.value.facts["sent"] is False


def test_a_reset_is_a_lost_connection(transport, server, connection_to, replies, mishaps):
    server.script = [replies(raw=b"", after=mishaps["reset"])]
    with pytest.raises(ConnectionLost) as caught:
        call(transport, connection_to(server.url))
    assert caught.value.facts == {**caught.value.facts, "sent": True, "network_code": "ECONNRESET"}


def test_a_reset_in_the_middle_of_a_body_is_a_lost_connection(transport, server, connection_to, replies, mishaps):
    server.script = [replies(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc", after=mishaps["reset"])]
    with pytest.raises(ConnectionLost):
        call(transport, connection_to(server.url))


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"])
def test_a_server_that_says_nothing_more_is_left(server, connection_to, replies, mishaps, head):
    server.script = [replies(raw=head, after=mishaps["hang"])]
    with Transport(allow_private=True, read_timeout=0.2) as transport, pytest.raises(TimedOut) as caught:
        call(transport, connection_to(server.url))
    assert caught.value.facts["network_code"] == "ETIMEDOUT"


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_server_that_drips_is_stopped(server, connection_to, replies, mishaps, head, stream):
    server.script = [replies(raw=head, after=mishaps["drip"])]
    with Transport(allow_private=True, read_timeout=5, total_timeout=0.3) as transport, pytest.raises(TimedOut):
        call(transport, connection_to(server.url), stream=stream)


def test_the_time_that_a_reader_takes_between_pieces_does_not_count(transport, server, connection_to, replies):
    server.script = [replies(body=b"a" * 3_000_000)]
    request = build(connection_to(server.url), Call(endpoint="/x"), policy=ALLOWED)
    pieces = transport.send(request, stream=True, max_bytes=10_000_000).chunks()
    size = len(next(pieces))
    assert not transport.deadlines._active
    assert size + sum(map(len, pieces)) == 3_000_000


def test_a_transport_keeps_no_thread_when_it_is_closed(server, connection_to):
    with Transport(allow_private=True) as transport:
        call(transport, connection_to(server.url))
    for _ in range(100):
        if not [thread for thread in threading.enumerate() if thread.name == "connectors-deadlines"]:
            break
        time.sleep(0.01)
    else:
        pytest.fail("the thread still runs")


def test_a_stream_that_drips_chunk_by_chunk_is_stopped(server, connection_to, replies):
    def drip(connection):
        with contextlib.suppress(OSError):
            for _ in range(200):
                connection.sendall(b"1\r\nx\r\n")
                time.sleep(0.05)

    server.script = [replies(raw=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", after=drip)]
    began = time.monotonic()
    with Transport(allow_private=True, total_timeout=0.5) as transport, pytest.raises(TimedOut):
        call(transport, connection_to(server.url), stream=True)
    assert time.monotonic() - began < 5


def test_a_stream_has_a_ceiling_too(transport, server, connection_to, replies):
    server.script = [replies(body=b"a" * 200_000)]
    with pytest.raises(TooLarge):
        call(transport, connection_to(server.url), stream=True, max_bytes=100_000)


@pytest.mark.parametrize("base_url", ["http://localhost:{port}", "http://127.0.0.1:{port}"])
def test_a_name_that_leads_into_a_private_network_gets_no_byte(server, connection_to, base_url):
    connection = connection_to(base_url.format(port=server.port))
    with Transport() as strict, pytest.raises(HostRefused, match=r"127\.0\.0\.1|::1"):
        call(strict, connection)
    assert server.seen == []


def test_the_peer_is_checked_before_tls(connection_to):
    listener = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            got.append(connection.recv(10))

    thread = threading.Thread(target=accept)
    thread.start()
    with listener, Transport() as strict, pytest.raises(HostRefused):
        call(strict, connection_to(f"https://localhost:{listener.getsockname()[1]}"))
    thread.join(10)
    assert got == [b""]


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "100.100.100.200", "0.0.0.0", "::", "::1"]
)
def test_private_addresses_are_not_public(address):
    assert not is_public(address)
    assert not is_public(f"::ffff:{address}")


@pytest.mark.parametrize(
    "address",
    [
        "fe80::1%eth0",
        "fd00:ec2::254",
        "224.0.0.1",
        "ff02::1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "168.63.129.16",
        "192.0.0.192",
        "nonsense",
        "",
    ],
)
def test_odd_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_public(address):
    assert is_public(address)


@pytest.fixture
def emulator(server, monkeypatch):
    with Emulator() as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        yield emulator


def test_through_a_proxy_the_peer_is_the_operators_business(emulator, connection_to):
    connection = connection_to(f"https://{emulator.instance}.paligoapp.com")
    with Transport() as strict:
        answer = strict.send(build(connection, Call(endpoint="/api/v2/groups")), stream=False, max_bytes=1000)
    assert answer.status == 401
    assert [entry.path for entry in emulator.log] == ["/api/v2/groups"]


def test_a_proxy_that_refuses_is_named(emulator, transport, connection_to):
    with pytest.raises(ConnectFailed, match=f"proxy 127.0.0.1:{emulator.port} refused.*other.example.*403") as caught:
        call(transport, connection_to("https://other.example"))
    assert caught.value.facts["sent"] is False


def test_a_proxy_that_is_not_there_is_named_without_its_password(server, monkeypatch, transport, connection_to):
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter22@127.0.0.1:{server.port}")
    server.close()
    with pytest.raises(ConnectFailed, match=r"proxy 127\.0\.0\.1") as caught:
        call(transport, connection_to("https://acme.example"))
    assert "hunter22" not in f"{caught.value} {caught.value.to_dict()} {caught.value.__cause__}"


def test_a_proxy_without_a_scheme_is_named(monkeypatch, transport, connection_to):
    monkeypatch.setenv("HTTPS_PROXY", "user:hunter22@foo.invalid")
    with pytest.raises(ConnectFailed, match=r"proxy foo\.invalid cannot") as caught:
        call(transport, connection_to("https://acme.example"))
    assert "hunter22" not in f"{caught.value} {caught.value.to_dict()}"


def test_a_proxy_that_wants_a_login_says_so(server, monkeypatch, transport, connection_to, replies):
    server.script = [replies(raw=b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")]
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    with pytest.raises(ConnectFailed, match="407") as caught:
        call(transport, connection_to("https://acme.example"))
    assert "user name and password" in caught.value.next_step
    assert "x-api-key" not in server.seen[0].headers


def test_time_that_is_over_before_there_is_a_connection_ends_the_call(server, connection_to, monkeypatch):
    real = socket.getaddrinfo

    def slow(*arguments, **options):
        while not transport.guard.flight.deadline.passed:
            time.sleep(0.005)  # a resolver cannot be interrupted
        return real(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with Transport(allow_private=True, total_timeout=0.1) as transport, pytest.raises(TimedOut) as caught:
        call(transport, connection_to(server.url))
    assert caught.value.facts["sent"] is False
    assert server.seen == []


def test_a_kind_of_proxy_that_is_not_supported_is_named(server, monkeypatch, transport, connection_to):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ConnectFailed, match="only http:// and https:// proxies"):
        call(transport, connection_to("https://acme.example"))


def test_no_proxy_is_obeyed(server, monkeypatch, transport, connection_to):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert call(transport, connection_to(server.url)) == b""


def test_no_credentials_come_from_netrc(server, monkeypatch, tmp_path, transport, connection_to):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password you\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    call(transport, connection_to(server.url))
    assert "authorization" not in server.seen[0].headers


def test_a_certificate_nobody_vouches_for_is_refused(emulator, monkeypatch, transport, connection_to):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(TlsError, match="cannot be trusted") as caught:
        call(transport, connection_to(f"https://{emulator.instance}.paligoapp.com"))
    assert caught.value.facts["sent"] is False
    assert "REQUESTS_CA_BUNDLE" in caught.value.next_step
    assert emulator.log == []


@pytest.mark.parametrize("variable", ["CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_ca_bundle_may_have_other_names(emulator, monkeypatch, transport, connection_to, variable):
    monkeypatch.setenv(variable, os.environ["REQUESTS_CA_BUNDLE"])
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    body = call(transport, connection_to(f"https://{emulator.instance}.paligoapp.com"), endpoint="/api/v2/groups")
    assert json.loads(body)


def test_a_ca_bundle_that_is_no_file_is_named(emulator, monkeypatch, transport, connection_to, tmp_path):
    (tmp_path / "empty.pem").write_text("nothing")
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        with pytest.raises(SettingError, match="REQUESTS_CA_BUNDLE"):
            call(transport, connection_to("https://acme.example"))


def test_plain_text_where_tls_is_expected(transport, connection_to):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    with listener, pytest.raises(TlsError) as caught:
        call(transport, connection_to(f"https://localhost:{listener.getsockname()[1]}"))
    thread.join(10)
    assert caught.value.facts["sent"] is False


def test_the_causes_of_an_error_hold_no_secret(transport, server, connection_to):
    connection = connection_to(server.url, proxy={"query": {"key": "${apiKey}"}})
    server.close()
    with pytest.raises(UnreachableError) as caught:
        call(transport, connection)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "s3cr3t" not in str(caught.value)


def test_the_tls_context_verifies_names_and_refuses_old_versions():
    from connectors.runtime.tls import trusting

    context = trusting()
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    "proxy", ["http://me:hunter22@", "http://me:hun/ter22@127.0.0.1:9", "http://me:12#ter22@h:9", "://"]
)
def test_a_proxy_without_a_host_is_a_clear_error_that_shows_nothing_of_it(
    transport, server, connection_to, monkeypatch, proxy
):
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(SettingError, match="no usable host") as caught:
        call(transport, connection_to(server.url))
    assert "ter22" not in str(caught.value)
    assert "12" not in str(caught.value)
