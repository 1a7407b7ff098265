"""Every TWO_STEP and OAUTH2_CC provider of the reference's file builds its token request, or says precisely why not.

CONNECTORS_REFERENCE_PROVIDERS names the file.
"""

import json
import re
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connectors.errors import ConnectorError, DefinitionError
from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import Ask, TokenAnswer, drive
from connectors.runtime.integration import Integration
from connectors.runtime.template import Moment, placeholders

NOW = Moment(datetime(2024, 3, 9, 8, 5, 7, tzinfo=UTC))
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
WITHOUT_TOKEN_URL = {"certn-partner"}  # a fault of the reference's data


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="module")
def providers(reference_catalog):
    found = reference_catalog.providers()
    return [provider for provider in found if provider.auth_mode in ("TWO_STEP", "OAUTH2_CC")]


def leaves(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        yield from leaves(dict(enumerate(value)))


def value_of(provider, name, where):
    """A value that may stand where the definition puts it."""
    if name == "client_certificate":
        return pem(RSA).replace("PRIVATE KEY", "CERTIFICATE")  # only its form is looked at here
    if name.lower().endswith(("privatekey", "private_key")):
        return pem(EC if "ES256" in json.dumps(provider.definition.get("assertion")) else RSA)
    host = any(re.match(r"https?://[^/]*\$\{[^}]*\b" + re.escape(name) + r"\}", text) for text in where)
    base = any(text.startswith("${connectionConfig." + name) for text in where)
    return "https://a.example.com" if base else "a.example.com" if host else f"v-{name}"


def ask_for(provider, **changes):
    texts = list(leaves(dict(provider.definition)))
    groups = {"credentials": {}, "connectionConfig": {}, "assertionOption": {}}
    for text in texts:
        for name in placeholders(text):
            group, _, field = name.partition(".")
            if group in groups and field:
                groups[group][field] = value_of(provider, field, texts)
    for name in provider.definition.get("credentials") or {}:
        groups["credentials"].setdefault(name, value_of(provider, name, texts))
    for made in ("token", "assertion") if "assertion" in provider.definition else ():
        groups["credentials"].pop(made, None)
    if provider.auth_mode == "OAUTH2_CC":
        groups["credentials"] |= {"client_id": "the-client", "client_secret": "s3cret"}
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(RSA)
        if provider.definition.get("token_request_auth_method") == "private_key_jwt":
            groups["credentials"]["client_private_key"] = jwk
    values = {
        "provider": provider,
        "integration": Integration(provider.name),
        "connection_config": groups["connectionConfig"],
        "credentials": groups["credentials"],
        "moment": NOW,
        "assertion_option": groups["assertionOption"],
    }
    return Ask(**(values | changes))


class Endpoint:
    """Answers every request with whatever the definition could look for."""

    def __init__(self, provider):
        self.sent = []
        self._content = {"access_token": "t-new", "expires_in": 3600}
        for text in leaves(provider.definition.get("additional_steps") or []):
            for name in placeholders(text):
                if re.match(r"step\d+\.", name):
                    field = name.partition(".")[2]
                    self._content[field] = "https://b.example.com/x" if text.startswith("${") else "from-a-step"
        response = provider.definition.get("token_response") or {}
        if response.get("token") == "":
            self._content = "t-new"
        elif response.get("token"):
            place(self._content, response["token"], "t-new")
        if response.get("token_expiration"):
            in_seconds = response.get("token_expiration_strategy") == "expireIn"
            place(self._content, response["token_expiration"], 3600 if in_seconds else "2024-03-09T09:00:00Z")

    def __call__(self, request):
        self.sent.append(request)
        return TokenAnswer(200, json.dumps(self._content).encode())


def place(content, path, value):
    *above, last = path.split(".")
    for name in above:
        content = content.setdefault(name, {})
    content[last] = value


def test_every_one_gets_a_token_from_complete_values_with_nothing_left_open(providers):
    for provider in providers:
        endpoint = Endpoint(provider)
        if provider.name in WITHOUT_TOKEN_URL:
            with pytest.raises(DefinitionError, match="token_url"):
                drive(mode_of(provider).acquire(ask_for(provider)), endpoint)
            continue
        grant = drive(mode_of(provider).acquire(ask_for(provider)), endpoint)
        assert grant.credentials["type"] == provider.auth_mode
        assert grant.credentials["token"] == "t-new", provider.name
        for request in endpoint.sent:
            sent = request.url + repr(dict(request.headers)) + (request.body or b"").decode()
            assert not any(part in sent for part in ("${", "%24%7B", "undefined")), provider.name


def test_every_one_refuses_with_an_error_of_ours_what_lacks_all_values_and_sends_nothing_half_built(providers):
    refused = set()
    for provider in providers:
        endpoint = Endpoint(provider)
        try:
            drive(mode_of(provider).acquire(ask_for(provider, connection_config={}, credentials={})), endpoint)
        except ConnectorError as error:
            refused.add(provider.name)
            assert all((error.message, error.next_step))
        for request in endpoint.sent:
            assert "${" not in request.url + (request.body or b"").decode(), provider.name
    assert len(refused) > 150, len(refused)


def test_every_one_can_be_renewed_from_what_was_stored(providers):
    for provider in providers:
        option = provider.definition.get("assertion") or {}
        if provider.name in WITHOUT_TOKEN_URL or "assertionOption" in str(option.get("key")):
            continue
        ask = ask_for(provider)
        stored = drive(mode_of(provider).acquire(ask), Endpoint(provider)).credentials
        again = ask_for(provider, credentials=stored, assertion_option={})
        assert drive(mode_of(provider).refresh(again), Endpoint(provider)).credentials["token"] == "t-new"


def test_no_error_of_any_one_shows_a_submitted_secret(providers):
    for provider in providers:
        ask = ask_for(provider)

        def refuse(request, ask=ask):
            echoed = json.dumps({"you sent": dict(ask.credentials), "and": (request.body or b"").decode()})
            return TokenAnswer(401, echoed.encode())

        if provider.name in WITHOUT_TOKEN_URL:
            continue
        with pytest.raises(ConnectorError) as caught:
            drive(mode_of(provider).acquire(ask), refuse)
        told = str(caught.value) + repr(caught.value) + json.dumps(caught.value.to_dict())
        for name in provider.definition.get("credentials") or {}:
            value = ask.credentials.get(name)
            if isinstance(value, str) and len(value) > 6:
                assert value not in told, (provider.name, name)
