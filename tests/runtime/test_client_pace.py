import threading

import pytest

import connectors
from connectors.errors import StoreBusy
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Emulator, Switches
from connectors.runtime.budget import MemoryBudgets

PLANS = {"business": 50, "enterprise": 250}


@pytest.fixture
def account(server, monkeypatch, fake_clock):
    """An emulated account whose budgets run on the same clock as the client, and a client for it."""
    made = []

    def make(plan, window="fixed", **options):
        emulator = Emulator(switches=Switches(plan=plan, window=window), clock=fake_clock.now).start()
        made.append(emulator.stop)
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        client = connectors.connect(
            "paligo",
            {"instance": INSTANCE, "username": USERNAME},
            {"apiKey": API_KEY},
            metadata={"plan": plan},
            clock=fake_clock,
            urgent=False,
            **options,
        )
        made.append(client.close)
        return emulator, client

    yield make
    for stop in reversed(made):
        stop()


@pytest.mark.parametrize("window", ["fixed", "sliding"])
@pytest.mark.parametrize("plan", list(PLANS))
def test_the_provider_never_has_to_say_429_and_a_free_budget_is_spent_at_once(account, fake_clock, plan, window):
    emulator, client = account(plan, window)
    started = fake_clock.now()
    calls = PLANS[plan] * 2 + 10
    for _ in range(calls):
        client.get("/api/v2/documents", params={"per_page": 1})
    assert emulator.count(429) == 0
    assert emulator.count(200) == calls
    assert fake_clock.now() - started == pytest.approx(120, abs=1)
    assert len(fake_clock.slept) == 2


def test_reads_in_parallel_share_the_budget(account):
    emulator, client = account("business")
    failures = []

    def read():
        try:
            for _ in range(30):
                client.get("/api/v2/documents", params={"per_page": 1})
        except connectors.ConnectorError as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert emulator.count(429) == 0
    assert emulator.count(200) == 120


def test_groups_have_budgets_of_their_own(account, fake_clock):
    emulator, client = account("business")
    for _ in range(50):
        client.get("/api/v2/documents", params={"per_page": 1})
        client.get("/api/v2/folders", params={"per_page": 1})
    assert fake_clock.slept == []
    assert emulator.count(429) == 0


def test_a_redirect_to_another_host_spends_nothing_there(server, other_server, client_to, replies, fake_clock):
    server.script = [replies(status=302, headers={"location": f"{other_server.url}/file"})]
    client = client_to(rate_limits={"plan": "p", "plans": ["p"], "assumed": {"read": 3}})
    for _ in range(3):
        client.get("/x")
    assert len(other_server.seen) == 3
    assert fake_clock.slept == []


def test_a_429_without_reason_is_waited_out(account, fake_clock):
    emulator, client = account("business")
    emulator.change(spurious_429=7)
    for _ in range(20):
        client.get("/api/v2/groups")
    assert emulator.count(429) >= 2
    assert emulator.count(200) == 20
    assert fake_clock.slept


def test_retry_after_on_success_is_obeyed(account, fake_clock):
    emulator, client = account("business")
    emulator.change(retry_after_on_success=2)
    for _ in range(5):
        client.get("/api/v2/groups")
    assert fake_clock.slept == [2, 2, 2, 2]


def test_an_answer_is_not_lost_over_a_store_that_cannot_note_it(account):
    class Busy(MemoryBudgets):
        def settle(self, purse, token, *, at):
            raise StoreBusy("another process holds it")

        def close(self, purse, until):
            raise StoreBusy("another process holds it")

    emulator, client = account("business", budgets=Busy())
    emulator.switches = emulator.switches.changed({"retry_after_on_success": 1})
    assert client.get("/api/v2/documents").status == 200
