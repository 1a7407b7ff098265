"""docs/connect.md: every auth mode has its place, and what is typed there is run."""

from __future__ import annotations

import re

import pytest

from connectors.cli.consent import PORT, TIMEOUT
from connectors.cli.main import COMMANDS
from connectors.engine import connecting, consent
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.runtime.auth import BROWSER_MODES, MODES
from connectors.runtime.auth.flow import Grant, Redirect

PAGE = "docs/connect.md"
HUBSPOT = """
hubspot:
    display_name: HubSpot
    auth_mode: OAUTH2
    authorization_url: https://app.hubspot.example/oauth/authorize
    token_url: https://api.hubspot.example/oauth/v1/token
    proxy: {base_url: https://api.hubspot.example}
"""


def sections(text):
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_each_auth_mode_stands_in_the_section_of_its_kind(page):
    found = sections(page(PAGE).text)
    rows = {mode for names, *_ in page(PAGE).rows("## With credentials that buy a token") for mode in names.split(", ")}
    first = found["With consent in a browser"].strip().partition(".")[0]
    assert set(first.split(", ")) == set(BROWSER_MODES)
    assert rows | {"API_KEY", "BASIC", "NONE"} | BROWSER_MODES == set(MODES)


def test_the_figures_are_those_of_the_code(page):
    text = page(PAGE).text
    assert f"http://127.0.0.1:{PORT}/callback" in text
    assert (TIMEOUT / 60, "at most five minutes" in text) == (5, True)
    assert (consent.LIFE / 60, "15 minutes and once" in text) == (15, True)


def test_the_commands_exist(page):
    typed = page(PAGE).commands("connectors")
    assert len(typed) >= 4
    assert {words[1] for words in typed} <= set(COMMANDS)


@pytest.fixture
def host(tmp_path):
    (tmp_path / "hubspot.yaml").write_text(HUBSPOT)
    with Host.open(Settings.load({}, home=tmp_path / "home"), providers=[tmp_path / "hubspot.yaml"]) as opened:
        yield opened


def test_the_python_is_run(page, host, monkeypatch):
    class Mode:
        @staticmethod
        def begin(ask, wanted):
            yield from ()
            return Redirect(f"https://app.hubspot.example?state={wanted.state}")

        @staticmethod
        def acquire(ask):
            yield from ()
            return Grant({"type": "OAUTH2", "access_token": f"for-{ask.callback.params['code']}"})

    monkeypatch.setattr(consent, "browser_mode_of", lambda _: Mode)
    monkeypatch.setattr(connecting, "mode_of", lambda _: Mode)
    monkeypatch.setattr(Host, "open", lambda: host)
    (code,) = page(PAGE).blocks("python")
    names = {"secret": "s3cret", "callback": "https://here.example/callback"}

    class Query(dict):
        """What the browser brings back to the callback, once it was sent."""

        def __missing__(self, name):
            return getattr(names["begun"], name)

    names["query"] = Query(code="c1")
    exec(code, names)
    assert names["stored"].id == "acme"
