"""One customer's whole way through the server, over HTTP, with providers that say back what they were told."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.authoring import Event, Record, action, sync
from connectors.engine.delivery import Deliverer
from connectors.engine.host import Host
from connectors.engine.logs import QUIET, Lines
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.vault import Vault
from connectors.errors import ActionError
from connectors.registry import Connector, Found, Registry
from connectors.runtime.clock import SystemClock
from connectors.server.app import App
from connectors.server.serving import working
from tests.authorization_server.accounts import CLIENTS, SUBMITTED
from tests.authorization_server.definitions import definitions
from tests.authorization_server.server import AuthorizationServer
from tests.server.conftest import Running
from tests.server.upstream import Reply, Seen, Upstream

KEY = 's3cr3t+/=&key"\\of<acme>%41'  # each encoding of it is another text
USER, PASSWORD = "ann@acme.example", "pass:w0rd of+ann"
PUBLIC = "http://localhost:3003"
DEFINITION = """
shop:
  display_name: Shop
  auth_mode: API_KEY
  docs: https://shop.example
  proxy:
    base_url: URL/shop
    headers: {x-api-key: "${apiKey}"}
    query: {api_key: "${apiKey}"}
    verification: {method: GET, endpoints: [/me]}
  credentials:
    apiKey: {type: string, title: API Key, description: The key., secret: true}
till:
  display_name: Till
  auth_mode: BASIC
  docs: https://till.example
  proxy:
    base_url: URL/shop
    verification: {method: GET, endpoints: [/me]}
  credentials:
    username: {type: string, title: User, description: The user.}
    password: {type: string, title: Password, description: The password., secret: true}
