import gc
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import ConnectionLost, ConnectorError, Response

NAMES = (
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "location",
    "retry-after",
    "link",
    "content-type",
    "connection",
    "set-cookie",
    "content-disposition",
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "5",
            "5, 6",
            "1e400",
            "nan",
            "inf",
            "99999999999999999999999",
            "chunked",
            "gzip, gzip, deflate",
            "br",
            "/",
            "//evil.example",
            "http://[::1",
            "http://user:pass@169.254.169.254/",
            "https://evil.example:99999/",
            "<x>; rel=next",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Thu, 99 Foo 99999 99:99:99",
            "text/html; charset=nonsense",
            "close",
            "a=b; Max-Age=x",
        ]
    ),
    st.text(st.characters(codec="latin-1"), max_size=30),
)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=5)
STATUS = st.one_of(st.sampled_from([200, 204, 206, 301, 303, 307, 304, 401, 404, 429, 500, 503]), st.integers(100, 999))
HEADS = st.builds(
    lambda status, headers: "\r\n".join(
        [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers), "", ""]
    ).encode("latin-1"),
    STATUS,
    HEADERS,
)
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(client, **options):
    """A response whose every view works, or an error of ours."""
    try:
        response = client.get("/x", **options)
        assert isinstance(response, Response)
        assert isinstance(response.text, str)
        response.json()
    except ConnectorError as error:
        assert error.next_step
        assert "s3cr3t" not in f"{error} {error.to_dict()}"


@QUIET
@given(head=HEADS, body=st.binary(max_size=60))
def test_whatever_a_server_answers_the_outcome_is_an_answer_or_an_error_of_ours(
    server, client_to, replies, fake_clock, head, body
):
    server.script = [replies(raw=head + body)]
    outcome(client_to({"retries": 1}))
    assert sum(fake_clock.slept) < 1e9


@QUIET
@given(raw=st.binary(max_size=200))
def test_even_if_it_is_no_http_at_all(server, client_to, replies, raw):
    server.script = [replies(raw=raw)]
    outcome(client_to(), retries=0)


@QUIET
@given(body=st.binary(max_size=200), kind=st.sampled_from(["gzip", "deflate", "identity", "br", "nonsense"]))
def test_nor_if_its_body_is_not_what_it_says(server, client_to, replies, body, kind):
    server.script = [replies(body=body, headers={"content-encoding": kind})]
    outcome(client_to(), retries=0)


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("number", [101, 5000])
def test_more_headers_than_anyone_needs_are_an_error(server, client_to, replies, status, number):
    lines = "".join(f"x-{index}: y\r\n" for index in range(number))
    server.script = [replies(raw=f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode())]
    with pytest.raises(ConnectorError):
        client_to().get("/x", retries=0)


def test_a_header_without_end_is_an_error(server, client_to, replies):
    server.script = [replies(raw=b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000)]
    with pytest.raises(ConnectorError):
        client_to().get("/x", retries=0)


@pytest.mark.parametrize("name", ["undefined", "idna", "punycode", "unicode_escape", "zlib"])
def test_a_codec_that_is_no_character_set_counts_as_unknown(server, client_to, replies, name):
    server.script = [replies(body=b"caf\xc3\xa9", headers={"content-type": f"text/plain; charset={name}"})]
    assert client_to().get("/x").text.startswith("caf")


def test_a_chunk_of_a_length_below_zero_is_an_error(server, client_to, replies):
    server.script = [replies(raw=b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n-5\r\nabc\r\n")]
    with pytest.raises(ConnectionLost):
        client_to().get("/x", retries=0)


@pytest.mark.parametrize("header", ["content-length: 5, 6", "transfer-encoding: \xff"])
def test_an_answer_with_headers_that_cannot_be_keeps_no_socket_open(server, client_to, replies, header):
    server.script = [replies(raw=f"HTTP/1.1 200 OK\r\nconnection: close\r\n{header}\r\n\r\nhello".encode("latin-1"))]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        outcome(client_to(), retries=0)
        gc.collect()
    assert [each for each in told if issubclass(each.category, ResourceWarning)] == []
