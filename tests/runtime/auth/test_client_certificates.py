"""Mutual TLS: a client certificate is shown where the definition asks for one, and nowhere else."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from connectors import Client, ConnectionLost, KeyMaterialInvalid, TlsError, UnreachableError
from connectors.runtime.auth.flow import Certificate
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.hosts import HostPolicy
from connectors.runtime.request import Call, build
from connectors.runtime.tls import showing
from connectors.runtime.transport import Transport


@pytest.fixture
def client_to(authority, fake_clock):
    made = []

    def make(server, certificate, key, *, wanted=True, transport=None):
        definition = {
            "auth_mode": "OAUTH2_CC",
            "require_client_certificate": wanted,
            "proxy": {"base_url": server.url},
        }
        credentials = {"token": "t", "client_certificate": certificate, "client_private_key": key}
        connection = Connection(Provider("bank", definition, "test"), {}, {"type": "OAUTH2_CC", **credentials})
        policy = HostPolicy(allow_private=True)
        made.append(Client(connection, policy=policy, clock=fake_clock, transport=transport, retries=0))
        return made[-1]

    yield make
    for client in made:
        client.close()


def test_the_connections_certificate_is_shown_and_the_servers_is_verified(tls_servers, authority, client_to):
    server = tls_servers()
    client = client_to(server, *authority.issue("customer-1"))
    assert client.get("/x").json() == {"ok": True}
    assert server.seen == [("/x", "customer-1")]


def test_a_server_of_an_unknown_authority_is_refused_with_a_certificate_too(tls_servers, authority, client_to):
    server = tls_servers(issuer=type(authority)())
    with pytest.raises(TlsError):
        client_to(server, *authority.issue("customer-1")).get("/x")
    assert server.seen == []


def test_pasted_with_escaped_line_breaks_it_is_the_same_certificate(tls_servers, authority, client_to):
    server = tls_servers()
    pasted = [text.replace("\n", "\\n") for text in authority.issue("customer-1")]
    client_to(server, *pasted).get("/x")
    assert server.seen == [("/x", "customer-1")]


def test_a_key_in_its_older_form_and_a_chain_do_as_well(tls_servers, authority, client_to):
    server = tls_servers()
    certificate, key = authority.issue("customer-1")
    older = serialization.load_pem_private_key(key.encode(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    assert b"EC PRIVATE KEY" in older
    client_to(server, certificate + authority.pem, older.decode()).get("/x")
    assert server.seen == [("/x", "customer-1")]


def test_without_the_definitions_word_none_is_shown(tls_servers, authority, client_to):
    server = tls_servers(strict=False)
    client_to(server, *authority.issue("customer-1"), wanted=False).get("/x")
    assert server.seen == [("/x", None)]


def test_a_server_that_wants_one_refuses_a_connection_that_lacks_it(tls_servers, client_to):
    with pytest.raises((TlsError, ConnectionLost, UnreachableError)):
        client_to(tls_servers(), "", "").get("/x")


def test_two_customers_of_one_transport_never_share_a_connection(tls_servers, authority, client_to):
    server = tls_servers()
    with Transport(allow_private=True) as transport:
        clients = [client_to(server, *authority.issue(name), transport=transport) for name in ("one", "two")]
        for client in (*clients, *clients):
            client.get("/x")
    assert [name for _, name in server.seen] == ["one", "two", "one", "two"]


def test_it_is_not_shown_to_another_host_after_a_redirect(tls_servers, authority, client_to):
    server, other = tls_servers(), tls_servers(strict=False)
    server.location = f"{other.url}/there"
    client_to(server, *authority.issue("customer-1")).get("/x")
    assert other.seen == [("/there", None)]


@dataclass(frozen=True)
class Bare:
    """A request that belongs to no connection yet, as one for a token does."""

    url: str
    host: str
    certificate: Certificate
    method: str = "POST"
    body: bytes = b"grant_type=client_credentials"
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-length": "29"})
    shown_url: str = "https://…"


def test_a_request_for_a_token_shows_it_as_well(tls_servers, authority):
    server = tls_servers()
    host = server.url.partition("://")[2]
    with Transport(allow_private=True) as transport:
        answer = transport.send(Bare(f"{server.url}/token", host, Certificate(*authority.issue("customer-1"))))
        assert (answer.status, answer.read()) == (200, b'{"ok": true}')
    assert server.seen == [("/token", "customer-1")]


def test_another_ones_key_is_an_error_that_shows_nothing_of_it(tls_servers, authority, client_to):
    certificate, _ = authority.issue("one")
    _, key = authority.issue("two")
    with pytest.raises(KeyMaterialInvalid, match="another one's") as caught:
        client_to(tls_servers(), certificate, key).get("/x")
    assert caught.value.reference_code == "invalid_certificate_or_key_format"
    assert key.splitlines()[1] not in str(caught.value.to_dict())


@pytest.mark.parametrize("part", [0, 1])
def test_text_that_is_no_pem_is_an_error_before_anything_is_sent(tls_servers, authority, client_to, part):
    server, given = tls_servers(), list(authority.issue("one"))
    given[part] = "no key at all!"
    with pytest.raises(KeyMaterialInvalid) as caught:
        client_to(server, *given).get("/x")
    assert caught.value.reference_code == "invalid_certificate_or_key_format"
    assert server.seen == []


def test_the_key_is_never_readable_on_the_disk(authority, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    certificate, key = authority.issue("customer-1")
    before, written = set(tmp_path.iterdir()), []
    unlink = Path.unlink

    def noting(path, *arguments, **options):
        if path.parent == tmp_path and path not in before:
            written.append((path.stat().st_mode & 0o777, path.read_text()))
        unlink(path, *arguments, **options)

    monkeypatch.setattr(Path, "unlink", noting)
    showing(Certificate(certificate, key))
    [(mode, text)] = written
    assert mode == 0o600
    assert "ENCRYPTED PRIVATE KEY" in text
    assert all(line not in text for line in key.splitlines()[1:-1])
    assert set(tmp_path.iterdir()) == before


def test_a_certificate_is_in_no_repr(authority):
    certificate, key = authority.issue("customer-1")
    definition = {"auth_mode": "OAUTH2_CC", "require_client_certificate": True}
    definition["proxy"] = {"base_url": "https://api.example.com"}
    credentials = {"type": "OAUTH2_CC", "token": "t", "client_certificate": certificate, "client_private_key": key}
    request = build(Connection(Provider("bank", definition, "test"), {}, credentials), Call(endpoint="/x"))
    assert key.splitlines()[1] not in f"{request!r} {request.certificate!r}"
