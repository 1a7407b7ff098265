import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import Event, InvalidEvent
from connectors.paligo import connector
from connectors.paligo.webhooks import parse

PUBLISHED = {
    "resource_id": 3901,
    "resource_title": "Pump guide",
    "format": "pdf",
    "archive_link": "https://acme.paligoapp.com/outputs/pump-guide.zip",
}
RELEASED = {"resource_id": 48213, "resource_title": "Install the pump"}
ASSIGNED = {
    "resource_id": 48213,
    "resource_title": "Install the pump",
    "language": "en",
    "assignment_type": "review",
    "startdate": "2026-11-24",
    "enddate": "2026-12-01",
    "startdate_timestamp": 1795478400,
    "enddate_timestamp": 1796083200,
    "assignment_link": "https://acme.paligoapp.com/assignment/282",
    "api": "https://acme.paligoapp.com/api/v2/assignments/282",
}
ANSWERED = {
    "resource_id": 48213,
    "resource_title": "x",
    "language": "en",
    "assignment_type": "review",
    "status": "approved",
}


def body(event: Any, data: Any = None, **more: Any) -> bytes:
    return json.dumps({"event": event, "data": data, "webhook_name": "Docs bot", **more}).encode()


def one(event: str, data: Any) -> Event:
    (found,) = parse(body(event, data), {"Content-Type": "application/json"})
    return found


@pytest.mark.parametrize(
    ("kind", "data", "sync", "ids"),
    [
        ("PUBLISHED_EVENT", PUBLISHED, "productions", set()),
        ("STATUS_SET_TO_RELEASED_EVENT", RELEASED, "documents", {"48213"}),
        ("ASSIGNMENT_CREATED_EVENT", ASSIGNED, "assignments", {"282"}),
        ("ASSIGNMENT_USERSTATUS_CHANGED", ANSWERED, "assignments", set()),
    ],
)
def test_each_event_asks_for_its_sync_and_ids(kind, data, sync, ids):
    event = one(kind, data)
    assert (event.kind, event.sync, event.ids) == (kind, sync, ids)
    assert event.data == {"event": kind, "data": data, "webhook_name": "Docs bot"}
    assert event.window == 30
    assert sync in {each.name for each in connector.functions}
    assert json.loads(json.dumps(event.to_dict()))["ids"] == sorted(ids)


def test_an_unknown_event_asks_for_nothing():
    event = one("FOLDER_MOVED_EVENT", {"resource_id": 7})
    assert (event.sync, event.ids) == (None, frozenset())
    assert event.data["data"] == {"resource_id": 7}


@pytest.mark.parametrize("data", [None, "", [], {}])
def test_an_event_without_data_names_no_ids(data):
    event = one("STATUS_SET_TO_RELEASED_EVENT", data)
    assert (event.sync, event.ids) == ("documents", frozenset())


@pytest.mark.parametrize("value", [True, 0, -5, 1.5, "", "7/../8", "7\n", " 7", None, [7], {"id": 7}, 10**30])
def test_a_resource_id_that_is_none_is_not_asked_for(value):
    assert one("STATUS_SET_TO_RELEASED_EVENT", {"resource_id": value}).ids == frozenset()


@pytest.mark.parametrize(
    "api", [None, 7, "", "https://evil.example/assignments/7?x", "/assignments/7/x", "assignments/0"]
)
def test_an_address_that_names_no_assignment_asks_for_all(api):
    assert one("ASSIGNMENT_CREATED_EVENT", {**ASSIGNED, "api": api}).ids == frozenset()


def test_the_same_event_has_the_same_key_whatever_the_order_and_the_webhook():
    first = parse(b'{"event": "E", "data": {"a": 1, "b": 2}, "webhook_name": "one"}', {})[0]
    again = parse(b'{"webhook_name": "two", "data": {"b": 2, "a": 1}, "event": "E"}', {})[0]
    assert first.key == again.key


@pytest.mark.parametrize(
    "other", [("F", {"a": 1}), ("E", {"a": 2}), ("E", {"a": "1"}), ("E", {}), ("E", {"a": 1, "b": 1})]
)
def test_another_event_has_another_key(other):
    assert one("E", {"a": 1}).key != one(*other).key


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no JSON"),
        (b"not json", "no JSON"),
        (b'{"event": "E"', "no JSON"),
        (b'{"event": "E", "data": {"a": NaN}}', "no JSON"),
        (b'{"event": "E", "data": {"a": ' + b"1" * 5000 + b"}}", "no JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deep"),
        (b'\xff\xfe{"event"', "UTF-8"),
        (b"[]", "no JSON object"),
        (b'"E"', "no JSON object"),
        (b"{}", 'no "event"'),
        (body(None), 'no "event"'),
        (body(""), 'no "event"'),
        (body(7), 'no "event"'),
        (body("E" * 101), 'no "event"'),
        (body("E\x1b[31m"), 'no "event"'),
        (body("\ud800"), 'no "event"'),
        (b'{"event": "E", "data": {"a": 1e999}}', "no JSON"),
        (body("E", "text"), '"data" is no object'),
        (body("E", [1]), '"data" is no object'),
        (body("E", {"a": "x" * 1024 * 1024}), "at most 1,048,576"),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value[:20]),
)
def test_a_body_that_is_no_event_is_a_clear_error(content, why):
    with pytest.raises(InvalidEvent, match=why) as caught:
        parse(content, {})
    assert caught.value.code == "invalid_event"
    assert caught.value.next_step


def test_a_compressed_body_is_refused():
    with pytest.raises(InvalidEvent, match="compressed"):
        parse(body("E"), {"content-encoding": "gzip"})
    assert parse(body("E"), {"Content-Encoding": "identity"})


@settings(deadline=None)
@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3))
def test_any_bytes_are_an_event_or_an_error(content, headers):
    _event_or_error(content, headers)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
KINDS = ["PUBLISHED_EVENT", "STATUS_SET_TO_RELEASED_EVENT", "ASSIGNMENT_CREATED_EVENT", "ASSIGNMENT_USERSTATUS_CHANGED"]


@settings(deadline=None)
@given(st.sampled_from(KINDS) | JSON, JSON | st.fixed_dictionaries({"resource_id": JSON, "api": JSON}))
def test_any_json_is_an_event_or_an_error(kind, data):
    _event_or_error(json.dumps({"event": kind, "data": data}).encode(), {})


def _event_or_error(content: bytes, headers: dict[str, str]) -> None:
    try:
        found = parse(content, headers)
    except InvalidEvent as error:
        assert error.message
    else:
        assert all(id_.isdigit() for event in found for id_ in event.ids)
