"""A TLS server that asks for a client certificate, and a small authority that signs both sides."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"


class Authority:
    """Signs certificates."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._signed("authority", self._key.public_key(), of_authority=True)

    @property
    def pem(self) -> str:
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, name: str) -> tuple[str, str]:
        """Certificate and private key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(name, key.public_key())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode(), pem.decode()

    def _signed(self, name: str, public_key: Any, *, of_authority: bool = False) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        address = x509.IPAddress(ipaddress.ip_address(LOOPBACK))
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=of_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())


@dataclass
class TlsServer:
    """What it saw of each request: the path, and the common name of the client's certificate."""

    url: str
    authority: Authority
    seen: list[tuple[str, str | None]] = field(default_factory=list)
    location: str | None = None  # where it redirects to


def _handler(server: TlsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shown = self.connection.getpeercert()  # type: ignore[attr-defined] # it is TLS
            names = [value for part in (shown or {}).get("subject", ()) for _, value in part]
            server.seen.append((self.path, names[0] if names else None))
            body = json.dumps({"ok": True}).encode()
            self.send_response(302 if server.location else 200)
            if server.location:
                self.send_header("Location", server.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the library looks for

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Trusted by the transport for this test."""
    authority = Authority()
    bundle = tmp_path / "authority.pem"
    bundle.write_text(authority.pem)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    return authority


@pytest.fixture
def tls_servers(authority: Authority, tmp_path: Path) -> Iterator[Any]:
    """Makes servers. `strict`: a client without a certificate is not let in."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def make(*, strict: bool = True, issuer: Authority = authority) -> TlsServer:
        certificate, key = issuer.issue("server")
        chain = tmp_path / f"server-{len(running)}.pem"
        chain.write_text(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        context.load_verify_locations(cadata=authority.pem)
        context.verify_mode = ssl.CERT_REQUIRED if strict else ssl.CERT_OPTIONAL
        described = TlsServer("", authority)
        http = ThreadingHTTPServer((LOOPBACK, 0), _handler(described))
        http.daemon_threads = True
        http.handle_error = lambda *_: None  # type: ignore[method-assign] # a refused handshake is what is tested
        http.socket = context.wrap_socket(http.socket, server_side=True)
        described.url = f"https://{LOOPBACK}:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        running.append((http, thread))
        return described

    yield make
    for http, thread in running:
        http.shutdown()
        http.server_close()
        thread.join(5)
