"""Every provider of the reference's file builds a request, or says precisely why not.

CONNECTORS_REFERENCE_PROVIDERS names the file.
"""

import json
import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from connectors.errors import ConnectorError, DefinitionError, HostRefused, UnresolvedPlaceholder
from connectors.runtime.connection import Connection
from connectors.runtime.integration import Integration
from connectors.runtime.request import Call, build
from connectors.runtime.template import placeholders
from connectors.runtime.url import title_of

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
STORED = {  # what each auth mode keeps
    "API_KEY": {"apiKey": "s3cret-k"},
    "APP": {"access_token": "s3cret-a"},
    "AWS_SIGV4": {
        "access_key_id": "AKID",
        "secret_access_key": "s3cret-s",
        "session_token": "s3cret-t",
        "region": "eu-west-1",
        "service": "sqs",
    },
    "BASIC": {"username": "someone", "password": "s3cret-p"},
    "BILL": {"session_id": "s3cret-s", "dev_key": "s3cret-d"},
    "CUSTOM": {"type": "APP", "access_token": "s3cret-a"},
    "INSTALL_PLUGIN": {"type": "BASIC", "username": "someone", "password": "s3cret-p"},
    "JWT": {"token": "s3cret-t"},
    "MCP_OAUTH2": {"type": "OAUTH2", "access_token": "s3cret-a"},
    "MCP_OAUTH2_GENERIC": {"type": "OAUTH2", "access_token": "s3cret-a"},
    "NONE": {},
    "OAUTH1": {"oauth_token": "s3cret-t", "oauth_token_secret": "s3cret-s"},
    "OAUTH2": {"access_token": "s3cret-a", "raw": {"id_token": "s3cret-i"}},
    "OAUTH2_CC": {"token": "s3cret-t", "client_id": "someone", "client_secret": "s3cret-s"},
    "SIGNATURE": {"token": "s3cret-t", "username": "someone", "password": "s3cret-p"},
    "TBA": {"token_id": "s3cret-i", "token_secret": "s3cret-s", "config_override": {"client_id": "c"}},
    "TWO_STEP": {"token": "s3cret-t", "raw": {"accountID": "7"}, "_cookies": "A=s3cret-c"},
}
NO_CALLS = {"linear-mcp", "mcp-generic", "unauthenticated"}  # no base URL
NEVER_WHOLE = {  # faults of the reference's data: a name that nothing can give a value
    "aws": "Cognito API Subdomain",
    "certn-partner": "apiKey",
    "teamwork": "installation.apiEndPoint",
}
INTEGRATION = Integration(client_id="someone", client_secret="s3cret-of-the-client")


@pytest.fixture(scope="module")
def providers(reference_catalog):
    found = list(reference_catalog.providers())
    assert len(found) == 1013
    return found


def named(provider):
    """Every config name that a template of the definition holds."""
    templates = [provider.base_url or "", *provider.headers.values(), *map(str, provider.query.values())]
    templates.append(json.dumps(provider.body, ensure_ascii=False))
    for name in (name for template in templates for name in placeholders(template)):
        group, _, field = name.partition(".")
        if group == "connectionConfig":
            yield field
    if provider.auth_mode == "TBA":
        yield from ("accountId", "oauth_client_id", "oauth_client_secret")


def fitting(provider, name):
    """A value that may stand where the base URL has it."""
    placeholder = re.escape("${connectionConfig." + name + "}")
    base = provider.base_url or ""
    if re.search(r"(^|\|\| )" + placeholder, base):
        return "https://whole.example.com/base"
    if re.search(r"[^/]:" + placeholder, base):
        return "8443"
    return "whole.example.com" if re.search("://" + placeholder + r"($|[/: ])", base) else "acme"


def credentials(provider):
    declared = {name: f"s3cret-of-{name}" for name in provider.credentials}
    stored = STORED[provider.auth_mode]
    signs = any("ed25519Sign" in template for template in provider.headers.values())
    own = {"password": KEY.decode()} if signs else {}
    if provider.definition.get("require_client_certificate"):
        declared = dict.fromkeys(declared, "")  # no mutual TLS here; tests/runtime/auth has it
    return {"type": provider.auth_mode, **declared, **stored, **own}


def built(provider, config):
    connection = Connection(provider, config, credentials(provider), integration=INTEGRATION)
    return build(connection, Call("POST", "/v1/things?x=1", data={"a": 1}))


def test_each_builds_a_request_that_is_whole_and_shows_no_secret(providers):
    refused = {}
    for provider in providers:
        config = {name: fitting(provider, name) for name in named(provider)}
        try:
            request = built(provider, config)
        except ConnectorError as error:
            refused[provider.name] = error
            continue
        whole = f"{request.url} {dict(request.headers)} {request.body!r}"
        assert "${" not in whole, provider.name
        assert "undefined" not in whole, provider.name
        assert "/v1/things" in request.url, provider.name
        assert "s3cret" not in f"{request.shown_url} {request!r}", provider.name
        credential = {name: value for name, value in request.headers.items() if "s3cret" in value}
        assert credential.keys() <= request.credential_headers, provider.name
    assert refused.keys() == NO_CALLS | NEVER_WHOLE.keys()
    for name, error in refused.items():
        if name in NO_CALLS:
            assert isinstance(error, DefinitionError)
            assert error.reference_code == "unsupported_provider"
        else:
            assert isinstance(error, UnresolvedPlaceholder)
            assert NEVER_WHOLE[name] in error.message


def test_without_config_each_builds_or_names_the_field_that_is_missing(providers):
    refused = 0
    for provider in providers:
        try:
            request = built(provider, {})
        except UnresolvedPlaceholder as error:
            refused += 1
            assert provider.name in error.message
            connection = Connection(provider, {}, {})
            titles = [title_of(connection, name) for name in error.placeholders]
            assert any(title in error.message for title in titles), provider.name
        except DefinitionError:
            assert provider.name in NO_CALLS
        else:
            assert "${" not in f"{request.url} {dict(request.headers)}", provider.name
    assert refused > 200


def test_with_the_definitions_own_examples_each_builds_or_names_the_field_whose_example_does_not_fit(providers):
    for provider in providers:
        fields = provider.connection_config
        examples = {name: str(field["example"]) for name, field in fields.items() if field.get("example")}
        config = {**{name: fitting(provider, name) for name in named(provider)}, **examples}
        try:
            built(provider, config)
        except HostRefused as error:
            connection = Connection(provider, config, {})
            assert any(title_of(connection, name) in error.message for name in examples), provider.name
            assert not any(value in error.message for value in examples.values()), provider.name
        except ConnectorError:
            assert provider.name in NO_CALLS | NEVER_WHOLE.keys(), provider.name
