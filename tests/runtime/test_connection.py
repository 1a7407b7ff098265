from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.integration import Integration

PROVIDER = Provider(
    "acmedocs",
    {
        "auth_mode": "BASIC",
        "proxy": {"base_url": "https://${connectionConfig.instance}.example.com"},
        "connection_config": {
            "instance": {"type": "string", "title": "Instance"},
            "tenant_key": {"type": "string", "title": "Tenant key", "secret": True},
        },
        "credentials": {
            "username": {"type": "string", "title": "User"},
            "password": {"type": "string", "title": "Password", "secret": True},
        },
    },
    "test",
)
CONFIG = {"instance": "acme-inc", "tenant_key": "tenant-key-1", "nested": {"list": ["deep-value"]}}
CREDENTIALS = {"type": "BASIC", "username": "me@acme.example", "password": "p4ss-w0rd", "extra": {"pem": "pem-text"}}


def connection(**changes):
    return Connection(PROVIDER, **{"connection_config": CONFIG, "credentials": CREDENTIALS, **changes})


def test_secrets_are_credentials_and_config_fields_declared_secret():
    assert set(connection().secrets) == {"tenant-key-1", "p4ss-w0rd", "pem-text"}


def test_what_is_not_declared_at_all_counts_as_secret_only_among_credentials():
    assert "deep-value" not in connection().secrets
    assert "pem-text" in connection().secrets


def test_what_a_provider_or_a_script_left_in_the_config_is_secret_if_a_name_in_it_says_so():
    left = {"cloudId": "c-1", "sharepointAccessToken": "t0k", "user": {"id": "u-1", "access_token": "n3sted"}}
    left |= {"oauth_client_secret": "s3c", "token_endpoint": "https://login.example/token", "accounts": [{"id": "a-1"}]}
    found = connection(connection_config=left).secrets
    assert {"t0k", "n3sted", "s3c"} <= set(found)
    assert not {"c-1", "https://login.example/token", "a-1"} & set(found)


def test_the_repr_shows_names_and_no_value():
    shown = repr(connection(id="acme", metadata={"plan": "secret-plan"}))
    assert shown.startswith("Connection('acmedocs', id='acme', ")
    assert shown.endswith("config: instance, tenant_key, nested; credentials: username, password, extra)")


def test_the_redactor_masks_a_short_password_joined_with_its_user():
    masked = connection(credentials={"type": "BASIC", "username": "me", "password": "x"}).redactor
    assert masked.text("Basic bWU6eA==") == "Basic [secret]"  # me:x


def test_a_user_name_without_a_password_is_the_key_itself():
    alone = connection(credentials={"type": "BASIC", "username": "key-as-user", "password": ""})
    assert alone.redactor.text("who is key-as-user?") == "who is [secret]?"


def test_the_kind_of_credential_is_the_stored_one_else_the_providers():
    assert connection(credentials={"type": "API_KEY"}).credential_type == "API_KEY"
    assert connection(credentials={}).credential_type == "BASIC"


def test_an_integration_places_its_key_only_where_the_definition_asks_for_its_fields():
    custom = {"keyName": "X-Key", "baseUrl": "https://own.example.com", "valueTemplate": "Key ${password}"}
    assert connection(integration=Integration(custom=custom)).headers == {}
    assert connection(integration=Integration(custom=custom)).base_url == PROVIDER.base_url
    asking = Provider("private", {**PROVIDER.definition, "integration_config": {}}, "test")
    in_header = Connection(asking, CONFIG, CREDENTIALS, integration=Integration(custom=custom))
    assert (in_header.headers, in_header.base_url) == ({"x-key": "Key ${password}"}, "https://own.example.com")
    in_query = Connection(
        asking, CONFIG, CREDENTIALS, integration=Integration(custom={**custom, "keyPlacement": "query"})
    )
    assert (in_query.headers, in_query.query) == ({}, {"X-Key": "Key ${password}"})
