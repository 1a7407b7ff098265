import json

import pytest

DEFINITIONS = """
shop:
    display_name: Corner Shop
    auth_mode: OAUTH2
    authorization_url: https://shop.example/authorize
    token_url: https://shop.example/token
    proxy:
        base_url: https://${connectionConfig.region}.shop.example/v1
        headers:
            x-client: ${clientId}
    connection_config:
        region:
            title: Region
            description: Where the shop is.
            type: string
two:
    display_name: Two Steps
    auth_mode: TWO_STEP
    proxy:
        base_url: https://two.example
        headers:
            x-token: ${accessToken}
    credentials:
        password:
            title: Password
            type: string
            secret: true
app:
    display_name: An App
    auth_mode: APP
    proxy:
        base_url: https://app.example
own:
    display_name: Own Fields
    auth_mode: API_KEY
    proxy:
        base_url: https://own.example
    credentials:
        apiKey:
            title: Key
            type: string
            secret: true
    integration_config:
        keyName:
            title: Name of the key
            type: string
        signingKey:
            title: Signing key
            type: string
            secret: true
"""
SECRET = "s3cret/+value"


@pytest.fixture
def more(run, tmp_path):
    """The command with the definitions above."""
    file = tmp_path / "more.yaml"
    file.write_text(DEFINITIONS)
    return lambda *arguments, **options: run(*arguments, "--providers", str(file), **options)


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    return f"@{file}"


def listed(result):
    return [row["name"] for row in json.loads(result.stdout)]


def test_a_list_is_narrowed_by_words_of_the_name_or_the_product_and_by_auth_mode(more):
    assert listed(more("providers", "list", "--json")) == ["app", "own", "paligo", "shop", "two"]
    assert listed(more("providers", "list", "corner", "SHOP", "--json")) == ["shop"]
    assert listed(more("providers", "list", "--mode", "two_step", "--json")) == ["two"]
    assert "Did you mean OAUTH2?" in more("providers", "list", "--mode", "OAUTH", code=2).stderr


def test_a_list_says_what_a_connection_and_its_integration_need(more):
    rows = {row["name"]: row for row in json.loads(more("providers", "list", "--json").stdout)}
    assert [field["name"] for field in rows["shop"]["fields"]] == ["region"]
    assert {name: row["integration"] for name, row in rows.items()} == {
        "app": ["app_id", "app_link", "private_key"],
        "own": ["keyName", "signingKey"],
        "paligo": [],
        "shop": ["client_id", "client_secret"],
        "two": [],
    }
    assert "client_id, client_secret" in more("providers", "list", "shop").stdout


def test_a_provider_is_shown_with_what_its_integration_takes_and_how_it_connects(more):
    shown = more("providers", "show", "shop").stdout
    assert "with a consent in a browser" in shown
    assert "Client secret (--client-secret @FILE)" in shown
    shown = more("providers", "show", "own").stdout
    assert "with its credentials" in shown
    assert "Name of the key (--custom keyName=VALUE)" in shown
    assert "Signing key (--custom signingKey=@FILE)" in shown


def test_a_request_is_printed_as_it_would_be_sent_with_secrets_masked(more, secret):
    result = more(
        *("providers", "request", "shop", "post", "/items", "--config", "region=eu", "--client-id", "id-1"),
        *(
            "--credential",
            f"access_token={secret}",
            "--param",
            f"q={SECRET}",
            "--header",
            "X-A: b",
            "--data",
            '{"a":1}',
        ),
    )
    lines = result.stdout.splitlines()
    assert lines[0].startswith("POST https://eu.shop.example/v1/items?q=")
    assert {"authorization: Bearer [secret]", "x-client: id-1", "x-a: b", "content-type: application/json"} <= {*lines}
    assert lines[-1] == '{"a":1}'
    assert SECRET not in result.output


def test_a_request_as_json_has_method_url_headers_and_body(more, secret):
    command = (
        "providers",
        "request",
        "two",
        "POST",
        "/x",
        "--credential",
        f"token={secret}",
        "--form",
        "a=1",
        "--json",
    )
    shown = json.loads(more(*command).stdout)
    assert (shown["method"], shown["url"], shown["body"]) == ("POST", "https://two.example/x", "a=1")
    assert shown["headers"]["x-token"] == "[secret]"
    assert "authorization" not in shown["headers"]


def test_config_values_of_a_request_are_checked_and_cleaned_as_for_a_connection(run, secret):
    config = ("--config", "instance=https://Acme.paligoapp.com/some/page", "--config", "username=a@example.com")
    command = ("providers", "request", "paligo", "GET", "/x", "--credential", f"apiKey={secret}")
    assert run(*command, *config).stdout.startswith("GET https://acme.paligoapp.com/x\n")
    assert "did you mean instance?" in run(*command, "--config", "instanc=acme", code=2).stderr


def test_a_secret_comes_from_a_variable_too(more, monkeypatch):
    monkeypatch.setenv("CONNECTORS_CREDENTIAL_PASSWORD", SECRET)
    result = more("providers", "request", "two", "GET", "/x", code=2)
    assert "token" in result.stderr
    monkeypatch.setenv("CONNECTORS_CREDENTIAL_APIKEY", SECRET)
    own = ("providers", "request", "own", "GET", "/x", "--custom", "keyName=X-Key")
    assert "x-key: [secret]" in more(*own).stdout


def test_a_value_that_is_missing_is_named(more, secret):
    command = ("providers", "request", "shop", "GET", "/x")
    assert "Region" in more(*command, "--credential", f"access_token={secret}", code=2).stderr
    assert "access_token" in more(*command, "--config", "region=eu", code=2).stderr


def test_what_a_request_lacks_is_to_be_given_to_the_command(more):
    step = more("providers", "request", "shop", "GET", "/x", "--config", "region=eu", code=2).stderr
    assert "--credential NAME=@FILE" in step
    assert "connectors connect" not in step


def test_a_request_with_basic_is_not_shown_without_the_user_name_and_password(run):
    command = ("providers", "request", "paligo", "GET", "/x", "--config", "instance=acme")
    assert "API Key" in run(*command, "--config", "username=a@example.com", code=2).stderr


def test_a_request_that_the_integrations_client_signs_is_shown(run, tmp_path, secret):
    file = tmp_path / "signed.yaml"
    file.write_text(
        "signed:\n    display_name: Signed\n    auth_mode: TBA\n    docs: https://example.com\n"
        "    proxy: {base_url: 'https://signed.example'}\n"
        "    connection_config:\n        accountId: {type: string, title: Account, description: The account.}\n"
    )
    tokens = ("--credential", f"token_id={secret}", "--credential", f"token_secret={secret}")
    command = ("--providers", str(file), "providers", "request", "signed", "GET", "/x", "--config", "accountId=1")
    shown = run(*command, *tokens, "--client-id", "key-1", "--client-secret", secret).stdout
    assert 'oauth_consumer_key="key-1"' in shown
    assert SECRET not in shown
    assert "--client-id ID" in run(*command, *tokens, code=2).stderr


@pytest.mark.parametrize("option", ["--credential=access_token=typed", "--client-secret=typed"])
def test_a_secret_that_was_typed_is_refused(more, option):
    result = more("providers", "request", "shop", "GET", "/x", option, code=2)
    assert "secret_on_command_line" in result.stderr
    assert "=typed" not in result.output


def test_a_credential_header_of_ones_own_is_refused(more):
    result = more("providers", "request", "shop", "GET", "/x", "--header", "Authorization: x", code=2)
    assert "authorization" in result.stderr.lower()
