"""Modes that ask for consent in another window, and modes that fetch a token with what was filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.authorization_server.accounts import CLIENTS, SUBMITTED
from tests.authorization_server.definitions import definitions
from tests.authorization_server.server import AuthorizationServer
from tests.browser.conftest import Browse, World
from tests.browser.connecting import alert, heading, submit, wrong


@pytest.fixture(scope="module")
def authorization() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


@pytest.fixture(scope="module")
def more_settings(authorization: AuthorizationServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    file = tmp_path_factory.mktemp("definitions") / "oauth.yaml"
    file.write_text(definitions(authorization.url))
    return {"CONNECTORS_PROVIDERS": str(file)}


@pytest.fixture(scope="module")
def ready(world: World) -> World:
    for provider, client in CLIENTS.items():
        world.host.integrations.create("dev", provider, provider=provider, **client)
    for provider in SUBMITTED:
        world.host.integrations.create("dev", provider, provider=provider)
    return world


def opened(world: World, browse: Browse, key: str, more: str = "") -> Any:
    page = browse(world.begin(allowed_integrations=[key])["connect_link"] + more)
    page.locator("#connect-form").wait_for()
    return page


def popup_of(page: Any, name: str) -> Any:
    with page.context.expect_page() as waiting:
        submit(page, name)
    return waiting.value


@pytest.mark.parametrize(("key", "name"), [("consenting", "Consenting"), ("three-legged", "Three-legged")])
def test_consent_in_another_window_links_the_account(
    ready: World, browse: Browse, axe: Any, shot: Any, key: str, name: str
) -> None:
    page = opened(ready, browse, key)
    button = page.locator("#connect-submit").inner_text()
    assert axe(page) == []
    shot(page, "connect-consent")
    window = popup_of(page, button)
    window.get_by_role("heading", name="Connected").wait_for()
    assert axe(window) == []
    heading(page, "Linked")
    window.wait_for_event("close")  # it closes by itself
    assert [each.id for each in ready.host.connections.list("dev") if each.integration == key]


def instead_of_the_provider(page: Any, say: Callable[[str], str]) -> None:
    """Answer for the provider; `say` is given the address that the browser was sent to."""

    def answer(route: Any) -> None:
        sent = route.fetch(max_redirects=0)
        headers = {"set-cookie": sent.headers["set-cookie"], "content-type": "text/html"}
        route.fulfill(status=200, headers=headers, body=say(sent.headers["location"]))

    page.context.route("**/oauth/connect/**", answer)


def test_a_consent_that_is_refused_is_said(ready: World, browse: Browse) -> None:
    page = opened(ready, browse, "consenting")

    def refuse(to: str) -> str:
        asked = dict(parse_qsl(urlsplit(to).query))
        back = f"{asked['redirect_uri']}?error=access_denied&amp;state={asked['state']}"
        return f'<meta http-equiv="refresh" content="0;url={back}">'

    instead_of_the_provider(page, refuse)
    popup_of(page, "Continue to Consenting")
    assert alert(page).startswith("Consenting was not given your consent")


def test_a_window_that_is_closed_and_one_that_is_cancelled(ready: World, browse: Browse) -> None:
    page = opened(ready, browse, "consenting")
    instead_of_the_provider(page, lambda _: "Do you consent?")
    window = popup_of(page, "Continue to Consenting")
    window.get_by_text("Do you consent?").wait_for()
    assert page.locator("#connect-submit").inner_text() == "Waiting for your consent in the other window …"
    window.close()
    assert alert(page) == "The window of Consenting was closed before the account was linked."
    window = popup_of(page, "Continue to Consenting")
    window.get_by_text("Do you consent?").wait_for()
    page.get_by_role("button", name="Cancel").click()
    alert(page)
    assert window.is_closed()


def test_a_blocked_window_is_said(ready: World, browse: Browse) -> None:
    page = opened(ready, browse, "consenting")
    page.evaluate("window.open = () => null")
    submit(page, "Continue to Consenting")
    assert alert(page).startswith("Your browser has blocked the window of Consenting.")


@pytest.mark.parametrize("key", SUBMITTED)
def test_what_a_token_is_fetched_with_is_filled_in(ready: World, browse: Browse, axe: Any, key: str) -> None:
    page = opened(ready, browse, key)
    for name, value in SUBMITTED[key].items():
        page.locator(f"[name={name}]").fill(value)
    assert axe(page) == []
    submit(page)
    heading(page, "Linked")


def test_a_refused_token_points_to_what_was_filled_in(ready: World, browse: Browse) -> None:
    page = opened(ready, browse, "stepping")
    page.locator("[name=username]").fill("somebody")
    page.locator("[name=password]").fill("else")
    submit(page)
    assert alert(page) == "Stepping does not accept these details. Please check “User” or “Password”."
    assert wrong(page) == ["username", "password"]
