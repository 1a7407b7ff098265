"""Webhooks to the customer: what is told, how it is signed, when it is tried again."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectors.authoring import Call, Checkpoint, Item, Record, Run
from connectors.engine.delivery import Deliverer
from connectors.engine.due import Worker
from connectors.engine.end_users import owner
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.vault import Vault
from connectors.errors import InputError
from connectors.registry import Connector, Found, Registry
from tests.engine.conftest import Desk, Toy


class Customer:
    """A customer's address: it remembers what came and answers as it is told."""

    def __init__(self) -> None:
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        customer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None: ...

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                customer.came.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(customer.answers.pop(0) if customer.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.came]


class Told(Toy):
    """A toy account with a customer who wants to hear."""

    customer: Customer
    alert_after = "1"

    def open(self, declared: object = None) -> Host:
        given = {"DATABASE_URL": self.database_url, "CONNECTORS_WEBHOOK_URL": self.customer.url}
        settings = Settings.load({**given, "CONNECTORS_ALERT_AFTER": self.alert_after}, home=self.folder / "home")
        settings.make_home()
        connector = Connector(functions=(self.sync,))
        registry = Registry([Found("toy", connector, self.folder / "providers.yaml", self.folder / "schemas")])
        host = Host(settings, Store(settings.database), Vault([b"k" * 32]), registry, registry.catalog(), self.clock)
        self.key = host.environments.create("dev").key
        self.deliverer = Deliverer(host)
        return host

    def connect(self, **options: Any) -> None:
        given: dict[str, Any] = {"config": {}, "credentials": {}, "verify": False, **options}
        self.host.connections.connect("dev", provider="toy", id="acme", **given)

    def work(self) -> None:
        worker = Worker(self.host)
        for due in worker.take():
            worker.run(due)
        self.deliverer.drain()

    def close(self) -> None:
        self.deliverer.close()
        self.host.close()


@pytest.fixture
def customer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Customer]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    made = Customer()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def told(tmp_path: Path, database_url: str, customer: Customer) -> Iterator[Told]:
    made = type("Told", (Told,), {"customer": customer})(tmp_path, database_url)
    made.fill(2)
    yield made
    made.close()


def test_a_connection_is_told_with_its_end_user_and_tags(told: Told) -> None:
    told.connect(owner=owner({"id": "u1", "email": "a@b.c", "tags": {"plan": "gold"}}, {"id": "o1"}))
    told.connect()
    told.deliverer.drain()
    first, second = told.customer.told
    assert first == {
        "authMode": "NONE",
        "connectionId": "acme",
        "endUser": {"endUserId": "u1", "endUserEmail": "a@b.c", "organizationId": "o1", "tags": {"plan": "gold"}},
        "environment": "dev",
        "from": "nango",
        "operation": "creation",
        "provider": "toy",
        "providerConfigKey": "toy",
        "success": True,
        "tags": {"end_user_id": "u1", "end_user_email": "a@b.c", "organization_id": "o1", "plan": "gold"},
        "type": "auth",
    }
    assert second["operation"] == "override"


def test_both_signatures_are_over_the_text_that_is_sent(told: Told) -> None:
    told.connect(owner=owner({"id": "ü/1"}))
    told.deliverer.drain()
    ((_, headers, body),) = told.customer.came
    key = told.key.encode()
    assert headers["content-type"] == "application/json"
    assert headers["x-nango-hmac-sha256"] == hmac.new(key, body, hashlib.sha256).hexdigest()
    assert headers["x-nango-signature"] == hashlib.sha256(key + body).hexdigest()
    assert body.decode() == json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    told.host.environments.rotate_signing_key("dev")
    told.connect()
    told.deliverer.drain()
    _, headers, body = told.customer.came[-1]
    rotated = str(told.host.environments.signing_key("dev")).encode()
    assert headers["x-nango-hmac-sha256"] == hmac.new(rotated, body, hashlib.sha256).hexdigest()


def test_a_sync_tells_what_it_changed(told: Told) -> None:
    def script(run: Run) -> Iterable[Item]:
        yield Record({"id": "1", "name": "One"})
        yield Checkpoint({"at": 1})

    told.script = script
    told.connect()
    told.work()
    sync = told.customer.told[-1]
    assert sync["type"] == "sync"
    assert (sync["syncName"], sync["syncVariant"], sync["model"]) == ("things", "base", "Thing")
    assert (sync["syncType"], sync["success"]) == ("INITIAL", True)
    assert sync["responseResults"] == {"added": 1, "updated": 0, "deleted": 0}
    assert sync["checkpoints"] == {"from": None, "to": {"at": 1}}
    assert sync["modifiedAfter"] == sync["queryTimeStamp"]
    told.clock.sleep(3700)
    told.work()
    assert told.customer.told[-1]["syncType"] == "INCREMENTAL"


def test_a_failing_sync_is_told_once_until_it_works_again(told: Told) -> None:
    told.connect()
    told.script = lambda run: 1 / 0  # type: ignore[return-value]
    for _ in range(4):
        told.work()
        told.clock.sleep(3700)
    failures = [each for each in told.customer.told if each["type"] == "sync"]
    assert [each["success"] for each in failures] == [False]
    assert failures[0]["error"]["type"] == "script_error"
    stored = told.host.connections.get("dev", "acme")
    assert [error["type"] for error in told.host.health.errors("dev")[stored.key]] == ["sync"]
    told.script = told.listing
    told.work()
    assert told.host.health.errors("dev") == {}
    assert told.customer.told[-1]["success"] is True
    told.script = lambda run: 1 / 0  # type: ignore[return-value]
    told.clock.sleep(3700)
    told.work()
    assert told.customer.told[-1]["success"] is False


