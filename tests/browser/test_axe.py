"""Every page, in both themes, is free of what axe knows to keep people out, and fits a window and a phone."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.server.contract import Endpoint
from connectors.server.routes import endpoints
from connectors.server.routing import Routes
from tests.browser.conftest import DESKTOP, PHONE, PICTURES, Browse, World
from tests.browser.inhabited import PAGES, inhabit, sign_in

NO_PAGES = {  # answered to a script or a program, or no page by itself
    "GET /assets/{name}": "style sheet and script",
    "GET /connect/screen": "a part of the connect form, tested with it",
    "GET /env/{environment}/files/{file_id}": "a download",
    "GET /llms.txt": "plain text",
}

PICTURED = ("docs-guide",)


@pytest.fixture(scope="module")
def there(world: World) -> dict[str, str]:
    return inhabit(world)


@pytest.fixture(scope="module")
def signed_in(world: World, there: dict[str, str], chromium: Any) -> Any:
    context = chromium.new_context()
    state = sign_in(context.new_page(), world, world.key, there["fresh"])
    context.close()
    return state


@pytest.fixture
def visit(world: World, browse: Browse, there: dict[str, str], signed_in: Any) -> Any:
    def open_page(name: str, **options: Any) -> Any:
        known = {} if name in ("sign-in", "docs") else {"storage_state": signed_in}
        return browse(world.url + PAGES[name].format(**there), **known, **options)

    return open_page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_fault_for_people_with_disabilities_and_fits(name: str, visit: Any, axe: Any, shot: Any) -> None:
    page = visit(name, bypass_csp=True, reduced_motion="reduce")
    assert page.locator("h1").count() == 1
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe(page) == [], theme
        if name in PICTURED:
            shot(page, f"{name}-{theme}", clip={"x": 0, "y": 0, "width": 1280, "height": 640})
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, size
    if name in PICTURED:
        shot(page, f"{name}-phone")


def test_every_picture_is_small() -> None:
    assert [each.name for each in PICTURES.glob("*.png") if each.stat().st_size > 120_000] == []


@pytest.mark.parametrize("name", ["overview", "docs-guide", "records"])
def test_the_keyboard_goes_past_the_navigation_at_once(name: str, visit: Any) -> None:
    page = visit(name)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("name", ["docs", "docs-guide"])
def test_the_theme_is_switched_by_hand_and_remembered(name: str, visit: Any) -> None:
    page = visit(name)
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_no_page_is_left_out() -> None:
    shown = [each for each in endpoints() if each.page and each.method == "GET"]
    routes = Routes(shown)
    seen: set[str] = set()
    for path in PAGES.values():
        found: Endpoint | None = routes.find(path.partition("?")[0]).of("GET")
        seen |= {found.name} if found else set()
    assert {each.name for each in shown} - seen == set(NO_PAGES)
