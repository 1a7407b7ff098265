"""The dashboard in a real browser: every page in both themes, on a phone, by keyboard, while a run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from tests.browser.conftest import Browse, World

OF = "/connections/paligo/acme"
PAGES = {
    "overview": "",
    "connections": "/connections",
    "connections-nothing": "/connections?search=nobody",
    "connection": OF,
    "connection-settings": f"{OF}/settings",
    "models": f"{OF}/records",
    "records": f"{OF}/records/Document",
    "records-deleted": f"{OF}/records/Document?show=deleted",
    "actions": f"{OF}/actions",
    "action": f"{OF}/actions/search",
    "action-upload": f"{OF}/actions/upload-image",
    "integrations": "/integrations",
    "integration": "/integrations/paligo",
    "syncs": "/syncs",
    "syncs-failing": "/syncs?show=failing",
    "runs": "/runs",
    "runs-of-connection": "/runs?integration=paligo&connection=acme",
    "run": "/runs/{run}",
    "run-failed": "/runs/{failed}",
    "run-held": "/runs/{held}",
    "files": "/files",
    "webhooks": "/webhooks",
    "audit": "/audit",
    "environment": "/environment",
}
PICTURED = ("overview", "connection", "run", "run-held", "records", "action", "runs", "integrations", "environment")


@pytest.fixture(scope="module")
def filled(world: World) -> World:
    """Accounts that were read, a run that failed, one that waits for a yes, a webhook, a file."""
    host = world.host
    for id_ in ("initech", "globex-documentation", "acme"):
        world.connect(id_)
    for sync in ("documents", "folders", "images"):
        run_sync(host, "dev", "acme", sync, RunOptions(trigger="schedule"))
    for sync in ("folders", "images"):
        run_sync(host, "dev", "initech", sync, RunOptions(trigger="schedule"))
    run_sync(host, "dev", "globex-documentation", "folders", RunOptions(trigger="schedule"))
    initech = host.connections.get("dev", "initech")
    numbers = {(run["connection"], run["sync"]): run["id"] for run in host.store.runs.list("dev")}
    told = '{"message": "Paligo answered 403: this user may not read images", "next_step": "Give it another role."}'
    failed, held = numbers["initech", "images"], numbers["globex-documentation", "folders"]

    def spoil(session: Any) -> None:
        session.execute("UPDATE runs SET state = 'failed', error = ? WHERE number = ?", (told, failed))
        session.execute("UPDATE runs SET state = 'needs_confirmation', would_delete = 214 WHERE number = ?", (held,))
        session.execute("UPDATE schedules SET failures = 3 WHERE connection = ? AND sync = 'images'", (initech.key,))

    host.schedules.ensure(initech)
    host.store.database.write(spoil)
    host.outgoing.set_target("dev", url="https://app.example.com/hooks/connectors")
    host.outgoing.connected(initech, again=False)
    acme = host.connections.get("dev", "acme")
    with Path(__file__).open("rb") as content:
        host.files.add("dev", acme.key, "manual.pdf", content, "application/pdf")
    world.numbers = {"run": numbers["acme", "documents"], "failed": failed, "held": held}  # type: ignore[attr-defined]
    return world


@pytest.fixture
def enter(filled: World, browse: Browse) -> Callable[..., Any]:
    """Opens a page of the dashboard, signed in."""

    def open_page(path: str = "", **options: Any) -> Any:
        page = browse(f"{filled.url}/", **options)
        page.get_by_label("Secret key").fill(filled.key)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/env/dev")
        if path:
            page.goto(f"{filled.url}/env/dev{path.format(**filled.numbers)}")  # type: ignore[attr-defined]
        return page

    return open_page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_without_fault_for_people_with_disabilities_and_fits(
    enter: Callable[..., Any], filled: World, axe: Any, shot: Any, theme: str
) -> None:
    page, faults = enter(theme=theme, bypass_csp=True, reduced_motion="reduce"), []
    for name, path in PAGES.items():
        answer = page.goto(f"{filled.url}/env/dev{path.format(**filled.numbers)}")  # type: ignore[attr-defined]
        assert answer.status == 200, name
        faults += [f"{name}: {fault}" for fault in axe(page)]
        faults += [f"{name}: {page.locator('h1').count()} h1"] if page.locator("h1").count() != 1 else []
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        faults += [f"{name} is wider than the window"] if wide else []
        if name in PICTURED:
            shot(page, f"dashboard-{name}-{theme}")
    assert faults == []


def test_every_page_fits_a_phone(enter: Callable[..., Any], filled: World, axe: Any, shot: Any) -> None:
    page, faults = enter(phone=True, bypass_csp=True, reduced_motion="reduce"), []
    for name, path in PAGES.items():
        page.goto(f"{filled.url}/env/dev{path.format(**filled.numbers)}")  # type: ignore[attr-defined]
        wide = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{name} is {wide} wide"] if wide > 390 else []
        faults += [f"{name}: {fault}" for fault in axe(page)]
        if name in PICTURED[:4]:
            shot(page, f"dashboard-{name}-phone")
    assert faults == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_page_says_what_is_wrong(filled: World, browse: Browse, axe: Any, shot: Any, theme: str) -> None:
    page = browse(f"{filled.url}/env/dev/runs", theme=theme, bypass_csp=True)
    assert axe(page) == []
    shot(page, f"dashboard-sign-in-{theme}")
    page.get_by_label("Secret key").fill("0a9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed")
    page.keyboard.press("Enter")
    assert "Nobody has this key" in page.get_by_role("alert").inner_text()
    assert axe(page) == []
    page.get_by_label("Secret key").fill(filled.key)
    page.keyboard.press("Enter")
    page.wait_for_url("**/env/dev/runs")


def test_an_empty_environment_says_what_to_do_next(world: World, browse: Browse, axe: Any, shot: Any) -> None:
    key = world.host.environments.create("empty").key
    page = browse(f"{world.url}/", bypass_csp=True)
    page.get_by_label("Secret key").fill(key)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Three steps to the first records").wait_for()
    shot(page, "dashboard-empty-light")
    faults = []
    for path in ("", "/connections", "/integrations", "/syncs", "/runs", "/files", "/webhooks", "/audit"):
        page.goto(f"{world.url}/env/empty{path}")
        faults += [f"{path}: {fault}" for fault in axe(page)]
        if path not in ("/audit", "/integrations"):
            assert page.locator("#main a.button, #main button").count() >= 1, path
    assert faults == []
    page.goto(f"{world.url}/env/empty")
    page.get_by_role("link", name="Add an integration").click()
    page.get_by_label("Provider").fill("paligo")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Connect an account").click()
    assert "/connect/?session_token=" in page.get_by_label("Link", exact=True).input_value()


@pytest.mark.parametrize("path", ["", "/runs"])
def test_an_id_that_the_form_gave_leaves_numbers_on_one_line(
    filled: World, enter: Callable[..., Any], path: str
) -> None:
    page = enter(path)
    long = "48d9632d-d99f-4b86-9274-0c3417427ec4"
    page.evaluate(
        "id => document.querySelectorAll('.table tbody tr').forEach(row => {"
        " row.querySelector('[data-name=Run] a').textContent = '#1234567';"
        " row.querySelector('[data-name=Sync]').textContent = 'translation-imports';"
        " row.querySelector('[data-name=Connection] a').textContent = id })",
        long,
    )
    cells = page.locator(".table td[data-name=Run] a, .table td[data-name=Took]")
    assert cells.count() > 4
    lines = cells.evaluate_all(
        "all => all.map(cell => { const range = document.createRange(); range.selectNodeContents(cell);"
        " return new Set([...range.getClientRects()].map(each => Math.round(each.top))).size })"
    )
    assert set(lines) == {1}


@pytest.fixture
def worked(filled: World) -> Iterator[World]:
    """A server that also runs what is due: all but what a test asks for is paused."""
    from connectors.engine.execution.work import Work

    for id_ in ("acme", "initech", "globex-documentation"):
        filled.host.schedules.pause("dev", "paligo", (), id_)
    work = Work(filled.host)
    work.start()
    yield filled
    work.stop(at_most=10)


def test_a_run_is_asked_for_and_the_page_follows_it_and_then_rests(worked: World, enter: Callable[..., Any]) -> None:
    page = enter(OF)
    before = worked.host.store.runs.list("dev")[0]["id"]
    page.get_by_role("button", name="Run groups now").click()
    page.get_by_text("A run was asked for.").wait_for()
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name="Run groups now"))
    row.get_by_text("+2 added").wait_for()
    newest = worked.host.store.runs.list("dev")[0]
    assert (newest["sync"], newest["state"], newest["id"] > before) == ("groups", "success", True)
    page.wait_for_selector("#live:not([data-live])")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    time.sleep(2.5)
    assert asked == []


def test_the_page_of_a_run_counts_on_while_it_goes_on(filled: World, enter: Callable[..., Any]) -> None:
    number, store = filled.numbers["run"], filled.host.store.database  # type: ignore[attr-defined]
    row = filled.host.store.runs.get("dev", number)
    store.write(
        lambda session: session.execute(
            "UPDATE runs SET state = 'running', ended_at = NULL WHERE number = ?", (number,)
        )
    )
    page = enter("/runs/{run}")
    page.locator(".badge.live", has_text="Running").wait_for()
    store.write(lambda session: session.execute("UPDATE runs SET added = 4711 WHERE number = ?", (number,)))
    page.get_by_text("4,711").wait_for()
    store.write(
        lambda session: session.execute(
            "UPDATE runs SET state = 'success', ended_at = ?, added = ? WHERE number = ?",
            (row["ended_at"], row["added"], number),
        )
    )
    page.wait_for_selector("#live:not([data-live])")
    assert page.locator("#live-said").inner_text() == f"Run {number}: Success."


def test_a_sync_is_paused_started_and_given_a_frequency_by_keyboard_alone(
    filled: World, enter: Callable[..., Any]
) -> None:
    page = enter(OF)

    def schedule() -> dict[str, Any]:
        key = filled.host.connections.get("dev", "acme").key
        return next(row for row in filled.host.store.browsing.syncs_of("dev", key) if row["sync"] == "forks")

    filled.host.schedules.start("dev", "paligo", (), "acme")
    page.reload()
    page.get_by_role("button", name="Pause forks").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Paused. A run").wait_for()
    assert schedule()["state"] == "paused"
    page.get_by_role("button", name="Start forks").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause forks").wait_for()
    assert schedule()["state"] == "started"
    page.locator("summary", has_text="about forks").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("45m")
    page.keyboard.press("Enter")
    page.get_by_text("The frequency was changed.").wait_for()
    assert schedule()["every"] == 2700.0
    page.locator("summary", has_text="about forks").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.locator("details.more[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_frequency_that_is_none_is_refused_in_words(enter: Callable[..., Any]) -> None:
    page = enter(OF)
    page.locator("summary", has_text="about forks").click()
    page.locator("details.more[open]").get_by_label("How often").fill("now and then")
    page.keyboard.press("Enter")
    assert "A frequency is a number and a unit" in page.get_by_role("alert").inner_text()


def test_records_are_browsed_found_and_read(enter: Callable[..., Any], filled: World, axe: Any) -> None:
    page = enter(f"{OF}/records", bypass_csp=True)
    page.get_by_role("link", name="Document", exact=True).click()
    first = page.locator("tbody tr").first.get_by_role("link").inner_text()
    page.get_by_label("Id begins with").fill(first)
    page.keyboard.press("Enter")
    page.wait_for_url("**&id=*")
    assert page.locator("tbody tr").count() >= 1
    page.get_by_role("link", name=first, exact=True).click()
    assert f'"id": "{first}"' in page.locator("#record-text").inner_text()
    assert axe(page) == []


def test_an_action_is_called_from_its_form_and_says_what_is_wrong(
    enter: Callable[..., Any], axe: Any, shot: Any
) -> None:
    page = enter(f"{OF}/actions/search", bypass_csp=True)
    page.get_by_label("Resource").select_option("documents")
    page.get_by_label("Limit").fill("0")
    page.get_by_role("button", name="Call search").click()
    assert "limit" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Limit").input_value() == "0"  # what was typed stays
    assert axe(page) == []
    page.get_by_label("Limit").fill("2")
    page.get_by_role("button", name="Call search").click()
    page.get_by_role("heading", name="Result").wait_for()
    assert '"id"' in page.locator("#output").inner_text()
    assert axe(page) == []
    shot(page, "dashboard-action-result-light")


def test_a_file_goes_up_with_an_action_and_is_listed(enter: Callable[..., Any], tmp_path: Path) -> None:
    picture = tmp_path / "a picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    page = enter(f"{OF}/actions/upload-image")
    page.locator('input[type="file"]').set_input_files(picture)
    page.get_by_role("button", name="Call upload-image").click()
    page.locator("#output, [role=alert]").first.wait_for()
    assert page.locator("[role=alert]").count() == 0, page.locator("[role=alert]").inner_text()
    page.get_by_role("link", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="a picture.png").first.click()
    assert Path(download.value.path()).read_bytes() == picture.read_bytes()


def test_an_address_for_events_is_shown_once(filled: World, enter: Callable[..., Any], axe: Any) -> None:
    page = enter(f"{OF}/settings", bypass_csp=True)
    page.get_by_role("button", name="Make an address").click()
    address, password = (page.locator(f"#event-{name}").inner_text() for name in ("address", "password"))
    assert axe(page) == []
    sent = filled.session.post(address, json={}, auth=("connectors", password), timeout=10)
    assert sent.status_code != 404  # it is known; what this event says is another matter
    page.goto(f"{filled.url}/env/dev{OF}/settings")
    assert password not in page.content()
    page.get_by_role("button", name="Refuse all made before").click()
    page.get_by_text("are refused from now on").wait_for()
    assert filled.session.post(address, json={}, auth=("connectors", password), timeout=10).status_code >= 400


def test_a_connection_is_deleted_by_typing_its_id(filled: World, enter: Callable[..., Any]) -> None:
    filled.connect("short-lived")
    page = enter("/connections/paligo/short-lived/settings")
    page.get_by_label("Type short-lived to delete it").fill("short-lived")
    page.get_by_role("button", name="Delete the connection").click()
    page.get_by_text("The connection was deleted").wait_for()
    assert page.get_by_role("link", name="short-lived").count() == 0


def test_a_link_on_another_site_leads_in_for_who_is_signed_in(filled: World, enter: Callable[..., Any]) -> None:
    page = enter()
    elsewhere = filled.url.replace("127.0.0.1", "elsewhere.test")
    page.route(f"{elsewhere}/**", lambda route: route.fulfill(body=f'<a href="{filled.url}/env/dev/runs">runs</a>'))
    page.goto(f"{elsewhere}/mail")
    page.get_by_role("link", name="runs").click()
    page.wait_for_url("**/env/dev/runs")
    assert page.locator("h1").inner_text() == "Runs"


def test_signing_out_closes_the_dashboard(enter: Callable[..., Any], filled: World) -> None:
    page = enter()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Secret key").wait_for()
    page.goto(f"{filled.url}/env/dev/runs")
    assert page.get_by_label("Secret key").count() == 1
