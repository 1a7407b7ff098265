"""Webhooks from providers: who is believed, what counts twice, and what they make run."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from connectors.authoring import Event, Item, Record, Run, event_key
from connectors.engine.due import Worker
from connectors.engine.host import Host
from connectors.engine.incoming import Address
from connectors.engine.settings import Settings
from connectors.engine.store import Store, schedules
from connectors.engine.store.queries import Query
from connectors.engine.vault import Vault
from connectors.errors import InputError, InvalidEvent, StoreError, UnknownWebhook
from connectors.registry import Connector, Found, Registry
from tests.engine.conftest import Toy


def read(body: bytes, headers: Mapping[str, str]) -> Sequence[Event]:
    given = json.loads(body)
    if "thing" not in given and "all" not in given:
        raise InvalidEvent("no event")
    ids = frozenset({given["thing"]} if "thing" in given else ())
    return [Event("told", given.get("sync", "things"), ids, event_key(given), 30.0, given)]


class Told(Toy):
    """A toy account whose provider tells of changes."""

    def open(self, declared: object = None) -> Host:
        settings = Settings.load(
            {"DATABASE_URL": self.database_url, "CONNECTORS_WEBHOOK_URL": "https://customer.example/hook"},
            home=self.folder / "home",
        )
        settings.make_home()
        connector = Connector(functions=(self.sync,), events=read)
        registry = Registry([Found("toy", connector, self.folder / "providers.yaml", self.folder / "schemas")])
        host = Host(settings, Store(settings.database), Vault([b"k" * 32]), registry, registry.catalog(), self.clock)
        host.environments.create("dev")
        for id_ in ("acme", "other"):
            host.connections.connect("dev", provider="toy", id=id_, config={}, credentials={}, verify=False)
        return host

    def tell(self, given: Mapping[str, object], at: Address, *, by_login: bool = False) -> tuple[int, int]:
        uuid, _, secret = at.secret_path.removeprefix("/webhook/").replace("/toy", "").partition("/")
        headers = {"Content-Type": "application/json", "Authorization": "", "X-Toy": "1"}
        if by_login:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{at.username}:{at.password}".encode()).decode()
        body = json.dumps(given).encode()
        done = self.host.incoming.receive(uuid, "toy", headers, body, secret=None if by_login else secret)
        return done.events, done.duplicates

    def work(self) -> int:
        worker = Worker(self.host)
        return sum(worker.run(due) is not None for due in worker.take())


@pytest.fixture
def told(tmp_path: Path, database_url: str) -> Iterator[Told]:
    made = Told(tmp_path, database_url)
    made.fill(3)
    yield made
    made.host.close()


@pytest.mark.parametrize("by_login", [False, True], ids=["secret-path", "login"])
def test_an_event_makes_a_targeted_run_of_its_connection(told: Told, by_login: bool) -> None:
    asked: list[tuple[str, frozenset[str]]] = []

    def script(run: Run) -> Iterable[Item]:
        asked.append(("run", run.only))
        yield Record(told.things["t0001"])

    told.script = script
    told.work()
    asked.clear()
    assert told.tell({"thing": "t0001"}, told.host.incoming.address("dev", "acme"), by_login=by_login) == (1, 0)
    assert told.work() == 1
    assert asked == [("run", frozenset({"t0001"}))]


def test_the_same_event_counts_once_within_its_window(told: Told) -> None:
    at = told.host.incoming.address("dev", "acme")
    assert told.tell({"thing": "t0001"}, at) == (1, 0)
    assert told.tell({"thing": "t0001"}, at) == (1, 1)
    assert told.tell({"thing": "t0002"}, at) == (1, 0)
    told.clock.sleep(31)
    assert told.tell({"thing": "t0001"}, at) == (1, 0)


def test_an_event_that_could_not_be_taken_counts_when_the_provider_sends_it_again(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.work()
    at = told.host.incoming.address("dev", "acme")
    with monkeypatch.context() as broken:
        broken.setitem(schedules._SQL, "want", Query("INSERT INTO wanted_somewhere_else VALUES (1)"))
        with pytest.raises(StoreError):
            told.tell({"thing": "t0001"}, at)
    assert told.tell({"thing": "t0001"}, at) == (1, 0)
    assert told.work() == 1


def test_an_event_that_names_nothing_known_asks_for_nothing_and_is_passed_on(told: Told) -> None:
    told.work()
    told.tell({"thing": "x", "sync": "strange"}, told.host.incoming.address("dev", "acme"))
    assert told.work() == 0
    assert [each["kind"] for each in told.host.store.deliveries.list("dev")].count("forward") == 1


def test_a_forwarded_event_brings_the_providers_headers_without_its_login(told: Told) -> None:
    told.tell({"thing": "x"}, told.host.incoming.address("dev", "acme"), by_login=True)
    sent = [each for each in _bodies(told) if each[0]["type"] == "forward"]
    ((body, headers),) = sent
    assert body == {
        "type": "forward",
        "from": "toy",
        "connectionId": "acme",
        "providerConfigKey": "toy",
        "payload": {"thing": "x"},
    }
    assert headers == {"x-toy": "1"}


def _bodies(told: Told) -> list[tuple[dict[str, object], Mapping[str, str]]]:
    taken = told.host.store.deliveries.claim(now=1e12, until=2e12, limit=100)
    return [(json.loads(each.body), each.headers) for each in taken]


@pytest.mark.parametrize("wrong", ["secret", "environment", "integration", "nothing", "revoked"])
def test_who_was_not_given_the_address_is_refused(told: Told, wrong: str) -> None:
    at = told.host.incoming.address("dev", "acme")
    uuid = next(known.id for known in told.host.environments.list() if known.name == "dev")
    given = {"address": uuid, "integration": "toy", "secret": at.password}
    if wrong == "revoked":
        assert told.host.incoming.revoke("dev", "acme") == 1
    else:
        changed = {"secret": {"secret": "x" * 43}, "nothing": {"secret": None}}
        changed |= {"environment": {"address": str(uuid)[::-1]}, "integration": {"integration": "desk"}}
        given |= changed[wrong]
    with pytest.raises(UnknownWebhook):
        told.host.incoming.receive(
            str(given["address"]), str(given["integration"]), {}, b'{"thing": "x"}', secret=given["secret"]
        )


def test_what_is_no_event_is_refused(told: Told) -> None:
    with pytest.raises(InvalidEvent):
        told.tell({"nothing": 1}, told.host.incoming.address("dev", "acme"))


def test_the_store_holds_no_secret_of_an_address(told: Told) -> None:
    at = told.host.incoming.address("dev", "acme")
    assert at.password not in repr(at)
    with told.host.store.database.reading() as session:
        rows = [dict(row) for row in session.execute("SELECT * FROM webhook_paths").fetchall()]
    assert at.password not in str(rows)


def test_an_environment_without_a_key_has_no_address(told: Told) -> None:
    told.host.connections.connect("prod", provider="toy", id="acme", config={}, credentials={}, verify=False)
    with pytest.raises(InputError):
        told.host.incoming.address("prod", "acme")
