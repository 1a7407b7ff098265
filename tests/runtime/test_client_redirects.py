import json

import pytest

from connectors import HostPolicy, HostRefused, RedirectRefused, RejectedError
from connectors.runtime import redirect
from connectors.runtime.request import Call, build

SECRET = "s3cr3t-Key/+value"
BASE64_OF_SECRET = "czNjcjN0LUtleS8rdmFsdWU="


def moved(replies, status, target):
    return replies(status=status, headers={"location": target})


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_becomes_a_get_without_a_body(server, client_to, replies, status):
    server.script = [moved(replies, status, "/new"), replies(body=[1])]
    assert client_to().post("/old", data={"a": 1}).json() == [1]
    again = server.seen[1]
    assert (again.method, again.target, again.body) == ("GET", "/new", b"")
    assert "content-type" not in again.headers
    assert again.headers["x-api-key"] == SECRET


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_is_repeated_where_the_status_says_so(server, client_to, replies, status):
    server.script = [moved(replies, status, "new?b=1"), replies()]
    client_to().post("/a/old", data={"a": 1})
    again = server.seen[1]
    assert (again.method, again.target, json.loads(again.body)) == ("POST", "/a/new?b=1", {"a": 1})


def test_a_put_stays_a_put_but_for_303(server, client_to, replies):
    server.script = [moved(replies, 302, "/b"), moved(replies, 303, "/c"), replies()]
    client_to().put("/a", data={})
    assert [seen.method for seen in server.seen] == ["PUT", "PUT", "GET"]


def test_the_sixth_redirect_is_refused(server, client_to, replies):
    server.script = [moved(replies, 302, f"/{number}") for number in range(5)] + [replies()]
    assert client_to().get("/x").ok
    server.script = [moved(replies, 302, "/again")]
    with pytest.raises(RedirectRefused, match="5 times"):
        client_to().get("/x")
    assert len(server.seen) == 6 + 6


@pytest.mark.parametrize("target", ["ftp://x/", "javascript:alert(1)", "http://[::1/", "file:///etc/passwd"])
def test_a_redirect_to_no_web_address_is_refused(server, client_to, replies, target):
    server.script = [moved(replies, 302, target)]
    with pytest.raises((RedirectRefused, HostRefused)):
        client_to().get("/x")
    assert len(server.seen) == 1


@pytest.mark.parametrize("headers", [{}, {"location": ""}])
def test_a_redirect_that_leads_nowhere_is_an_error_answer(server, client_to, replies, headers):
    server.script = [replies(status=302, headers=headers)]
    with pytest.raises(RejectedError):
        client_to().get("/x")


@pytest.mark.parametrize("forward", [None, True])
def test_to_another_host_no_credential_goes_along_in_any_form(server, other_server, client_to, replies, forward):
    target = f"{other_server.url}/there?key={SECRET}&b64={BASE64_OF_SECRET}&keep=1"
    server.script = [moved(replies, 302, target)]
    client = client_to(proxy={"query": {"api_key": "${apiKey}"}})
    headers = {"cookie": "sid=1", "Authorization": "Bearer x", "x-copy": f"a {BASE64_OF_SECRET}", "x-mine": "yes"}
    client.get("/x", headers=headers, forward_headers_on_redirect=forward)
    seen = other_server.seen[0]
    assert seen.target == "/there?keep=1"
    assert seen.headers["x-mine"] == "yes"
    assert seen.headers["x-plain"] == "here"
    assert seen.headers["host"] == other_server.host
    for name in ("x-api-key", "authorization", "cookie", "x-copy"):
        assert name not in seen.headers
    assert SECRET not in str(seen)


def test_a_secret_in_the_path_of_another_host_is_refused(server, other_server, client_to, replies):
    server.script = [moved(replies, 302, f"{other_server.url}/{BASE64_OF_SECRET}")]
    with pytest.raises(RedirectRefused) as caught:
        client_to().get("/x")
    assert other_server.seen == []
    assert BASE64_OF_SECRET[:8] not in str(caught.value)


def test_a_body_with_a_secret_does_not_go_to_another_host(server, other_server, client_to, replies):
    server.script = [moved(replies, 307, f"{other_server.url}/there")]
    for client, data in ((client_to(), {"key": SECRET}), (client_to(proxy={"body": {"k": "${apiKey}"}}), {"a": 1})):
        with pytest.raises(RedirectRefused):
            client.post("/x", data=data)
    assert other_server.seen == []
    client_to().post("/x", data={"a": 1})
    assert json.loads(other_server.seen[0].body) == {"a": 1}


def test_credentials_do_not_come_back_with_a_second_redirect(server, other_server, client_to, replies):
    server.script = [moved(replies, 302, f"{other_server.url}/there"), replies()]
    other_server.script = [moved(replies, 302, f"{server.url}/back")]
    client_to().get("/x")
    assert "x-api-key" not in server.seen[1].headers


def followed(connection, target, policy, **call):
    request = build(connection, Call(endpoint="/x", **call), policy=policy)
    return redirect.follow(request, 307, target, policy)


def test_from_https_to_http_no_credential_goes_along(connection_to):
    connection = connection_to("https://api.acme.example")
    assert "x-api-key" not in followed(connection, "http://api.acme.example/x", HostPolicy()).headers
    assert "x-api-key" in followed(connection, "https://api.acme.example/y", HostPolicy()).headers


def test_a_redirect_into_a_private_network_is_refused(connection_to):
    connection = connection_to("https://api.acme.example")
    for target in (
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://0x7f.1/",
        "https://x.internal/",
    ):
        with pytest.raises(HostRefused):
            followed(connection, target, HostPolicy())


def test_listed_hosts_get_the_headers_only_if_that_is_asked_for(connection_to):
    connection = connection_to("https://api.acme.example")
    policy = HostPolicy(allowed_hosts=frozenset({"files.acme.example"}))
    target = "https://files.acme.example/x"
    assert "x-api-key" in followed(connection, target, policy, forward_headers_on_redirect=True).headers
    assert "x-api-key" not in followed(connection, target, policy).headers
    asked = {"forward_headers_on_redirect": True}
    assert "x-api-key" not in followed(connection, "http://files.acme.example/x", policy, **asked).headers
    assert "x-api-key" not in followed(connection, "https://evil.example/x", policy, **asked).headers


def test_user_info_in_a_redirect_is_dropped(connection_to):
    request = followed(connection_to("https://api.acme.example"), "https://a:b@api.acme.example/y#z", HostPolicy())
    assert request.url == "https://api.acme.example/y"
