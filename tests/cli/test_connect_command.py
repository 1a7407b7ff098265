import json

import pytest

NANGO_STYLE = """
paligo:
    display_name: Paligo
    auth_mode: BASIC
    proxy:
        base_url: https://${connectionConfig.subdomain}.paligoapp.com
        verification:
            method: GET
            endpoints: [/api/v2/groups]
    connection_config:
        subdomain:
            type: string
            title: Subdomain
            description: The part before .paligoapp.com.
    credentials:
        username: {type: string, title: Username, description: Your e-mail address}
        password: {type: string, title: API key, description: The key, secret: true}
"""
TYPED = "typed-Secret/9+"


def config(emulator, **changes):
    values = {"instance": emulator.instance, "username": emulator.username} | changes
    return [text for name, value in values.items() for text in ("--config", f"{name}={value}")]


def listed(run):
    return json.loads(run("connections", "list", "--json").stdout)


def test_an_account_is_verified_and_stored(run, emulator, key_file, home):
    result = run("connect", "paligo", "--id", "acme", *config(emulator), "--credential", f"apiKey=@{key_file}")
    assert "Connected: acme" in result.stdout
    assert "Verified" in result.stdout
    assert "connectors sync documents --connection acme" in result.stderr
    assert str(home / "vault.key") in result.stderr
    assert [(row["id"], row["provider"]) for row in listed(run)] == [("acme", "paligo")]
    assert emulator.count(status=200, path_prefix="/api/v2/groups") == 1


def test_the_key_never_shows(run, emulator, key_file):
    shown = run("connect", "paligo", *config(emulator), "--credential", f"apiKey=@{key_file}", "--json").output
    shown += run("connections", "show", "paligo").output + run("connections", "show", "paligo", "--json").output
    shown += run("connections", "list").output + run("connections", "check", "paligo", "--json").output
    shown += run("doctor", code=None).output
    assert emulator.api_key not in shown


def test_everything_missing_is_listed_at_once(run):
    result = run("connect", "paligo", code=2)
    assert result.stderr.startswith("error [invalid_config]: 3 things are wrong:")
    for title in ("Paligo Instance Name", "Username", "API Key", "CONNECTORS_CREDENTIAL_APIKEY"):
        assert title in result.stderr


def test_json_gives_the_problems_to_programs(run):
    result = run("connect", "paligo", "--json", code=2)
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "invalid_config"
    assert [problem["field"] for problem in error["problems"]] == ["instance", "username", "apiKey"]


@pytest.mark.parametrize(
    "typed",
    [
        ("--credential", f"apiKey={TYPED}"),
        ("--config", f"apiKey={TYPED}"),
        ("--credential", f"apikey={TYPED}"),
        ("--credential", TYPED),
        ("--config", TYPED),
        ("--metadata", f"apiKey={TYPED}"),
        ("--metadata", TYPED),
        (f"--apiKey={TYPED}",),
        (TYPED,),
        ("--credential", "apiKey=@/nowhere", TYPED),
        ("--credential", f"apiKey=@{TYPED}"),
        ("--config", f"instance={TYPED}#", "--config", "username=me@acme.example"),
        ("--config", f"apikey={TYPED}"),
    ],
)
def test_a_typed_secret_is_refused_and_never_repeated(run, typed):
    result = run("connect", "paligo", *typed, "--json", code=2)
    assert TYPED not in result.output
    assert "Traceback" not in result.output


def test_the_refusal_of_a_typed_secret_names_the_better_way(run):
    result = run("connect", "paligo", "--credential", f"apiKey={TYPED}", code=2)
    assert "error [secret_on_command_line]" in result.stderr
    assert "@FILE" in result.stderr


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_line_break_at_the_end_of_a_secret_file_is_dropped(run, emulator, tmp_path, ending):
    file = tmp_path / "key"
    file.write_bytes(f"{emulator.api_key}{ending}".encode())
    run("connect", "paligo", *config(emulator), "--credential", f"apiKey=@{file}")


def test_a_value_that_is_no_secret_comes_from_a_file_too(run, emulator, key_file, tmp_path):
    (tmp_path / "definitions.yaml").write_text(NANGO_STYLE)
    (tmp_path / "name").write_text(f"{emulator.username}\n")
    given = ("--config", f"subdomain={emulator.instance}", "--providers", str(tmp_path / "definitions.yaml"))
    run(
        "connect",
        "paligo",
        *given,
        "--credential",
        f"username=@{tmp_path / 'name'}",
        "--credential",
        f"password=@{key_file}",
    )


def test_a_connection_of_another_definition_says_so(run, emulator, key_file, tmp_path):
    (tmp_path / "definitions.yaml").write_text(NANGO_STYLE)
    other = ("--providers", str(tmp_path / "definitions.yaml"))
    given = ("--config", f"subdomain={emulator.instance}", "--credential", f"username={emulator.username}")
    run("connect", "paligo", *given, "--credential", f"password=@{key_file}", *other)
    for command in (("proxy", "GET", "/api/v2/groups"), ("sync", "documents")):
        shown = run(*command, "--connection", "paligo", code=2).stderr
        assert "paligo was connected with another definition of paligo: this one needs Paligo Instance Name" in shown
        assert "--providers FILE" in shown
        run(*command, "--connection", "paligo", *other)


