"""A real browser before a running server: headless Chromium, SQLite, an emulated Paligo.

`world` is the server (one per module), `browse` opens a page in a fresh context and fails the test if its console
tells of an error, `axe` lists what is wrong with a page for people with disabilities, `shot` takes a picture where
`--screenshots` is given. Tests are skipped, with the reason, where there is no browser.
"""

from __future__ import annotations

import functools
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.paligo.emulator import Account, Emulator, Switches
from connectors.server.app import App
from tests.server.conftest import Running, Served

DOCUMENTS = 24
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)
_RESOURCE = "Failed to load resource"  # the browser's own note of an answer that is no 2xx, which a test may want


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", action="store_true", help="write docs/screenshots/*.png")


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser. Its driver keeps an event loop in this thread, which tests of other modules need for their own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = _chromium()
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class World(Served):
    """A server whose environment `dev` has Paligo as an integration; `emulator` is that Paligo."""

    emulator: Any = None

    def begin(self, **terms: Any) -> dict[str, str]:
        """A connect session: `token`, `connect_link`, `expires_at`."""
        answer = self.post("/connect/sessions", {"end_user": {"id": "jo", "display_name": "Jo"}, **terms})
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def connect(self, id: str = "acme", **further: Any) -> Any:
        """Connect the emulated account without a form."""
        return self.host.connections.connect(
            "dev",
            provider="paligo",
            id=id,
            config={"instance": self.emulator.instance, "username": self.emulator.username},
            credentials={"apiKey": self.emulator.api_key},
            **{"metadata": {"plan": "none"}, **further},
        )


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def more_settings() -> dict[str, str]:
    """Settings of a module's own server; a module may define this fixture again."""
    return {}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, more_settings: dict[str, str]) -> Iterator[World]:
    """The server and its Paligo, on a fresh data folder."""
    port = free_port()
    settings = {
        "CONNECTORS_HOME": str(tmp_path_factory.mktemp("home")),
        "CONNECTORS_ALLOW_PRIVATE_HOSTS": "on",
        "CONNECTORS_PORT": str(port),
        **more_settings,
    }
    emulated = Emulator(Account.generate(documents=DOCUMENTS), Switches(plan="none"))
    with pytest.MonkeyPatch.context() as patch, emulated as emulator:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        with Host.open(Settings.load(settings)) as host:
            app = App(host)
            key = host.environments.create("dev").key
            host.integrations.create("dev", "paligo", provider="paligo")
            with Running(app, port) as running:
                world = World(host, app, running.url, key, emulator=emulator)
                world.session.trust_env = False  # the emulator is the proxy of this process
                with world.session:
                    yield world


Browse = Callable[..., Any]


@pytest.fixture
def browse(chromium: Any) -> Iterator[Browse]:
    """Opens a page: `browse(url, theme="dark", phone=True, locale="de-DE")`. Its console has to stay free of errors,
    also of breaches of the policy; `page.tolerated` is a list of texts that may be in one nevertheless."""
    contexts, told = [], []

    def open_page(
        url: str = "", *, theme: str = "light", phone: bool = False, locale: str = "en-US", **more: Any
    ) -> Any:
        touch = {"is_mobile": True, "has_touch": True} if phone else {}
        size = {"viewport": PHONE if phone else DESKTOP, **touch}
        context = chromium.new_context(**{**size, "color_scheme": theme, "locale": locale, **more})
        context.set_default_timeout(10_000)
        contexts.append(context)
        context.on("weberror", lambda error: told.append(str(error.error)))
        context.on("console", lambda said: said.type == "error" and told.append(said.text))
        page = context.new_page()
        page.tolerated = tolerated
        if url:
            page.goto(url)
        return page

    tolerated: list[str] = [_RESOURCE]
    yield open_page
    for context in contexts:
        context.close()
    left = [text for text in told if not any(each in text for each in tolerated)]
    assert not left, left


def client_modules() -> Path:
    """The folder of Node's modules: the reference runtime's clients and axe. Skips where they are not installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "connectors" / "clients"
    modules = Path(os.environ.get("NODE_CLIENTS") or cache) / "node_modules"
    if not (modules / "axe-core").is_dir() or not (modules / "@nangohq" / "frontend").is_dir():
        pytest.skip(
            f"`npm install` what tests/server/clients/package.json names in {modules.parent}, or set NODE_CLIENTS"
        )
    return modules


@functools.cache
def _axe_source(modules: Path) -> str:
    return (modules / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.fixture
def axe() -> Callable[[Any], list[str]]:
    """What axe finds wrong with a page (or a frame): one line per fault, with where it is."""
    modules = client_modules()

    def check(page: Any) -> list[str]:
        page.evaluate(_axe_source(modules))
        found = page.evaluate("(tags) => axe.run(document, { runOnly: tags })", AXE_TAGS)
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    return check


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Takes a picture of what is in the window: docs/screenshots/NAME.png. Without --screenshots it does nothing."""

    def take(page: Any, name: str, **options: Any) -> None:
        if request.config.getoption("--screenshots", default=False):
            PICTURES.mkdir(parents=True, exist_ok=True)
            page.wait_for_timeout(250)  # a frame is painted by a process of its own
            page.screenshot(path=PICTURES / f"{name}.png", animations="disabled", caret="hide", **options)

    return take
