"""Environments, their keys and connect sessions, as the engine keeps them."""

from __future__ import annotations

import pytest

from connectors.engine.end_users import owner
from connectors.engine.environments import is_key
from connectors.engine.host import Host
from connectors.engine.sessions import LIFE, Terms, is_token
from connectors.engine.settings import Settings
from connectors.errors import InputError
from connectors.testing import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def host(tmp_path, database_url, clock):
    settings = Settings.load({"DATABASE_URL": database_url}, home=tmp_path)
    with Host.open(settings, clock=clock) as host:
        yield host


def test_a_key_is_a_uuid_that_names_its_environment(host):
    made = host.environments.create("prod")
    assert is_key(made.key)
    assert host.environments.of_key(made.key)[0] == "prod"
    assert host.environments.of_key("11111111-1111-4111-8111-111111111111") is None
    assert made.key not in repr(made)


def test_a_replaced_key_ends_with_its_grace(host, clock):
    made = host.environments.create("prod")
    host.environments.rotate("prod", made.id, grace=60)
    clock.advance(59)
    assert host.environments.of_key(made.key)
    clock.advance(2)
    assert host.environments.of_key(made.key) is None
    with pytest.raises(InputError):
        host.environments.rotate("prod", made.id)


def test_a_session_is_good_for_half_an_hour(host, clock):
    host.environments.create("prod")
    made = host.sessions.create("prod", Terms(allowed=["a"], defaults={"a": {"connection_config": {"x": "y"}}}))
    assert is_token(made.token)
    clock.advance(LIFE - 1)
    session = host.sessions.get(made.token)
    assert (session.environment, session.allows("a"), session.allows("b")) == ("prod", True, False)
    assert session.terms.defaults == {"a": {"connection_config": {"x": "y"}}}
    clock.advance(2)
    assert host.sessions.get(made.token) is None
    assert made.token not in repr(made)


def test_sessions_and_signing_keys_move_to_a_new_vault_key(tmp_path, host):
    from connectors.engine.vault import Vault

    first = host.environments.create("prod").key
    token = host.sessions.create("prod", Terms()).token
    older, newer = b"o" * 32, b"n" * 32
    host.vault = Vault([newer, *host.vault._keys.values()])
    assert host.connections.rotate() >= 2
    host.vault = Vault([newer, older])
    assert host.environments.signing_key("prod") == first
    assert host.sessions.get(token) is not None


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        ({}, None),
        ({"tags": {}}, {}),
        ({"tags": {"Plan": "Gold"}}, {"plan": "Gold"}),
        ({"end_user": {"id": "u", "email": "e@x.example"}}, {"end_user_id": "u", "end_user_email": "e@x.example"}),
        (
            {
                "end_user": {"id": "u", "display_name": "Ann", "tags": {"end_user_id": "own", "a": "1"}},
                "organization": {"id": "o", "display_name": "Acme"},
                "tags": {"A": "2"},
            },
            {
                "end_user_id": "own",
                "end_user_display_name": "Ann",
                "organization_id": "o",
                "organization_display_name": "Acme",
                "a": "2",
            },
        ),
    ],
)
def test_tags_follow_from_the_end_user_and_later_ones_win(given, tags):
    assert owner(**given).tags == tags
