"""The proxy over HTTP: what goes to the provider, and what comes back."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from tests.server.data_world import SECRET, World
from tests.server.upstream import Reply


@pytest.fixture
def world(tmp_path, database_url):
    made = World(tmp_path, database_url).start()
    yield made
    made.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_goes_on_with_path_query_and_the_connections_credentials(world, method):
    world.upstream.on(f"{method} /base/a%20b/c", Reply.json({"ok": True}))
    answer = world.ask(method, "/proxy/a%20b/c?x=1&y=%2F&y=2")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    (seen,) = world.upstream.seen
    assert (seen.method, seen.target) == (method, "/base/a%20b/c?x=1&y=%2F&y=2")
    assert (seen.headers["x-api-key"], seen.headers["x-plan"]) == (SECRET, "small")


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT"])
def test_what_webdav_is_asked_with_goes_on_with_its_body(world, method):
    world.upstream.on(f"{method} /base/calendar", Reply(207, b"<multistatus/>", {"content-type": "text/xml"}))
    answer = world.ask(method, "/proxy/calendar", data=b"<prop/>", headers={"Content-Type": "text/xml"})
    assert (answer.status_code, answer.content) == (207, b"<multistatus/>")
    (seen,) = world.upstream.seen
    assert (seen.body, seen.headers["x-api-key"]) == (b"<prop/>", SECRET)


def test_only_headers_with_the_prefix_go_on_and_they_beat_the_definitions(world):
    world.upstream.on("GET /base/x", Reply.json({}))
    world.ask("GET", "/proxy/x", headers={"Nango-Proxy-X-Plan": "large", "Nango-Proxy-X-New": "1", "X-Mine": "2"})
    headers = world.upstream.seen[0].headers
    assert (headers["x-plan"], headers["x-new"]) == ("large", "1")
    assert not {"x-mine", "connection-id", "provider-config-key", "authorization"} & headers.keys()


def test_json_goes_on_as_json(world):
    world.upstream.on("POST /base/x", Reply.json({}))
    world.ask("POST", "/proxy/x", json={"a": [1, 2.5, None, "é"]})
    (seen,) = world.upstream.seen
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {"a": [1, 2.5, None, "é"]}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/octet-stream", bytes(range(256)) * 5000),
        ("text/xml", "<a>é</a>".encode()),
        ("application/x-www-form-urlencoded", b"a=1&b=%20"),
        (
            "multipart/form-data; boundary=xyz",
            b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--xyz--\r\n',
        ),
    ],
)
def test_other_bodies_go_on_as_they_are(world, content_type, body):
    world.upstream.on("POST /base/x", Reply.json({}))
    world.ask("POST", "/proxy/x", data=body, headers={"Content-Type": content_type})
    (seen,) = world.upstream.seen
    assert (seen.headers["content-type"], seen.body) == (content_type, body)


def test_a_content_type_for_the_provider_goes_before_the_callers_own(world):
    world.upstream.on("POST /base/x", Reply.json({}))
    headers = {"Nango-Proxy-Content-Type": "application/vnd.desk+json", "Content-Type": "application/json"}
    world.ask("POST", "/proxy/x", data='{"a":1}', headers=headers)
    assert world.upstream.seen[0].headers["content-type"] == "application/vnd.desk+json"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 400, 404, 418, 422, 500, 503])
def test_the_providers_status_body_and_headers_come_back(world, status):
    body = b"" if status == 204 else b'{"said":"so"}'
    headers = {"content-type": "application/json", "x-request-id": "r-1", "link": "<next>", "etag": '"1"'}
    world.upstream.on("GET /base/x", Reply(status, body, headers))
    answer = world.ask("GET", "/proxy/x")
    assert (answer.status_code, answer.content) == (status, body)
    assert {name: answer.headers[name] for name in headers} == headers


def test_headers_that_would_act_on_our_own_origin_stay_behind(world):
    headers = {
        "content-type": "text/html",
        "set-cookie": "session=1",
        "strict-transport-security": "max-age=1",
        "access-control-allow-origin": "https://elsewhere.example",
        "clear-site-data": "*",
    }
    world.upstream.on("GET /base/x", Reply(200, b"<p>", headers))
    answer = world.ask("GET", "/proxy/x")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not {"set-cookie", "strict-transport-security", "clear-site-data"} & {n.lower() for n in answer.headers}


def test_a_credential_that_the_provider_repeats_in_a_header_is_masked(world):
    world.upstream.on("GET /base/x", Reply(200, b"{}", {"x-echo": f"key {SECRET}"}))
    assert SECRET not in str(world.ask("GET", "/proxy/x").headers)


def test_a_compressed_answer_arrives_decompressed(world):
    packed = gzip.compress(b'{"a": 1}')
    world.upstream.on(
        "GET /base/x", Reply(200, packed, {"content-type": "application/json", "content-encoding": "gzip"})
    )
    answer = world.ask("GET", "/proxy/x", headers={"Decompress": "true"})
    assert (answer.content, answer.headers.get("content-encoding")) == (b'{"a": 1}', None)


def test_head_is_answered_with_headers_alone(world):
    world.upstream.on("HEAD /base/x", Reply(200, b"", {"x-total": "12"}))
    answer = world.ask("HEAD", "/proxy/x")
    assert (answer.status_code, answer.headers["x-total"], answer.content) == (200, "12", b"")


def test_a_call_is_repeated_only_as_often_as_its_caller_asked(world):
    answers = iter([Reply(503), Reply(503, b"no", {"retry-after": "1"}), Reply.json({"third": True})])
    world.upstream.on("POST /base/x", lambda seen: next(answers))
    assert world.ask("POST", "/proxy/x").status_code == 503
    assert len(world.upstream.seen) == 1
    assert world.ask("POST", "/proxy/x", headers={"Retries": "1"}).json() == {"third": True}
    assert len(world.upstream.seen) == 3


def test_retry_on_names_further_statuses(world):
    answers = iter([Reply(409, b"", {"retry-after": "1"}), Reply.json({"second": True})])
    world.upstream.on("GET /base/x", lambda seen: next(answers))
    headers = {"Retries": "1", "Retry-On": "404,409"}
    assert world.ask("GET", "/proxy/x", headers=headers).json() == {"second": True}


def test_a_provider_that_cannot_be_reached_is_told_without_the_envelope(world):
    world.upstream.close()
    answer = world.ask("GET", "/proxy/x")
    told = answer.json()
    assert answer.status_code == 500
    assert told.keys() == {"message", "code", "status", "method"}
    assert (told["code"], told["status"], told["method"]) == ("ECONNREFUSED", None, "GET")
    assert SECRET not in answer.text


def test_refusals_of_our_own_are_enveloped(world):
    ask = world.ask
    assert world.code(ask("GET", "/proxy/x", connection=None)) == (400, "invalid_headers")
    assert world.code(ask("GET", "/proxy/x", headers={"Retries": "many"})) == (400, "invalid_headers")
    assert world.code(ask("GET", "/proxy/x", headers={"Retry-On": "4xx"})) == (400, "invalid_headers")
    unknown = {"Provider-Config-Key": "no-such"}
    assert world.code(ask("GET", "/proxy/x", headers=unknown)) == (404, "unknown_provider_config")
    assert world.code(ask("GET", "/proxy/x", connection="nobody")) == (400, "server_error")
    json_type = {"Content-Type": "application/json"}
    assert world.code(ask("POST", "/proxy/x", data="{", headers=json_type)) == (400, "invalid_json")
    assert world.upstream.seen == []


def test_a_provider_without_a_base_url_is_refused(world):
    world.connect("acme", provider="bare")
    answer = world.ask("GET", "/proxy/x", headers={"Provider-Config-Key": "bare"})
    assert answer.status_code == 400


def test_another_base_url_is_refused_unless_the_settings_allow_it(world, tmp_path):
    empty = {"Base-Url-Override": ""}
    world.upstream.on("GET /base/x", Reply.json({}))
    assert world.ask("GET", "/proxy/x", headers=empty).status_code == 200
    override = {"Base-Url-Override": "https://elsewhere.example"}
    assert world.code(world.ask("GET", "/proxy/x", headers=override)) == (400, "base_url_override_not_allowed")
    (tmp_path / "second").mkdir()
    closed = World(tmp_path / "second", CONNECTORS_BASE_URL_OVERRIDE="off").start()
    try:
        assert world.code(closed.ask("GET", "/proxy/x", headers=override)) == (400, "base_url_override_disabled")
        assert closed.ask("GET", "/proxy/x", headers=empty).status_code == 404
    finally:
        closed.close()


def test_a_call_cannot_leave_the_providers_host(world):
    answer = world.ask("GET", "/proxy/https://elsewhere.example/x")
    assert answer.status_code == 400
    assert world.upstream.seen == []


def test_another_environments_connection_is_answered_like_one_that_is_not_there(world):
    world.connect("only-ours")
    theirs = world.ask("GET", "/proxy/x", connection="only-ours", environment="other")
    nobodys = world.ask("GET", "/proxy/x", connection="nobody", environment="other")
    assert (theirs.status_code, theirs.json()["error"]["code"]) == (400, "server_error")
    assert theirs.text.replace("only-ours", "nobody") == nobodys.text


def test_no_credential_is_left_in_the_database_or_in_our_own_answers(world):
    answers = [world.ask("GET", "/proxy/x", headers={"Retries": "x"}), world.ask("GET", "/proxy/unknown")]
    stored = b"".join(file.read_bytes() for file in Path(world.folder, "home").rglob("*") if file.is_file())
    for form in (SECRET, base64.b64encode(SECRET.encode()).decode()):
        assert form.encode() not in stored
        assert all(form not in answer.text + str(answer.headers) for answer in answers)


def test_a_form_that_only_a_library_knows_the_boundary_of_goes_on_with_it(world):
    world.upstream.on("POST /base/x", Reply.json({}))
    form = b'--abc123\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--abc123--\r\n'
    bare = {"Content-Type": "multipart/form-data", "Nango-Proxy-Content-Type": "multipart/form-data"}
    written = {**bare, "Content-Type": "multipart/form-data; boundary=abc123"}
    for headers in (bare, written):
        assert world.ask("POST", "/proxy/x", data=form, headers=headers).status_code == 200
        seen = world.upstream.seen[-1]
        assert (seen.headers["content-type"], seen.body) == ("multipart/form-data; boundary=abc123", form)
    assert world.code(world.ask("POST", "/proxy/x", data=b"no form", headers=bare)) == (400, "invalid_input")


def test_the_next_call_uses_what_was_changed_of_a_connection(world):
    world.upstream.on("GET /base/x", Reply.json({}))
    world.ask("GET", "/proxy/x")
    credentials = {"apiKey": "another-key"}
    world.host.connections.connect("dev", provider="desk", id="acme", config={}, credentials=credentials, verify=False)
    world.ask("GET", "/proxy/x")
    assert [seen.headers["x-api-key"] for seen in world.upstream.seen] == [SECRET, "another-key"]
