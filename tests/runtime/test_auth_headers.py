import base64

import pytest

from connectors.errors import UnsupportedAuthMode
from connectors.runtime.auth.places import default_headers
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection


def headers(mode, **credentials):
    return default_headers(Connection(Provider("p", {"auth_mode": mode}, "test"), {}, credentials))


def test_basic_joins_user_and_password_in_utf_8():
    value = headers("BASIC", type="BASIC", username="mé", password="p:w")["authorization"]
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == "mé:p:w"


@pytest.mark.parametrize("given", [{}, {"password": None}, {"password": ""}])
def test_a_missing_password_counts_as_empty(given):
    assert headers("BASIC", username="me", **given) == {"authorization": "Basic bWU6"}


@pytest.mark.parametrize("mode", ["API_KEY", "NONE"])
def test_keys_bring_no_header_by_themselves(mode):
    assert headers(mode, apiKey="k") == {}


def test_another_kind_is_refused_by_name():
    with pytest.raises(UnsupportedAuthMode, match="TABLEAU") as caught:
        headers("TABLEAU", access_token="t0ken-value")
    assert "t0ken-value" not in str(caught.value.to_dict())


@pytest.mark.parametrize(
    ("mode", "name"), [("OAUTH2", "access_token"), ("OAUTH2_CC", "token"), ("APP", "access_token")]
)
def test_a_token_that_the_connection_has_is_sent_and_a_missing_one_is_an_error(mode, name):
    assert headers(mode, type=mode, **{name: "t0ken-value"}) == {"authorization": "Bearer t0ken-value"}
    with pytest.raises(UnsupportedAuthMode, match=name):
        headers(mode, type=mode)
