import gzip
import json
import threading

import pytest

from connectors import (
    AuthError,
    ForbiddenError,
    NotFoundError,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    RejectedError,
    TooLarge,
    UnexpectedAnswer,
    UnreachableError,
)

SECRET = "s3cr3t-Key/+value"


def test_a_get_carries_the_credentials_and_gives_the_json(server, client_to, replies):
    server.script = [replies(body={"items": [1]})]
    response = client_to().get("/a/b", params={"q": "x y"})
    assert response.status == 200
    assert response.ok
    assert response.json() == {"items": [1]}
    assert response.headers["Content-Type"] == response.headers["content-type"] == "application/json"
    seen = server.seen[0]
    assert (seen.method, seen.target) == ("GET", "/a/b?q=x+y")
    assert seen.headers["x-api-key"] == SECRET
    assert seen.headers["host"] == server.host


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_data_goes_out_as_json(server, client_to, method):
    getattr(client_to(), method)("/x", data={"a": 1})
    seen = server.seen[0]
    assert seen.method == method.upper()
    assert json.loads(seen.body) == {"a": 1}
    assert seen.headers["content-length"] == str(len(seen.body))


def test_a_compressed_answer_is_decompressed(server, client_to, replies):
    server.script = [replies(body=gzip.compress(b'{"a": 1}'), headers={"content-encoding": "gzip"})]
    assert client_to().get("/x").json() == {"a": 1}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError),
        (401, AuthError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (410, NotFoundError),
        (422, RejectedError),
        (429, RateLimited),
        (304, RejectedError),
        (500, ProviderError),
        (503, ProviderError),
    ],
)
def test_each_status_is_its_own_error(server, client_to, replies, status, kind):
    server.script = [replies(status=status, body=b"" if status == 304 else {"error": "why"})]
    with pytest.raises(kind) as caught:
        client_to().get("/x", retries=0)
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.attempts == 1
    assert caught.value.next_step
    if status != 304:
        assert "why" in caught.value.excerpt


def test_without_raise_for_status_the_answer_is_given_as_it_is(server, client_to, replies):
    server.script = [replies(status=422, body={"field": "name"})]
    response = client_to().get("/x", raise_for_status=False)
    assert (response.status, response.json()) == (422, {"field": "name"})


def test_no_error_shows_the_key_however_the_provider_echoes_it(server, client_to, replies):
    echo = {"got": SECRET, "again": "czNjcjN0LUtleS8rdmFsdWU=", "url": "s3cr3t-Key%2F%2Bvalue"}
    server.script = [replies(status=400, body=echo)]
    with pytest.raises(RejectedError) as caught:
        client_to().get(f"/x?key={SECRET}")
    shown = f"{caught.value} {caught.value.to_dict()} {caught.value!r} {caught.value.__context__}"
    assert "s3cr3t" not in shown
    assert "czNjcjN0" not in shown


def test_an_error_page_is_shown_by_its_title(server, client_to, replies):
    page = (
        b"<!doctype html><html><head><title>Down for   repair</title><style>x{}</style></head><body><p>Soon</p></body>"
    )
    server.script = [replies(status=502, body=page, headers={"content-type": "text/html"})]
    with pytest.raises(ProviderError) as caught:
        client_to().get("/x", retries=0)
    assert caught.value.excerpt == "Down for repair: Soon"


def test_an_excerpt_is_short_and_of_binary_there_is_none(server, client_to, replies):
    server.script = [replies(status=400, body=b"a" * 100_000), replies(status=400, body=bytes(range(32)) * 40)]
    client = client_to()
    for longest in (300, 0):
        with pytest.raises(RejectedError) as caught:
            client.get("/x")
        assert len(caught.value.excerpt or "") <= longest


@pytest.mark.parametrize(
    ("body", "content_type", "word"),
    [
        (b"<html><title>Log in</title></html>", "text/html", "web page"),
        (b"", "application/json", "empty"),
        (b'{"a": ', "application/json", "valid JSON"),
        (b"\xff\xfe\x00", "application/json", "valid JSON"),
    ],
)
def test_a_good_status_with_a_wrong_body_is_an_error_when_json_is_asked(
    server, client_to, replies, body, content_type, word
):
    server.script = [replies(body=body, headers={"content-type": content_type})]
    response = client_to().get("/x")
    with pytest.raises(UnexpectedAnswer, match=word):
        response.json()


