"""What tests of the connect form do with it."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import World

INSTANCE, USERNAME, KEY = "Paligo Instance Name", "Username", "API Key"


def fill(form: Any, world: World, **instead: str) -> None:
    """Fill in Paligo's form with what is right, but for what is given."""
    values = {"instance": world.emulator.instance, "username": world.emulator.username, "key": world.emulator.api_key}
    for name, label in (("instance", INSTANCE), ("username", USERNAME), ("key", KEY)):
        field(form, label).fill({**values, **instead}[name])


def field(form: Any, label: str) -> Any:
    """The input of that label."""
    return form.get_by_label(label, exact=True)


def submit(form: Any, name: str = "Link account") -> None:
    """Press the button."""
    form.get_by_role("button", name=name).click()


def heading(form: Any, name: str) -> None:
    """Wait for the screen with that heading."""
    form.get_by_role("heading", level=1, name=name).wait_for()


def alert(form: Any) -> str:
    """What the alert says."""
    form.locator("#connect-alert .note-title").wait_for()
    return str(form.locator("#connect-alert .note-title").inner_text())


def wrong(form: Any) -> list[str]:
    """The names of the inputs that are marked as wrong."""
    return form.locator("[aria-invalid=true]").evaluate_all("all => all.map((each) => each.name)")