def test_the_customer_is_told_after_so_many_failures_as_the_setting_says(
    tmp_path: Path, database_url: str, customer: Customer
) -> None:
    told = type("Told", (Told,), {"customer": customer, "alert_after": "3"})(tmp_path, database_url)
    told.connect()
    told.script = lambda run: 1 / 0
    after = []
    for _ in range(5):
        told.work()
        after.append(sum(each["type"] == "sync" for each in customer.told))
        told.clock.sleep(3700)
    assert after == [0, 0, 1, 1, 1]
    told.close()


@pytest.mark.parametrize(
    ("answers", "tries", "state"),
    [
        ([503, 500, 200], 3, "delivered"),
        ([503, 503, 503, 200], 3, "failed"),
        ([404, 200], 1, "failed"),
        ([302, 200], 1, "failed"),
        ([204], 1, "delivered"),
    ],
)
def test_only_what_may_pass_is_tried_again_and_three_times_at_most(
    told: Told, answers: list[int], tries: int, state: str
) -> None:
    told.customer.answers[:] = answers
    told.connect()
    assert told.deliverer.drain() == 1
    told.clock.sleep(2.9)
    assert told.deliverer.drain() == 0
    told.clock.sleep(0.2)
    told.deliverer.drain()
    told.clock.sleep(5.9)
    assert told.deliverer.drain() == 0
    told.clock.sleep(0.2)
    told.deliverer.drain()
    told.clock.sleep(600)
    told.deliverer.drain()
    assert len(told.customer.came) == tries
    (logged,) = told.host.store.deliveries.list("dev")
    assert (logged["state"], logged["attempts"]) == (state, tries)


def test_an_address_that_nobody_listens_at_is_tried_again(told: Told) -> None:
    told.connect(owner=owner(webhook_url_override="http://127.0.0.1:9/none"))
    told.deliverer.drain()
    (logged,) = told.host.store.deliveries.list("dev")
    assert logged["state"] in ("waiting", "failed")
    assert told.customer.came == []


def test_only_the_operators_own_address_may_be_private(told: Told) -> None:
    told.connect(owner=owner(webhook_url_override=told.customer.url))
    told.deliverer.drain()
    assert told.customer.came == []
    (logged,) = told.host.store.deliveries.list("dev")
    assert logged["state"] == "failed"
    assert "private" in logged["error"] or "refused" in logged["error"].lower()


def test_a_switch_keeps_what_it_names_and_environments_are_apart(told: Told) -> None:
    told.host.outgoing.set_target("dev", switched_off=["auth_creation", "sync_completion_always"])
    told.connect()
    told.work()
    told.clock.sleep(3700)
    told.work()
    assert [each["type"] for each in told.customer.told] == ["sync"]  # the second changed nothing
    with pytest.raises(InputError):
        told.host.outgoing.set_target("dev", url="ftp://customer.example")
    with pytest.raises(InputError):
        told.host.outgoing.set_target("dev", switched_off=["weather"])


def test_a_dead_senders_webhooks_are_sent_by_another(told: Told) -> None:
    told.connect()
    now = told.clock.now()
    assert len(told.host.store.deliveries.claim(now=now, until=now + 60, limit=10)) == 1
    assert told.deliverer.drain() == 0
    told.clock.sleep(61)
    assert told.deliverer.drain() == 1


def test_many_are_sent_each_once(told: Told) -> None:
    stop = threading.Event()
    for number in range(20):
        told.host.connections.connect("dev", provider="toy", id=f"c{number}", config={}, credentials={}, verify=False)
    thread = threading.Thread(target=told.deliverer.work, args=(stop,))
    thread.start()
    for _ in range(200):
        if len(told.customer.came) == 20:
            break
        threading.Event().wait(0.02)
    stop.set()
    thread.join(10)
    assert sorted(each["connectionId"] for each in told.customer.told) == sorted(f"c{n}" for n in range(20))


def test_a_run_that_cannot_begin_counts_as_a_failure(told: Told) -> None:
    told.connect()
    told.deliverer.drain()
    told.host.vault = Vault([b"x" * 32])  # the key is lost
    told.work()
    told.host.vault = Vault([b"k" * 32])
    told.clock.sleep(5)
    told.deliverer.drain()
    assert [(each["type"], each["success"]) for each in told.customer.told[1:]] == [("sync", False)]
    told.clock.sleep(3700)
    told.work()
    assert told.host.health.errors("dev") == {}


def test_a_call_that_nobody_waits_for_is_told_when_it_ended(desk: Desk, customer: Customer) -> None:
    def greet(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"hello": given["name"]}

    desk.declare(greet)
    desk.host.environments.create("dev")
    desk.host.outgoing.set_target("dev", url=customer.url, switched_off=["auth_creation"])
    id_ = desk.host.action_calls.add("dev", "acme", "greet", {"name": "Ann"})
    assert desk.host.action_calls.make_next()
    deliverer = Deliverer(desk.host)
    deliverer.drain()
    deliverer.close()
    assert customer.told == [
        {
            "type": "async_action",
            "from": "nango",
            "connectionId": "acme",
            "providerConfigKey": "desk",
            "payload": {"id": id_, "statusUrl": f"/action/{id_}"},
        }
    ]
