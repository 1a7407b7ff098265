"""The dashboard: who gets in, what its forms do, and that a page is only text where text came from elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
import requests

from connectors.engine.browsers import LIFE
from connectors.engine.environments import SCOPES
from connectors.engine.store.queries import Query
from connectors.runtime.canonical import dumps
from connectors.server.contract import Endpoint, Who
from connectors.server.routes import endpoints
from tests.server.conftest import Served

TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


class Visitor:
    """A browser without a screen: keeps cookies, sends what a browser sends."""

    def __init__(self, served: Served) -> None:
        self.url = served.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = ""

    def get(self, path: str, **options: Any) -> requests.Response:
        answer = self.session.get(self.url + path, timeout=30, **{"allow_redirects": False, **options})
        self.token = (TOKEN.findall(answer.text) or [self.token])[0]
        return answer

    def send(self, path: str, fields: Any = None, *, headers: Any = None, **options: Any) -> requests.Response:
        """Send a form, as a page of this server does."""
        sent = {"form_token": self.token, **(fields or {})}
        said = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self.session.post(self.url + path, sent, headers=said, timeout=30, allow_redirects=False, **options)

    def sign_in(self, key: str, **fields: str) -> requests.Response:
        return self.send("/sign-in", {"key": key, **fields})


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    visitor = Visitor(served)
    with visitor.session:
        yield visitor


@pytest.fixture
def inside(served: Served, visitor: Visitor) -> Visitor:
    """One that is signed in to `dev`."""
    assert visitor.sign_in(served.key).status_code == 303
    assert visitor.get("/env/dev").status_code == 200
    return visitor


def pages() -> list[Endpoint]:
    return [each for each in endpoints() if each.who is Who.BROWSER]


def address(endpoint: Endpoint, environment: str, name: str = "one") -> str:
    values = {"environment": environment, "integration": "plain", "run": "1", "model": "Thing", "file_id": "0" * 40}
    return re.sub(r"\{([a-z_]+)\}", lambda found: values.get(found[1], name), endpoint.path)


def test_the_front_page_asks_for_a_key_and_then_leads_in(served: Served, visitor: Visitor) -> None:
    front = visitor.get("/")
    assert front.status_code == 200
    assert "Sign in" in front.text
    led = visitor.sign_in(served.key)
    assert (led.status_code, led.headers["location"]) == (303, "/env/dev")
    assert visitor.get("/").headers["location"] == "/env/dev"
    assert "Overview" in visitor.get("/env/dev").text


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(served: Served, visitor: Visitor) -> None:
    said = visitor.sign_in(served.key).headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "path=/" in said
    assert f"max-age={int(LIFE)}" in said
    assert "domain" not in said
    assert served.key not in said


@pytest.mark.parametrize("key", ["", "not-a-key", "0a9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "<script>alert(1)</script>"])
def test_no_other_key_lets_anybody_in(visitor: Visitor, key: str) -> None:
    answer = visitor.sign_in(key)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert not key or key not in answer.text  # what was tried is not written back
    assert visitor.get("/env/dev").status_code == 303


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example", "/\\evil.example", "/env/other/runs", "x"])
def test_signing_in_leads_nowhere_but_into_the_environment(served: Served, visitor: Visitor, next_: str) -> None:
    assert visitor.sign_in(served.key, next=next_).headers["location"] == "/env/dev"


def test_signing_in_leads_back_to_where_one_wanted(served: Served, visitor: Visitor) -> None:
    wanted = visitor.get("/env/dev/runs?state=failed").headers["location"]
    assert wanted == "/?next=%2Fenv%2Fdev%2Fruns%3Fstate%3Dfailed"
    form = visitor.get(wanted).text
    assert 'value="/env/dev/runs?state=failed"' in form
    led = visitor.sign_in(served.key, next="/env/dev/runs?state=failed")
    assert led.headers["location"] == "/env/dev/runs?state=failed"


def test_signing_out_ends_it_for_good(inside: Visitor) -> None:
    carried = inside.session.cookies.copy()
    assert inside.send("/env/dev/sign-out").status_code == 303
    assert inside.get("/env/dev").status_code == 303
    inside.session.cookies.update(carried)
    assert inside.get("/env/dev").status_code == 303


def test_a_revoked_key_ends_the_sessions_it_began(served: Served, inside: Visitor) -> None:
    served.host.environments.add_key("dev", name="another")
    first = served.host.environments.keys("dev")[0]
    served.host.environments.revoke("dev", first.id)
    assert inside.get("/env/dev").status_code == 303


@pytest.mark.parametrize("endpoint", pages(), ids=lambda each: each.name)
def test_nobody_gets_to_a_page_or_form_without_signing_in(visitor: Visitor, endpoint: Endpoint) -> None:
    path = address(endpoint, "dev")
    if endpoint.method == "GET":
        assert visitor.get(path).headers["location"].startswith("/?next=")
    else:
        assert visitor.send(path).status_code == 401


@pytest.mark.parametrize("endpoint", pages(), ids=lambda each: each.name)
def test_another_environment_is_as_closed_as_one_that_is_not_there(
    served: Served, inside: Visitor, connected: Callable[..., Any], endpoint: Endpoint
) -> None:
    served.host.environments.create("other")
    served.host.integrations.create("other", "plain", provider="plain")
    connected("one", environment="other")
    answers = []
    for environment in ("other", "nobody"):
        path = address(endpoint, environment)
        answer = inside.get(path) if endpoint.method == "GET" else inside.send(path)
        text = (answer.text + answer.headers.get("location", "")).replace(environment, "ENV")
        answers.append((answer.status_code, text))
    assert answers[0] == answers[1]
    assert answers[0][0] in (303, 401)


@pytest.mark.parametrize(
    "endpoint", [each for each in pages() if "{connection}" in each.path], ids=lambda each: each.name
)
def test_what_is_another_environments_is_not_found_in_ones_own(
    served: Served, inside: Visitor, connected: Callable[..., Any], endpoint: Endpoint
) -> None:
    served.host.environments.create("other")
    served.host.integrations.create("dev", "plain", provider="plain")
    connected("hers", environment="other")
    answers = []
    for name in ("hers", "none"):
        path = address(endpoint, "dev", name)
        answer = inside.get(path) if endpoint.method == "GET" else inside.send(path)
        answers.append((answer.status_code, answer.text.replace(name, "ID")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {},
    ],
    ids=str,
)
def test_a_form_of_another_site_does_nothing_even_with_the_cookie(
    served: Served, inside: Visitor, headers: dict[str, str]
) -> None:
    answer = inside.send("/env/dev/environment/keys", {"name": "stolen"}, headers=headers)
    assert answer.status_code == 403
    assert [key.name for key in served.host.environments.keys("dev")] == ["first"]
    assert inside.send("/sign-in", {"key": served.key}, headers=headers).status_code == 403


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_without_this_browsers_token_does_nothing(served: Served, inside: Visitor, token: str) -> None:
    inside.token = token
    assert inside.send("/env/dev/environment/keys", {"name": "stolen"}).status_code == 403
    assert inside.send("/env/dev/sign-out").status_code == 403
    assert [key.name for key in served.host.environments.keys("dev")] == ["first"]


def test_every_form_of_every_page_carries_the_token(served: Served, inside: Visitor, connected: Any) -> None:
    connected("one")
    for endpoint in pages():
        if endpoint.method != "GET" or "{file_id}" in endpoint.path:
            continue
        text = inside.get(address(endpoint, "dev")).text
        forms = re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL)
        assert all(TOKEN.search(form) for form in forms), endpoint.name


def test_a_limited_key_sees_what_its_scopes_allow_and_no_more(served: Served, visitor: Visitor) -> None:
    key = served.host.environments.add_key("dev", name="reports", scopes=["connections:read", "syncs:read"]).key
    visitor.sign_in(key)
    navigation = visitor.get("/env/dev").text
    assert re.findall(r'href="/env/dev/(\w+)"', navigation) == ["connections", "syncs", "runs", "webhooks"]
    assert visitor.get("/env/dev/runs").status_code == 200
    for closed in ("/files", "/audit", "/environment", "/integrations"):
        assert visitor.get(f"/env/dev{closed}").status_code == 403
    assert visitor.send("/env/dev/connect").status_code == 403
    assert visitor.send("/env/dev/environment/keys", {"name": "more"}).status_code == 403


@pytest.mark.parametrize("endpoint", [each for each in pages() if each.scopes], ids=lambda each: each.name)
def test_without_its_scope_a_page_or_form_is_forbidden(served: Served, visitor: Visitor, endpoint: Endpoint) -> None:
    others = [scope for scope in SCOPES if scope not in endpoint.scopes]
    visitor.sign_in(served.host.environments.add_key("dev", name="limited", scopes=others).key)
    for page in ("/env/dev/syncs", "/env/dev/integrations"):  # one of them gives the form's token
        visitor.get(page)
    path = address(endpoint, "dev")
    answer = visitor.get(path) if endpoint.method == "GET" else visitor.send(path)
    assert answer.status_code == 403
    assert "scope" in answer.text


def test_pages_keep_the_policy_and_are_no_part_of_the_api(served: Served, inside: Visitor, connected: Any) -> None:
    connected("one")
    for path in ("/", "/env/dev", "/env/dev/connections/plain/one", "/env/dev/nothing-here", "/env/dev/runs/99"):
        headers = inside.get(path, headers={"Accept": "text/html"}).headers
        if "content-security-policy" in headers:
            assert "unsafe" not in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
        else:
            assert headers.get("location") == "/env/dev"
        assert "no-store" in headers["cache-control"]
        if path != "/env/dev/nothing-here":
            assert "access-control-allow-origin" not in headers
    assert not [path for path in served.get("/openapi.json").json()["paths"] if path.startswith(("/env/", "/sign-in"))]


HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_what_others_wrote_is_text_on_every_page(served: Served, inside: Visitor, connected: Any) -> None:
    connected("one", metadata={"note": HOSTILE})
    stored = served.host.connections.get("dev", "one", "plain")
    served.host.store.connection_errors.record(
        "dev", stored.key, "sync", f"{HOSTILE}::base", log_id="1", error={"message": HOSTILE}, tell_after=9, now=1.0
    )
    served.host.store.connections.checked("dev", stored.key, verified_at=None, error={"message": HOSTILE})
    served.host.outgoing.set_target("dev", url="https://a.example/?q=<img>")
    for path in ("", "/connections", "/connections/plain/one", "/connections/plain/one/settings", "/environment"):
        answer = inside.get(f"/env/dev{path}")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "?q=<img>" not in answer.text
    assert "onerror=alert(1)" in unescape(inside.get("/env/dev/connections/plain/one").text)
    asked = inside.get("/env/dev/connections", params={"search": HOSTILE})
    assert "<script>alert" not in asked.text


def test_a_key_is_shown_once_and_then_works(served: Served, inside: Visitor) -> None:
    answer = inside.send("/env/dev/environment/keys", {"name": "reports", "scope.records:read": "on"})
    key = re.search(r'id="made-key" value="([0-9a-f-]{36})"', answer.text)
    assert key is not None
    assert served.call("GET", "/integrations", key=key[1]).status_code == 403  # its scope is another one
    assert key[1] not in inside.get("/env/dev/environment").text
    made = served.host.environments.keys("dev")[1]
    assert (made.name, list(made.scopes)) == ("reports", ["records:read"])
    assert inside.send("/env/dev/environment/revoke", {"key": made.id}).status_code == 303
    assert served.call("GET", "/records", key=key[1]).status_code == 401


def test_the_key_one_is_signed_in_with_cannot_be_revoked_from_here(served: Served, inside: Visitor) -> None:
    mine = served.host.environments.keys("dev")[0]
    answer = inside.send("/env/dev/environment/revoke", {"key": mine.id})
    assert answer.status_code == 400
    assert "You are signed in with this key" in answer.text


def test_an_integration_is_added_and_deleted(served: Served, inside: Visitor, connected: Any) -> None:
    answer = inside.send("/env/dev/integrations", {"provider": "plain", "key": "own name/é".replace("/", "-")})
    assert answer.status_code == 303
    shown = inside.get(answer.headers["location"])
    assert "The integration was added." in shown.text
    assert inside.send("/env/dev/integrations", {"provider": "nobody-knows"}).status_code == 404
    again = inside.send("/env/dev/integrations", {"provider": "plain", "key": "own name-é"})
    assert again.status_code == 400
    assert "already" in again.text
    connected("one")
    assert inside.send("/env/dev/integrations/plain/delete").status_code == 400
    assert inside.send("/env/dev/integrations/own%20name-%C3%A9/delete").status_code == 303
    assert [each.unique_key for each in served.host.integrations.list("dev")] == ["plain"]


def test_a_link_connects_and_another_one_connects_again(served: Served, inside: Visitor, connected: Any) -> None:
    connected("one")
    for path, fields in (("/connect", {"integration": "plain"}), ("/connections/plain/one/reconnect", {})):
        text = inside.send(f"/env/dev{path}", fields).text
        found = re.search(r"session_token=(nango_connect_session_[0-9a-f]{64})", text)
        assert found is not None
        session = served.host.sessions.get(found[1])
        assert session is not None
        assert session.terms.allowed == ["plain"]
        assert (session.terms.connection == "one") is (path != "/connect")
    assert inside.send("/env/dev/connect", {"integration": "nobody"}).status_code == 404


def test_a_connection_is_deleted_only_when_its_id_was_typed(served: Served, inside: Visitor, connected: Any) -> None:
    connected("a/b 1")
    place = "/env/dev/connections/plain/a%2Fb%201"
    assert inside.get(place).status_code == 200
    assert inside.send(f"{place}/delete", {"name": "a"}).status_code == 400
    assert served.host.connections.get("dev", "a/b 1")
    answer = inside.send(f"{place}/delete", {"name": "a/b 1"})
    assert answer.headers["location"] == "/env/dev/connections?done=deleted"
    assert served.host.connections.list("dev") == []


def test_metadata_is_replaced_as_a_whole(served: Served, inside: Visitor, connected: Any) -> None:
    connected("one", metadata={"a": 1, "b": 2})
    place = "/env/dev/connections/plain/one/metadata"
    assert inside.send(place, {"metadata": "[1]"}).status_code == 400
    assert inside.send(place, {"metadata": "{"}).status_code == 400
    assert inside.send(place, {"metadata": '{"b": 3, "c": "x"}'}).status_code == 303
    assert served.host.connections.get("dev", "one").metadata == {"b": 3, "c": "x"}


def test_credentials_that_are_refused_are_said_to_be(
    served: Served, inside: Visitor, connected: Any, provider: Any
) -> None:
    connected("one")
    answer = inside.send("/env/dev/connections/plain/one/check")
    assert answer.headers["location"].endswith("?done=checked")
    served.host.connections.connect(
        "dev",
        provider="plain",
        id="one",
        config={"base": provider[0]},
        credentials={"apiKey": "wrong"},
        verify=False,
    )
    refused = inside.send("/env/dev/connections/plain/one/check")
    assert refused.status_code >= 400
    assert 'role="alert"' in refused.text
    assert "Credentials refused" in inside.get("/env/dev/connections").text


def test_what_was_done_is_a_sentence_of_ours_whatever_the_address_says(inside: Visitor) -> None:
    assert "The key is refused" in inside.get("/env/dev/environment?done=revoked").text
    assert "evil" not in inside.get("/env/dev/environment?done=evil").text


@pytest.mark.parametrize("path", ["/connections?before=1&at=x", "/runs?state=no", "/runs?before=-1", "/runs/x", "/x"])
def test_an_address_that_means_nothing_is_answered_with_a_page(inside: Visitor, path: str) -> None:
    answer = inside.get(f"/env/dev{path}", headers={"Accept": "text/html"})
    assert answer.status_code in (400, 404)
    assert "<h1>" in answer.text


def logged(number: int, **facts: Any) -> dict[str, Any]:
    """A request of run 1, as it is written down."""
    of = {"environment": "dev", "run": 1, "kind": "sync", "name": "things", "method": "GET", "attempt": 1}
    return {**of, "number": number, "error": None, "at": 1.0, "seconds": 0.25, "bytes": 1234, **facts}


def test_a_run_shows_what_it_did_and_each_of_its_requests(served: Served, inside: Visitor, connected: Any) -> None:
    stored = connected("one")
    given = {"connection": stored.key, "error": f'{{"message": "{"x" * 3000} شكرا"}}'}
    served.host.store.database.write(
        lambda session: session.execute(
            Query(
                "INSERT INTO runs (environment, connection, sync, model, variant, trigger, state, owner, started_at,"
                " heartbeat_at, ended_at, added, requests, waited, error) VALUES ('dev', :connection, 'things',"
                " 'Thing', 'base', 'api', 'failed', 'a:1', 1, 1, 200, 12345, 40, 61.5, :error)"
            ),
            given,
        )
    )
    assert "None are kept of this run." in inside.get("/env/dev/runs/1").text
    rows = [
        logged(1, connection=stored.key, url=f"https://a.example/{HOSTILE}", status=200),
        logged(2, connection=stored.key, url="https://a.example/b", status=429, attempt=2),
        logged(9, connection=stored.key, url="https://a.example/c", status=None, error="timed_out", bytes=None),
    ]
    served.host.store.requests.add(rows, first=5, newest=5, of_connection=5)
    text = inside.get("/env/dev/runs/1").text
    for said in ("12,345", "1 min 2 s", "3 min 19 s", "Failed", "شكرا", "429", "timed_out", "attempt 2", "1.2 KB"):
        assert said in text, said
    assert "6 in between are not kept" in text
    assert "<script>alert" not in text
    listed = inside.get("/env/dev/runs").text
    assert "waited 1 min 2 s" in listed
    assert "+12,345" in inside.get("/env/dev/runs?state=failed&before=2").text
    assert "#1<" not in inside.get("/env/dev/runs?state=success").text
    assert "No run has the state “Needs confirmation” now." in inside.get("/env/dev/runs?state=needs_confirmation").text


def test_a_record_is_text_whatever_is_in_it(served: Served, inside: Visitor, connected: Any) -> None:
    stored = connected("one")
    odd = 'a/b?c=d&e #ü" onmouseover=x <b>'
    session = served.host.store.database.connection
    session.execute(
        Query(
            "INSERT INTO streams (environment, connection, model, variant, last_change, last_time)"
            " VALUES ('dev', :connection, 'Thing', 'base', 1, 1)"
        ),
        {"connection": stored.key},
    )
    session.execute(
        Query(
            "INSERT INTO records (stream, id, data, hash, first_change, change, first_seen_at, last_modified_at)"
            " SELECT key, :id, :data, :hash, 1, 1, 1, 1 FROM streams"
        ),
        {"id": odd, "data": dumps({"id": odd, "name": HOSTILE, "other": "W" * 5000}), "hash": b"x"},
    )
    listed = inside.get("/env/dev/connections/plain/one/records/Thing").text
    assert "<script>alert" not in listed
    assert "<b>" not in listed
    link = unescape(re.search(r'href="([^"]*record=[^"]*)"', listed)[1])  # type: ignore[index]
    read = inside.get(link)
    assert read.status_code == 200
    assert "<script>alert" not in read.text
    assert "W" * 5000 in read.text
    assert inside.get("/env/dev/connections/plain/one/records").text.count("Thing") >= 1
    assert odd in unescape(inside.get("/env/dev/connections/plain/one/records/Thing", params={"id": "a/b"}).text)
    assert (
        "No record has such an id"
        in inside.get("/env/dev/connections/plain/one/records/Thing", params={"id": "b"}).text
    )


def test_an_integrations_settings_are_changed_and_its_secret_is_never_shown(served: Served, inside: Visitor) -> None:
    key = "github"
    served.host.integrations.create("dev", key, provider="plain", client_id="old", client_secret="very-secret")
    place = f"/env/dev/integrations/{key}"
    shown = inside.get(place).text
    assert "very-secret" not in shown
    assert "client_secret" in shown  # that there is one
    answer = inside.send(place, {"client_id": "new", "client_secret": "", "scopes": "a, b", "custom": ""})
    assert answer.headers["location"] == f"{place}?done=saved"
    opened = served.host.integrations.open(served.host.integrations.get("dev", key))
    assert (opened.client_id, opened.client_secret, opened.scopes) == ("new", "very-secret", "a,b")
    assert inside.send(place, {"custom": "[]"}).status_code == 400
    assert "is no field" in inside.send(place, {"client_id": "x", "custom": '{"nothing": "reads this"}'}).text
    assert served.host.integrations.get("dev", key).client_id == "new"


def test_the_lists_take_what_their_search_forms_send(served: Served, inside: Visitor, connected: Any) -> None:
    connected("one")
    connected("two")
    stored = served.host.connections.get("dev", "two")
    served.host.store.connections.checked("dev", stored.key, verified_at=None, error={"message": "refused"})

    def found(search: str = "", integration: str = "", show: str = "") -> set[str]:
        asked = {"search": search, "integration": integration, "show": show}
        answer = inside.get("/env/dev/connections", params=asked)
        assert answer.status_code == 200
        return set(re.findall(r'class="strong" href="/env/dev/connections/plain/(\w+)"', answer.text))

    assert found() == {"one", "two"}
    assert found(search="ON") == {"one"}
    assert found(integration="plain", show="trouble") == found(show="trouble") == {"two"}
    assert found(integration="pair") == set()
    assert inside.get("/env/dev/connections/plain/one/records/Thing").status_code == 404


def test_an_action_form_offers_kept_files_to_who_may_read_files_only(served: Served, visitor: Visitor) -> None:
    served.host.integrations.create("dev", "paligo", provider="paligo")
    config, given = {"instance": "acme", "username": "me@acme.example"}, {"apiKey": "ABCDEF0123456789"}
    stored = served.host.connections.connect(
        "dev", provider="paligo", id="one", integration="paligo", config=config, credentials=given, verify=False
    )
    served.host.files.add("dev", stored.key, "of-the-customer.zip", io.BytesIO(b"x"))
    place = "/env/dev/connections/paligo/one/actions/replace-image"
    seen = []
    for scopes in (["actions"], ["actions", "files:read"]):
        visitor.sign_in(served.host.environments.add_key("dev", name="limited", scopes=scopes).key)
        answer = visitor.get(place)
        assert answer.status_code == 200
        seen.append("of-the-customer.zip" in answer.text)
    assert seen == [False, True]
