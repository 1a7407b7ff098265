"""Which values of a connection's config are sealed and never shown."""

from __future__ import annotations

import pytest

from connectors.runtime.catalog import Provider
from connectors.runtime.secret_config import secret_config


def hidden(config, **fields):
    return secret_config(Provider("acme", {"auth_mode": "API_KEY", "connection_config": fields}, "test"), config)


@pytest.mark.parametrize("name", ["apiKey", "API_PASSWORD", "appSecret", "staffUserToken", "jwt"])
def test_a_field_that_sounds_secret_is_unless_its_description_says_otherwise(name):
    assert hidden({name: "x"}, **{name: {"type": "string"}}) == {name}
    assert hidden({name: "x"}, **{name: {"type": "string", "secret": False}}) == frozenset()


@pytest.mark.parametrize(
    "name", ["incoming_webhook.url", "webhook_url", "refresh_token", "oauth_client_secret_override"]
)
def test_what_nobody_described_is_secret_if_its_name_says_so(name):
    assert hidden({name: "https://hooks.example/T/B/x"}) == {name}


@pytest.mark.parametrize("name", ["subdomain", "tokenUrl", "tokenDomain", "instance_url", "incoming_webhook.channel"])
def test_a_part_of_an_address_is_shown(name):
    assert hidden({name: "x"}, **{name: {"type": "string"}}) == frozenset()
    assert hidden({name: "x"}) == frozenset()


def test_a_secret_inside_a_value_hides_it():
    assert hidden({"bot": {"deep": [{"access_token": "x"}]}, "site": {"id": 1}}) == {"bot"}
