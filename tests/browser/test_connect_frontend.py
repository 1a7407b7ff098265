"""The reference runtime's own frontend client opens the form in a page of another origin, and hears what happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Browse, World, client_modules, free_port
from tests.browser.connecting import INSTANCE, KEY, USERNAME, alert, field, fill, heading, submit
from tests.browser.embedding import Application
from tests.server.conftest import Running

PALIGO = {"allowed_integrations": ["paligo"]}
PORT = free_port()
ORIGIN = f"http://app.test:{PORT}"


@pytest.fixture(scope="module")
def more_settings() -> dict[str, str]:
    return {"CONNECTORS_FRAME_ORIGINS": ORIGIN}


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    with Running(Application(client_modules()), PORT):
        yield ORIGIN


@pytest.fixture
def app(world: World, application: str, browse: Browse) -> Any:
    """The application's page, with `start` to open the form."""
    page = browse(application)
    page.wait_for_function("window.loaded")
    page.start = lambda token=None, **options: page.evaluate(
        "(options) => start(options)", {"baseURL": f"{world.url}/connect", "token": token, **options}
    )
    page.form = page.frame_locator("#connect-ui")
    return page


def heard(page: Any) -> list[Any]:
    """All events so far."""
    return list(page.evaluate("window.heard"))


def kinds(page: Any) -> list[str]:
    return [event["type"] for event in heard(page)]


def gone(page: Any) -> None:
    page.locator("#connect-ui").wait_for(state="detached")


def test_ready_then_the_token_then_connected_then_closed(world: World, app: Any, shot: Any) -> None:
    app.start(world.begin(**PALIGO)["token"])
    heading(app.form, "Link Paligo Account")
    assert app.form.get_by_role("dialog", name="Link Paligo Account").get_attribute("aria-modal") == "true"
    shot(app, "connect-framed")
    fill(app.form, world)
    submit(app.form)
    heading(app.form, "Linked")
    app.form.get_by_role("button", name="Finish").click()
    gone(app)
    ready, connected, closed = heard(app)
    assert (ready, closed) == ({"type": "ready"}, {"type": "close"})
    payload = connected["payload"]
    assert (connected["type"], payload["providerConfigKey"]) == ("connect", "paligo")
    stored = world.host.connections.get("dev", payload["connectionId"], "paligo")
    assert stored.verified_at is not None


def test_a_failed_attempt_is_told_and_the_form_stays_open(world: World, app: Any) -> None:
    app.start(world.begin(**PALIGO)["token"])
    fill(app.form, world, key="WRONG")
    submit(app.form)
    alert(app.form)
    told = heard(app)[-1]
    assert (told["type"], told["payload"]["errorType"]) == ("error", "connection_test_failed")
    assert "does not accept" in told["payload"]["errorMessage"]
    assert "WRONG" not in str(told)
    field(app.form, KEY).fill(world.emulator.api_key)
    submit(app.form)
    heading(app.form, "Linked")
    assert kinds(app) == ["ready", "error", "connect"]


def test_an_expired_session_says_so_and_a_new_token_revives_the_form(world: World, app: Any) -> None:
    app.start("nango_connect_session_" + "0" * 64)
    heading(app.form, "This session has expired")
    told = heard(app)[-1]
    assert told["payload"]["errorType"] == "unknown_connect_session_token"
    app.evaluate("(token) => ui.setSessionToken(token)", world.begin(**PALIGO)["token"])
    heading(app.form, "Link Paligo Account")


def test_a_session_that_ends_while_the_form_is_filled_in(world: World, app: Any) -> None:
    token = world.begin(**PALIGO)["token"]
    app.start(token)
    fill(app.form, world)
    world.host.sessions.end(token)
    submit(app.form)
    heading(app.form, "This session has expired")
    assert kinds(app)[-1] == "error"


def test_the_token_may_come_later(world: World, app: Any) -> None:
    app.start()
    app.wait_for_function("window.heard.length === 1")
    app.form.get_by_text("One moment").wait_for()
    app.evaluate("(token) => ui.setSessionToken(token)", world.begin(**PALIGO)["token"])
    heading(app.form, "Link Paligo Account")


