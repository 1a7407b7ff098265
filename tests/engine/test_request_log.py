"""The request log: what went out to providers, within bounds and without a secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from connectors.authoring import Item, Run
from connectors.engine import request_log
from connectors.engine.request_log import left_out, without_secret_params
from connectors.engine.upkeep import clear_old
from connectors.errors import UnknownRun
from connectors.runtime.ports import Attempt, Observer
from tests.engine.conftest import Desk, Toy

DAY = 86400.0


def attempt(**changed: Any) -> Attempt:
    given: dict[str, Any] = {
        "method": "GET",
        "url": "https://toy.example/x",
        "status": 200,
        "seconds": 0.5,
        "number": 1,
    }
    return Attempt(**{**given, **changed})


def run_that(toy: Toy, sends: Callable[[Observer], object]) -> int:
    """The number of a run that succeeds, and whose client's observer was told what `sends` tells it."""
    observers: list[Observer] = []
    observe = toy.host.requests.observe

    def remembered(*given: Any, **named: Any) -> Observer:
        observers.append(observe(*given, **named))
        return observers[-1]

    def script(run: Run) -> Iterable[Item]:
        del run
        sends(observers[-1])
        yield {"id": "1", "name": "one"}

    toy.script = script
    toy.host.requests.observe = remembered  # type: ignore[method-assign]
    report = toy.run()
    toy.host.requests.observe = observe  # type: ignore[method-assign]
    assert report.state == "success"
    assert report.id is not None
    return report.id


def test_a_runs_requests_are_kept_in_order(toy: Toy) -> None:
    def sends(observer: Observer) -> None:
        observer.after(attempt(url="https://toy.example/a", length=12))
        observer.after(attempt(url="https://toy.example/b", status=503))
        observer.after(attempt(url="https://toy.example/b", status=None, number=2, error="timed_out"))

    run = run_that(toy, sends)
    found = toy.host.requests.of_run("dev", run)
    assert [(each.number, each.url[-1], each.status, each.attempt, each.error) for each in found] == [
        (1, "a", 200, 1, None),
        (2, "b", 503, 1, None),
        (3, "b", None, 2, "timed_out"),
    ]
    assert (found[0].kind, found[0].name, found[0].bytes, found[0].seconds) == ("sync", "things", 12, 0.5)
    assert found[0].at == pytest.approx(toy.clock.now() - 0.5)
    with pytest.raises(UnknownRun):
        toy.host.requests.of_run("other", run)


def test_of_a_long_run_the_first_and_the_newest_are_kept(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "FIRST", 3)
    monkeypatch.setattr(request_log, "NEWEST", 2)

    def sends(observer: Observer) -> None:
        for number in range(1, 21):
            observer.after(attempt(url=f"https://toy.example/{number}"))
            if number % 4 == 0:
                toy.host.requests.flush()

    run = run_that(toy, sends)
    found = toy.host.requests.of_run("dev", run)
    assert [each.number for each in found] == [1, 2, 3, 19, 20]
    assert left_out(found) == 15


def test_requests_are_written_while_a_run_goes_on(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "_PAUSE", 0.01)

    def sends(observer: Observer) -> None:
        observer.after(attempt())
        (run,) = toy.host.store.runs.list("dev")
        for _ in range(500):
            if toy.host.requests.of_run("dev", run["id"]):
                break
            time.sleep(0.01)
        else:
            pytest.fail("nothing was written")

    run_that(toy, sends)


def test_a_log_that_cannot_be_written_fails_no_run(toy: Toy) -> None:
    def sends(observer: Observer) -> None:
        observer.after(attempt())
        toy.host.store.database.write(lambda session: session.execute("DELETE FROM run_requests"))
        toy.host.store.database.write(lambda session: session.execute("DROP TABLE run_requests"))

    run_that(toy, sends)


def test_the_log_of_a_connection_goes_with_it(toy: Toy) -> None:
    def sends(observer: Observer) -> None:
        observer.after(attempt())

    run_that(toy, sends)
    stored = toy.host.connections.get("dev", "acme")
    late = toy.host.requests.observe(stored, None, kind="proxy")
    toy.host.connections.delete("dev", "acme")
    late.after(attempt())
    toy.host.requests.flush()
    assert toy.host.store.database.connection.execute("SELECT count(*) FROM run_requests").fetchone()[0] == 0


def test_old_requests_are_cleared_away_by_their_own_setting(toy: Toy) -> None:
    def sends(observer: Observer) -> None:
        observer.after(attempt())

    run = run_that(toy, sends)
    toy.set("CONNECTORS_RETENTION_REQUESTS", "2")
    toy.clock.sleep(1.9 * DAY)
    assert clear_old(toy.host)["requests"] == 0
    toy.clock.sleep(0.2 * DAY)
    assert clear_old(toy.host)["requests"] == 1
    assert toy.host.requests.of_run("dev", run) == []


def test_requests_of_actions_are_kept_without_secrets(desk: Desk) -> None:
    def look(call: Any, given: Any) -> Any:
        del given
        call.get("/things", params={"q": "s3cr3t-Key", "access_token": "of somebody else", "page": 2})
        return {}

    desk.declare(look)
    desk.routes["GET", "/things"] = lambda path, body: {"ok": True}
    desk.call("look")
    desk.host.requests.flush()
    (found,) = desk.host.requests.of_connection("dev", "acme")
    assert (found.kind, found.name, found.status, found.bytes) == ("action", "look", 200, 12)
    assert found.url == f"{desk.url}/things?q=[secret]&access_token=[secret]&page=2"
    assert desk.host.requests.of_connection("other", "acme") == []


def test_outside_of_runs_the_newest_of_a_connection_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "OF_CONNECTION", 3)
    observer = desk.host.requests.observe(desk.host.connections.get("dev", "acme"), None, kind="proxy")
    for number in range(10):
        observer.after(attempt(url=f"https://desk.example/{number}"))
        desk.host.requests.flush()
    found = desk.host.requests.of_connection("dev", "acme")
    assert [each.url[-1] for each in found] == ["9", "8", "7"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?page=1&zip_code=7&keyword=y", "https://a.example/x?page=1&zip_code=7&keyword=y"),
        ("https://a.example/x?key=abc&Sig=d", "https://a.example/x?key=[secret]&Sig=[secret]"),
        ("https://s3.example/f?X-Amz-Signature=ab%2Fc&v=2", "https://s3.example/f?X-Amz-Signature=[secret]&v=2"),
        ("https://a.example/x?api_key=1#access_token=2", "https://a.example/x?api_key=[secret]#access_token=[secret]"),
    ],
)
def test_what_a_query_calls_a_secret_is_masked_whosever_it_is(url: str, shown: str) -> None:
    assert without_secret_params(url) == shown