def test_a_body_over_its_ceiling_is_stopped(server, client_to, replies):
    server.script = [replies(body=b"a" * 5000)]
    with pytest.raises(TooLarge):
        client_to().get("/x", max_bytes=1000)


def test_a_decompression_bomb_is_stopped(server, client_to, replies):
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    server.script = [replies(body=bomb, headers={"content-encoding": "gzip"})]
    with pytest.raises(TooLarge):
        client_to().get("/x", max_bytes=1_000_000)


def test_a_body_that_is_not_compressed_as_it_says_is_an_error(server, client_to, replies):
    server.script = [replies(body=b"no gzip", headers={"content-encoding": "gzip"})]
    with pytest.raises(UnexpectedAnswer, match="compressed"):
        client_to().get("/x")


def test_a_streamed_answer_comes_in_pieces(server, client_to, replies):
    server.script = [replies(body=b"a" * 300_000)]
    with client_to().get("/x", stream=True) as response:
        pieces = list(response.iter_bytes())
    assert b"".join(pieces) == b"a" * 300_000
    assert max(map(len, pieces)) <= 65536


def test_a_chunked_answer_is_read_whole(server, client_to, replies):
    raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    server.script = [replies(raw=raw)]
    assert client_to().get("/x").content == b"abcde"


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"",
        b"garbage\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_never_taken_for_whole(server, client_to, replies, raw):
    server.script = [replies(raw=raw)]
    with pytest.raises(UnreachableError):
        client_to().get("/x", retries=0)


def test_connections_are_kept(server, client_to):
    client = client_to()
    for _ in range(5):
        client.get("/x")
    assert server.connections == 1


def test_four_threads_can_share_a_client(server, client_to, replies):
    server.script = [lambda seen: replies(body={"target": seen.target})]
    client = client_to()
    found: dict[int, str] = {}

    def read(number: int) -> None:
        for step in range(10):
            target = f"/{number}/{step}"
            assert client.get(target).json()["target"] == target
        found[number] = "done"

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == dict.fromkeys(range(4), "done")
    assert server.connections <= 4


def test_an_unknown_option_is_refused_by_name(client_to):
    with pytest.raises(TypeError, match="colour"):
        client_to().get("/x", colour="blue")


def test_a_client_shows_no_secret(client_to):
    assert SECRET not in repr(client_to())


def test_a_write_without_an_answer_says_that_the_outcome_is_unknown(server, client_to, replies):
    server.script = [replies(raw=b"")]
    with pytest.raises(OutcomeUnknown) as caught:
        client_to().post("/x", data={"a": 1})
    assert len(server.seen) == 1
    assert "not repeated" in str(caught.value)


def test_no_library_logs_an_address_of_ours(server, client_to, caplog):
    caplog.set_level("DEBUG")
    client_to(proxy={"query": {"key": "${apiKey}"}}).get("/x")
    assert "key=" in server.seen[0].target
    assert caplog.text == ""


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_before_a_write(server, client_to, replies):
    server.script = [replies(after=lambda _: None)]
    client = client_to()
    for _ in range(3):
        assert client.post("/x", data={}).ok
        server.wait_until_closed()
    assert server.connections == 3


def test_an_error_keeps_the_answers_headers_without_secrets_and_cookies(server, client_to, replies):
    headers = {"x-request-id": "r1", "x-echo": SECRET, "set-cookie": "sid=1"}
    server.script = [replies(status=400, headers=headers)]
    with pytest.raises(RejectedError) as caught:
        client_to().get("/x")
    assert caught.value.headers["x-request-id"] == "r1"
    assert caught.value.headers["x-echo"] == "[secret]"
    assert "set-cookie" not in caught.value.headers


def test_nothing_of_the_library_hangs_on_an_error(server, client_to):
    client = client_to(proxy={"query": {"key": "${apiKey}"}})
    server.close()
    with pytest.raises(UnreachableError) as caught:
        client.get("/x", retries=0)
    error = caught.value
    while error is not None:
        assert "s3cr3t" not in f"{error} {error.args}"
        error = error.__cause__ or error.__context__
