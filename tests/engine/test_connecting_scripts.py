"""Scripts around a connection: what they find is kept, and nothing of theirs undoes anything."""

from __future__ import annotations

import pytest

from connectors import AuthError
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.runtime.auth.flow import TokenRequest
from connectors.runtime.request import Call
from connectors.runtime.scripts import Verdict, post_connection, pre_deletion, verification
from connectors.runtime.scripts.protocol import fetch

DEFINITIONS = """
plain: &plain
  display_name: Plain
  auth_mode: API_KEY
  proxy: &proxy
    base_url: URL/api
    headers: {x-key: "${apiKey}"}
after:
  <<: *plain
  post_connection_script: testAfter
before:
  <<: *plain
  pre_connection_deletion_script: testBefore
checked:
  <<: *plain
  credentials_verification_script: testChecked
lost:
  <<: *plain
  post_connection_script: nobodyWroteThis
  credentials_verification_script: norThis
  pre_connection_deletion_script: orThis
"""
KEY = {"apiKey": "s3cr3t-key"}


@pytest.fixture
def host(desk, tmp_path, database_url):
    (tmp_path / "scripts.yaml").write_text(DEFINITIONS.replace("URL", desk.url))
    given = {"CONNECTORS_ALLOW_PRIVATE_HOSTS": "on", "DATABASE_URL": database_url}
    settings = Settings.load(given, home=tmp_path / "scripts")
    with Host.open(settings, providers=[tmp_path / "scripts.yaml"]) as opened:
        yield opened


@pytest.fixture
def script(monkeypatch):
    def add(module, name, function):
        monkeypatch.setattr(module, "SCRIPTS", {**module.SCRIPTS, name: function})

    return add


def connect(host, provider, **given):
    given = {"config": {}, "credentials": KEY, **given}
    return host.connections.connect("dev", provider=provider, id="acme", **given)


def test_what_the_post_connection_script_finds_is_kept(host, desk, script):
    def after(subject):
        site = yield from fetch(subject, Call("GET", "/site"))
        answer = yield TokenRequest("POST", f"{desk.url}/second", body=b"x")
        return {"siteId": site["id"], "secondAccessToken": answer.text, "gone": None}

    script(post_connection, "testAfter", after)
    desk.routes["GET", "/api/site"] = lambda *_: {"id": "s-1"}
    desk.routes["POST", "/second"] = lambda *_: (200, b"t0ken")
    stored = connect(host, "after")
    assert (dict(stored.connection_config), stored.warnings) == ({"siteId": "s-1"}, [])
    assert host.connections.open(stored).connection_config["secondAccessToken"] == "t0ken"
    assert desk.seen[0][2]["x-key"] == KEY["apiKey"]


def test_it_runs_again_when_the_account_is_connected_again(host, script):
    found = iter(["s-1", "s-2"])

    def after(subject):
        yield from ()
        return {"siteId": next(found)}

    script(post_connection, "testAfter", after)
    assert connect(host, "after").connection_config["siteId"] == "s-1"
    assert connect(host, "after").connection_config["siteId"] == "s-2"


@pytest.mark.parametrize("fails", [True, False])
def test_a_post_connection_script_that_fails_leaves_a_warning_and_the_connection(host, desk, script, fails):
    def after(subject):
        yield from fetch(subject, Call("GET", "/site"))
        return subject.connection.credentials["missing: s3cr3t-key"]

    script(post_connection, "testAfter", after)
    desk.routes["GET", "/api/site"] = lambda *_: (500, {"error": "s3cr3t-key"}) if fails else {}
    stored = connect(host, "after")
    assert host.connections.get("dev", "acme").warnings == stored.warnings
    assert stored.warnings[0].startswith("The post-connection script testAfter failed: ")
    assert "s3cr3t-key" not in stored.warnings[0]
    assert stored.to_dict()["warnings"] == stored.warnings


def test_a_warning_goes_when_the_account_is_connected_again_without_one(host, script):
    def fails(subject):
        yield from ()
        raise ValueError

    script(post_connection, "testAfter", fails)
    assert connect(host, "after").warnings

    def works(subject):
        yield from ()
        return {}

    script(post_connection, "testAfter", works)
    assert connect(host, "after").warnings == []


def test_scripts_that_nobody_wrote_are_reported_and_stop_nothing(host):
    stored = connect(host, "lost")
    assert [next(name for name in ("nobodyWroteThis", "norThis", "orThis") if name in text) for text in stored.warnings]
    assert len(stored.warnings) == 3
    assert stored.verified_at is None
    assert host.connections.delete("dev", "acme").warnings == ()


def test_a_verification_script_decides_in_place_of_the_definition(host, script):
    verdicts = iter([Verdict(False, "The key is of another account."), Verdict(True), Verdict(False, "Revoked.")])

    def checked(subject):
        yield from ()
        return next(verdicts)

    script(verification, "testChecked", checked)
    with pytest.raises(AuthError, match="another account"):
        connect(host, "checked")
    assert host.connections.list("dev") == []
    assert connect(host, "checked").verified_at is not None
    outcome = host.connections.check("dev", "acme")
    assert (outcome.ok, "Revoked" in outcome.message) == (False, True)
    assert host.connections.get("dev", "acme").error["code"] == "credentials_refused"


def test_a_verification_script_that_meets_an_error_gives_that_error(host, desk, script):
    def checked(subject):
        yield from fetch(subject, Call("GET", "/me"))
        return Verdict(True)

    script(verification, "testChecked", checked)
    desk.routes["GET", "/api/me"] = lambda *_: (401, {})
    with pytest.raises(AuthError):
        connect(host, "checked")
    assert host.connections.list("dev") == []


def test_no_verification_runs_no_script(host, script):
    script(verification, "testChecked", lambda subject: pytest.fail("it ran"))
    assert connect(host, "checked", verify=False).verified_at is None


def test_the_provider_is_told_before_a_connection_goes(host, desk, script):
    def before(subject):
        yield Call("DELETE", "/grant")

    script(pre_deletion, "testBefore", before)
    desk.routes["DELETE", "/api/grant"] = lambda *_: {}
    connect(host, "before")
    assert host.connections.delete("dev", "acme").warnings == ()
    assert desk.seen[-1][:2] == ("DELETE", "/api/grant")
    assert host.connections.list("dev") == []


@pytest.mark.parametrize("lost_key", [True, False])
def test_a_pre_deletion_script_that_fails_keeps_nothing_and_says_so(host, desk, script, lost_key):
    def before(subject):
        yield from fetch(subject, Call("DELETE", "/grant"))

    script(pre_deletion, "testBefore", before)
    desk.routes["DELETE", "/api/grant"] = lambda *_: (500, {"error": "s3cr3t-key"})
    connect(host, "before")
    if lost_key:
        host.vault = None
    (warning,) = host.connections.delete("dev", "acme").warnings
    assert warning.startswith("The pre-deletion script testBefore failed: ")
    assert "s3cr3t-key" not in warning
    assert host.connections.list("dev") == []
