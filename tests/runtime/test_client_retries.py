import pytest

from connectors import (
    AuthError,
    BudgetExhausted,
    ConnectFailed,
    ConnectionLost,
    NotFoundError,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
)
from connectors.runtime.ports import Waiting

RATES = {
    "window": 60,
    "plan": "small",
    "plans": ["small"],
    "assumed": {"read": {"small": 2}, "update": {"small": 1}},
    "groups": {
        "things": {"path": "/things", "read": {"small": 2}},
        "search": {"path": "/search", "operations": {"POST": "read"}},
    },
}


class Witness:
    def __init__(self):
        self.told = []

    def before(self, method, url):
        self.told.append(("before", method, url))

    def after(self, attempt):
        self.told.append(("after", attempt.status, attempt.number, attempt.error))

    def waiting(self, waiting: Waiting):
        self.told.append(("waiting", waiting.seconds, waiting.reason))


def test_a_read_is_repeated_until_it_succeeds(server, client_to, replies, fake_clock):
    server.script = [replies(status=500), replies(status=503), replies(body=[1])]
    assert client_to().get("/x").json() == [1]
    assert fake_clock.slept == [3, 6]


def test_a_read_whose_answer_breaks_off_is_repeated(server, client_to, replies):
    server.script = [
        replies(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"),
        replies(raw=b""),
        replies(body=[1]),
    ]
    assert client_to().get("/x").json() == [1]


def test_retries_end(server, client_to, replies):
    server.script = [replies(status=500)]
    with pytest.raises(ProviderError) as caught:
        client_to().get("/x")
    assert caught.value.attempts == len(server.seen) == 4


def test_retries_can_be_switched_off_and_set(server, client_to, replies):
    server.script = [replies(status=500)]
    for retries, count in ((0, 1), (1, 3)):
        with pytest.raises(ProviderError):
            client_to().get("/x", retries=retries)
        assert len(server.seen) == count


def test_retry_after_says_how_long(server, client_to, replies, fake_clock):
    server.script = [replies(status=429, headers={"retry-after": "7"}), replies()]
    assert client_to().get("/x").ok
    assert fake_clock.slept == [7]


@pytest.mark.parametrize("urgent", [True, False])
def test_ten_minutes_of_429_end_in_an_error_that_says_when(server, client_to, replies, fake_clock, urgent):
    server.script = [replies(status=429, headers={"retry-after": "60"})]
    with pytest.raises(RateLimited) as caught:
        client_to({"urgent": urgent}).get("/x")
    assert caught.value.retry_after == 60
    assert sum(fake_clock.slept) <= 600
    assert len(server.seen) <= 4


def test_a_wait_longer_than_a_caller_would_bear_is_not_begun(server, client_to, replies, fake_clock):
    server.script = [replies(status=429, headers={"retry-after": "86400"})]
    with pytest.raises(RateLimited) as caught:
        client_to({"urgent": False}).get("/x")
    assert caught.value.retry_after == 86400
    assert fake_clock.slept == []


def test_a_key_that_was_refused_is_not_tried_again(server, client_to, replies):
    server.script = [replies(status=401)]
    with pytest.raises(AuthError):
        client_to().get("/x")
    assert len(server.seen) == 1


def test_a_status_the_caller_names_is_repeated(server, client_to, replies):
    server.script = [replies(status=409), replies()]
    assert client_to().get("/x", retry_on=[409]).ok


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    ("status", "headers", "count"),
    [
        (500, {}, 1),
        (502, {}, 1),
        (503, {}, 1),
        (503, {"retry-after": "1"}, 2),
        (429, {}, 2),
        (429, {"retry-after": "1"}, 2),
    ],
)
def test_a_write_is_repeated_only_if_it_surely_did_not_arrive(
    server, client_to, replies, method, status, headers, count
):
    server.script = [replies(status=status, headers=headers), replies()]
    client = client_to()
    if count == 2:
        assert getattr(client, method)("/x", data={}).ok
    else:
        with pytest.raises(ProviderError) as caught:
            getattr(client, method)("/x", data={})
        assert "before you send it again" in caught.value.next_step
    assert len(server.seen) == count


def test_a_write_whose_answer_is_lost_is_not_repeated(server, client_to, replies):
    server.script = [replies(raw=b""), replies()]
    with pytest.raises(OutcomeUnknown) as caught:
        client_to().delete("/x")
    assert len(server.seen) == 1
    assert isinstance(caught.value.__cause__, ConnectionLost)


