"""The connect form, opened by its link: one account linked, by mouse and by keyboard, and all that can be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Browse, World
from tests.browser.connecting import INSTANCE, KEY, USERNAME, alert, field, fill, heading, submit, wrong

PALIGO = {"allowed_integrations": ["paligo"]}


@pytest.fixture(autouse=True)
def _nothing_wrong(world: World) -> Any:
    yield
    world.emulator.clear_faults()
    world.emulator.change(non_admin=None)


def opened(world: World, browse: Browse, **options: Any) -> Any:
    page = browse(world.begin(**PALIGO)["connect_link"], **options)
    page.locator("#connect-form").wait_for()
    return page


def test_an_account_is_linked_and_the_token_leaves_the_address_bar(world: World, browse: Browse, shot: Any) -> None:
    page = opened(world, browse)
    heading(page, "Link Paligo Account")
    assert page.url == f"{world.url}/connect/"
    shot(page, "connect-form")
    before = len(world.host.connections.list("dev"))
    fill(page, world)
    submit(page)
    heading(page, "Linked")
    assert page.title() == "Linked"
    shot(page, "connect-done")
    assert len(world.host.connections.list("dev")) == before + 1
    page.reload()
    heading(page, "Link Paligo Account")  # the session is still good in this tab


def test_the_keyboard_alone_is_enough(world: World, browse: Browse) -> None:
    page = opened(world, browse)
    keys = page.keyboard
    assert page.evaluate("document.activeElement.name") == "instance"
    keys.type(f"https://{world.emulator.instance}.paligoapp.com/")
    assert page.locator("#field-0-note").inner_text() == f"Understood as {world.emulator.instance}."
    for value in (world.emulator.username, world.emulator.api_key):
        page.keyboard.press("Tab")  # the help of the next field
        page.keyboard.press("Tab")
        keys.type(value)
    assert field(page, INSTANCE).input_value() == world.emulator.instance
    keys.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Show API Key"
    keys.press("Enter")
    assert field(page, KEY).get_attribute("type") == "text"
    assert field(page, KEY).input_value() == world.emulator.api_key
    keys.press("Space")
    assert field(page, KEY).get_attribute("type") == "password"
    field(page, KEY).focus()
    keys.press("Enter")
    heading(page, "Linked")
    assert page.evaluate("document.activeElement.id") == "connect-title"


@pytest.mark.parametrize(
    ("pasted", "understood"),
    [
        ("https://acme.paligoapp.com", "acme"),
        ("http://ACME.paligoapp.com/login?next=/", "acme"),
        ("acme.paligoapp.com:443/", "acme"),
        ("acme", "acme"),
        ("https://acme.example.com", "acme.example.com"),
        ("https://user@acme.paligoapp.com", "https://user@acme.paligoapp.com"),
    ],
)
def test_a_pasted_address_is_understood_as_the_server_does(
    world: World, browse: Browse, pasted: str, understood: str
) -> None:
    page = opened(world, browse)
    field(page, INSTANCE).fill(pasted)
    assert field(page, INSTANCE).input_value() == understood


def test_what_is_missing_or_unfit_is_said_at_its_field_before_anything_is_sent(
    world: World, browse: Browse, shot: Any
) -> None:
    page = opened(world, browse)
    world.emulator.reset_log()
    field(page, USERNAME).fill("nobody")
    submit(page)
    assert wrong(page) == ["instance", "username", "apiKey"]
    assert page.evaluate("document.activeElement.name") == "instance"
    said = page.locator(".ask-error").all_inner_texts()
    assert said == [
        "Paligo Instance Name is missing.",
        "Username does not look right. Expected: an e-mail address, such as name@example.com.",
        "API Key is missing.",
    ]
    shot(page, "connect-form-unfit")
    field(page, USERNAME).fill("nobody@example.com")
    assert wrong(page) == ["instance", "apiKey"]
    assert not world.emulator.log


def test_a_wrong_key_is_said_with_the_fields_to_check_and_never_sent_back(
    world: World, browse: Browse, shot: Any
) -> None:
    page = opened(world, browse)
    answers = []
    page.on("response", lambda answer: answers.append(answer) if "/connect/attempt/" in answer.url else None)
    fill(page, world, key="0123456789ABCDEF0123456789ABCDEF")
    submit(page)
    assert alert(page) == "Paligo does not accept these details. Please check “Username” or “API Key”."
    assert wrong(page) == ["username", "apiKey"]
    assert page.evaluate("document.activeElement.name") == "username"
    shot(page, "connect-refused")
    assert "0123456789ABCDEF" not in answers[0].text()
    assert "0123456789ABCDEF" not in answers[0].url
    assert "0123456789ABCDEF" not in page.locator("#connect-alert").inner_html()
    page.get_by_text("Details", exact=True).click()
    assert "401" in page.locator("[data-message]").inner_text()
    field(page, KEY).fill(world.emulator.api_key)  # all else is still there
    submit(page)
    heading(page, "Linked")
    assert page.locator("#connect-said").text_content() == ""


def test_refused_after_the_enter_key_all_fields_to_check_are_marked(world: World, browse: Browse) -> None:
    page = opened(world, browse)
    fill(page, world, key="0123456789ABCDEF0123456789ABCDEF")
    field(page, KEY).press("Enter")
    alert(page)
    page.wait_for_function("document.activeElement.name === 'username'")  # the key's field lost the focus
    page.wait_for_timeout(200)
    assert wrong(page) == ["username", "apiKey"]
    assert page.locator("#connect-said").text_content() == ""
    field(page, KEY).press("End")
    field(page, KEY).press("Backspace")
    assert wrong(page) == ["username"]


def test_an_instance_that_does_not_exist_points_to_the_address(world: World, browse: Browse, shot: Any) -> None:
    page = opened(world, browse)
    fill(page, world, instance="nobodys")
    submit(page)
    said = alert(page)
    shot(page, "connect-no-such-address")
    assert (said, wrong(page)) == (
        "No Paligo account was found at this address. Please check “Paligo Instance Name”.",
        ["instance"],
    )


def test_an_account_without_rights_says_so(world: World, browse: Browse) -> None:
    world.emulator.change(non_admin=403)
    page = opened(world, browse)
    fill(page, world)
    submit(page)
    assert alert(page).startswith("Paligo knows these details, but the account lacks the rights")
    assert wrong(page) == []


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("status", {"status": 429, "headers": {"Retry-After": "7"}}, "Try again in 7 seconds."),
        ("status", {"status": 503}, "Paligo has a problem of its own just now."),
        ("reset", {}, "Paligo could not be reached."),
    ],
)
def test_what_is_nobodys_fault_is_not_blamed_on_a_field(
    world: World, browse: Browse, kind: str, options: dict[str, Any], sentence: str
) -> None:
    world.emulator.fault(kind, times=None, **options)
    page = opened(world, browse)
    fill(page, world)
    submit(page)
    assert sentence in alert(page)
    assert wrong(page) == []


def test_help_leads_to_the_section_of_the_guide_and_the_guide_is_ours(world: World, browse: Browse) -> None:
    page = opened(world, browse)
    help_ = page.get_by_role("link", name="Help on API Key (opens in a new tab)")
    assert help_.get_attribute("href") == "/docs/providers/paligo/connect#step-2-create-an-api-key"
    assert page.get_by_role("link", name="Read the step-by-step guide").get_attribute("href") == (
        "/docs/providers/paligo/connect"
    )
    assert help_.get_attribute("rel") == "noopener noreferrer"


def test_while_it_is_checked_the_button_says_so_and_a_second_press_does_nothing(world: World, browse: Browse) -> None:
    page = opened(world, browse)
    fill(page, world)
    world.emulator.reset_log()
    shown = page.evaluate(
        "() => { const button = document.getElementById('connect-submit'); button.click(); button.click();"
        " return [button.getAttribute('aria-disabled'), document.getElementById('connect-said').textContent] }"
    )
    assert shown == ["true", "Checking with the provider …"]
    heading(page, "Linked")
    assert world.emulator.count(path_prefix="/api/v2/groups") == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
def test_every_state_is_free_of_faults_for_people_with_disabilities(
    world: World, browse: Browse, axe: Any, shot: Any, theme: str, phone: bool
) -> None:
    page = opened(world, browse, theme=theme, phone=phone)
    name = f"{theme}-phone" if phone else theme
    assert axe(page) == []
    shot(page, f"connect-form-{name}")
    submit(page)
    assert axe(page) == []
    fill(page, world, key="WRONG")
    submit(page)
    alert(page)
    assert axe(page) == []
    shot(page, f"connect-refused-{name}")
    field(page, KEY).fill(world.emulator.api_key)
    submit(page)
    heading(page, "Linked")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