"""
BROWSERS = ("consenting", "three-legged")
PAGES = (("/oauth2/auth", "machine"), ("/auth/two-step", "stepping"), ("/auth/jwt", "signing"))


def told_back(seen: Seen) -> dict[str, Any]:
    """What a provider says that repeats everything it hears."""
    return {"you sent": seen.headers, "to": seen.target}


@sync("Thing", every="1h")
def things(run):
    """Says in its log what it read."""
    answer = run.get("/things").json()
    run.log.info("read %s", answer)
    yield Record({"id": 1, "name": "one"})


@sync("Other", every="1h")
def others(run):
    """Fails, and says all it knows."""
    raise RuntimeError(f"that went wrong: {run.get('/things').json()}")
    yield


@action("refused")
def refused(call, given):
    """The provider refuses."""
    return call.get("/refusing").json()


@action("raised")
def raised(call, given):
    """Raises what it was told."""
    raise ActionError(f"cannot: {call.get('/things').text}")


@action("fine")
def fine(call, given):
    """Works, and remembers."""
    call.memory["seen"] = len(call.get("/things").text)
    return {"done": True}


class Journey:
    """The server, its providers, and everything that came out of it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._closing = ExitStack()
        self._folder = folder
        self.answers: list[str] = []  # as they came: status, headers, body
        self.logged: list[str] = []
        self.upstream = Upstream()
        self._closing.callback(self.upstream.close)
        authorization = self._closing.enter_context(AuthorizationServer())
        self.host = self._opened(folder, database_url, authorization.url)
        self._closing.callback(self.host.close)
        self._listen()
        self._hear()
        self.url = self._closing.enter_context(Running(App(self.host, background=working))).url
        self.session = self._closing.enter_context(requests.Session())
        self.session.trust_env = False
        self.key = self.host.environments.create("dev").key

    def _opened(self, folder: Path, database_url: str, authorization: str) -> Host:
        given = {
            "DATABASE_URL": database_url,
            "CONNECTORS_ALLOW_PRIVATE_HOSTS": "on",
            "CONNECTORS_PUBLIC_URL": PUBLIC,
            "CONNECTORS_WEBHOOK_URL": f"{self.upstream.url}/hooks",
        }
        settings = Settings.load(given, home=folder / "home")
        settings.make_home()
        (folder / "schemas").mkdir()
        for name in ("Thing", "Other", "actions/refused", "actions/raised", "actions/fine"):
            for ending in (".input", ".output") if "/" in name else ("",):
                file = folder / "schemas" / "shop" / f"{name}{ending}.json"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text('{"type": "object"}')
        (folder / "shop.yaml").write_text(DEFINITION.replace("URL", self.upstream.url))
        (folder / "oauth.yaml").write_text(definitions(authorization))
        functions = (things, others, refused, raised, fine)
        shop = Connector(functions=functions, events=lambda *_: [Event("changed", "things", frozenset({"1"}))])
        found = Found("shop", shop, folder / "shop.yaml", folder / "schemas")
        registry = Registry([found])
        catalog = registry.catalog([folder / "oauth.yaml"])
        return Host(settings, Store(settings.database), Vault([b"k" * 32]), registry, catalog, SystemClock())

    def _listen(self) -> None:
        """Take down what the server's log would hold."""
        logged = self.logged

        class Taking(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                logged.append(self.format(record))

        handler, root = Taking(), logging.getLogger()
        handler.setFormatter(Lines())
        root.addHandler(handler)
        for name, level in ((None, logging.INFO), *((quiet, logging.WARNING) for quiet in QUIET)):
            self._closing.callback(logging.getLogger(name).setLevel, logging.getLogger(name).level)
            logging.getLogger(name).setLevel(level)
        self._closing.callback(root.removeHandler, handler)

    def _hear(self) -> None:
        self.upstream.on("GET /shop/me", self._me)
        self.upstream.on("GET /shop/things", lambda seen: Reply.json(told_back(seen)))
        self.upstream.on("GET /shop/quiet", Reply.json({"ok": True}))
        self.upstream.on(
            "GET /shop/refusing", lambda seen: Reply.json(told_back(seen), 403, **{"x-said": seen.headers["x-api-key"]})
        )
        self.upstream.on("POST /hooks", Reply.json({}))

    @staticmethod
    def _me(seen: Seen) -> Reply:
        good = seen.headers.get("x-api-key") == KEY or "authorization" in seen.headers
        return Reply.json(told_back(seen), 200 if good else 401)

    def ask(
        self, method: str, path: str, *, key: str | None = None, tells: bool = False, **options: Any
    ) -> requests.Response:
        """A request. `tells`: its answer gives out credentials because that is what it is for."""
        headers = {"Authorization": f"Bearer {key or self.key}", **options.pop("headers", {})}
        answer = self.session.request(
            method, self.url + path, headers=headers, timeout=30, allow_redirects=False, **options
        )
        if not tells:
            self.answers.append(f"{answer.status_code} {dict(answer.headers)} {answer.text}")
        return answer

    def page(self, path: str, integration: str, token: str, body: Mapping[str, Any]) -> requests.Response:
        """What a customer's page sends."""
        return self.ask("POST", f"{path}/{integration}", params={"connect_session_token": token}, json=body)

    def consent(self, integration: str, token: str) -> requests.Response:
        """A browser's way to the provider and back."""
        begun = self.ask("GET", f"/oauth/connect/{integration}", params={"connect_session_token": token}, tells=True)
        there = requests.get(begun.headers["location"], allow_redirects=False, timeout=10).headers["location"]
        back = urlsplit(there)
        cookies = {cookie.name: cookie.value for cookie in begun.cookies}
        return self.ask("GET", f"{back.path}?{back.query}", cookies=cookies)

    def until(self, path: str, true: Any, **options: Any) -> requests.Response:
        """Ask again until it is so."""
        deadline = time.monotonic() + 30
        while not true(answer := self.ask("GET", path, **options)):
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.1)
        return answer

    def deliver(self) -> None:
        """Send the webhooks that wait."""
        deliverer = Deliverer(self.host)
        deliverer.drain()
        deliverer.close()

    def hooks(self) -> Iterator[str]:
        """The webhooks that arrived."""
        return (f"{seen.headers} {seen.body.decode()}" for seen in tuple(self.upstream.seen) if seen.target == "/hooks")

    def close(self) -> None:
        self._closing.close()


__all__ = ["BROWSERS", "CLIENTS", "KEY", "PAGES", "PASSWORD", "SUBMITTED", "USER", "Journey"]
