import base64
import json

import pytest

CALL = ("--connection", "acme")


def document(connected):
    return connected.truth("documents")[0]


def test_the_body_is_printed_as_it_came(run, connected):
    result = run("proxy", "GET", "/api/v2/groups", *CALL, "--param", "per_page=1", "--param", "page=2")
    assert json.loads(result.stdout)["groups"][0]["name"] == "Everyone"
    assert result.stderr == ""
    assert connected.log[-1].path == "/api/v2/groups?per_page=1&page=2"


def test_one_parameter_may_come_several_times(run, connected):
    run("proxy", "GET", "/api/v2/groups", *CALL, "--param", "a=1", "--param", "a=2")
    assert "1" in connected.log[-1].path
    assert connected.log[-1].path.count("a") >= 2


def test_an_answer_outside_2xx_is_printed_and_fails(run, connected):
    result = run("proxy", "GET", "/api/v2/documents/999999", *CALL, code=1)
    assert json.loads(result.stdout)["emulated-error"]
    assert "error [not_found]" in result.stderr


def test_json_is_one_object_also_when_it_fails(run, connected):
    good = json.loads(run("proxy", "GET", "/api/v2/groups", *CALL, "--json").stdout)
    assert (good["status"], good["body"]["page"]) == (200, 1)
    bad = json.loads(run("proxy", "GET", "/api/v2/documents/999999", *CALL, "--json", code=1).stdout)
    assert (bad["status"], bad["error"]["code"]) == (404, "not_found")


def test_refused_credentials_end_with_4(run, connected):
    connected.change(non_admin=401)
    run("proxy", "GET", "/api/v2/groups", *CALL, code=4)


def test_include_prints_status_and_headers(run, connected):
    lines = run("proxy", "GET", "/api/v2/groups", *CALL, "--include").stdout.splitlines()
    assert lines[0] == "HTTP 200"
    assert any(line.lower().startswith("content-type: application/json") for line in lines)


@pytest.mark.parametrize("source", ["typed", "file", "stdin"])
def test_a_body_is_sent_as_json(run, connected, tmp_path, source):
    text = json.dumps({"name": "Nåme"})
    (tmp_path / "body.json").write_text(text)
    given = {"typed": text, "file": f"@{tmp_path / 'body.json'}", "stdin": "-"}[source]
    path = f"/api/v2/documents/{document(connected)['id']}"
    run("proxy", "PUT", path, *CALL, "--data", given, stdin=text)
    assert document(connected)["name"] == "Nåme"


def test_all_pages_are_printed_as_lines(run, connected):
    lines = run("proxy", "GET", "/api/v2/documents", *CALL, "--param", "per_page=2", "--all").stdout.splitlines()
    root = [row for row in connected.truth("documents") if row["parent_resource"] == 0]
    assert sorted(json.loads(line)["id"] for line in lines) == sorted(row["id"] for row in root)


@pytest.mark.parametrize("name", ["Authorization", "authorization ", "Cookie", "Proxy-Authorization"])
def test_credentials_of_the_caller_are_refused(run, connected, name):
    result = run("proxy", "GET", "/api/v2/groups", *CALL, "--header", f"{name}: Basic typed-secret", code=2)
    assert "error [secret_on_command_line]" in result.stderr
    assert "typed-secret" not in result.output
    assert connected.log == []


@pytest.mark.parametrize(
    "given",
    [
        ("--param", "x"),
        ("--header", "x"),
        ("--header", "a b: c"),
        ("--header", "x: a\nb"),
        ("--data", "@/nowhere"),
        ("--data", "{}", "--form", "a=b"),
        ("--data", "{}", "--file", "a=@/dev/null"),
        ("--file", "a=@/nowhere"),
        ("--file", "a=b"),
        ("--all", "--include"),
        ("--retries", "11"),
    ],
)
def test_wrong_options_are_bad_input_and_send_nothing(run, connected, given):
    shown = run("proxy", "POST", "/api/v2/documents", *CALL, *given, code=2).stderr
    assert "Correct the value and try again." not in shown  # it says something more precise
    assert connected.log == []


def test_another_host_never_gets_the_credentials(run, connected):
    for path in ("https://evil.example/x", "//evil.example/x", "/\\evil.example", "@evil.example"):
        result = run("proxy", "GET", path, *CALL, code=None)
        assert result.exit_code in (1, 2), result.output
        assert "Traceback" not in result.output
    secret = base64.b64encode(f"{connected.username}:{connected.api_key}".encode()).decode()
    assert secret not in str(connected.log)


def test_output_saves_the_body_and_leaves_nothing_of_a_failure(run, connected, tmp_path):
    file = tmp_path / "groups.json"
    assert "Saved" in run("proxy", "GET", "/api/v2/groups", *CALL, "--output", str(file)).stderr
    assert json.loads(file.read_bytes())["page"] == 1
    run("proxy", "GET", "/api/v2/documents/999999", *CALL, "--output", str(tmp_path / "none"), code=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["api.key", "groups.json", "home"]


def test_a_secret_that_the_provider_echoes_in_an_error_is_masked(run, connected):
    connected.change(error_body=f"wrong key {connected.api_key}")
    result = run("proxy", "GET", "/api/v2/documents/999999", *CALL, code=1)
    assert connected.api_key not in result.output
    assert "wrong key [secret]" in result.stdout


def test_retries_are_the_callers_choice(run, connected):
    connected.fault("status", times=2, status=503)
    run("proxy", "GET", "/api/v2/groups", *CALL, "--retries", "0", code=1)
    assert connected.count(path_prefix="/api/v2/groups") == 1
