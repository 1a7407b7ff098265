"""The server that waits for the browser: one callback, and nothing else."""

from __future__ import annotations

import socket
import struct
import threading
from http.client import HTTPConnection

import pytest

from connectors import InputError
from connectors.cli.loopback import Loopback, Page


@pytest.fixture
def loopback():
    with Loopback(0) as made:
        made.accepts = lambda params: params.get("state") == "right"
        yield made


def ask(loopback, target, method="GET"):
    host, _, port = loopback.url.removeprefix("http://").partition("/")[0].partition(":")
    connection = HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def in_background(loopback, target, into):
    thread = threading.Thread(target=lambda: into.append(ask(loopback, target)))
    thread.start()
    return thread


def test_the_callback_is_handed_over_and_the_browser_gets_the_page(loopback):
    got = []
    thread = in_background(loopback, "/callback?state=right&code=a%2Bb&empty=", got)
    arrival = loopback.wait(20)
    assert arrival.params == {"state": "right", "code": "a+b", "empty": ""}
    arrival.answer(Page("Done", "a <b> & c"))
    thread.join()
    status, text, headers = got[0]
    assert status == 200
    assert "a &lt;b&gt; &amp; c" in text
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/callback", 400),
        ("/callback?state=wrong&code=x", 400),
        ("/favicon.ico", 404),
        ("/callback/more?state=right", 404),
        ("/", 404),
        (f"/callback?state=right&x={'y' * 20_000}", 404),
    ],
)
def test_what_is_not_the_callback_is_refused_and_the_waiting_goes_on(loopback, target, status):
    assert ask(loopback, target)[0] == status
    assert loopback.wait(0.05) is None


def test_no_other_method_is_answered(loopback):
    for method in ("POST", "PUT", "HEAD", "OPTIONS"):
        assert ask(loopback, "/callback?state=right", method)[0] == 501
    assert loopback.wait(0.05) is None


def test_a_second_browser_with_the_same_state_is_refused(loopback):
    got = []
    thread = in_background(loopback, "/callback?state=right", got)
    arrival = loopback.wait(20)
    assert ask(loopback, "/callback?state=right")[0] == 400
    arrival.answer(Page("Done", ""))
    thread.join()
    assert got[0][0] == 200


def test_a_connection_that_says_nothing_does_not_hold_the_others_up(loopback):
    port = int(loopback.url.rpartition(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port)):
        assert ask(loopback, "/")[0] == 404


def test_nobody_is_accepted_before_it_is_known_who_is_waited_for():
    with Loopback(0) as fresh:
        assert ask(fresh, "/callback?state=&code=x")[0] == 400


def test_a_port_that_is_taken_says_so():
    with Loopback(0) as first:
        port = int(first.url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(InputError, match=f"port {port}"):
            Loopback(port)


def test_it_listens_on_this_machine_only(loopback):
    assert loopback.url.startswith("http://127.0.0.1:")
    assert loopback._server.server_address[0] == "127.0.0.1"


def test_a_request_that_is_none_and_a_browser_that_goes_away_are_not_told_of_on_the_terminal(loopback, capfd):
    host, _, port = loopback.url.removeprefix("http://").partition("/")[0].partition(":")
    for target in (b"http://[bad/callback?code=c0de", b"/nowhere"):
        with socket.create_connection((host, int(port))) as browser:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            browser.sendall(b"GET " + target + b" HTTP/1.1\r\n\r\n")
            if b"[" in target:
                assert browser.recv(100) == b""
    assert ask(loopback, "/callback")[0] == 400
    assert capfd.readouterr() == ("", "")
