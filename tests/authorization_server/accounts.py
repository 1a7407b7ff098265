"""Hosts and accounts at the server."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import requests

from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.engine.store.connections import StoredConnection
from connectors.runtime.ports import Clock
from tests.authorization_server.oauth1 import CONSUMER_KEY, CONSUMER_SECRET
from tests.authorization_server.oauth2 import CLIENT_ID, CLIENT_SECRET
from tests.authorization_server.server import ISSUER, KEY, PASSWORD, USER

CALLBACK = "http://localhost:3003/oauth/callback"
SEALING_KEY = b"k" * 32
SUBMITTED = {
    "machine": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    "salesforce-cc": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    "stepping": {"username": USER, "password": PASSWORD},
    "signing": {"issuer": ISSUER, "key": KEY},
}
CLIENTS = {
    "consenting": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scopes": "read,write"},
    "three-legged": {"client_id": CONSUMER_KEY, "client_secret": CONSUMER_SECRET},
}


def open_host(folder: Path, clock: Clock | None = None, *, database_url: str = "") -> Host:
    """A host whose data folder is in `folder`, as is the file of definitions and, without a URL, the store."""
    key = base64.b64encode(SEALING_KEY).decode()
    given = {"CONNECTORS_ALLOW_PRIVATE_HOSTS": "true", "CONNECTORS_ENCRYPTION_KEY": key, "DATABASE_URL": database_url}
    settings = Settings.load(given, home=folder / "home")
    return Host.open(settings, providers=[folder / "providers.yaml"], clock=clock)


def connected(host: Host, provider: str, **changed: str) -> StoredConnection:
    """Connect `acme` to a provider whose credentials are submitted; `changed` is laid over them."""
    credentials = {**SUBMITTED[provider], **changed}
    return host.connections.connect("dev", provider=provider, id="acme", config={}, credentials=credentials)


def consented(host: Host, provider: str, **changed: str) -> StoredConnection:
    """Connect `acme` with a person's consent; `changed` is laid over what the browser brings back."""
    host.integrations.create("dev", provider, provider=provider, **CLIENTS[provider])
    begun = host.consents.begin("dev", provider=provider, id="acme", callback_url=CALLBACK)
    page = requests.get(begun.url, allow_redirects=False, timeout=10)
    assert page.headers["location"].startswith(CALLBACK)
    brought = dict(parse_qsl(urlsplit(page.headers["location"]).query))
    return host.consents.finish(begun.state, {**brought, **changed})


def call(host: Host, stored: StoredConnection) -> int:
    """The status of one call of the API."""
    with host.client(stored) as client:
        return client.get("/me").status