def test_reconnecting_keeps_the_id_and_asks_for_secrets_only(world: World, app: Any, shot: Any) -> None:
    world.connect("again", metadata={"plan": "none", "note": "stays"})
    body = {"connection_id": "again", "integration_id": "paligo"}
    made = world.post("/connect/sessions/reconnect", body).json()["data"]
    app.start(made["token"])
    heading(app.form, "Link Paligo Account again")
    assert field(app.form, INSTANCE).input_value() == world.emulator.instance
    assert field(app.form, USERNAME).input_value() == world.emulator.username
    assert field(app.form, KEY).input_value() == ""
    shot(app, "connect-again")
    field(app.form, KEY).fill(world.emulator.api_key)
    submit(app.form, "Link again")
    heading(app.form, "Linked")
    assert heard(app)[-1]["payload"] == {"connectionId": "again", "providerConfigKey": "paligo"}
    assert world.host.connections.get("dev", "again", "paligo").metadata["note"] == "stays"


@pytest.mark.parametrize("way", ["cross", "escape", "outside"])
def test_it_closes_at_once_while_nothing_was_entered(world: World, app: Any, way: str) -> None:
    app.start(world.begin(**PALIGO)["token"])
    heading(app.form, "Link Paligo Account")
    leave(app, way)
    gone(app)
    assert kinds(app) == ["ready", "close"]


@pytest.mark.parametrize("way", ["cross", "escape", "outside"])
def test_it_asks_first_once_something_was_entered(world: World, app: Any, way: str) -> None:
    app.start(world.begin(**PALIGO)["token"])
    field(app.form, USERNAME).fill("me@example.com")
    leave(app, way)
    app.form.get_by_role("dialog", name="Leave without linking?").wait_for()
    app.form.get_by_role("button", name="Go on editing").click()
    assert field(app.form, USERNAME).input_value() == "me@example.com"
    leave(app, way)
    app.form.get_by_role("button", name="Leave", exact=True).click()
    gone(app)
    assert kinds(app) == ["ready", "close"]


def leave(page: Any, way: str) -> None:
    if way == "cross":
        page.form.get_by_role("button", name="Close").click()
    elif way == "escape":
        page.keyboard.press("Escape")
    else:
        page.form.locator("#connect").click(position={"x": 20, "y": 400})


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_the_keyboard_stays_in_the_dialog(world: World, app: Any, key: str) -> None:
    app.start(world.begin(**PALIGO)["token"])
    heading(app.form, "Link Paligo Account")
    visited = []
    for _ in range(30):
        app.keyboard.press(key)
        assert app.evaluate("document.activeElement.id") == "connect-ui"
        visited.append(app.form.locator(":focus").evaluate("(at) => at.id || at.href || at.className"))
    assert {"connect-close", "field-0", "field-1", "field-2", "connect-submit"} <= set(visited)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_and_the_language_are_the_pages_wish(world: World, app: Any, axe: Any, theme: str) -> None:
    app.start(world.begin(**PALIGO)["token"], lang="de", themeOverride=theme)
    heading(app.form, "Paligo-Konto verbinden")
    frame = app.frames[1]
    assert frame.evaluate("document.documentElement.lang") == "de"
    ground = frame.evaluate("getComputedStyle(document.getElementById('connect-card')).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 31, 39)"}[theme]
    assert frame.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert axe(frame) == []


def test_another_origin_cannot_frame_the_form(world: World, browse: Browse, application: str) -> None:
    page = browse(application.replace("app.test", "evil.test"))
    page.tolerated.append("frame-ancestors")
    page.tolerated.append("Framing")
    page.wait_for_function("window.loaded")
    page.evaluate("(options) => start(options)", {"baseURL": f"{world.url}/connect", "token": "x"})
    page.wait_for_timeout(700)
    assert page.frames[1].url.startswith("chrome-error:")
    assert heard(page) == []
