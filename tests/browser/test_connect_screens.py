"""What the form shows beside a form: the list, and why there is nothing; in every language."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.server.connect.languages import languages
from tests.browser.conftest import Browse, World
from tests.browser.connecting import alert, field, fill, heading, submit, wrong

MANY = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
LONG = "W" * 120
HOSTILE = "<img src=x onerror=alert(1)> سلام " + LONG


@pytest.fixture(scope="module")
def many(world: World) -> World:
    for key in MANY:
        world.post("/integrations", {"provider": "paligo", "unique_key": key, "display_name": f"Product {key.title()}"})
    world.post("/integrations", {"provider": "paligo", "unique_key": "odd", "display_name": HOSTILE[:255]})
    return world


def test_the_list_is_searched_and_one_goes_back_to_it(many: World, browse: Browse, axe: Any, shot: Any) -> None:
    page = browse(many.begin(allowed_integrations=[*MANY, "paligo"])["connect_link"])
    heading(page, "Choose what to link")
    assert axe(page) == []
    shot(page, "connect-list")
    page.get_by_role("searchbox", name="Search").fill("lta")
    offers = page.locator("#connect-offers button:visible")
    assert offers.all_inner_texts() == ["PD\nProduct Delta"]
    assert page.locator("#connect-said").inner_text() == "Found: 1"
    page.get_by_role("searchbox", name="Search").fill("nothing like it")
    page.locator("#connect-none").wait_for()
    page.get_by_role("searchbox", name="Search").fill("delta")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    heading(page, "Link Product Delta Account")
    page.get_by_role("button", name="Back to the list").click()
    heading(page, "Choose what to link")


def test_without_a_list_in_the_session_all_integrations_are_offered(many: World, browse: Browse) -> None:
    page = browse(many.begin()["connect_link"])
    heading(page, "Choose what to link")
    assert page.locator("#connect-offers button").count() == len(many.host.integrations.list("dev"))


def test_what_an_operator_wrote_is_shown_as_text(many: World, browse: Browse, axe: Any) -> None:
    page = browse(many.begin(allowed_integrations=["odd"])["connect_link"], phone=True)
    page.locator("#connect-form").wait_for()
    assert HOSTILE[:40] in page.locator("h1").inner_text()
    assert page.locator("h1 img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_trouble_says_what_to_do(world: World, browse: Browse, axe: Any, shot: Any, theme: str) -> None:
    token = "nango_connect_session_" + "0" * 64
    cases = {
        "direct": (f"{world.url}/connect/", "This page cannot be opened by itself"),
        "expired": (f"{world.url}/connect/?session_token={token}", "This session has expired"),
        "nonsense": (f"{world.url}/connect/?session_token=nonsense", "This session has expired"),
        "nothing": (world.begin(allowed_integrations=[])["connect_link"], "There is nothing to link here"),
    }
    for name, (url, title) in cases.items():
        page = browse(url, theme=theme)
        heading(page, title)
        assert axe(page) == [], name
        if theme == "light" and name != "nonsense":
            shot(page, f"connect-{name}")


def test_a_server_out_of_reach_can_be_asked_again(world: World, browse: Browse) -> None:
    page = browse()
    page.route("**/connect/screen*", lambda route: route.abort())
    page.goto(world.begin(allowed_integrations=["paligo"])["connect_link"])
    heading(page, "No connection to the server")
    page.unroute("**/connect/screen*")
    page.get_by_role("button", name="Try again").click()
    heading(page, "Link Paligo Account")


def test_what_the_session_has_set_is_not_asked(world: World, browse: Browse) -> None:
    preset = {"connection_config": {"instance": world.emulator.instance}}
    made = world.begin(allowed_integrations=["paligo"], integrations_config_defaults={"paligo": preset})
    page = browse(made["connect_link"])
    page.locator("#connect-form").wait_for()
    assert page.locator("[data-group]").evaluate_all("all => all.map((each) => each.name)") == ["username", "apiKey"]
    field(page, "Username").fill(world.emulator.username)
    field(page, "API Key").fill(world.emulator.api_key)
    submit(page)
    heading(page, "Linked")


def test_the_sessions_own_guide_is_linked(world: World, browse: Browse) -> None:
    overrides = {"paligo": {"docs_connect": "https://example.com/guide"}}
    page = browse(world.begin(allowed_integrations=["paligo"], overrides=overrides)["connect_link"])
    page.locator("#connect-form").wait_for()
    hrefs = page.locator("a").evaluate_all("all => all.map((each) => each.href)")
    assert hrefs[0] == "https://example.com/guide#step-1-find-your-paligo-instance-name"
    overrides = {"paligo": {"docs_connect": "javascript:alert(1)"}}
    page = browse(world.begin(allowed_integrations=["paligo"], overrides=overrides)["connect_link"])
    page.locator("#connect-form").wait_for()
    assert page.locator("a").count() == 0


WORDS = {
    "en": ("Link Paligo Account", "Username", "Link account", "Paligo does not accept these details."),
    "de": ("Paligo-Konto verbinden", "Benutzername", "Konto verbinden", "Paligo nimmt diese Angaben nicht an."),
    "fr": ("Relier un compte Paligo", "Nom d’utilisateur", "Relier le compte", "Paligo n’accepte pas ces données."),
}


@pytest.mark.parametrize("code", languages())
def test_the_browsers_language_is_spoken(world: World, browse: Browse, axe: Any, shot: Any, code: str) -> None:
    title, username, button, sentence = WORDS[code]
    page = browse(world.begin(allowed_integrations=["paligo"])["connect_link"], locale=f"{code}-{code.upper()}")
    heading(page, title)
    assert page.evaluate("document.documentElement.lang") == code
    field(page, username).fill("me@example.com")
    page.locator("[name=instance]").fill(world.emulator.instance)
    page.locator("[name=apiKey]").fill("WRONG")
    submit(page, button)
    assert alert(page).startswith(sentence)
    assert wrong(page) == ["username", "apiKey"]
    assert axe(page) == []
    shot(page, f"connect-refused-{code}")


def test_english_is_spoken_where_a_language_is_not_there(world: World, browse: Browse) -> None:
    page = browse(world.begin(allowed_integrations=["paligo"])["connect_link"], locale="ja-JP")
    heading(page, "Link Paligo Account")
    fill(page, world)
    submit(page)
    heading(page, "Linked")


def test_nothing_is_cut_off_at_320_pixels_nor_at_twice_the_size(world: World, browse: Browse, axe: Any) -> None:
    for width, scale in ((320, 1), (640, 2)):
        size = {"viewport": {"width": width // scale, "height": 568}, "device_scale_factor": scale}
        page = browse(world.begin(allowed_integrations=["paligo"])["connect_link"], **size)
        fill(page, world, instance="a-very-long-instance-name-of-a-very-large-company-of-europe", key="WRONG")
        submit(page)
        alert(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe(page) == []
