"""Pages that wait for a consent in another window."""

from __future__ import annotations

import json
import logging
import time

import pytest
from websockets.sync.client import connect

from tests.server.conftest import Served


@pytest.fixture
def database_url() -> str:
    return ""  # nothing of it is stored


def socket_url(served: Served) -> str:
    return served.url.replace("http", "ws")


def test_the_address_that_a_page_came_with_is_in_no_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with connect(f"{socket_url(served)}/here?connect_session_token=t0ken") as page:
        assert json.loads(page.recv(10))["message_type"] == "connection_ack"
    assert "WebSocket" in caplog.text
    assert "t0ken" not in caplog.text


def test_a_page_is_told_what_is_its_own_only_and_forgotten_when_it_goes(served: Served) -> None:
    with connect(socket_url(served)) as mine, connect(socket_url(served)) as yours:
        ids = [json.loads(page.recv(10))["ws_client_id"] for page in (mine, yours)]
        mine.send("whatever a page says")
        served.app.popups.remember("state", ids[0])
        assert served.app.popups.page_of("state") == ids[0]
        assert served.app.popups.page_of("state") == ""
        with pytest.raises(TimeoutError):
            yours.recv(0.2)
    deadline = time.monotonic() + 10
    while served.app.popups._pages:
        assert time.monotonic() < deadline
        time.sleep(0.02)
