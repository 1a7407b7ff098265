"""What no page lets happen: foreign scripts, foreign frames, foreign forms, and text that is more than text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.engine.runs import run_sync
from connectors.server.contract import Who
from connectors.server.routes import endpoints
from tests.browser.conftest import Browse, World, free_port
from tests.browser.inhabited import PAGES, inhabit, sign_in
from tests.server.conftest import Running

SHOP_PORT = free_port()
SHOP = f"http://shop.test:{SHOP_PORT}"  # may frame the connect form
SCRIPT = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 6
RIGHT_TO_LEFT = "مرحبا ‮evil‬ שלום"
HOSTILE = f"""
hostile:
  display_name: '{SCRIPT} {LONG[:120]} {RIGHT_TO_LEFT}'
  categories: [other]
  auth_mode: API_KEY
  docs_connect: 'javascript:window.hacked=1'
  proxy:
    base_url: https://api.example.com
  connection_config:
    place:
      type: string
      title: '{SCRIPT}'
      description: '{SCRIPT} {RIGHT_TO_LEFT} {LONG}'
      example: '" onfocus="window.hacked=1'
      prefix: '{SCRIPT}'
      suffix: '{LONG}'
      doc_section: '#"><script>window.hacked=1</script>'
  credentials:
    apiKey:
      type: string
      title: Key
      description: '</script>{SCRIPT}'
      secret: true
"""


@pytest.fixture(scope="module")
def more_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    file = tmp_path_factory.mktemp("definitions") / "hostile.yaml"
    file.write_text(HOSTILE, "utf-8")
    return {"CONNECTORS_FRAME_ORIGINS": SHOP, "CONNECTORS_PROVIDERS": str(file)}


@pytest.fixture(scope="module")
def there(world: World) -> dict[str, str]:
    return inhabit(world)


@pytest.fixture(scope="module")
def signed_in(world: World, there: dict[str, str], chromium: Any) -> Any:
    context = chromium.new_context()
    state = sign_in(context.new_page(), world, world.key, there["fresh"])
    context.close()
    return state


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of another server of this machine: any name that ends in .test leads to it."""

    async def blank(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1>"})

    with Running(blank, SHOP_PORT):
        yield SHOP_PORT


@pytest.mark.parametrize("name", PAGES)
def test_a_page_allows_nothing_inline_and_nothing_from_elsewhere(
    name: str, world: World, there: dict[str, str], signed_in: Any
) -> None:
    cookies = {each["name"]: each["value"] for each in signed_in["cookies"]}
    path = PAGES[name].format(**there)
    answer = world.session.get(world.url + path, cookies=cookies, timeout=30, headers={"Accept": "text/html"})
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[each] for each in ("script-src", "style-src", "form-action", "connect-src")} == {"'self'"}
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == (SHOP if path == "/connect/" else "'none'")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert name == "not-there" or "Access-Control-Allow-Origin" not in answer.headers  # a program may read that one


def framed(page: Any, address: str) -> str:
    """The first heading of an address in a frame of a page; empty where the browser does not show it."""
    page.evaluate(
        "(address) => new Promise((done) => { const frame = document.createElement('iframe');"
        " frame.onload = done; frame.src = address; document.body.append(frame); })",
        address,
    )
    page.wait_for_timeout(500)
    frame = page.frames[-1]
    return "" if frame.url.startswith("chrome-error") else str(frame.evaluate("document.title"))


def test_the_form_is_framed_by_the_origin_that_may_and_by_no_other(
    world: World, browse: Browse, elsewhere: int
) -> None:
    for origin, shown in ((SHOP, True), (f"http://evil.test:{elsewhere}", False)):
        page = browse(origin)
        page.tolerated.append("frame-ancestors")
        assert bool(framed(page, f"{world.url}/connect/")) is shown


@pytest.mark.parametrize("path", ["/", "/env/dev", "/docs/"])
def test_no_other_page_is_framed_by_anybody(
    path: str, world: World, browse: Browse, elsewhere: int, signed_in: Any
) -> None:
    page = browse(SHOP, storage_state=signed_in)
    page.tolerated += ["frame-ancestors", "X-Frame-Options", "Refused to display"]
    assert framed(page, world.url + path) == ""


SEND = """([action, method]) => {
  const form = Object.assign(document.createElement("form"), { action, method });
  document.body.append(form);
  form.submit();
}"""


@pytest.mark.parametrize("site", ["evil.test", "127.0.0.1"], ids=["another site", "another port of the same host"])
def test_a_form_of_another_page_does_nothing_with_the_cookie(
    site: str, world: World, browse: Browse, elsewhere: int, signed_in: Any
) -> None:
    page = browse(f"http://{site}:{elsewhere}/", storage_state=signed_in)
    for path in ("/sign-out", "/connections/paligo/acme/delete", "/connections/paligo/acme/pause"):
        page.goto(f"http://{site}:{elsewhere}/")
        with page.expect_navigation() as navigated:
            page.evaluate(SEND, [f"{world.url}/env/dev{path}", "post"])
        assert navigated.value.status in (401, 403)
    page.goto(f"{world.url}/env/dev")
    assert page.url == f"{world.url}/env/dev"  # still signed in
    assert world.host.connections.get("dev", "acme", "paligo")