def test_hints_repeat_the_options_of_the_command_line_and_quote(run, emulator, key_file, tmp_path):
    secret, where = ("--credential", f"apiKey=@{key_file}"), ("--home", str(tmp_path / "a b"))
    shown = run("connect", "paligo", "--id", "acme & co", *config(emulator), *secret, *where).stderr
    assert f"next: connectors --home '{tmp_path}/a b' sync documents --connection 'acme & co'" in shown
    assert (
        f"connectors --home '{tmp_path}/a b' connections list" in run("connections", "show", "x", *where, code=2).stderr
    )


def test_a_secret_comes_from_standard_input(run, emulator):
    run("connect", "paligo", *config(emulator), "--credential", "apiKey=@-", stdin=f"{emulator.api_key}\n")


def test_a_secret_comes_from_the_environment(run, emulator, monkeypatch):
    monkeypatch.setenv("CONNECTORS_CREDENTIAL_APIKEY", emulator.api_key)
    run("connect", "paligo", *config(emulator))


def test_standard_input_gives_one_value_only(run, emulator, tmp_path):
    file = tmp_path / "providers.yaml"
    file.write_text(NANGO_STYLE.replace("description: Your e-mail address", "description: Also, secret: true"))
    given = ("--credential", "username=@-", "--credential", "password=@-")
    result = run("connect", "paligo", "--providers", str(file), *given, stdin="x", code=2)
    assert "one value only" in result.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 70_000])
def test_a_file_that_is_no_secret_is_refused(run, emulator, tmp_path, content):
    file = tmp_path / "key"
    file.write_bytes(content)
    assert "apiKey" in run("connect", "paligo", *config(emulator), "--credential", f"apiKey=@{file}", code=2).stderr


def test_a_pasted_address_is_taken(run, emulator, key_file):
    pasted = config(emulator, instance=f"https://{emulator.instance}.paligoapp.com/document/edit/1")
    run("connect", "paligo", *pasted, "--credential", f"apiKey=@{key_file}")
    assert listed(run)[0]["connection_config"]["instance"] == emulator.instance


def test_refused_credentials_end_with_4_and_store_nothing(run, emulator, tmp_path):
    file = tmp_path / "key"
    file.write_text("wrongwrong")
    result = run("connect", "paligo", *config(emulator), "--credential", f"apiKey=@{file}", code=4)
    assert "Username or API Key" in result.stderr
    assert "wrongwrong" not in result.output
    assert listed(run) == []


def test_a_wrong_instance_is_named_and_stores_nothing(run, emulator, key_file):
    given = (*config(emulator, instance="elsewhere"), "--credential", f"apiKey=@{key_file}")
    assert "Paligo Instance Name" in run("connect", "paligo", *given, code=1).stderr
    assert listed(run) == []


def test_no_verify_sends_nothing(run, emulator, key_file):
    given = (*config(emulator), "--credential", f"apiKey=@{key_file}", "--no-verify")
    assert "Not verified" in run("connect", "paligo", *given).stdout
    assert emulator.log == []


def test_connecting_again_keeps_metadata_and_records(run, connected, key_file):
    run("sync", "documents", "--connection", "acme")
    given = ("--id", "acme", *config(connected), "--credential", f"apiKey=@{key_file}")
    assert "Connected again: acme" in run("connect", "paligo", *given).stdout
    shown = json.loads(run("connections", "show", "acme", "--json").stdout)
    assert shown["metadata"] == {"plan": "none"}
    assert shown["models"][0]["records"] == 24


@pytest.mark.parametrize("before", [True, False])
def test_a_file_of_definitions_counts_before_and_behind_the_command(run, emulator, key_file, tmp_path, before):
    file = tmp_path / "nango.yaml"
    file.write_text(NANGO_STYLE)
    option = ("--providers", str(file))
    given = ("--config", f"subdomain={emulator.instance}", "--credential", f"username={emulator.username}")
    command = ("connect", "paligo", *given, "--credential", f"password=@{key_file}", "--metadata", "plan=none")
    run(*option, *command) if before else run(*command, *option)
    report = json.loads(run(*option, "sync", "documents", "--connection", "paligo", "--json").stdout)
    assert report["added"] == 24


def test_an_unknown_provider_is_bad_input(run):
    assert "error [unknown_provider]" in run("connect", "paliggo", code=2).stderr


@pytest.mark.parametrize("option", [(), ("--no-verify",)])
def test_an_auth_mode_that_does_not_exist_is_refused_and_stores_nothing(run, tmp_path, option):
    file = tmp_path / "more.yaml"
    file.write_text("some:\n    auth_mode: LATER\n    proxy: {base_url: https://api.some.example}\n")
    result = run("connect", "some", "--providers", str(file), *option, code=2)
    assert "error [unsupported_auth_mode]" in result.stderr
    assert listed(run) == []
