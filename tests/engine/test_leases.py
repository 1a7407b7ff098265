"""One run at a time, and what happens to a run whose place was taken."""

from __future__ import annotations

import threading

import pytest

from connectors import root
from connectors.authoring import sync
from connectors.engine.host import Host
from connectors.engine.leases import lease
from connectors.engine.records import read_records
from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.engine.store import Store
from connectors.engine.store.batch import Batch, Row
from connectors.engine.vault import Vault
from connectors.errors import AlreadyRunning, RunError, RunReplaced
from connectors.registry import Connector, Found, Registry
from connectors.testing import FakeClock


def begin(toy, **options):
    stored = toy.host.connections.get("dev", "acme")
    given = {"trigger": "library", "owner": "test:1", "full": False, "now": toy.clock.now(), "take_over": 0.0}
    place, _, dead = toy.host.store.passes.begin("dev", stored.key, "things", "Thing", "base", **given, **options)
    return place, dead


def batch(id_="a"):
    return Batch(rows={id_: Row('{"id":"a","name":"x"}', b"h" * 16, None, None)})


def test_a_run_that_was_replaced_cannot_write_and_leaves_no_trace(toy):
    first, _ = begin(toy)
    second, dead = begin(toy)
    assert dead == first.run
    with pytest.raises(RunReplaced):
        toy.host.store.passes.commit("dev", first, batch(), requests=0, waited=0.0, now=toy.clock.now())
    assert toy.stored() == {}
    with pytest.raises(RunReplaced):
        toy.host.store.passes.finish("dev", first, delete=True, now=toy.clock.now())
    with pytest.raises(RunReplaced):
        toy.host.store.passes.hold("dev", first)
    toy.host.store.passes.commit("dev", second, batch(), requests=0, waited=0.0, now=toy.clock.now())
    assert list(toy.stored()) == ["a"]
    assert toy.host.store.runs.get("dev", first.run)["state"] == "interrupted"


def test_a_run_of_a_connection_that_was_deleted_cannot_write(toy):
    place, _ = begin(toy)
    toy.host.connections.delete("dev", "acme")
    with pytest.raises(RunReplaced):
        toy.host.store.passes.commit("dev", place, batch(), requests=0, waited=0.0, now=toy.clock.now())


def test_only_one_of_many_threads_gets_to_run(toy):
    toy.fill(10)
    going, released = threading.Event(), threading.Event()

    def slow(run):
        going.set()
        released.wait(30)
        yield from toy.listing(run)

    toy.script = slow
    outcomes = []
    first = threading.Thread(target=lambda: outcomes.append(toy.run().state))
    first.start()
    assert going.wait(30)
    for _ in range(5):
        with pytest.raises(AlreadyRunning):
            run_sync(toy.host, "dev", "acme", "things", RunOptions())
    released.set()
    first.join()
    assert outcomes == ["success"]


def test_another_variant_may_run_meanwhile_and_keeps_its_own_records(toy):
    toy.fill(3)
    stored = toy.host.connections.get("dev", "acme")
    with lease(toy.host.store, "dev", stored.key, "things", "base"):
        report = run_sync(toy.host, "dev", "acme", "things", RunOptions(variant="other"))
    assert (report.state, report.added) == ("success", 3)
    assert toy.stored() == {}


def test_time_never_goes_back_in_a_stream_and_changes_are_numbered_without_a_repeat(toy):
    toy.fill(3)
    toy.run()
    toy.clock.advance(-1_000_000.0)
    for thing in toy.things.values():
        thing |= {"version": 2, "name": "later"}
    toy.run()
    found = list(read_records(toy.host, "dev", "acme", "Thing"))
    assert all(record.last_modified_at > record.first_seen_at for record in found)
    assert len({record.cursor for record in found}) == 3


def test_two_streams_writers_are_followed_without_a_gap(toy):
    """A consumer that follows the cursor while batches are committed sees every change once."""
    toy.fill(500)
    seen, cursor, done = [], None, threading.Event()

    def consume():
        nonlocal cursor
        while True:
            last = done.is_set()
            for record in read_records(toy.host, "dev", "acme", "Thing", cursor=cursor):
                seen.append(record.id)
                cursor = record.cursor
            if last:
                return

    consumer = threading.Thread(target=consume)
    consumer.start()
    toy.run()
    done.set()
    consumer.join()
    assert sorted(seen) == sorted(toy.things)