def test_a_write_whose_answer_breaks_off_has_an_unknown_outcome_too(server, client_to, replies):
    server.script = [replies(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab")]
    with pytest.raises(OutcomeUnknown):
        client_to().post("/x", data={})
    assert len(server.seen) == 1


def test_a_write_that_never_left_is_repeated(server, client_to, fake_clock):
    client = client_to()
    server.close()
    with pytest.raises(ConnectFailed) as caught:
        client.post("/x", data={})
    assert caught.value.attempts == 4
    assert fake_clock.slept == [3, 6, 12]


def test_the_callers_own_retries_are_obeyed_for_writes(server, client_to, replies):
    server.script = [replies(status=500), replies(raw=b""), replies()]
    assert client_to().post("/x", data={}, retries=2).ok
    assert len(server.seen) == 3


def test_a_post_that_only_reads_is_repeated(server, client_to, replies):
    server.script = [replies(status=500), replies(raw=b""), replies()]
    assert client_to().post("/x", data={}, reads=True).ok


def test_a_post_that_the_definition_calls_a_read_is_repeated(server, client_to, replies):
    server.script = [replies(status=500), replies()]
    assert client_to(rate_limits={**RATES, "assumed": {"read": 9}}).post("/search", data={}).ok


def test_a_call_waits_for_its_budget(server, client_to, fake_clock):
    client = client_to({"urgent": False}, rate_limits=RATES)
    for _ in range(5):
        client.get("/things/1")
    assert fake_clock.slept == [60, 60]


def test_an_urgent_call_waits_at_most_ten_seconds(server, client_to, fake_clock):
    client = client_to(rate_limits=RATES)
    client.get("/things/1")
    client.get("/things/2")
    fake_clock.advance(45)
    with pytest.raises(BudgetExhausted, match="things") as caught:
        client.get("/things/3")
    assert 14 <= caught.value.retry_after <= 15
    assert len(server.seen) == 2
    fake_clock.advance(6)
    assert client.get("/things/3").ok


def test_a_spent_budget_is_no_reason_to_retry(server, client_to, fake_clock):
    client = client_to({"longest_budget_wait": 0}, rate_limits=RATES)
    client.get("/things/1")
    client.get("/things/1")
    with pytest.raises(BudgetExhausted):
        client.get("/things/1", retries=5)
    assert fake_clock.slept == []


def test_a_429_closes_the_budget_for_the_next_call_too(server, client_to, replies, fake_clock):
    server.script = [replies(status=429, headers={"retry-after": "30"}), replies()]
    client = client_to({"urgent": False}, rate_limits=RATES)
    with pytest.raises(RateLimited):
        client.get("/things/1", retries=0)
    client.get("/things/2")
    assert sum(fake_clock.slept) == 30


@pytest.mark.parametrize("rates", [None, RATES])
def test_retry_after_on_success_delays_the_next_call(server, client_to, replies, fake_clock, rates):
    server.script = [replies(headers={"retry-after": "5"}), replies()]
    client = client_to(**({"rate_limits": rates} if rates else {}))
    client.get("/things/1")
    assert fake_clock.slept == []
    client.get("/things/2")
    assert fake_clock.slept == [5]


def test_the_observer_is_told_everything_in_order(server, client_to, replies):
    witness = Witness()
    server.script = [replies(status=503, headers={"retry-after": "2"}), replies()]
    client_to({"observer": witness}).get("/x", params={"key": "s3cr3t-Key/+value"})
    kinds = [told[0] for told in witness.told]
    assert kinds == ["before", "after", "waiting", "before", "after"]
    assert witness.told[1] == ("after", 503, 1, None)
    assert witness.told[2] == ("waiting", 2, "retry-after")
    assert witness.told[4] == ("after", 200, 2, None)
    assert "s3cr3t" not in str(witness.told)


def test_an_observer_can_stop_a_call(server, client_to, fake_clock):
    class Stopper(Witness):
        def before(self, method, url):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client_to({"observer": Stopper()}, rate_limits=RATES).get("/things/1")
    assert server.seen == []


def test_a_write_that_was_answered_by_a_redirect_is_not_sent_again(server, other_server, client_to, replies):
    gone = other_server.url
    other_server.close()
    server.script = [replies(status=303, headers={"location": f"{gone}/made/1"}), replies()]
    with pytest.raises(OutcomeUnknown):
        client_to().post("/things", data={})
    assert [seen.method for seen in server.seen] == ["POST"]


@pytest.mark.parametrize("later", [{"status": 429}, {"raw": b""}])
def test_nor_if_what_it_leads_to_fails(server, client_to, replies, later):
    server.script = [replies(status=303, headers={"location": "/made/1"}), replies(**later), replies()]
    with pytest.raises((OutcomeUnknown, RateLimited)):
        client_to().post("/things", data={})
    assert [seen.method for seen in server.seen] == ["POST", "GET"]


def test_the_status_counts_even_if_the_errors_body_breaks_off(server, client_to, replies):
    server.script = [replies(raw=b"HTTP/1.1 404 Gone\r\ncontent-length: 99\r\n\r\n{")]
    with pytest.raises(NotFoundError):
        client_to().post("/x", data={})
    assert len(server.seen) == 1


def test_an_observer_that_stops_a_call_leaves_no_connection_behind(server, client_to, replies):
    class Stopper(Witness):
        def after(self, attempt):
            raise KeyboardInterrupt

    server.script = [replies(body=b"a" * 500_000)]
    with pytest.raises(KeyboardInterrupt):
        client_to({"observer": Stopper()}).get("/x")
    server.wait_until_closed()


def test_a_write_sent_several_times_on_request_says_how_often(server, client_to, replies):
    server.script = [replies(raw=b"")]
    with pytest.raises(OutcomeUnknown, match="sent 3 times"):
        client_to().post("/x", data={}, retries=2)