@pytest.mark.parametrize("site", ["evil.test", "127.0.0.1"], ids=["another site", "another port of the same host"])
def test_a_script_of_another_page_reads_nothing_with_the_cookie(
    site: str, world: World, browse: Browse, elsewhere: int, signed_in: Any
) -> None:
    page = browse(f"http://{site}:{elsewhere}/", storage_state=signed_in)
    page.tolerated.append("CORS")
    read = "(url) => fetch(url, { credentials: 'include' }).then((answer) => answer.text(), () => 'nothing')"
    for path in ("/env/dev", "/env/dev/environment", "/docs/"):
        assert page.evaluate(read, world.url + path) == "nothing"


def test_no_script_sees_the_cookie(world: World, browse: Browse, signed_in: Any) -> None:
    page = browse(f"{world.url}/env/dev", storage_state=signed_in)
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def test_a_form_without_its_token_is_refused_on_our_own_page_too(world: World, browse: Browse, signed_in: Any) -> None:
    page = browse(f"{world.url}/env/dev", storage_state=signed_in)
    with page.expect_navigation() as navigated:
        page.evaluate(SEND, [f"{world.url}/env/dev/sign-out", "post"])
    assert navigated.value.status in (400, 403)


def test_a_session_token_opens_no_endpoint_that_is_not_for_sessions(world: World, there: dict[str, str]) -> None:
    token = world.begin()["token"]
    let_in = []
    for each in endpoints():
        if each.who not in (Who.SECRET, Who.BROWSER):
            continue
        names = {"environment": "dev", "integration": "paligo", "connection": "acme", "run": there["run"]}
        path = each.path.replace(":path", "")
        for name, value in names.items():
            path = path.replace("{" + name + "}", value)
        method = "GET" if each.method == "*" else each.method
        answer = world.call(method, path.replace("{", "").replace("}", ""), key=token, allow_redirects=False)
        let_in += [each.name] if answer.status_code not in (303, 401, 403) else []
    assert let_in == []


def shows_as_text(page: Any, *texts: str) -> None:
    """Every text is on the page as it is, nothing of it has run, and nothing sticks out at the side."""
    page.wait_for_timeout(300)
    body = page.evaluate("document.documentElement.textContent")
    for text in texts:
        assert text in body
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_form_shows_what_a_definition_says_as_text(phone: bool, world: World, browse: Browse) -> None:
    if not any(each.unique_key == "hostile" for each in world.host.integrations.list("dev")):
        world.host.integrations.create("dev", "hostile", provider="hostile")
    session = world.begin(
        allowed_integrations=["hostile"], end_user={"id": "jo", "display_name": f"{SCRIPT}{LONG[:100]}"}
    )
    page = browse(session["connect_link"], phone=phone)
    page.locator("#connect-form").wait_for()
    shows_as_text(page, SCRIPT, RIGHT_TO_LEFT, LONG)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_dashboard_shows_what_a_record_says_as_text(
    phone: bool, world: World, browse: Browse, signed_in: Any, there: dict[str, str]
) -> None:
    given = {"name": f"{SCRIPT} {RIGHT_TO_LEFT} {LONG[:150]}", "subtype": "component", "parent": 0}
    headers = {"Connection-Id": "acme", "Provider-Config-Key": "paligo"}
    folder = world.get("/records?model=Folder&limit=1", headers=headers).json()["records"][0]["id"]
    made = world.post(
        "/action/trigger",
        {"action_name": "create-document", "input": {**given, "parent": folder, "content": "<section/>"}},
        headers=headers,
    )
    assert made.status_code == 200, made.text
    run_sync(world.host, "dev", "acme", "documents", integration="paligo")
    made_id = str(made.json()["id"])
    page = browse(
        f"{world.url}/env/dev/connections/paligo/acme/records/Document?record={made_id}",
        phone=phone,
        storage_state=signed_in,
    )
    shows_as_text(page, "window.hacked=1", LONG[:150], "مرحبا")
    page.goto(f"{world.url}/env/dev/connections/paligo/acme/records/Document")
    shows_as_text(page)


def test_the_dashboard_shows_what_a_definition_and_a_key_are_called_as_text(
    world: World, browse: Browse, signed_in: Any, there: dict[str, str]
) -> None:
    if not any(each.unique_key == "hostile" for each in world.host.integrations.list("dev")):
        world.host.integrations.create("dev", "hostile", provider="hostile")
    world.host.environments.add_key("dev", name=SCRIPT)
    page = browse(f"{world.url}/env/dev/integrations", storage_state=signed_in)
    shows_as_text(page)
    for path, text in (("/integrations/hostile", RIGHT_TO_LEFT), ("/environment", SCRIPT)):
        page.goto(f"{world.url}/env/dev{path}")
        shows_as_text(page, text)