def test_a_consumer_misses_nothing_of_two_writers_of_one_stream(toy):
    """They number their changes one after the other, so what is seen is never overtaken by what is not."""
    store, stored = toy.host.store, toy.host.connections.get("dev", "acme")
    given = {"trigger": "library", "owner": "test:1", "full": False, "now": toy.clock.now()}
    places = [store.passes.begin("dev", stored.key, name, "Thing", "base", **given)[0] for name in ("one", "two")]
    assert places[0].stream == places[1].stream

    def write(name, place):
        for number in range(40):
            rows = {f"{name}{number}-{each}": Row("{}", b"h" * 16, None, None) for each in range(5)}
            store.passes.commit("dev", place, Batch(rows=rows), requests=0, waited=0.0, now=toy.clock.now())

    writers = [threading.Thread(target=write, args=pair) for pair in zip("ab", places, strict=True)]
    for writer in writers:
        writer.start()
    seen, after, last = [], 0, False
    while not last:
        last = not any(writer.is_alive() for writer in writers)
        for row in store.records.after("dev", places[0].stream, after):
            seen.append(row["id"])
            after = row["change"]
    assert after == 400
    assert sorted(seen) == sorted(
        f"{name}{number}-{each}" for name in "ab" for number in range(40) for each in range(5)
    )


def test_a_stopped_run_says_so_and_the_next_one_goes_on(toy):
    def stopped(run):
        yield {"id": "a", "name": "x"}
        raise KeyboardInterrupt

    toy.script = stopped
    report = toy.run()
    assert (report.state, report.added) == ("interrupted", 1)
    toy.script = lambda run: [{"id": "b", "name": "x"}]
    after = toy.run()
    assert (after.state, after.added) == ("success", 1)
    assert set(toy.stored()) == {"a", "b"}


def test_what_a_sync_raises_is_reported_without_the_credentials(open_secret):
    report, key = open_secret
    assert report.state == "failed"
    assert key not in str(report.to_dict())
    assert "[secret]" in report.error["message"]


@pytest.fixture
def open_secret(tmp_path):
    key = "C0FFEE00C0FFEE11"

    @sync("Document", every="1h")
    def leaking(run):
        yield {"id": "1", "name": "x"}
        raise ValueError(f"the key is {key}")

    with open_host(tmp_path, leaking, key) as host:
        yield run_sync(host, "dev", "acme", "leaking", RunOptions()), key


def open_host(folder, function, key):
    found = Found("paligo", Connector(functions=(function,)), root() / "providers.yaml", root() / "schemas")
    registry = Registry([found])
    settings = Settings.load({}, home=folder)
    host = Host(settings, Store(settings.database), Vault([b"k" * 32]), registry, registry.catalog(), FakeClock())
    config = {"instance": "acme", "username": "me@acme.example"}
    host.connections.connect(
        "dev", provider="paligo", id="acme", config=config, credentials={"apiKey": key}, verify=False
    )
    return host


def test_a_sync_that_needs_another_is_refused_until_that_one_succeeded(toy):
    @sync("Thing", every="1h")
    def things(run):
        yield {"id": "a", "name": "x"}

    @sync("Part", every="1h", needs="things")
    def parts(run):
        yield {"id": "p", "name": "x"}

    (toy.folder / "schemas" / "toy" / "Part.json").write_text("{}")
    found = Found("toy", Connector(functions=(things, parts)), toy.folder / "providers.yaml", toy.folder / "schemas")
    toy.host.registry = Registry([found])
    with pytest.raises(RunError, match="needs things"):
        run_sync(toy.host, "dev", "acme", "parts", RunOptions())
    assert run_sync(toy.host, "dev", "acme", "things", RunOptions()).state == "success"
    assert run_sync(toy.host, "dev", "acme", "parts", RunOptions()).added == 1


def test_a_runs_log_names_the_run_and_holds_no_secret(tmp_path, caplog):
    key = "C0FFEE00C0FFEE11"

    @sync("Document", every="1h")
    def leaking(run):
        run.log.info("the key is %s", key)
        try:
            raise ValueError(f"still {key}")
        except ValueError:
            run.log.exception("and again %s", [key])
        yield {"id": "1", "name": "x"}

    with caplog.at_level("INFO", logger="connectors.sync"), open_host(tmp_path, leaking, key) as host:
        run_sync(host, "dev", "acme", "leaking", RunOptions())
    assert "the key is [secret]" in caplog.text
    assert "run-1" in caplog.text
    assert "ValueError" in caplog.text
    assert key not in caplog.text
